-- The keys that seal personal data, each wrapped by the one above it: the root (outside the
-- database), a key-encryption key for each class, a data key for each subject. These six tables
-- belong together: back them up apart from the rest, and keep those backups a shorter time.
CREATE TABLE key_encryption_key (
    class      text NOT NULL,
    version    smallint NOT NULL,
    -- Under the root key.
    wrapped    bytea NOT NULL,
    -- Says which key this is, and nothing of it: checked whenever it is unwrapped.
    commitment bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (class, version),
    CONSTRAINT key_encryption_key_class CHECK
        (class IN ('identity', 'finance', 'visit', 'biometric', 'device', 'audit', 'backup')),
    CONSTRAINT key_encryption_key_version CHECK (version > 0)
);
CREATE TRIGGER key_encryption_key_stays BEFORE DELETE ON key_encryption_key
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER key_encryption_key_is_not_emptied BEFORE TRUNCATE ON key_encryption_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON key_encryption_key TO kaifong_app;

-- The root of a class's blind indexes.
CREATE TABLE index_key (
    class      text PRIMARY KEY,
    wrapped    bytea NOT NULL,
    commitment bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT index_key_class CHECK
        (class IN ('identity', 'finance', 'visit', 'biometric', 'device', 'audit', 'backup'))
);
CREATE TRIGGER index_key_stays BEFORE DELETE ON index_key
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER index_key_is_not_emptied BEFORE TRUNCATE ON index_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON index_key TO kaifong_app;

-- A person's, household's or device's key, and its versions. Millions of rows: the class's
-- key-encryption key is not a foreign key, since that one is never deleted.
CREATE TABLE data_key (
    class        text NOT NULL,
    subject      uuid NOT NULL,
    version      smallint NOT NULL,
    -- The version of the key-encryption key that wraps it.
    kek          smallint NOT NULL,
    -- The rotation that made it; 0 when it was made with its subject.
    rotation     integer NOT NULL DEFAULT 0,
    wrapped      bytea NOT NULL,
    commitment   bytea NOT NULL,
    state        text NOT NULL DEFAULT 'active',
    created_at   timestamptz NOT NULL,
    destroyed_at timestamptz,
    PRIMARY KEY (class, subject, version),
    CONSTRAINT data_key_version CHECK (version > 0),
    CONSTRAINT data_key_state CHECK (state IN ('active', 'destroyed')),
    -- Destroyed is destroyed: nothing of the key is left.
    CONSTRAINT data_key_destroyed CHECK
        ((state = 'destroyed') = (wrapped = '') AND (state = 'destroyed') = (destroyed_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE TRIGGER data_key_stays BEFORE DELETE ON data_key
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER data_key_stays_destroyed BEFORE UPDATE ON data_key
    FOR EACH ROW WHEN (OLD.state = 'destroyed') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER data_key_is_not_emptied BEFORE TRUNCATE ON data_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT, UPDATE (kek, wrapped, state, destroyed_at) ON data_key TO kaifong_app;

-- A change of every data key of a class. While it is `preparing`, the new versions open but do
-- not seal yet; `sealing`, they seal, and what the old ones sealed is sealed anew.
CREATE TABLE key_rotation (
    class       text NOT NULL,
    number      integer NOT NULL,
    state       text NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (class, number),
    CONSTRAINT key_rotation_state CHECK (state IN ('preparing', 'sealing', 'done')),
    CONSTRAINT key_rotation_finished CHECK ((state = 'done') = (finished_at IS NOT NULL))
);
CREATE UNIQUE INDEX key_rotation_one_at_a_time ON key_rotation (class) WHERE state <> 'done';
GRANT SELECT, INSERT, UPDATE (state, finished_at) ON key_rotation TO kaifong_app;

-- Whose data keys were destroyed. A file outside the database says it too: a restored database
-- has forgotten its newest erasures, and is told of them before it serves.
CREATE TABLE key_tombstone (
    class       text NOT NULL,
    subject     uuid NOT NULL,
    reason      text NOT NULL,
    approved_by text[] NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (class, subject),
    CONSTRAINT key_tombstone_two_people CHECK
        (cardinality(approved_by) = 2 AND approved_by[1] <> approved_by[2])
);
CREATE TRIGGER key_tombstone_only_grows BEFORE UPDATE OR DELETE ON key_tombstone
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER key_tombstone_is_not_emptied BEFORE TRUNCATE ON key_tombstone
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON key_tombstone TO kaifong_app;

-- Every key-encryption key and index key, sealed under a secret that nobody holds: three of five
-- custodians make it again from their shares.
CREATE TABLE key_escrow (
    id         uuid PRIMARY KEY,
    sealed     bytea NOT NULL,
    -- Says which secret opens it, and nothing of it.
    commitment bytea NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TRIGGER key_escrow_only_grows BEFORE UPDATE OR DELETE ON key_escrow
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER key_escrow_is_not_emptied BEFORE TRUNCATE ON key_escrow
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON key_escrow TO kaifong_app;
