-- Who may sign in, with what, and who is signed in. Secrets are kept as hashes; the one secret
-- that must be read again (a TOTP seed) is sealed.

-- What hashing a remembered secret costs, from when, and who says so. A secret hashed at
-- another cost is hashed anew when its owner next signs in.
CREATE TABLE hashing_cost (
    purpose    text NOT NULL,
    valid_from timestamptz NOT NULL,
    memory_kib integer NOT NULL,
    passes     integer NOT NULL,
    lanes      integer NOT NULL,
    source     text NOT NULL,
    PRIMARY KEY (purpose, valid_from),
    CONSTRAINT hashing_cost_purpose CHECK (purpose IN ('staff', 'pin'))
);
INSERT INTO hashing_cost VALUES
    ('pin', '2026-01-01T00:00:00Z', 19456, 2, 1, 'OWASP ASVS 5.0 appendix C: the floor for argon2id'),
    ('staff', '2026-01-01T00:00:00Z', 65536, 3, 1, 'ours: fewer staff sign in, and they may do more');
CREATE TRIGGER hashing_cost_only_grows BEFORE UPDATE OR DELETE ON hashing_cost
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER hashing_cost_is_not_emptied BEFORE TRUNCATE ON hashing_cost
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT ON hashing_cost TO kaifong_app;

CREATE TABLE staff_account (
    id             uuid PRIMARY KEY,
    login          text NOT NULL,
    -- Absent until an administrator issues the first one-time password.
    password_hash  text,
    -- A one-time password must be changed by whoever signs in with it.
    must_change    boolean NOT NULL DEFAULT true,
    totp_seed      bytea,
    -- The 30-second step of the last code accepted: a code is accepted once.
    totp_step      bigint NOT NULL DEFAULT 0,
    -- Wrong guesses since the last right one, and until when none is looked at. Each factor
    -- has its own.
    password_wrong integer NOT NULL DEFAULT 0,
    password_until timestamptz,
    totp_wrong     integer NOT NULL DEFAULT 0,
    totp_until     timestamptz,
    created_at     timestamptz NOT NULL,
    created_by     text NOT NULL,
    ended_at       timestamptz,
    version        integer NOT NULL DEFAULT 1,
    CONSTRAINT staff_account_login_is_canonical CHECK (login ~ '^[a-z][a-z0-9._-]{2,31}$')
);
-- A login is never given to a second person.
CREATE UNIQUE INDEX staff_account_login ON staff_account (login);
GRANT SELECT, INSERT, UPDATE ON staff_account TO kaifong_app;

-- A role, where it is held and from when to when. Requested by one administrator and approved
-- by another; until then it gives nothing.
CREATE TABLE staff_role (
    id          uuid PRIMARY KEY,
    staff_id    uuid NOT NULL REFERENCES staff_account (id),
    role        text NOT NULL,
    -- Absent: everywhere.
    estates     uuid[],
    valid_from  date NOT NULL,
    -- Its last day; absent while no end is known.
    valid_to    date,
    granted_by  text NOT NULL,
    granted_at  timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    ended_at    timestamptz,
    CONSTRAINT staff_role_role CHECK (role IN ('estate_officer', 'estate_manager',
        'finance_officer', 'maintenance_officer', 'auditor', 'administrator', 'privacy_officer')),
    CONSTRAINT staff_role_is_somewhere CHECK (estates IS NULL OR cardinality(estates) BETWEEN 1 AND 400),
    CONSTRAINT staff_role_ends_after_it_starts CHECK (valid_to >= valid_from),
    CONSTRAINT staff_role_is_approved_by_someone CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CONSTRAINT staff_role_takes_four_eyes CHECK (approved_by <> granted_by)
);
CREATE INDEX staff_role_by_staff ON staff_role (staff_id);
GRANT SELECT, INSERT, UPDATE ON staff_role TO kaifong_app;

-- A household's PIN, set at the estate office.
CREATE TABLE tenant_pin (
    id        uuid PRIMARY KEY,
    household bigint NOT NULL REFERENCES household (number),
    pin_hash  text NOT NULL,
    wrong     integer NOT NULL DEFAULT 0,
    until     timestamptz,
    set_at    timestamptz NOT NULL,
    set_by    text NOT NULL
);
CREATE UNIQUE INDEX tenant_pin_household ON tenant_pin (household);
GRANT SELECT, INSERT, UPDATE ON tenant_pin TO kaifong_app;

-- Someone a household lets act for it (a carer, a social worker), in part and for a time.
CREATE TABLE delegate (
    id         uuid PRIMARY KEY,
    household  bigint NOT NULL REFERENCES household (number),
    kind       text NOT NULL,
    scopes     text[] NOT NULL,
    expires_on date NOT NULL,
    -- SHA-256 of the code by which the delegate claims it; absent once claimed.
    code_hash  bytea,
    code_until timestamptz,
    granted_by text NOT NULL,
    granted_at timestamptz NOT NULL,
    ended_at   timestamptz,
    CONSTRAINT delegate_kind CHECK (kind IN ('carer', 'social_worker')),
    CONSTRAINT delegate_may_something CHECK (cardinality(scopes) BETWEEN 1 AND 32)
);
CREATE INDEX delegate_by_household ON delegate (household);
CREATE UNIQUE INDEX delegate_code ON delegate (code_hash);
GRANT SELECT, INSERT, UPDATE ON delegate TO kaifong_app;

