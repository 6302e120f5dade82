DROP TABLE autopay_stray;
DROP TABLE autopay_result;
DROP TABLE autopay_file_part;
DROP TABLE autopay_left_out;
DROP TABLE autopay_line;
DROP TABLE autopay_collection;
DROP TABLE autopay_event;
DROP TABLE autopay_mandate;
DROP TABLE autopay_policy;
ALTER TABLE ledger_transfer DROP CONSTRAINT ledger_transfer_kind;
ALTER TABLE ledger_transfer ADD CONSTRAINT ledger_transfer_kind
    CHECK (kind IN ('charge', 'adjustment', 'payment', 'refund', 'reversal'));
