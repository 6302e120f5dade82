DROP TABLE cssa_rent_line;
DROP TABLE cssa_rent_file;
DROP TABLE cssa_exception;
DROP TABLE cssa_reconciliation;
DROP TABLE cssa_stray;
DROP TABLE cssa_taken;
DROP TABLE cssa_allowance;
