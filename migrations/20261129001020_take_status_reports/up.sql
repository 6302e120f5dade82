-- A bank's status report (pain.002) on an order of direct debits that was read to its end.
CREATE TABLE autopay_report (
    id          uuid PRIMARY KEY,
    sha256      bytea NOT NULL,
    -- The bank's name of it.
    message     text NOT NULL,
    collection  uuid NOT NULL REFERENCES autopay_collection (id),
    -- What is said of every debit that has no verdict of its own.
    whole       text,
    verdicts    integer NOT NULL,
    received_by text NOT NULL,
    received_at timestamptz NOT NULL,
    -- When all of it was taken.
    taken_at    timestamptz,
    CONSTRAINT autopay_report_once UNIQUE (sha256),
    CONSTRAINT autopay_report_digest CHECK (length(sha256) = 32),
    CONSTRAINT autopay_report_whole CHECK (whole IN ('ACCEPTED', 'ORDER_REFUSED'))
);
GRANT SELECT, INSERT, UPDATE (taken_at) ON autopay_report TO kaifong_app;

-- Its verdicts on single debits, in its order.
CREATE TABLE autopay_verdict (
    report    uuid NOT NULL REFERENCES autopay_report (id) DEFERRABLE INITIALLY DEFERRED,
    number    integer NOT NULL,
    reference text NOT NULL,
    -- None while it is not decided.
    code      text,
    -- What was to be debited, when it says so.
    amount    numeric(12, 2),
    PRIMARY KEY (report, number),
    CONSTRAINT autopay_verdict_code CHECK (code IN ('ACCEPTED', 'NO_MANDATE', 'INSUFFICIENT_FUNDS',
        'ACCOUNT_CLOSED', 'ACCOUNT_INVALID', 'AMOUNT_INVALID', 'OVER_LIMIT', 'DUPLICATE',
        'DATE_INVALID', 'PAYER_CANCELLED', 'ORDER_REFUSED', 'OTHER'))
);
CREATE INDEX autopay_verdict_by_reference ON autopay_verdict (report, reference);
CREATE TRIGGER autopay_verdict_only_grows BEFORE UPDATE OR DELETE ON autopay_verdict
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER autopay_verdict_is_not_emptied BEFORE TRUNCATE ON autopay_verdict
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON autopay_verdict TO kaifong_app;
