-- Passkeys: another means by which the holder of a credential signs in, and ceremonies on
-- their way. Forms that iAM Smart fills.

-- Whoever holds the credential enrolled the passkey while signed in with it, and signs in with
-- either; when the credential ends, so does the passkey. One that was removed is deleted.
CREATE TABLE passkey (
    id            uuid PRIMARY KEY,
    -- The kind of the credential, and its row in the table that the kind names.
    holder_kind   text NOT NULL,
    holder        uuid NOT NULL,
    -- A tenant's household.
    household     bigint REFERENCES household (number),
    -- What its holder calls it.
    name          text NOT NULL,
    credential_id bytea NOT NULL,
    -- Public key, signature counter and flags, as the library keeps them; no secret.
    credential    jsonb NOT NULL,
    enrolled_at   timestamptz NOT NULL,
    used_at       timestamptz,
    CONSTRAINT passkey_holder_kind CHECK (holder_kind IN ('staff', 'pin', 'link')),
    CONSTRAINT passkey_of_a_tenant_has_a_household
        CHECK ((holder_kind = 'staff') = (household IS NULL)),
    CONSTRAINT passkey_name CHECK (char_length(name) BETWEEN 1 AND 64)
);
-- An authenticator makes a credential for one holder.
CREATE UNIQUE INDEX passkey_credential ON passkey (credential_id);
CREATE INDEX passkey_by_holder ON passkey (holder);
GRANT SELECT, INSERT, UPDATE, DELETE ON passkey TO kaifong_app;

-- A challenge, and what the library must remember of it. Used once, for what it was begun for,
-- by the session that began it; then it is deleted.
CREATE TABLE passkey_ceremony (
    -- SHA-256 of the handle that whoever began it holds.
    handle_hash bytea PRIMARY KEY,
    purpose     text NOT NULL,
    session_id  uuid,
    state       jsonb NOT NULL,
    begun_at    timestamptz NOT NULL,
    CONSTRAINT passkey_ceremony_purpose CHECK (purpose IN ('enrol', 'sign_in', 'step_up')),
    CONSTRAINT passkey_ceremony_is_of_a_session_or_signs_in
        CHECK ((purpose = 'sign_in') = (session_id IS NULL))
);
CREATE INDEX passkey_ceremony_begun ON passkey_ceremony (begun_at);
GRANT SELECT, INSERT, DELETE ON passkey_ceremony TO kaifong_app;

-- The passkey that opened a session: to remove it is to end the session.
ALTER TABLE session ADD COLUMN passkey_id uuid;

-- A form that iAM Smart was asked to fill. Its content is sealed with a key of the identity
-- that was asked, until who asked collects it; an hour after the asking the row is deleted.
CREATE TABLE form_filling (
    id           uuid PRIMARY KEY,
    -- SHA-256 of the state that the answer comes back with.
    state_hash   bytea NOT NULL,
    -- The credential of who asked, as of a session.
    holder       uuid NOT NULL,
    link_id      uuid NOT NULL REFERENCES identity_link (id),
    fields       text[] NOT NULL,
    asked_at     timestamptz NOT NULL,
    filled_at    timestamptz,
    content      bytea,
    collected_at timestamptz,
    CONSTRAINT form_filling_asks_for_something CHECK (cardinality(fields) BETWEEN 1 AND 8),
    CONSTRAINT form_filling_is_filled_then_collected
        CHECK (collected_at IS NULL OR (filled_at IS NOT NULL AND content IS NULL)),
    CONSTRAINT form_filling_has_what_filled_it
        CHECK ((content IS NOT NULL) = (filled_at IS NOT NULL AND collected_at IS NULL))
);
CREATE UNIQUE INDEX form_filling_state ON form_filling (state_hash);
CREATE INDEX form_filling_asked ON form_filling (asked_at);
CREATE INDEX form_filling_by_link ON form_filling (link_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON form_filling TO kaifong_app;
