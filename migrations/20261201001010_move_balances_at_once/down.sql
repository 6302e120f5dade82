DROP FUNCTION ledger_move_balances;
