DROP TABLE ledger_checkpoint;
DROP TABLE ledger_reversal;
DROP FUNCTION ledger_open_month;
DROP TABLE ledger_transfer;
DROP TABLE rent_account;
