-- How a channel's takings come to us in one sum (入帳): by what the bank writes beside a credit,
-- whose it is and of which day. Dated rows, as the channels' terms are.
CREATE TABLE paying_in (
    id          integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    -- As statements name it, without blanks and hyphens.
    account     text NOT NULL,
    -- What the bank's text begins with; of several that fit, the longest counts.
    begins      text NOT NULL,
    -- None: no channel's, a transfer of ours.
    channel     text,
    -- How many working days after the channel's day the bank credits it; none: the day follows in
    -- the text, as eight digits.
    days_after  smallint,
    valid_from  date NOT NULL,
    valid_to    date,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    source      text NOT NULL,
    assumed     boolean NOT NULL,
    CONSTRAINT paying_in_account CHECK (account ~ '^[0-9A-Za-z]{1,34}$'),
    CONSTRAINT paying_in_begins CHECK (length(begins) BETWEEN 1 AND 60),
    CONSTRAINT paying_in_channel CHECK (channel IN ('autopay', 'fps_debit', 'pps', 'bank', 'fps',
        'store', 'mtr', 'cssa', 'shroff')),
    CONSTRAINT paying_in_days_after CHECK (days_after BETWEEN 0 AND 15),
    CONSTRAINT paying_in_dates CHECK (valid_to >= valid_from),
    CONSTRAINT paying_in_one_at_a_time EXCLUDE USING gist (account WITH =, begins WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);
GRANT SELECT ON paying_in TO kaifong_app;

-- An account of its own, which no payer is told of: what a payer writes names no channel there.
INSERT INTO collection_account (account, channel, valid_from, recorded_at, source, assumed)
VALUES ('004000111111005', 'bank', '2000-01-01', '2019-01-01',
    'Made up: our accounts are not public', true);
INSERT INTO paying_in (account, begins, channel, days_after, valid_from, recorded_at, source, assumed)
SELECT account, begins, channel, days_after, valid_from, '2019-01-01',
    'Made up: what the banks write is not public', true
FROM (VALUES
    ('004000111111001', 'AUTOPAY COLLECTION', 'autopay', NULL::smallint, date '1990-01-01'),
    ('004000111111004', 'EDDA COLLECTION', 'fps_debit', NULL, '2018-09-30'),
    ('004000111111005', 'PPS SETTLEMENT', 'pps', 1, '2000-01-01'),
    ('004000111111005', 'STORES TAKINGS', 'store', NULL, '2006-01-01'),
    ('004000111111005', 'MTR TAKINGS', 'mtr', NULL, '2007-05-24'),
    ('004000111111005', 'SWD RENT ALLOWANCE', 'cssa', NULL, '2007-06-01'),
    ('004000111111005', 'SHROFF DEPOSIT', 'shroff', NULL, '2000-01-01'),
    ('004000111111001', 'TRANSFER TO GENERAL ACCOUNT', NULL, NULL, '1990-01-01'),
    ('004000111111002', 'TRANSFER TO GENERAL ACCOUNT', NULL, NULL, '2000-01-01'),
    ('004000111111003', 'TRANSFER TO GENERAL ACCOUNT', NULL, NULL, '2019-01-01'),
    ('004000111111004', 'TRANSFER TO GENERAL ACCOUNT', NULL, NULL, '2018-09-30'),
    ('004000111111005', 'TRANSFER TO GENERAL ACCOUNT', NULL, NULL, '2000-01-01')
) AS rules (account, begins, channel, days_after, valid_from);

-- Money that moved on a collection account and paid nobody's rent (戶口進支): the sum of a channel's
-- day, a debit that was paid back, a transfer, a charge. Of statements only: what a notification
-- tells comes again in one.
CREATE TABLE bank_movement (
    id         uuid PRIMARY KEY,
    file       uuid NOT NULL REFERENCES payment_file (id) DEFERRABLE INITIALLY DEFERRED,
    number     integer NOT NULL,
    account    text NOT NULL,
    -- The bank's own; it may have none.
    reference  text NOT NULL,
    wording    text NOT NULL,
    -- Below zero when it left the account.
    amount     numeric(14, 2) NOT NULL,
    booked_on  date NOT NULL,
    -- A direct debit that was paid back.
    returned   boolean NOT NULL,
    -- The rule that it came under, and what that says.
    rule       integer REFERENCES paying_in (id),
    channel    text,
    settled_on date,
    -- Whether the rule says whose it is: no channel's, or which one's and of which day.
    known      boolean NOT NULL,
    CONSTRAINT bank_movement_once UNIQUE (file, number),
    CONSTRAINT bank_movement_day CHECK ((channel IS NULL) = (settled_on IS NULL)),
    CONSTRAINT bank_movement_known CHECK (NOT known OR rule IS NOT NULL)
);
CREATE INDEX bank_movement_by_day ON bank_movement (booked_on, id);
CREATE INDEX bank_movement_by_channel ON bank_movement (channel, settled_on)
    WHERE channel IS NOT NULL;

-- Whose a movement is that no rule knows, or knows wrongly: proposed by one person, decided by
-- another. Without a channel it is none's. The newest that was approved counts.
CREATE TABLE bank_movement_proposal (
    id          uuid PRIMARY KEY,
    movement    uuid NOT NULL REFERENCES bank_movement (id),
    channel     text,
    settled_on  date,
    reason      text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    UNIQUE (id, movement, proposed_by),
    CONSTRAINT bank_movement_proposal_channel CHECK (channel IN ('autopay', 'fps_debit', 'pps',
        'bank', 'fps', 'store', 'mtr', 'cssa', 'shroff')),
    CONSTRAINT bank_movement_proposal_day CHECK ((channel IS NULL) = (settled_on IS NULL))
);
CREATE INDEX bank_movement_proposal_by_movement ON bank_movement_proposal (movement, proposed_at);
CREATE INDEX bank_movement_proposal_by_channel ON bank_movement_proposal (channel, settled_on)
    WHERE channel IS NOT NULL;
CREATE TABLE bank_movement_decision (
    proposal    uuid PRIMARY KEY,
    movement    uuid NOT NULL,
    proposed_by text NOT NULL,
    approved    boolean NOT NULL,
    reason      text,
    decided_by  text NOT NULL,
    decided_at  timestamptz NOT NULL,
    FOREIGN KEY (proposal, movement, proposed_by)
        REFERENCES bank_movement_proposal (id, movement, proposed_by),
    -- Whoever proposes may take it back, never approve it.
    CONSTRAINT bank_movement_decision_by_another CHECK (NOT approved OR decided_by <> proposed_by)
);
CREATE INDEX bank_movement_decision_by_movement ON bank_movement_decision (movement, decided_at)
    WHERE approved;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['bank_movement', 'bank_movement_proposal', 'bank_movement_decision']
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION refuse_change()', name || '_only_grows', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name || '_is_not_emptied', name);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO kaifong_app', name);
    END LOOP;
