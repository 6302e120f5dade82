-- What the Personal Data (Privacy) Ordinance (Cap. 486) asks of whoever keeps personal data.
-- A person is named by id alone, with no foreign key: people are loaded by COPY into emptied
-- tables, and nobody is ever deleted.
CREATE TABLE data_access_request (
    id          uuid PRIMARY KEY,
    person      uuid NOT NULL,
    received_on date NOT NULL,
    due_on      date NOT NULL,
    received_by text NOT NULL,
    state       text NOT NULL,
    refusal     text,
    decided_by  text,
    decided_at  timestamptz,
    version     integer NOT NULL DEFAULT 1,
    CONSTRAINT data_access_request_clock CHECK (due_on = received_on + 40),
    CONSTRAINT data_access_request_state CHECK (state IN ('received', 'answered', 'refused')),
    CONSTRAINT data_access_request_decision CHECK (
        num_nonnulls(decided_by, decided_at) = CASE state WHEN 'received' THEN 0 ELSE 2 END
        AND (refusal IS NOT NULL) = (state = 'refused'))
);
CREATE INDEX data_access_request_by_due ON data_access_request (due_on, id);
CREATE INDEX data_access_request_by_person ON data_access_request (person);

CREATE TABLE correction_request (
    id          uuid PRIMARY KEY,
    person      uuid NOT NULL,
    received_on date NOT NULL,
    due_on      date NOT NULL,
    received_by text NOT NULL,
    state       text NOT NULL,
    refusal     text,
    decided_by  text,
    decided_at  timestamptz,
    version     integer NOT NULL DEFAULT 1,
    -- What the person says is wrong, sealed under the person's key; none once they are erased.
    claim       bytea,
    CONSTRAINT correction_request_clock CHECK (due_on = received_on + 40),
    CONSTRAINT correction_request_state CHECK (state IN ('received', 'made', 'refused')),
    CONSTRAINT correction_request_decision CHECK (
        num_nonnulls(decided_by, decided_at) = CASE state WHEN 'received' THEN 0 ELSE 2 END
        AND (refusal IS NOT NULL) = (state = 'refused'))
);
CREATE INDEX correction_request_by_due ON correction_request (due_on, id);
CREATE INDEX correction_request_by_person ON correction_request (person);

CREATE TABLE legal_hold (
    id        uuid PRIMARY KEY,
    person    uuid NOT NULL,
    reason    text NOT NULL,
    case_ref  text NOT NULL,
    set_by    text NOT NULL,
    set_at    timestamptz NOT NULL,
    lifted_by text,
    lifted_at timestamptz,
    version   integer NOT NULL DEFAULT 1,
    CONSTRAINT legal_hold_lifted CHECK (num_nonnulls(lifted_by, lifted_at) IN (0, 2))
);
CREATE INDEX legal_hold_by_person ON legal_hold (person) WHERE lifted_at IS NULL;

CREATE TABLE erasure_request (
    id           uuid PRIMARY KEY,
    person       uuid NOT NULL,
    reason       text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    approved_by  text,
    approved_at  timestamptz,
    CONSTRAINT erasure_request_approved CHECK (num_nonnulls(approved_by, approved_at) IN (0, 2)),
    CONSTRAINT erasure_request_two_people CHECK (approved_by <> requested_by)
);
CREATE UNIQUE INDEX erasure_request_once ON erasure_request (person) WHERE approved_at IS NULL;

-- How long each class of data is kept, from a day on: the newest row that has begun holds.
CREATE TABLE retention_rule (
    data_class  text NOT NULL,
    valid_from  date NOT NULL,
    keep_months integer NOT NULL,
    after_what  text NOT NULL,
    source      text NOT NULL,
    approved_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (data_class, valid_from),
    CONSTRAINT retention_rule_months CHECK (keep_months BETWEEN 12 AND 1200)
);
-- What each day's run did; it counts as it goes.
CREATE TABLE retention_run (
    ran_on   date PRIMARY KEY,
    erased   integer NOT NULL DEFAULT 0,
    held     integer NOT NULL DEFAULT 0,
    failed   integer NOT NULL DEFAULT 0,
    ended_at timestamptz
);

-- Leave to compare data collected for different purposes (section 30 of the Ordinance).
CREATE TABLE matching_approval (
    id          uuid PRIMARY KEY,
    purpose     text NOT NULL,
    basis       text NOT NULL,
    source      text NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date NOT NULL,
    approved_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT matching_approval_days CHECK (valid_to >= valid_from)
);
CREATE INDEX matching_approval_by_purpose ON matching_approval (purpose);

DO $$
DECLARE
    grown text;
BEGIN
    FOREACH grown IN ARRAY ARRAY['retention_rule', 'matching_approval'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION refuse_change()', grown || '_only_grows', grown);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', grown || '_is_not_emptied', grown);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO kaifong_app', grown);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE (state, refusal, decided_by, decided_at, version)
    ON data_access_request TO kaifong_app;
GRANT SELECT, INSERT, UPDATE (state, refusal, decided_by, decided_at, version, claim)
    ON correction_request TO kaifong_app;
GRANT SELECT, INSERT, UPDATE (lifted_by, lifted_at, version) ON legal_hold TO kaifong_app;
GRANT SELECT, INSERT, UPDATE (approved_by, approved_at) ON erasure_request TO kaifong_app;
GRANT SELECT, INSERT, UPDATE (erased, held, failed, ended_at) ON retention_run TO kaifong_app;
