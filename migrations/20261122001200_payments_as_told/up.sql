-- A payment may be told as it happens, by the channel's program or at a counter; it comes by no
-- file then. A line of a later file settles it and pays nothing.
ALTER TABLE payment
    ALTER COLUMN file DROP NOT NULL,
    ALTER COLUMN line DROP NOT NULL,
    ADD COLUMN told_by text,
    ADD COLUMN place text,
    ADD CONSTRAINT payment_came CHECK (
        (file IS NULL) = (line IS NULL)
        AND (file IS NULL) = (told_by IS NOT NULL)
        AND (file IS NULL) = (place IS NOT NULL));
-- Where somebody looks for a payment of some day, and what is in suspense.
CREATE INDEX payment_by_time ON payment (instructed_at);
CREATE INDEX payment_in_suspense ON payment (recorded_at, id) WHERE household IS NULL;

-- The line that settled a payment which was told before.
CREATE TABLE payment_settlement (
    channel   text NOT NULL,
    reference text NOT NULL,
    file      uuid NOT NULL,
    line      integer NOT NULL,
    PRIMARY KEY (channel, reference),
    CONSTRAINT payment_settlement_line_once UNIQUE (file, line),
    FOREIGN KEY (channel, reference) REFERENCES payment (channel, reference),
    FOREIGN KEY (file, line) REFERENCES payment_line (file, number)
);
CREATE TRIGGER payment_settlement_only_grows BEFORE UPDATE OR DELETE ON payment_settlement
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_settlement_is_not_emptied BEFORE TRUNCATE ON payment_settlement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON payment_settlement TO kaifong_app;

-- A file of which nothing was posted may be given up: its channel sends what it has anew. One that
-- is held may go on though those before it never come.
ALTER TABLE payment_file
    DROP CONSTRAINT payment_file_state,
    DROP CONSTRAINT payment_file_quarantined,
    DROP CONSTRAINT payment_file_in_sequence,
    ADD CONSTRAINT payment_file_state CHECK (
        state IN ('held', 'staged', 'quarantined', 'posted', 'withdrawn')),
    ADD CONSTRAINT payment_file_quarantined CHECK (state <> 'quarantined' OR reason IS NOT NULL);
CREATE UNIQUE INDEX payment_file_in_sequence ON payment_file (channel, sequence)
    WHERE state <> 'withdrawn';
CREATE TABLE payment_file_decision (
    file       uuid NOT NULL REFERENCES payment_file (id),
    decision   text NOT NULL,
    reason     text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (file, decision),
    CONSTRAINT payment_file_decision_known CHECK (decision IN ('released', 'withdrawn'))
);
CREATE TRIGGER payment_file_decision_only_grows BEFORE UPDATE OR DELETE ON payment_file_decision
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_file_decision_is_not_emptied BEFORE TRUNCATE ON payment_file_decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON payment_file_decision TO kaifong_app;

-- As before, but a month that is open already takes no lock: payments ask with every posting.
CREATE OR REPLACE FUNCTION ledger_open_month(month date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first date := date_trunc('month', month)::date;
    partition text := 'ledger_transfer_p' || to_char(first, 'YYYYMM');
BEGIN
    IF first NOT BETWEEN '2000-01-01' AND '2099-12-01' THEN
        RAISE EXCEPTION 'no ledger month %', first
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_month';
    END IF;
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(7210812);
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE ledger_transfer INCLUDING ALL)', partition);
    EXECUTE format('CREATE TRIGGER ledger_transfer_is_not_emptied BEFORE TRUNCATE ON %I '
        'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', partition);
    EXECUTE format('ALTER TABLE ledger_transfer ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition, first, first + interval '1 month');
    RETURN true;
END
$$;
