-- When, and how often, a household is written to. Dated rows: nothing is edited, a correction
-- closes replaced_at and adds another row.
CREATE TABLE message_terms (
    id            integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    -- From when to when in Hong Kong nothing is sent.
    quiet_from    time NOT NULL,
    quiet_to      time NOT NULL,
    -- The most that one household is sent in a day.
    daily_cap     smallint NOT NULL,
    -- How often a carrier is tried, and how long after the first time it is tried again.
    attempts      smallint NOT NULL,
    first_wait    integer NOT NULL,
    -- Who still owes is reminded so many working days before the month ends.
    reminder_lead smallint NOT NULL,
    valid_from    date NOT NULL,
    valid_to      date,
    recorded_at   timestamptz NOT NULL,
    replaced_at   timestamptz,
    source        text NOT NULL,
    assumed       boolean NOT NULL,
    CONSTRAINT message_terms_daily_cap CHECK (daily_cap > 0),
    CONSTRAINT message_terms_attempts CHECK (attempts BETWEEN 1 AND 100),
    CONSTRAINT message_terms_first_wait CHECK (first_wait BETWEEN 1 AND 86400),
    CONSTRAINT message_terms_reminder_lead CHECK (reminder_lead BETWEEN 0 AND 15),
    CONSTRAINT message_terms_dates CHECK (valid_to >= valid_from),
    CONSTRAINT message_terms_one_at_a_time EXCLUDE USING gist (
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);
GRANT SELECT ON message_terms TO kaifong_app;
INSERT INTO message_terms (quiet_from, quiet_to, daily_cap, attempts, first_wait, reminder_lead,
    valid_from, recorded_at, source, assumed)
VALUES ('21:00', '09:00', 6, 8, 60, 5, '2019-01-01', '2019-01-01',
    'assumed: no public rule; waking hours, and a reminder while store payments still count in time',
    true);

-- What households are told of, and by which medium. A kind without a row is told to nobody.
CREATE TABLE message_policy (
    id          integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    kind        text NOT NULL,
    medium      text NOT NULL,
    -- For how long after it happened it is still worth telling.
    good_for    smallint NOT NULL,
    -- Whether a household may choose not to be told.
    refusable   boolean NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    source      text NOT NULL,
    assumed     boolean NOT NULL,
    CONSTRAINT message_policy_kind CHECK
        (kind IN ('payment.received', 'autopay.refused', 'autopay.suspended', 'rent.due')),
    CONSTRAINT message_policy_medium CHECK (medium IN ('sms', 'email', 'push')),
    CONSTRAINT message_policy_good_for CHECK (good_for BETWEEN 1 AND 2160),
    CONSTRAINT message_policy_dates CHECK (valid_to >= valid_from),
    CONSTRAINT message_policy_one_at_a_time EXCLUDE USING gist (kind WITH =, medium WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);
COMMENT ON COLUMN message_policy.good_for IS 'hours';
GRANT SELECT ON message_policy TO kaifong_app;
INSERT INTO message_policy (kind, medium, good_for, refusable, valid_from, recorded_at, source, assumed)
SELECT kind, medium, good_for, refusable, '2019-01-01', '2019-01-01', 'assumed: ' || why, true
FROM (VALUES
    ('payment.received', 'email', 168, true, 'a receipt costs little by e-mail'),
    ('payment.received', 'push', 168, true, 'a receipt costs little in the app'),
    ('autopay.refused', 'sms', 168, false, 'the rent is unpaid, and nobody else says so'),
    ('autopay.refused', 'email', 168, false, 'the rent is unpaid, and nobody else says so'),
    ('autopay.suspended', 'sms', 336, false, 'the tenant must pay another way from now on'),
    ('autopay.suspended', 'email', 336, false, 'the tenant must pay another way from now on'),
    ('rent.due', 'sms', 72, true, 'of no use once the month is over'),
    ('rent.due', 'push', 72, true, 'of no use once the month is over')
) AS policy (kind, medium, good_for, refusable, why);

-- What a household chose: the language it reads, and what it would rather not be told.
CREATE TABLE message_choice (
    household  bigint PRIMARY KEY REFERENCES household (number),
    language   text,
    refused    text[] NOT NULL,
    version    integer NOT NULL,
    chosen_by  text NOT NULL,
    chosen_at  timestamptz NOT NULL,
    CONSTRAINT message_choice_language CHECK (language IN ('zh-HK', 'zh-CN', 'en'))
);
GRANT SELECT, INSERT, UPDATE (language, refused, version, chosen_by, chosen_at)
    ON message_choice TO kaifong_app;

-- What is sent to a household by one medium: once for each event. Neither the text nor the
-- address is kept; the text is made from the facts, the address is opened when it is sent.
CREATE TABLE message (
    -- Derived from event and medium: what a carrier knows a repetition by.
    id         uuid PRIMARY KEY,
    kind       text NOT NULL,
    subject    uuid NOT NULL,
    medium     text NOT NULL,
    household  bigint NOT NULL REFERENCES household (number),
    facts      jsonb NOT NULL,
    policy     integer NOT NULL REFERENCES message_policy (id),
    state      text NOT NULL,
    -- Why it is in that state, where it is not on its way.
    reason     text,
    drafted_at timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    stale_at   timestamptz NOT NULL,
    attempts   smallint NOT NULL DEFAULT 0,
    tried_at   timestamptz,
    -- Whose address it was last tried with.
    person     uuid,
    -- How many text messages it takes.
    parts      smallint,
    -- What the carrier calls it.
    receipt    text,
    ended_at   timestamptz,
    CONSTRAINT message_once UNIQUE (kind, subject, medium),
    FOREIGN KEY (kind, subject) REFERENCES outbox_event (kind, subject),
    CONSTRAINT message_medium CHECK (medium IN ('sms', 'email', 'push')),
    CONSTRAINT message_state CHECK
        (state IN ('waiting', 'sent', 'dead', 'unaddressed', 'refused', 'stale')),
    CONSTRAINT message_ended CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CONSTRAINT message_receipt CHECK (receipt IS NULL OR state = 'sent')
);
CREATE INDEX message_due ON message (due_at, id) WHERE state = 'waiting';
CREATE INDEX message_by_time ON message (drafted_at, id);
CREATE INDEX message_by_household ON message (household, drafted_at, id);
GRANT SELECT, INSERT, UPDATE (state, reason, due_at, stale_at, attempts, tried_at, person, parts,
    receipt, ended_at) ON message TO kaifong_app;

-- The second line, as on what else acts for a household: its own, and its estate office's.
DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['message', 'message_choice'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY %I ON %I TO kaifong_app USING ((SELECT reach_is_everywhere()) '
            'OR household = (SELECT reach_household()) '
            'OR EXISTS (SELECT FROM tenancy_place p WHERE p.household = %I.household '
            'AND p.estate_id = ANY ((SELECT reach_estates())::uuid[])))',
            guarded || '_in_reach', guarded, guarded);
    END LOOP;
END
$$;

-- The months for which everybody who owes was reminded.
CREATE TABLE rent_reminder (
    month    date PRIMARY KEY,
    said     bigint NOT NULL,
    ended_at timestamptz NOT NULL,
    CONSTRAINT rent_reminder_month CHECK (extract(day FROM month) = 1)
);
GRANT SELECT, INSERT ON rent_reminder TO kaifong_app;
