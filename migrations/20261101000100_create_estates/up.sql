-- Where public housing is. Rows are never deleted: a block no longer named is withdrawn.
-- Names are in three languages: {"en": ..., "zh-Hant": ..., "zh-Hans": ...}.
CREATE TABLE estate (
    id                   uuid PRIMARY KEY,
    name                 jsonb NOT NULL,
    district             jsonb NOT NULL,
    region               jsonb NOT NULL,
    -- Where its flats are applied for; absent for a district that nobody knows.
    application_district text,
    estate_types         text[] NOT NULL,
    intake_years         integer[] NOT NULL,
    -- As stated; the blocks named may be more or fewer.
    stated_blocks        integer,
    rental_flats         integer,
    flats_as_at          date,
    flat_size            text NOT NULL,
    ifa_min              numeric(6, 2),
    ifa_max              numeric(6, 2),
    latitude             numeric(9, 6),
    longitude            numeric(9, 6),
    details              jsonb NOT NULL,
    -- SHA-256 of the record it was read from: the same record again changes nothing.
    dataset_digest       bytea NOT NULL,
    imported_at          timestamptz NOT NULL,
    version              integer NOT NULL DEFAULT 1,
    CONSTRAINT estate_has_a_name CHECK (name ->> 'en' <> ''),
    CONSTRAINT estate_application_district CHECK
        (application_district IN ('urban', 'extended-urban', 'new-territories', 'islands')),
    CONSTRAINT estate_types_are_known CHECK
        (estate_types <@ ARRAY['public-rental', 'tenants-purchase', 'buy-or-rent', 'interim-housing']),
    CONSTRAINT estate_stated_blocks CHECK (stated_blocks >= 0),
    CONSTRAINT estate_rental_flats CHECK (rental_flats >= 0),
    CONSTRAINT estate_flats_are_dated CHECK ((rental_flats IS NULL) = (flats_as_at IS NULL)),
    CONSTRAINT estate_flat_sizes CHECK
        ((ifa_min IS NULL) = (ifa_max IS NULL) AND ifa_min > 0 AND ifa_min <= ifa_max),
    CONSTRAINT estate_position CHECK ((latitude IS NULL) = (longitude IS NULL)),
    CONSTRAINT estate_dataset_digest CHECK (octet_length(dataset_digest) = 32)
);
-- "C": the order of a page does not depend on the server's locale.
CREATE UNIQUE INDEX estate_name_once ON estate ((name ->> 'en') COLLATE "C");

CREATE TABLE block (
    id           uuid PRIMARY KEY,
    estate_id    uuid NOT NULL,
    -- Its place among the estate's blocks, as published.
    position     smallint NOT NULL,
    name         jsonb NOT NULL,
    -- The day a dataset first did not name it; absent while it stands.
    withdrawn_on date,
    CONSTRAINT block_estate FOREIGN KEY (estate_id) REFERENCES estate (id),
    CONSTRAINT block_has_a_name CHECK (name ->> 'en' <> ''),
    -- For the flats: a flat's estate is its block's.
    CONSTRAINT block_in_its_estate UNIQUE (id, estate_id)
);
CREATE UNIQUE INDEX block_name_once ON block (estate_id, (name ->> 'en'));

CREATE TABLE flat (
    id        uuid PRIMARY KEY,
    block_id  uuid NOT NULL,
    -- The block's, kept here too: rent, posts and kiosks go by estate.
    estate_id uuid NOT NULL,
    floor     smallint NOT NULL,
    unit      text NOT NULL,
    -- Internal floor area in square metres.
    ifa       numeric(6, 2) NOT NULL,
    CONSTRAINT flat_block FOREIGN KEY (block_id, estate_id) REFERENCES block (id, estate_id),
    CONSTRAINT flat_once UNIQUE (block_id, floor, unit),
    CONSTRAINT flat_unit CHECK (char_length(unit) BETWEEN 1 AND 10),
    CONSTRAINT flat_ifa CHECK (ifa > 0)
);
CREATE INDEX flat_by_estate ON flat (estate_id);

GRANT SELECT, INSERT, UPDATE ON estate, block, flat TO kaifong_app;
