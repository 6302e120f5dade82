-- One receivable per household. The balance is what is owed, as booked; negative is credit.
-- It is changed only together with the transfers that change it, under the row's lock.
CREATE TABLE rent_account (
    household bigint PRIMARY KEY REFERENCES household (number),
    balance   numeric(12, 2) NOT NULL
) WITH (fillfactor = 70);
GRANT SELECT, INSERT, UPDATE ON rent_account TO kaifong_app;

-- One row moves money between two accounts, so an unbalanced posting cannot be written.
-- The id is derived from what the transfer is for, so a source cannot be posted twice.
-- Accounts are not foreign keys: general accounts would become hot rows, and an unknown
-- account is found by `kaifong verify`. Rows only ever grow in number.
CREATE TABLE ledger_transfer (
    id           uuid NOT NULL,
    -- The date it counts from.
    effective_on date NOT NULL,
    debit        bigint NOT NULL,
    credit       bigint NOT NULL,
    amount       numeric(12, 2) NOT NULL,
    kind         text NOT NULL,
    -- What it is for: a charge, an adjustment, a payment line.
    source       uuid NOT NULL,
    reverses     uuid,
    -- When we knew.
    booked_at    timestamptz NOT NULL,
    PRIMARY KEY (id, effective_on),
    CONSTRAINT ledger_transfer_moves_something CHECK (amount > 0),
    CONSTRAINT ledger_transfer_between_two CHECK (debit <> credit),
    CONSTRAINT ledger_transfer_kind
        CHECK (kind IN ('charge', 'adjustment', 'payment', 'refund', 'reversal')),
    CONSTRAINT ledger_transfer_reverses CHECK ((kind = 'reversal') = (reverses IS NOT NULL))
) PARTITION BY RANGE (effective_on);
CREATE INDEX ledger_transfer_by_debit ON ledger_transfer (debit, effective_on)
    WHERE debit >= 100000000;
CREATE INDEX ledger_transfer_by_credit ON ledger_transfer (credit, effective_on)
    WHERE credit >= 100000000;
-- Rows arrive in the order they are booked: a few pages of summary find a day.
CREATE INDEX ledger_transfer_by_booking ON ledger_transfer USING brin (booked_at)
    WITH (pages_per_range = 16);
CREATE TRIGGER ledger_transfer_only_grows BEFORE UPDATE OR DELETE ON ledger_transfer
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_transfer_is_not_emptied BEFORE TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON ledger_transfer TO kaifong_app;

-- Opens a month for postings; true when it was not open. The application may open months but
-- not alter the ledger, hence SECURITY DEFINER. Attaching, unlike creating in place, does
-- not keep readers out.
CREATE FUNCTION ledger_open_month(month date) RETURNS boolean
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
REVOKE EXECUTE ON FUNCTION ledger_open_month FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_open_month TO kaifong_app;

-- A transfer is reversed at most once; the key decides when two try at the same time.
CREATE TABLE ledger_reversal (
    reversed    uuid PRIMARY KEY,
    reversal    uuid NOT NULL UNIQUE,
    household   bigint NOT NULL,
    reason      text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE TRIGGER ledger_reversal_only_grows BEFORE UPDATE OR DELETE ON ledger_reversal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_reversal_is_not_emptied BEFORE TRUNCATE ON ledger_reversal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON ledger_reversal TO kaifong_app;

-- Seals every transfer booked after the previous checkpoint and up to `through`.
CREATE TABLE ledger_checkpoint (
    number    integer PRIMARY KEY,
    through   timestamptz NOT NULL UNIQUE,
    transfers bigint NOT NULL,
    amount    numeric(16, 2) NOT NULL,
    -- Eight bytes of each transfer's digest, in order: they tell which row was changed.
    leaves    bytea NOT NULL,
    -- SHA-256 over the transfers' digests, in order.
    digest    bytea NOT NULL,
    -- The hash of the checkpoint before.
    previous  bytea NOT NULL,
    -- SHA-256 over all of the above: what is signed, and what the next one names.
    hash      bytea NOT NULL,
    key_id    text NOT NULL,
    signature bytea NOT NULL,
    sealed_at timestamptz NOT NULL
);
CREATE TRIGGER ledger_checkpoint_only_grows BEFORE UPDATE OR DELETE ON ledger_checkpoint
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_checkpoint_is_not_emptied BEFORE TRUNCATE ON ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON ledger_checkpoint TO kaifong_app;
