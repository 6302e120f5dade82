DROP TABLE payment_file_decision;
DROP INDEX payment_file_in_sequence;
ALTER TABLE payment_file
    ADD CONSTRAINT payment_file_in_sequence UNIQUE (channel, sequence),
    DROP CONSTRAINT payment_file_state,
    DROP CONSTRAINT payment_file_quarantined,
    ADD CONSTRAINT payment_file_state CHECK (
        state IN ('held', 'staged', 'quarantined', 'posted')),
    ADD CONSTRAINT payment_file_quarantined CHECK ((state = 'quarantined') = (reason IS NOT NULL));
DROP TABLE payment_settlement;
DROP INDEX payment_in_suspense;
DROP INDEX payment_by_time;
ALTER TABLE payment
    DROP CONSTRAINT payment_came,
    DROP COLUMN place,
    DROP COLUMN told_by,
    ALTER COLUMN line SET NOT NULL,
    ALTER COLUMN file SET NOT NULL;
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
