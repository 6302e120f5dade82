-- The role stays: it belongs to the server and other databases may use it.
DROP TABLE job;
DROP TABLE idempotency_key;
DROP TABLE audit_entry;
DROP FUNCTION refuse_change;
REVOKE SELECT ON __diesel_schema_migrations FROM kaifong_app;
REVOKE USAGE ON SCHEMA public FROM kaifong_app;