-- Whom an outside identity (iAM Smart) may act for. Only a keyed hash of its tokenised id is
-- kept.
CREATE TABLE identity_link (
    id            uuid PRIMARY KEY,
    identity_hash bytea NOT NULL,
    household     bigint NOT NULL REFERENCES household (number),
    delegate_id   uuid REFERENCES delegate (id),
    linked_by     text NOT NULL,
    linked_at     timestamptz NOT NULL,
    ended_at      timestamptz
);
CREATE UNIQUE INDEX identity_link_once ON identity_link (identity_hash, household)
    WHERE ended_at IS NULL;
CREATE INDEX identity_link_by_household ON identity_link (household);
GRANT SELECT, INSERT, UPDATE ON identity_link TO kaifong_app;

-- A sign-in on its way to iAM Smart and back: used once, and only by who began it.
CREATE TABLE outside_sign_in (
    state_hash bytea PRIMARY KEY,
    nonce_hash bytea NOT NULL,
    begun_at   timestamptz NOT NULL,
    used_at    timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON outside_sign_in TO kaifong_app;

CREATE TABLE device (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL,
    estate_id   uuid NOT NULL REFERENCES estate (id),
    state       text NOT NULL,
    -- A JSON Web Key; absent until enrolled.
    public_key  jsonb,
    -- SHA-256 of the enrolment code; absent once used.
    code_hash   bytea,
    code_until  timestamptz,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    version     integer NOT NULL DEFAULT 1,
    CONSTRAINT device_kind CHECK (kind IN ('kiosk', 'ivr_gateway', 'handheld')),
    CONSTRAINT device_state CHECK (state IN ('pending', 'active', 'suspended', 'lost', 'retired')),
    CONSTRAINT device_takes_four_eyes CHECK (approved_by <> created_by),
    CONSTRAINT device_is_approved_before_it_works
        CHECK (state <> 'active' OR (approved_by IS NOT NULL AND public_key IS NOT NULL))
);
CREATE UNIQUE INDEX device_code ON device (code_hash);
CREATE INDEX device_by_estate ON device (estate_id, id);
GRANT SELECT, INSERT, UPDATE ON device TO kaifong_app;

-- A contractor's or payment channel's program.
CREATE TABLE client (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL,
    name        text NOT NULL,
    -- Absent: everywhere.
    estates     uuid[],
    state       text NOT NULL,
    public_key  jsonb NOT NULL,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    version     integer NOT NULL DEFAULT 1,
    CONSTRAINT client_kind CHECK (kind IN ('contractor', 'payment_channel')),
    CONSTRAINT client_state CHECK (state IN ('pending', 'active', 'suspended', 'retired')),
    CONSTRAINT client_takes_four_eyes CHECK (approved_by <> created_by),
    CONSTRAINT client_is_approved_before_it_works
        CHECK (state <> 'active' OR approved_by IS NOT NULL)
);
GRANT SELECT, INSERT, UPDATE ON client TO kaifong_app;

-- Assertions of devices and clients that were used: each once.
CREATE TABLE used_assertion (
    holder  uuid NOT NULL,
    jti     text NOT NULL,
    expires timestamptz NOT NULL,
    PRIMARY KEY (holder, jti)
);
GRANT SELECT, INSERT, DELETE ON used_assertion TO kaifong_app;

CREATE TABLE session (
    id            uuid PRIMARY KEY,
    kind          text NOT NULL,
    -- The credential signed in with: a row of the table that `kind` names.
    principal     uuid NOT NULL,
    household     bigint,
    -- The kiosk or gateway at which it takes place.
    device_id     uuid,
    amr           text[] NOT NULL,
    signed_in_at  timestamptz NOT NULL,
    stepped_up_at timestamptz,
    ends_at       timestamptz NOT NULL,
    ended_at      timestamptz,
    end_reason    text,
    CONSTRAINT session_kind CHECK (kind IN ('staff', 'pin', 'link', 'device', 'client')),
    CONSTRAINT session_is_ended_for_a_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX session_by_principal ON session (principal, signed_in_at);
GRANT SELECT, INSERT, UPDATE ON session TO kaifong_app;

CREATE TABLE refresh_family (
    id         uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES session (id),
    created_at timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    revoked_at timestamptz,
    reason     text,
    CONSTRAINT refresh_family_is_revoked_for_a_reason
        CHECK ((revoked_at IS NULL) = (reason IS NULL))
);
CREATE UNIQUE INDEX refresh_family_session ON refresh_family (session_id);
GRANT SELECT, INSERT, UPDATE ON refresh_family TO kaifong_app;

-- 256 random bits each, so a plain hash is enough.
CREATE TABLE refresh_token (
    hash        bytea PRIMARY KEY,
    family_id   uuid NOT NULL REFERENCES refresh_family (id),
    parent      bytea,
    issued_at   timestamptz NOT NULL,
    consumed_at timestamptz,
    -- The answer to its use was taken for lost, once, and another given.
    retried_at  timestamptz,
    child       bytea,
    revoked_at  timestamptz
);
CREATE INDEX refresh_token_by_family ON refresh_token (family_id);
GRANT SELECT, INSERT, UPDATE ON refresh_token TO kaifong_app;

-- What every replica must forget, in the order of commits: a writer takes a lock before its
-- number and keeps it to the commit, so who has seen a number will see no smaller one later.
-- Replicas read on from the last number twice a second, so correctness needs no Redis.
CREATE TABLE revocation (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id uuid,
    principal  uuid,
    at         timestamptz NOT NULL,
    CONSTRAINT revocation_names_one CHECK (num_nonnulls(session_id, principal) = 1)
);
CREATE FUNCTION revocation_in_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7210842);
    RETURN NULL;
END
$$;
CREATE TRIGGER revocation_in_turn BEFORE INSERT ON revocation
    FOR EACH STATEMENT EXECUTE FUNCTION revocation_in_turn();
GRANT SELECT, INSERT, DELETE ON revocation TO kaifong_app;
