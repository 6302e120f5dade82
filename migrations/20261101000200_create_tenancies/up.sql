-- btree_gist lets an exclusion constraint compare a flat for equality.
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- A household's number with its check digit is its tenant code; the number is also the key of
-- its rent account. General accounts of the ledger have numbers below the first household's.
CREATE SEQUENCE household_number MINVALUE 100000000 MAXVALUE 999999999;
CREATE TABLE household (
    number    bigint PRIMARY KEY,
    opened_at timestamptz NOT NULL,
    CONSTRAINT household_number_has_nine_digits CHECK (number BETWEEN 100000000 AND 999999999)
);

CREATE TABLE tenancy (
    id              uuid PRIMARY KEY,
    household       bigint NOT NULL REFERENCES household (number),
    flat_id         uuid NOT NULL REFERENCES flat (id),
    kind            text NOT NULL,
    starts_on       date NOT NULL,
    -- The last day; absent while the tenancy runs.
    ends_on         date,
    end_reason      text,
    household_size  smallint NOT NULL,
    -- When we knew of its start and of its end: a quote as known earlier must not see them.
    recorded_at     timestamptz NOT NULL,
    end_recorded_at timestamptz,
    version         integer NOT NULL DEFAULT 1,
    CONSTRAINT tenancy_kind CHECK (kind IN ('prh', 'interim_housing', 'licence', 'occupation')),
    CONSTRAINT tenancy_ends_after_it_starts CHECK (ends_on >= starts_on),
    CONSTRAINT tenancy_end_is_known CHECK ((ends_on IS NULL) = (end_recorded_at IS NULL)),
    CONSTRAINT tenancy_household_size CHECK (household_size BETWEEN 1 AND 30),
    CONSTRAINT tenancy_one_in_a_flat
        EXCLUDE USING gist (flat_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&)
);
CREATE INDEX tenancy_by_household ON tenancy (household, starts_on);

GRANT SELECT, INSERT ON household TO kaifong_app;
GRANT SELECT, INSERT, UPDATE ON tenancy TO kaifong_app;
GRANT USAGE ON household_number TO kaifong_app;
