DROP INDEX autopay_stray_of_none;
DROP INDEX autopay_stray_of_none_once;
ALTER TABLE autopay_stray
    DROP CONSTRAINT autopay_stray_problem,
    ADD CONSTRAINT autopay_stray_problem CHECK
        (problem IN ('unknown', 'other_collection', 'contradiction', 'before_its_day')),
    DROP CONSTRAINT autopay_stray_of_something,
    DROP COLUMN file,
    ALTER COLUMN collection SET NOT NULL;
ALTER TABLE autopay_result
    DROP CONSTRAINT autopay_result_code,
    ADD CONSTRAINT autopay_result_code CHECK (code IN ('ACCEPTED', 'NO_MANDATE', 'INSUFFICIENT_FUNDS',
        'ACCOUNT_CLOSED', 'ACCOUNT_INVALID', 'AMOUNT_INVALID', 'OVER_LIMIT', 'DUPLICATE',
        'DATE_INVALID', 'PAYER_CANCELLED', 'OTHER'));
ALTER TABLE autopay_collection
    DROP CONSTRAINT autopay_collection_prepared,
    ADD CONSTRAINT autopay_collection_prepared CHECK (num_nonnulls(bytes, sha256, prepared_at) =
        CASE state WHEN 'preparing' THEN 0 ELSE 3 END);
