DROP TABLE audit_catalogue;
DROP TABLE audit_checkpoint;
DROP TABLE audit_node;
DROP TABLE audit_leaf;
DROP INDEX audit_entry_by_time;
DROP INDEX audit_entry_by_actor;
DROP INDEX audit_entry_by_action;
ALTER TABLE audit_entry
    DROP COLUMN person,
    DROP COLUMN household,
    DROP COLUMN fields,
    DROP COLUMN purpose,
    DROP COLUMN on_behalf_of,
    DROP COLUMN request,
    DROP COLUMN detail,
    DROP COLUMN written_by;
REVOKE INSERT (id, actor, action, subject, at) ON audit_entry FROM kaifong_app;
GRANT INSERT ON audit_entry TO kaifong_app;
