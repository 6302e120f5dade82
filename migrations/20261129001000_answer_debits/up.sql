-- A collection that cannot be prepared, for an account of it does not open, is withdrawn too.
ALTER TABLE autopay_collection
    DROP CONSTRAINT autopay_collection_prepared,
    ADD CONSTRAINT autopay_collection_prepared CHECK (num_nonnulls(bytes, sha256, prepared_at) =
        CASE state WHEN 'preparing' THEN 0 WHEN 'withdrawn' THEN num_nonnulls(sha256) * 3 ELSE 3 END);

-- A bank may refuse the order as a whole.
ALTER TABLE autopay_result
    DROP CONSTRAINT autopay_result_code,
    ADD CONSTRAINT autopay_result_code CHECK (code IN ('ACCEPTED', 'NO_MANDATE',
        'INSUFFICIENT_FUNDS', 'ACCOUNT_CLOSED', 'ACCOUNT_INVALID', 'AMOUNT_INVALID', 'OVER_LIMIT',
        'DUPLICATE', 'DATE_INVALID', 'PAYER_CANCELLED', 'ORDER_REFUSED', 'OTHER'));

-- What a settlement file says may fit no collection: it is kept with the file that said it first.
ALTER TABLE autopay_stray
    ALTER COLUMN collection DROP NOT NULL,
    ADD COLUMN file uuid REFERENCES payment_file (id),
    ADD CONSTRAINT autopay_stray_of_something CHECK (num_nonnulls(collection, file) > 0),
    DROP CONSTRAINT autopay_stray_problem,
    ADD CONSTRAINT autopay_stray_problem CHECK (problem IN ('unknown', 'other_collection',
        'contradiction', 'before_its_day', 'paid_otherwise', 'not_sent'));
CREATE UNIQUE INDEX autopay_stray_of_none_once ON autopay_stray (reference, code, problem)
    WHERE collection IS NULL;
CREATE INDEX autopay_stray_of_none ON autopay_stray (id) WHERE collection IS NULL;
