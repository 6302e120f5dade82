-- What an entry is about beyond its subject. A reading names the person, the fields and the
-- purpose; `detail` is sealed under the person's key, so that erasing the key erases it while
-- the tree still stands.
--
-- `written_by` is the transaction that wrote the entry. Entries are numbered only once every
-- transaction up to theirs has ended: then none can appear among them later.
ALTER TABLE audit_entry
    ADD COLUMN person       uuid,
    ADD COLUMN household    text,
    ADD COLUMN fields       text[],
    ADD COLUMN purpose      text,
    ADD COLUMN on_behalf_of text,
    ADD COLUMN request      uuid,
    ADD COLUMN detail       bytea,
    ADD COLUMN written_by   xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX audit_entry_by_transaction ON audit_entry (written_by);
CREATE INDEX audit_entry_by_time ON audit_entry (at, id);
CREATE INDEX audit_entry_by_actor ON audit_entry (actor, at, id);
CREATE INDEX audit_entry_by_action ON audit_entry (action, at, id);
CREATE INDEX audit_entry_by_person ON audit_entry (person, at, id) WHERE person IS NOT NULL;
-- All but `written_by`, which nobody may choose.
REVOKE INSERT ON audit_entry FROM kaifong_app;
GRANT INSERT (id, actor, action, subject, at, person, household, fields, purpose, on_behalf_of,
    request, detail) ON audit_entry TO kaifong_app;

-- The tree (RFC 6962): an entry's place, counted from 0 without gaps, and its leaf. There is
-- no foreign key: it would write to every entry once more, and verification finds what is gone.
CREATE TABLE audit_leaf (
    seq   bigint PRIMARY KEY,
    entry uuid NOT NULL UNIQUE,
    hash  bytea NOT NULL
);
-- The roots of the complete subtrees of 256, 65,536, ... leaves (levels 1, 2, ...): with them
-- a proof or the tree's edge is some hundred rows, however many leaves there are.
CREATE TABLE audit_node (
    level smallint,
    place bigint,
    hash  bytea NOT NULL,
    PRIMARY KEY (level, place)
);
-- How far the tree had grown, signed (C2SP tlog-checkpoint).
CREATE TABLE audit_checkpoint (
    size bigint PRIMARY KEY,
    note text NOT NULL
);
-- What guards the tables, as it was found: triggers, functions, privileges, policies, roles.
-- Entries name it by its digest; an unchanged catalogue is kept once.
CREATE TABLE audit_catalogue (
    digest bytea PRIMARY KEY,
    items  text[] NOT NULL
);

DO $$
DECLARE
    grown text;
BEGIN
    FOREACH grown IN ARRAY ARRAY['audit_leaf', 'audit_node', 'audit_checkpoint', 'audit_catalogue'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION refuse_change()', grown || '_only_grows', grown);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', grown || '_is_not_emptied', grown);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO kaifong_app', grown);
    END LOOP;
END
$$;
