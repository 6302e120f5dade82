-- How rent may be paid (繳費途徑), from when to when, and on what terms. Dated rows, as the rent
-- rules are: nothing is edited, a correction closes replaced_at and adds another row.
CREATE TABLE payment_channel (
    id                integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    channel           text NOT NULL,
    -- The time in Hong Kong from which an instruction counts for the next day; none: midnight.
    cut_off           time,
    -- Money comes in on working days only: what is instructed on others counts for the next.
    working_days_only boolean NOT NULL,
    -- Working days that a payer should leave before the end of the month.
    lead_days         smallint NOT NULL,
    -- The most that one payment may be.
    at_most           numeric(12, 2),
    -- What a payer names us by: an FPS identifier, the number of a biller.
    payee             text,
    payee_name        text NOT NULL,
    valid_from        date NOT NULL,
    valid_to          date,
    recorded_at       timestamptz NOT NULL,
    replaced_at       timestamptz,
    source            text NOT NULL,
    assumed           boolean NOT NULL,
    CONSTRAINT payment_channel_known CHECK (channel IN ('autopay', 'fps_debit', 'pps', 'bank',
        'fps', 'store', 'mtr', 'cssa', 'shroff')),
    CONSTRAINT payment_channel_lead CHECK (lead_days BETWEEN 0 AND 15),
    CONSTRAINT payment_channel_at_most CHECK (at_most > 0),
    -- What fits an FPS code.
    CONSTRAINT payment_channel_payee CHECK (payee ~ '^[0-9]{1,10}$'),
    CONSTRAINT payment_channel_payee_name CHECK (payee_name ~ '^[ -~]{1,25}$'),
    CONSTRAINT payment_channel_dates CHECK (valid_to >= valid_from),
    CONSTRAINT payment_channel_one_at_a_time EXCLUDE USING gist (channel WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);
GRANT SELECT ON payment_channel TO kaifong_app;

-- Neither our FPS identifier nor a biller's number is public: these are made up.
INSERT INTO payment_channel (channel, cut_off, working_days_only, lead_days, at_most, payee,
    payee_name, valid_from, valid_to, recorded_at, source, assumed)
SELECT channel, cut_off, working_days_only, lead_days, at_most, payee, 'HK Housing Authority',
    valid_from, valid_to, '2019-01-01', source, assumed
FROM (VALUES
    ('autopay', NULL::time, true, 0, NULL::numeric, NULL, date '1990-01-01', NULL::date,
        'HA, How to pay rent: direct debit form from the estate office; start assumed', true),
    ('fps_debit', NULL, false, 0, NULL, NULL, '2018-09-30', NULL,
        'FPS electronic direct debit, HKMA, 30 Sep 2018; that the HA takes it is assumed', true),
    ('pps', '19:00', true, 0, NULL, '9601', '2000-01-01', NULL,
        'PPS: instructions after 7 pm are for the next working day; biller number and start assumed', true),
    ('bank', NULL, true, 0, NULL, '9601', '2000-01-01', NULL,
        'HA, How to pay rent: bill payment by ATM, telephone and internet; number and start assumed', true),
    ('fps', NULL, false, 0, NULL, '1234567', '2019-01-01', NULL,
        'HA, How to pay rent: FPS round the clock; identifier and start assumed', true),
    ('store', NULL, false, 3, 5000.00, NULL, '2006-01-01', NULL,
        'HA, How to pay rent: cash at 7-Eleven, Circle K, VanGO and U select, three working days before the end of the month; HK$5,000 a payment by one merchant', false),
    ('mtr', NULL, false, 3, 5000.00, NULL, '2007-05-24', '2013-12-31',
        'HA press release of 24 May 2007: 50 stations; its end and its limit are assumed', true),
    ('cssa', NULL, true, 0, NULL, NULL, '2007-06-01', NULL,
        'SWD pays rent allowances to the HA directly since 1 Jun 2007', false),
    ('shroff', '17:00', true, 0, NULL, NULL, '1990-01-01', NULL,
        'Estate office counters, Monday to Friday; hours and start assumed', true)
) AS terms (channel, cut_off, working_days_only, lead_days, at_most, payee, valid_from, valid_to,
    source, assumed);
