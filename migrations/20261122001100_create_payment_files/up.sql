-- A settlement file (結算檔) that was read to its end and whose trailer agrees. Files of a channel
-- are numbered without gaps: one that comes early is held until those before it are there.
CREATE TABLE payment_file (
    id            uuid PRIMARY KEY,
    channel       text NOT NULL,
    business_date date NOT NULL,
    sequence      integer NOT NULL,
    -- What it was called when it first came; the same bytes under another name are the same file.
    name          text NOT NULL,
    sha256        bytea NOT NULL,
    lines         integer NOT NULL,
    amount        numeric(14, 2) NOT NULL,
    state         text NOT NULL,
    -- Lines from the first on whose fate is decided.
    settled       integer NOT NULL DEFAULT 0,
    -- Why it is quarantined.
    reason        text,
    received_by   text NOT NULL,
    received_at   timestamptz NOT NULL,
    posted_at     timestamptz,
    CONSTRAINT payment_file_once UNIQUE (sha256),
    CONSTRAINT payment_file_in_sequence UNIQUE (channel, sequence),
    CONSTRAINT payment_file_digest CHECK (length(sha256) = 32),
    CONSTRAINT payment_file_state CHECK (state IN ('held', 'staged', 'quarantined', 'posted')),
    CONSTRAINT payment_file_settled CHECK (settled BETWEEN 0 AND lines),
    CONSTRAINT payment_file_posted CHECK (
        (state = 'posted') = (posted_at IS NOT NULL) AND (state <> 'posted' OR settled = lines)),
    CONSTRAINT payment_file_quarantined CHECK ((state = 'quarantined') = (reason IS NOT NULL))
);
CREATE INDEX payment_file_by_time ON payment_file (received_at, id);
GRANT SELECT, INSERT, UPDATE (state, settled, reason, posted_at) ON payment_file TO kaifong_app;

-- The lines of a file as it has them. A settled one was paid by its own row in `payment`, or is a
-- duplicate: nothing else says so.
CREATE TABLE payment_line (
    file          uuid NOT NULL REFERENCES payment_file (id) DEFERRABLE INITIALLY DEFERRED,
    number        integer NOT NULL,
    reference     text NOT NULL,
    -- As the payer gave it: it may be no account.
    account       text NOT NULL,
    amount        numeric(12, 2) NOT NULL,
    instructed_at timestamptz NOT NULL,
    place         text NOT NULL,
    PRIMARY KEY (file, number),
    CONSTRAINT payment_line_amount CHECK (amount > 0)
);
CREATE TRIGGER payment_line_only_grows BEFORE UPDATE OR DELETE ON payment_line
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_line_is_not_emptied BEFORE TRUNCATE ON payment_line
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON payment_line TO kaifong_app;

-- What was paid. A channel's reference is paid once for ever: this key is what says so.
CREATE TABLE payment (
    id            uuid NOT NULL UNIQUE,
    channel       text NOT NULL,
    reference     text NOT NULL,
    account       text NOT NULL,
    amount        numeric(12, 2) NOT NULL,
    instructed_at timestamptz NOT NULL,
    -- The day from which it counts.
    value_on      date NOT NULL,
    -- Whose account it went to; in suspense when nobody's.
    household     bigint REFERENCES household (number),
    file          uuid NOT NULL,
    line          integer NOT NULL,
    recorded_at   timestamptz NOT NULL,
    PRIMARY KEY (channel, reference),
    CONSTRAINT payment_line_once UNIQUE (file, line),
    FOREIGN KEY (file, line) REFERENCES payment_line (file, number),
    CONSTRAINT payment_amount CHECK (amount > 0)
);
CREATE INDEX payment_by_household ON payment (household, value_on) WHERE household IS NOT NULL;
CREATE TRIGGER payment_only_grows BEFORE UPDATE OR DELETE ON payment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_is_not_emptied BEFORE TRUNCATE ON payment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON payment TO kaifong_app;
