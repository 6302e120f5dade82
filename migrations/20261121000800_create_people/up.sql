-- Who lives where. Everything that tells who somebody is, is sealed under a data key of the
-- person's own; what is looked up exactly has a blind index, whose key is in no database.

-- The rows within the caller's reach, set for one transaction and empty after it: everywhere,
-- estates:{id,...} or household:number.
CREATE FUNCTION reach_is_everywhere() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(current_setting('kaifong.reach', true) = 'everywhere', false);
CREATE FUNCTION reach_estates() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN starts_with(current_setting('kaifong.reach', true), 'estates:')
           THEN substr(current_setting('kaifong.reach', true), 9)::uuid[] END;
CREATE FUNCTION reach_household() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN starts_with(current_setting('kaifong.reach', true), 'household:')
           THEN substr(current_setting('kaifong.reach', true), 11)::bigint END;

-- In which estate a household lives, lived or is to live: what an officer's reach goes by.
CREATE VIEW household_estate WITH (security_invoker = true) AS
    SELECT t.household, f.estate_id, t.starts_on, t.ends_on
    FROM tenancy t JOIN flat f ON f.id = t.flat_id;
GRANT SELECT ON household_estate TO kaifong_app;

CREATE TABLE person (
    id             uuid PRIMARY KEY,
    -- Sealed, each for its place and this revision of the row; null is not known.
    name_zh        bytea,
    name_en        bytea,
    document       bytea,
    symbols        bytea,
    birth_date     bytea,
    sex            bytea,
    phone          bytea,
    email          bytea,
    -- Kind, state and number together, so that one number of two kinds is two documents.
    document_index bytea,
    phone_index    bytea,
    -- Eight bits each: of a surname with the first of the given name, shared by thousands.
    name_key_zh    smallint,
    name_key_en    smallint,
    revision       integer NOT NULL DEFAULT 1,
    recorded_at    timestamptz NOT NULL,
    -- Nothing sealed is left of an erased person.
    erased_at      timestamptz,
    CONSTRAINT person_document_index CHECK (octet_length(document_index) = 16),
    CONSTRAINT person_phone_index CHECK (octet_length(phone_index) = 16),
    CONSTRAINT person_name_key_zh CHECK (name_key_zh BETWEEN 0 AND 255),
    CONSTRAINT person_name_key_en CHECK (name_key_en BETWEEN 0 AND 255),
    CONSTRAINT person_has_a_name CHECK (num_nonnulls(name_zh, name_en, erased_at) > 0),
    CONSTRAINT person_erased CHECK (erased_at IS NULL OR num_nonnulls(
        name_zh, name_en, document, symbols, birth_date, sex, phone, email,
        document_index, phone_index, name_key_zh, name_key_en) = 0)
);
CREATE UNIQUE INDEX person_document_once ON person (document_index);
CREATE INDEX person_by_phone ON person (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX person_by_name_zh ON person (name_key_zh, id) WHERE name_key_zh IS NOT NULL;
CREATE INDEX person_by_name_en ON person (name_key_en, id) WHERE name_key_en IS NOT NULL;

CREATE TABLE membership (
    id              uuid PRIMARY KEY,
    person          uuid NOT NULL REFERENCES person (id),
    household       bigint NOT NULL REFERENCES household (number),
    role            text NOT NULL,
    starts_on       date NOT NULL,
    -- The last day; absent while no end is known.
    ends_on         date,
    end_reason      text,
    recorded_at     timestamptz NOT NULL,
    end_recorded_at timestamptz,
    version         integer NOT NULL DEFAULT 1,
    CONSTRAINT membership_role CHECK
        (role IN ('head', 'authorised_member', 'conditional_temporary_stay', 'domestic_helper')),
    CONSTRAINT membership_ends_after_it_starts CHECK (ends_on >= starts_on),
    CONSTRAINT membership_end_is_known CHECK
        (num_nonnulls(ends_on, end_reason, end_recorded_at) IN (0, 3)),
    CONSTRAINT membership_one_head EXCLUDE USING gist
        (household WITH =, daterange(starts_on, ends_on, '[]') WITH &&) WHERE (role = 'head'),
    CONSTRAINT membership_once EXCLUDE USING gist
        (person WITH =, household WITH =, daterange(starts_on, ends_on, '[]') WITH &&)
);
CREATE INDEX membership_by_household ON membership (household, starts_on, id);
CREATE INDEX membership_by_person ON membership (person, household);

GRANT SELECT, INSERT, UPDATE ON person TO kaifong_app;
GRANT SELECT, INSERT, UPDATE (ends_on, end_reason, end_recorded_at, version)
    ON membership TO kaifong_app;

-- The second line behind the statements' own conditions: a statement that forgot them, or runs
-- with no reach set, finds nothing. It goes by every tenancy of the household, whatever the day:
-- which are over is the statement's to tell, by the application's clock. Not forced on the
-- owner, who loads by COPY.
ALTER TABLE membership ENABLE ROW LEVEL SECURITY;
CREATE POLICY membership_in_reach ON membership TO kaifong_app USING (
    (SELECT reach_is_everywhere())
    OR household = (SELECT reach_household())
    OR EXISTS (SELECT FROM household_estate e WHERE e.household = membership.household
               AND e.estate_id = ANY ((SELECT reach_estates())::uuid[]))
);
ALTER TABLE person ENABLE ROW LEVEL SECURITY;
-- Through the memberships that are in reach themselves.
CREATE POLICY person_in_reach ON person TO kaifong_app USING (
    (SELECT reach_is_everywhere()) OR EXISTS (SELECT FROM membership m WHERE m.person = person.id)
) WITH CHECK (
    -- A new person is nobody's member yet.
    (SELECT reach_is_everywhere()) OR (SELECT reach_estates()) IS NOT NULL
);
