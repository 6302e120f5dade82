-- The bank accounts that rent is collected into (收款戶口), and for which channel: a bank's
-- statement names an account, not a channel. Dated rows, as the channels' terms are.
CREATE TABLE collection_account (
    id          integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    -- As statements name it, without blanks and hyphens.
    account     text NOT NULL,
    channel     text NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    source      text NOT NULL,
    assumed     boolean NOT NULL,
    CONSTRAINT collection_account_account CHECK (account ~ '^[0-9A-Za-z]{1,34}$'),
    CONSTRAINT collection_account_channel CHECK (channel IN ('autopay', 'fps_debit', 'pps', 'bank',
        'fps', 'store', 'mtr', 'cssa', 'shroff')),
    CONSTRAINT collection_account_dates CHECK (valid_to >= valid_from),
    CONSTRAINT collection_account_one_channel EXCLUDE USING gist (account WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);
GRANT SELECT ON collection_account TO kaifong_app;

-- Our accounts are not public: these are made up.
INSERT INTO collection_account (account, channel, valid_from, recorded_at, source, assumed)
SELECT account, channel, valid_from, '2019-01-01', 'Made up: our accounts are not public', true
FROM (VALUES
    ('004000111111001', 'autopay', date '1990-01-01'),
    ('004000111111002', 'bank', '2000-01-01'),
    ('004000111111003', 'fps', '2019-01-01'),
    ('004000111111004', 'fps_debit', '2018-09-30')
) AS accounts (account, channel, valid_from);

-- A channel may have several rows of numbers: a bank numbers the statements of each account. The
-- house layout has one, without a name.
ALTER TABLE payment_file ADD COLUMN series text NOT NULL DEFAULT '';
DROP INDEX payment_file_in_sequence;
CREATE UNIQUE INDEX payment_file_in_sequence ON payment_file (channel, series, sequence)
    WHERE state <> 'withdrawn';