END
$$;

-- Movements, and whose each is by what was approved last, or else by its rule.
CREATE VIEW bank_movement_now AS
SELECT m.id, m.file, m.number, m.account, m.reference, m.wording, m.amount, m.booked_on, m.returned,
    CASE WHEN a.proposal IS NULL THEN m.channel ELSE a.channel END AS channel,
    CASE WHEN a.proposal IS NULL THEN m.settled_on ELSE a.settled_on END AS settled_on,
    a.proposal IS NOT NULL OR m.known OR m.returned AS known
FROM bank_movement m
JOIN payment_file f ON f.id = m.file AND f.state <> 'withdrawn'
LEFT JOIN LATERAL (
    SELECT d.proposal, p.channel, p.settled_on
    FROM bank_movement_decision d JOIN bank_movement_proposal p ON p.id = d.proposal
    WHERE d.movement = m.id AND d.approved ORDER BY d.decided_at DESC, d.proposal DESC LIMIT 1
) AS a ON true;
GRANT SELECT ON bank_movement_now TO kaifong_app;

-- What the ledger holds of payments, by the payment that it is for.
CREATE VIEW channel_posting AS
SELECT id, source AS payment, debit, credit, amount, effective_on, booked_at
FROM ledger_transfer WHERE kind = 'payment';
GRANT SELECT ON channel_posting TO kaifong_app;

-- A channel's day: its files, and what was told of it and is in none.
CREATE INDEX payment_file_by_day ON payment_file (business_date, channel);
CREATE INDEX payment_told_by_day ON payment (value_on, channel) WHERE file IS NULL;
