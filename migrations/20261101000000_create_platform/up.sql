-- The application works as kaifong_app: it owns nothing, so it cannot alter a table, disable
-- a trigger or change a row it was not granted. Roles belong to the server, not the database.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kaifong_app') THEN
        CREATE ROLE kaifong_app NOLOGIN;
    END IF;
END
$$;
GRANT USAGE ON SCHEMA public TO kaifong_app;
GRANT kaifong_app TO CURRENT_USER;
-- To tell whether the program and the database are of the same age.
GRANT SELECT ON __diesel_schema_migrations TO kaifong_app;

-- The second guard behind missing privileges: it stops the owner's slips too.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only ever grows', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TABLE audit_entry (
    id      uuid PRIMARY KEY,
    actor   text NOT NULL,
    action  text NOT NULL,
    subject text NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX audit_entry_by_subject ON audit_entry (subject, at);
CREATE TRIGGER audit_entry_only_grows BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_is_not_emptied BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON audit_entry TO kaifong_app;

CREATE TABLE idempotency_key (
    actor       text NOT NULL,
    operation   text NOT NULL,
    key         text NOT NULL,
    fingerprint bytea NOT NULL,
    answer      jsonb,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor, operation, key)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_key TO kaifong_app;

CREATE TABLE job (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL,
    payload      jsonb NOT NULL,
    -- While one waits, another of the same kind and name is not added.
    unique_name  text,
    state        text NOT NULL,
    run_at       timestamptz NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL,
    -- A worker that stopped renewing its lease is taken for dead, and the job is taken over.
    lease_until  timestamptz,
    last_error   text,
    enqueued_at  timestamptz NOT NULL,
    finished_at  timestamptz,
    CONSTRAINT job_state CHECK (state IN ('waiting', 'running', 'done', 'dead'))
);
CREATE UNIQUE INDEX job_waits_once ON job (kind, unique_name) WHERE state = 'waiting';
CREATE INDEX job_due ON job (run_at) WHERE state IN ('waiting', 'running');
GRANT SELECT, INSERT, UPDATE, DELETE ON job TO kaifong_app;
