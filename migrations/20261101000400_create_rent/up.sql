-- Dated rules. A row holds from valid_from to valid_to (both included), as far as we knew
-- between recorded_at and replaced_at. Nothing is edited: a correction closes the row's
-- replaced_at and adds another. All rule rows share one sequence, so that a charge can name
-- every rule it used by one number. `assumed` marks figures that no public source gives.
CREATE SEQUENCE rent_rule_number AS integer;

-- The rent of an estate per m2 of internal floor area a month (租金), rates included, and the
-- part of it that is rates (差餉).
CREATE TABLE rent_rate (
    id           integer PRIMARY KEY DEFAULT nextval('rent_rule_number'),
    estate_id    uuid NOT NULL REFERENCES estate (id),
    rent_per_m2  numeric(8, 2) NOT NULL,
    rates_per_m2 numeric(8, 2) NOT NULL,
    valid_from   date NOT NULL,
    valid_to     date,
    recorded_at  timestamptz NOT NULL,
    replaced_at  timestamptz,
    source       text NOT NULL,
    assumed      boolean NOT NULL,
    CONSTRAINT rent_rate_is_positive CHECK (rent_per_m2 > 0 AND rates_per_m2 >= 0 AND rates_per_m2 < rent_per_m2),
    CONSTRAINT rent_rate_dates CHECK (valid_to >= valid_from),
    CONSTRAINT rent_rate_one_at_a_time EXCLUDE USING gist (estate_id WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);

-- What an estate pays that has no rate of its own yet.
CREATE TABLE district_rent_rate (
    application_district text PRIMARY KEY,
    rent_per_m2  numeric(8, 2) NOT NULL,
    rates_per_m2 numeric(8, 2) NOT NULL,
    valid_from   date NOT NULL,
    source       text NOT NULL
);
INSERT INTO district_rent_rate VALUES
    ('urban', 70.80, 4.80, '2020-10-01', 'assumed: best rent of Jan 2016, info.gov.hk 22 Jan 2016'),
    ('extended-urban', 62.00, 4.20, '2020-10-01', 'assumed: between the urban and the New Territories rate'),
    ('new-territories', 54.00, 3.70, '2020-10-01', 'assumed: best rent of Tuen Mun and Tung Chung 2016'),
    ('islands', 50.00, 3.40, '2020-10-01', 'assumed');

-- The biennial rent review (租金檢討), Housing Ordinance s.16A: the change of the income index,
-- an increase capped at 10%. The increase, not a decrease, may be waived for a time.
CREATE TABLE rent_review (
    id                    integer PRIMARY KEY DEFAULT nextval('rent_rule_number'),
    index_change          numeric(6, 4),
    rent_change           numeric(6, 4) NOT NULL,
    -- The last day on which the increase is not collected.
    increase_waived_until date,
    valid_from            date NOT NULL,
    valid_to              date,
    recorded_at           timestamptz NOT NULL,
    replaced_at           timestamptz,
    source                text NOT NULL,
    assumed               boolean NOT NULL,
    CONSTRAINT rent_review_cap CHECK (rent_change <= 0.10 AND rent_change > -1),
    CONSTRAINT rent_review_follows_index
        CHECK (index_change IS NULL OR rent_change = least(index_change, 0.10)),
    CONSTRAINT rent_review_waives_increase
        CHECK (increase_waived_until IS NULL OR (rent_change > 0 AND increase_waived_until >= valid_from)),
    CONSTRAINT rent_review_one_at_a_time EXCLUDE USING gist (valid_from WITH =,
        tstzrange(recorded_at, replaced_at) WITH &&)
);

-- What a scheme does to the rent: 'reduce' takes the share off; 'multiply' applies the
-- multiple to the net rent and adds the rates back.
CREATE TABLE rent_scheme (
    id          integer PRIMARY KEY DEFAULT nextval('rent_rule_number'),
    scheme      text NOT NULL,
    effect      text NOT NULL,
    figure      numeric(6, 4) NOT NULL,
    -- The longest award, in months; absent when it has no end of its own.
    longest     smallint,
    valid_from  date NOT NULL,
    valid_to    date,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    source      text NOT NULL,
    assumed     boolean NOT NULL,
    CONSTRAINT rent_scheme_known CHECK (scheme IN ('assistance_25', 'assistance_50',
        'additional_over_2', 'additional_over_3', 'additional_over_4', 'licence', 'occupation')),
    CONSTRAINT rent_scheme_effect CHECK (
        (effect = 'reduce' AND figure > 0 AND figure < 1) OR (effect = 'multiply' AND figure >= 1)),
    CONSTRAINT rent_scheme_dates CHECK (valid_to >= valid_from),
    CONSTRAINT rent_scheme_one_at_a_time EXCLUDE USING gist (scheme WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);

-- A waiver of whole months' rent by the Government (政府代繳租金); households that pay
-- additional rent are usually left out.
CREATE TABLE rent_waiver (
    id                  integer PRIMARY KEY DEFAULT nextval('rent_rule_number'),
    share               numeric(6, 4) NOT NULL,
    excludes_additional boolean NOT NULL,
    valid_from          date NOT NULL,
    valid_to            date NOT NULL,
    recorded_at         timestamptz NOT NULL,
    replaced_at         timestamptz,
    source              text NOT NULL,
    assumed             boolean NOT NULL,
    CONSTRAINT rent_waiver_share CHECK (share > 0 AND share <= 1),
    CONSTRAINT rent_waiver_dates CHECK (valid_to >= valid_from),
    CONSTRAINT rent_waiver_one_at_a_time EXCLUDE USING gist (
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);

INSERT INTO rent_review (index_change, rent_change, increase_waived_until, valid_from, recorded_at, source, assumed) VALUES
    (NULL, -0.1160, NULL, '2007-08-01', '2007-06-13', 'news.gov.hk 13 Jun 2007', false),
    (0.1927, 0.10, NULL, '2014-09-01', '2014-07-04', 'info.gov.hk P201407040556', false),
    (0.1159, 0.10, NULL, '2018-09-01', '2018-07-17', 'news.gov.hk 17 Jul 2018', false),
    (NULL, 0.0117, '2023-09-30', '2022-10-01', '2022-08-01', 'HA announcement 2022 (day of record assumed)', false),
    (0.1073, 0.10, '2024-12-31', '2024-10-01', '2024-08-01', 'HA press, 2024 rent review (day of record assumed)', false);

INSERT INTO rent_scheme (scheme, effect, figure, longest, valid_from, valid_to, recorded_at, source, assumed) VALUES
    ('assistance_25', 'reduce', 0.25, 24, '1992-09-01', NULL, '1992-09-01', 'HA Rent Assistance Scheme; start assumed; two years since 1 Sep 2016', false),
    ('assistance_50', 'reduce', 0.50, 24, '1992-09-01', NULL, '1992-09-01', 'HA Rent Assistance Scheme; start assumed; two years since 1 Sep 2016', false),
    ('additional_over_2', 'multiply', 1.5, NULL, '1987-04-01', '2026-09-30', '1987-04-01', 'info.gov.hk P2025032100310; start assumed', false),
    ('additional_over_2', 'multiply', 2.5, NULL, '2026-10-01', NULL, '2025-03-21', 'info.gov.hk P2025032100310', false),
    ('additional_over_3', 'multiply', 2, NULL, '1987-04-01', '2026-09-30', '1987-04-01', 'info.gov.hk P2025032100310; start assumed', false),
    ('additional_over_3', 'multiply', 3.5, NULL, '2026-10-01', NULL, '2025-03-21', 'info.gov.hk P2025032100310', false),
    ('additional_over_4', 'multiply', 2, NULL, '1987-04-01', '2026-09-30', '1987-04-01', 'info.gov.hk P2025032100310; start assumed', false),
    ('additional_over_4', 'multiply', 4.5, NULL, '2026-10-01', NULL, '2025-03-21', 'info.gov.hk P2025032100310', false),
    ('licence', 'multiply', 2, NULL, '1987-04-01', NULL, '1987-04-01', 'assumed: as for households above three times the limit', true),
    ('occupation', 'multiply', 3, NULL, '1987-04-01', NULL, '1987-04-01', 'housingauthority.gov.hk, moving out: extended stay', false);

INSERT INTO rent_waiver (share, excludes_additional, valid_from, valid_to, recorded_at, source, assumed) VALUES
    (1, true, '2020-07-01', '2020-07-31', '2020-02-26', 'Government one-month rent waiver, July 2020', false);

-- Counts every change of a rule, so that a copy in memory knows when it is old.
CREATE TABLE rent_rule_book (version bigint NOT NULL);
INSERT INTO rent_rule_book VALUES (1);
CREATE FUNCTION count_rule_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE rent_rule_book SET version = version + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER rent_rate_counts AFTER INSERT OR UPDATE OR DELETE ON rent_rate
    FOR EACH STATEMENT EXECUTE FUNCTION count_rule_change();
CREATE TRIGGER rent_review_counts AFTER INSERT OR UPDATE OR DELETE ON rent_review
    FOR EACH STATEMENT EXECUTE FUNCTION count_rule_change();
CREATE TRIGGER rent_scheme_counts AFTER INSERT OR UPDATE OR DELETE ON rent_scheme
    FOR EACH STATEMENT EXECUTE FUNCTION count_rule_change();
CREATE TRIGGER rent_waiver_counts AFTER INSERT OR UPDATE OR DELETE ON rent_waiver
    FOR EACH STATEMENT EXECUTE FUNCTION count_rule_change();

-- A scheme granted to a household (租金援助、額外租金): whole months, one at a time. Never edited: a
-- change closes the revision's replaced_at and adds the next.
CREATE TABLE rent_award (
    id          uuid NOT NULL,
    revision    integer NOT NULL,
    household   bigint NOT NULL REFERENCES household (number),
    scheme      text NOT NULL,
    first_month date NOT NULL,
    last_month  date,
    reason      text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    PRIMARY KEY (id, revision),
    CONSTRAINT rent_award_whole_months
        CHECK (extract(day FROM first_month) = 1 AND extract(day FROM last_month) = 1),
    CONSTRAINT rent_award_scheme CHECK (scheme IN ('assistance_25', 'assistance_50',
        'additional_over_2', 'additional_over_3', 'additional_over_4')),
    -- A cancelled award has no months: last_month before first_month makes an empty range.
    CONSTRAINT rent_award_one_at_a_time EXCLUDE USING gist (household WITH =,
        daterange(first_month, CASE WHEN last_month < first_month THEN first_month
                                    ELSE last_month + 1 END) WITH &&)
        WHERE (replaced_at IS NULL)
);
CREATE INDEX rent_award_by_household ON rent_award (household);

-- What a tenancy was charged for a month. Revision 0 is the charge; later ones are what a
-- late decision changed. The key is what makes it exactly one charge a tenancy and month.
CREATE TABLE rent_charge (
    household    bigint NOT NULL,
    month        date NOT NULL,
    tenancy_id   uuid NOT NULL,
    revision     smallint NOT NULL,
    effective_on date NOT NULL,
    amount       numeric(12, 2) NOT NULL,
    -- The numbers of the rule rows it used.
    rules        integer[] NOT NULL,
    booked_at    timestamptz NOT NULL,
    PRIMARY KEY (household, month, tenancy_id, revision)
);
-- Charges arrive a month at a time: a few pages of summary find a month among many.
CREATE INDEX rent_charge_by_month ON rent_charge USING brin (month) WITH (pages_per_range = 32);
CREATE TRIGGER rent_charge_only_grows BEFORE UPDATE OR DELETE ON rent_charge
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- How far the monthly charge has got.
CREATE TABLE rent_run (
    month       date PRIMARY KEY,
    state       text NOT NULL,
    total       bigint NOT NULL,
    done        bigint NOT NULL,
    charged     numeric(16, 2) NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT rent_run_state CHECK (state IN ('running', 'finished'))
);

-- A correction or refund that an officer made, with the reason.
CREATE TABLE rent_adjustment (
    id           uuid PRIMARY KEY,
    household    bigint NOT NULL REFERENCES household (number),
    kind         text NOT NULL,
    -- Positive is owed, negative is in the tenant's favour.
    amount       numeric(12, 2) NOT NULL,
    effective_on date NOT NULL,
    reason       text NOT NULL,
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    CONSTRAINT rent_adjustment_kind CHECK (kind IN ('adjustment', 'refund')),
    CONSTRAINT rent_adjustment_is_something CHECK (amount <> 0)
);
CREATE INDEX rent_adjustment_by_household ON rent_adjustment (household, recorded_at);

-- What the rent of a tenancy is calculated from. Every tenancy has a flat; the outer join lets
-- a question that does not ask of the flat leave it alone.
CREATE VIEW rent_tenure AS
    SELECT t.household, t.id AS tenancy_id, t.kind, t.starts_on, t.ends_on, t.recorded_at,
           t.end_recorded_at, f.estate_id, f.ifa
    FROM tenancy t LEFT JOIN flat f ON f.id = t.flat_id;

GRANT SELECT ON district_rent_rate, rent_rule_book, rent_tenure TO kaifong_app;
GRANT SELECT, INSERT, UPDATE (replaced_at) ON rent_rate, rent_review, rent_scheme, rent_waiver, rent_award TO kaifong_app;
GRANT SELECT, INSERT ON rent_charge, rent_adjustment TO kaifong_app;
GRANT SELECT, INSERT, UPDATE ON rent_run TO kaifong_app;
GRANT USAGE ON rent_rule_number TO kaifong_app;
