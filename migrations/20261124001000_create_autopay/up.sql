-- What a household is charged beside its rent, such as a direct debit that came back.
ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_kind;
ALTER TABLE ledger_transfer ADD CONSTRAINT ledger_transfer_kind
    CHECK (kind IN ('charge', 'fee', 'adjustment', 'payment', 'refund', 'reversal'));

-- How direct debits are collected (自動轉帳收款), from when to when. Dated rows, as the rent rules
-- are: nothing is edited, a correction closes replaced_at and adds another row.
CREATE TABLE autopay_policy (
    id               integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    channel          text NOT NULL,
    -- Collected on the first working day on or after this day of the month.
    collection_day   smallint NOT NULL,
    -- Working days before it by which the bank has the file.
    lead_days        smallint NOT NULL,
    -- How often a refused debit is tried again in its month, and after how many working days.
    retries          smallint NOT NULL,
    retry_after      smallint NOT NULL,
    -- So many refusals in a row suspend the mandate.
    refusals         smallint NOT NULL,
    -- What a household is charged when a debit that was accepted comes back.
    return_fee       numeric(12, 2) NOT NULL,
    -- By what the bank knows us, and the account that is credited.
    payment_code     text NOT NULL,
    creditor_bank    text NOT NULL,
    creditor_account text NOT NULL,
    creditor_name    text NOT NULL,
    valid_from       date NOT NULL,
    valid_to         date,
    recorded_at      timestamptz NOT NULL,
    replaced_at      timestamptz,
    source           text NOT NULL,
    assumed          boolean NOT NULL,
    CONSTRAINT autopay_policy_channel CHECK (channel IN ('autopay', 'fps_debit')),
    CONSTRAINT autopay_policy_day CHECK (collection_day BETWEEN 1 AND 28),
    CONSTRAINT autopay_policy_working_days CHECK
        (lead_days BETWEEN 0 AND 10 AND retry_after BETWEEN 0 AND 20),
    CONSTRAINT autopay_policy_times CHECK (retries BETWEEN 0 AND 5 AND refusals BETWEEN 1 AND 12),
    CONSTRAINT autopay_policy_fee CHECK (return_fee >= 0),
    CONSTRAINT autopay_policy_creditor CHECK (payment_code ~ '^[A-Z][0-9]{2}$'
        AND creditor_bank ~ '^[0-9]{3}$' AND creditor_account ~ '^[0-9]{6,15}$'
        AND creditor_name ~ '^[ -~]{1,70}$'),
    CONSTRAINT autopay_policy_dates CHECK (valid_to >= valid_from),
    CONSTRAINT autopay_policy_one_at_a_time EXCLUDE USING gist (channel WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);
GRANT SELECT ON autopay_policy TO kaifong_app;

-- No public source has any of these figures; the account and the code are made up.
INSERT INTO autopay_policy (channel, collection_day, lead_days, retries, retry_after, refusals,
    return_fee, payment_code, creditor_bank, creditor_account, creditor_name, valid_from,
    recorded_at, source, assumed) VALUES
    ('autopay', 1, 2, 1, 5, 3, 60.00, 'R01', '004', '808123456001', 'HK Housing Authority',
        '1990-01-01', '2019-01-01',
        'assumed: rent is due on the 1st, HA How to pay rent; three refusals and the fee as banks have them', true),
    ('fps_debit', 1, 0, 1, 3, 3, 60.00, 'R02', '004', '808123456001', 'HK Housing Authority',
        '2018-09-30', '2019-01-01',
        'assumed: as autopay; FPS settles within the day, HKMA, 30 Sep 2018', true);

-- A household's leave to debit a bank account. The account may be a relative's.
CREATE TABLE autopay_mandate (
    id             uuid PRIMARY KEY,
    household      bigint NOT NULL REFERENCES household (number),
    channel        text NOT NULL,
    bank           text NOT NULL,
    -- The last digits of the account, for people to know it by.
    ending         text NOT NULL,
    -- Sealed under a key of the mandate's own; written once.
    account        bytea NOT NULL,
    holder         bytea NOT NULL,
    -- The most that one debit may be.
    at_most        numeric(12, 2),
    state          text NOT NULL,
    -- By what the bank knows the mandate, once it has said yes.
    bank_reference text,
    -- Since when it is in force; refusals before that do not count.
    active_since   timestamptz,
    proposed_at    timestamptz NOT NULL,
    version        integer NOT NULL DEFAULT 1,
    CONSTRAINT autopay_mandate_channel CHECK (channel IN ('autopay', 'fps_debit')),
    CONSTRAINT autopay_mandate_state CHECK (state IN ('proposed', 'active', 'suspended', 'ended')),
    CONSTRAINT autopay_mandate_at_most CHECK (at_most > 0),
    CONSTRAINT autopay_mandate_verified CHECK (state NOT IN ('active', 'suspended')
        OR num_nonnulls(bank_reference, active_since) = 2)
);
CREATE UNIQUE INDEX autopay_mandate_one_active ON autopay_mandate (household) WHERE state = 'active';
CREATE UNIQUE INDEX autopay_mandate_one_proposed ON autopay_mandate (household)
    WHERE state = 'proposed';
CREATE INDEX autopay_mandate_by_household ON autopay_mandate (household, proposed_at, id);
CREATE INDEX autopay_mandate_to_collect ON autopay_mandate (channel, household) WHERE state = 'active';
GRANT SELECT, INSERT, UPDATE (state, bank_reference, active_since, version)
    ON autopay_mandate TO kaifong_app;
-- As every table that lets somebody act for a household, or tells where its money is.
ALTER TABLE autopay_mandate ENABLE ROW LEVEL SECURITY;
CREATE POLICY autopay_mandate_in_reach ON autopay_mandate TO kaifong_app USING (
    (SELECT reach_is_everywhere())
    OR household = (SELECT reach_household())
    OR EXISTS (SELECT FROM tenancy_place p WHERE p.household = autopay_mandate.household
               AND p.estate_id = ANY ((SELECT reach_estates())::uuid[]))
);

-- What became of a mandate: its state is the newest event's.
CREATE TABLE autopay_event (
    mandate uuid NOT NULL REFERENCES autopay_mandate (id),
    -- The version that it made.
    number  integer NOT NULL,
    event   text NOT NULL,
    reason  text,
    actor   text NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (mandate, number),
    CONSTRAINT autopay_event_known CHECK
        (event IN ('proposed', 'verified', 'declined', 'suspended', 'ended'))
);

-- A month's direct debits of a channel, in one file. A month has a first collection and further
-- ones for what is tried again.
CREATE TABLE autopay_collection (
    id           uuid PRIMARY KEY,
    month        date NOT NULL,
    channel      text NOT NULL,
    run          smallint NOT NULL,
    -- The working day on which accounts are debited.
    collect_on   date NOT NULL,
    policy       integer NOT NULL REFERENCES autopay_policy (id),
    state        text NOT NULL,
    -- Mandates in force when it began, and the household up to which they were looked at.
    total        bigint NOT NULL,
    looked_at    bigint NOT NULL DEFAULT 0,
    through      bigint NOT NULL DEFAULT 0,
    lines        integer NOT NULL DEFAULT 0,
    amount       numeric(16, 2) NOT NULL DEFAULT 0,
    bytes        bigint,
    sha256       bytea,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    prepared_at  timestamptz,
    -- Who released or withdrew it, and when.
    decided_by   text,
    decided_at   timestamptz,
    CONSTRAINT autopay_collection_run UNIQUE (month, channel, run),
    CONSTRAINT autopay_collection_channel CHECK (channel IN ('autopay', 'fps_debit')),
    CONSTRAINT autopay_collection_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT autopay_collection_state CHECK
        (state IN ('preparing', 'prepared', 'released', 'withdrawn')),
    CONSTRAINT autopay_collection_prepared CHECK (num_nonnulls(bytes, sha256, prepared_at) =
        CASE state WHEN 'preparing' THEN 0 ELSE 3 END),
    CONSTRAINT autopay_collection_digest CHECK (length(sha256) = 32),
    CONSTRAINT autopay_collection_decided CHECK (num_nonnulls(decided_by, decided_at) =
        CASE WHEN state IN ('released', 'withdrawn') THEN 2 ELSE 0 END),
    CONSTRAINT autopay_collection_two_people CHECK (state <> 'released' OR decided_by <> requested_by)
);
-- Until it is released or withdrawn, there is no other of its month.
CREATE UNIQUE INDEX autopay_collection_one_open ON autopay_collection (month, channel)
    WHERE state IN ('preparing', 'prepared');
GRANT SELECT, INSERT, UPDATE (state, looked_at, through, lines, amount, bytes, sha256, prepared_at,
    decided_by, decided_at) ON autopay_collection TO kaifong_app;

-- One direct debit; frozen. A household's attempt in a month is made once: this key says so.
CREATE TABLE autopay_line (
    collection uuid NOT NULL REFERENCES autopay_collection (id),
    household  bigint NOT NULL,
    month      date NOT NULL,
    attempt    smallint NOT NULL,
    mandate    uuid NOT NULL REFERENCES autopay_mandate (id),
    -- Ours, in the file and in the bank's answer.
    reference  text NOT NULL,
    amount     numeric(12, 2) NOT NULL,
    PRIMARY KEY (collection, household),
    CONSTRAINT autopay_line_once UNIQUE (household, month, attempt),
    CONSTRAINT autopay_line_reference UNIQUE (reference),
    CONSTRAINT autopay_line_amount CHECK (amount > 0),
    CONSTRAINT autopay_line_attempt CHECK (attempt > 0)
);
CREATE INDEX autopay_line_by_mandate ON autopay_line (mandate);

-- Who has a mandate and was not debited, and why.
CREATE TABLE autopay_left_out (
    collection uuid NOT NULL REFERENCES autopay_collection (id),
    household  bigint NOT NULL,
    reason     text NOT NULL,
    -- What was due.
    due        numeric(12, 2),
    PRIMARY KEY (collection, household),
    CONSTRAINT autopay_left_out_reason CHECK (reason IN ('nothing_due', 'on_its_way', 'collected',
        'not_tried_again', 'too_soon', 'over_limit', 'tenancy_ended', 'no_rate'))
);

-- The file, in pieces sealed under a key of the collection's own: the same bytes for ever after.
CREATE TABLE autopay_file_part (
    id         uuid PRIMARY KEY,
    collection uuid NOT NULL REFERENCES autopay_collection (id),
    number     integer NOT NULL,
    content    bytea NOT NULL,
    CONSTRAINT autopay_file_part_once UNIQUE (collection, number)
);
GRANT SELECT, INSERT ON autopay_file_part TO kaifong_app;

-- What the bank said of a debit: first whether it was accepted, later that it came back.
CREATE TABLE autopay_result (
    reference   text NOT NULL REFERENCES autopay_line (reference),
    number      smallint NOT NULL,
    code        text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (reference, number),
    CONSTRAINT autopay_result_once UNIQUE (reference, code),
    CONSTRAINT autopay_result_number CHECK (number IN (1, 2)),
    CONSTRAINT autopay_result_code CHECK (code IN ('ACCEPTED', 'NO_MANDATE', 'INSUFFICIENT_FUNDS',
        'ACCOUNT_CLOSED', 'ACCOUNT_INVALID', 'AMOUNT_INVALID', 'OVER_LIMIT', 'DUPLICATE',
        'DATE_INVALID', 'PAYER_CANCELLED', 'OTHER'))
);

-- What the bank said that fits no debit: kept for somebody to look at.
CREATE TABLE autopay_stray (
    id          uuid PRIMARY KEY,
    collection  uuid NOT NULL REFERENCES autopay_collection (id),
    -- Its place in what was sent.
    place       integer NOT NULL,
    reference   text NOT NULL,
    code        text NOT NULL,
    problem     text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT autopay_stray_once UNIQUE (collection, reference, code, problem),
    CONSTRAINT autopay_stray_problem CHECK
        (problem IN ('unknown', 'other_collection', 'contradiction', 'before_its_day'))
);

DO $$
DECLARE
    grown text;
BEGIN
    FOREACH grown IN ARRAY ARRAY['autopay_event', 'autopay_line', 'autopay_left_out',
        'autopay_result', 'autopay_stray']
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION refuse_change()', grown || '_only_grows', grown);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', grown || '_is_not_emptied', grown);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO kaifong_app', grown);
    END LOOP;
END
$$;
