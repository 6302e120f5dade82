-- What a settlement file says of direct debits that were not paid (未能扣帳), or that were paid back:
-- beside its lines, for whoever ordered them.
CREATE TABLE payment_file_unpaid (
    file      uuid NOT NULL REFERENCES payment_file (id) DEFERRABLE INITIALLY DEFERRED,
    number    integer NOT NULL,
    -- What we called the debit; the bank's own where it does not say.
    reference text NOT NULL,
    amount    numeric(12, 2) NOT NULL,
    -- The day it was for, or was paid back.
    day       date,
    -- In our words, and in the bank's.
    result    text NOT NULL,
    code      text NOT NULL,
    -- It had been paid, and was paid back.
    was_paid  boolean NOT NULL,
    PRIMARY KEY (file, number),
    CONSTRAINT payment_file_unpaid_result CHECK (result IN ('NO_MANDATE', 'INSUFFICIENT_FUNDS',
        'ACCOUNT_CLOSED', 'ACCOUNT_INVALID', 'AMOUNT_INVALID', 'OVER_LIMIT', 'DUPLICATE',
        'DATE_INVALID', 'PAYER_CANCELLED', 'ORDER_REFUSED', 'OTHER'))
);
CREATE TRIGGER payment_file_unpaid_only_grows BEFORE UPDATE OR DELETE ON payment_file_unpaid
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_file_unpaid_is_not_emptied BEFORE TRUNCATE ON payment_file_unpaid
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON payment_file_unpaid TO kaifong_app;
