-- Which channels a report of shares takes together (途徑類別). Dated rows, as the channels' terms are.
CREATE TABLE payment_channel_group (
    id          integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    channel     text NOT NULL,
    category    text NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    source      text NOT NULL,
    assumed     boolean NOT NULL,
    CONSTRAINT payment_channel_group_channel CHECK (channel IN ('autopay', 'fps_debit', 'pps',
        'bank', 'fps', 'store', 'mtr', 'cssa', 'shroff')),
    CONSTRAINT payment_channel_group_category CHECK (category IN ('e_channels', 'stores_and_mtr',
        'cssa', 'counter')),
    CONSTRAINT payment_channel_group_dates CHECK (valid_to >= valid_from),
    CONSTRAINT payment_channel_group_one_at_a_time EXCLUDE USING gist (channel WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);
GRANT SELECT ON payment_channel_group TO kaifong_app;
INSERT INTO payment_channel_group (channel, category, valid_from, recorded_at, source, assumed)
SELECT channel, category, valid_from, '2019-01-01', source, assumed
FROM (VALUES
    ('autopay', 'e_channels', date '1990-01-01', 'LegCo paper of 2009: autopay, e-banking and PPS, 30%', false),
    ('pps', 'e_channels', '1990-01-01', 'LegCo paper of 2009: autopay, e-banking and PPS, 30%', false),
    ('bank', 'e_channels', '1990-01-01', 'LegCo paper of 2009: autopay, e-banking and PPS, 30%', false),
    ('fps', 'e_channels', '2018-09-30', 'Began in 2018, after the LegCo paper of 2009: taken for an e-channel', true),
    ('fps_debit', 'e_channels', '2018-09-30', 'Began in 2018, after the LegCo paper of 2009: taken for an e-channel', true),
    ('store', 'stores_and_mtr', '1990-01-01', 'LegCo paper of 2009: 7-Eleven and MTR, 19%', false),
    ('mtr', 'stores_and_mtr', '1990-01-01', 'LegCo paper of 2009: 7-Eleven and MTR, 19%', false),
    ('cssa', 'cssa', '1990-01-01', 'LegCo paper of 2009: e-transfer of CSSA rent allowances, 21%', false),
    ('shroff', 'counter', '1990-01-01', 'LegCo paper of 2009: what is left when 70% is electronic', false)
) AS groups (channel, category, valid_from, source, assumed);

-- Payments whose posting was undone, such as a direct debit that the bank took back.
CREATE VIEW payment_undone AS
SELECT posted.source AS payment, posted.effective_on
FROM ledger_transfer undoing
JOIN ledger_transfer posted
    ON posted.id = undoing.reverses AND posted.effective_on = undoing.effective_on
WHERE undoing.kind = 'reversal' AND posted.kind = 'payment';
GRANT SELECT ON payment_undone TO kaifong_app;

-- Payments come nearly in the order of their days: a few pages of summary find a month.
CREATE INDEX payment_by_value ON payment USING brin (value_on) WITH (pages_per_range = 16);
