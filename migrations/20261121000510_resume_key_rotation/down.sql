ALTER TABLE key_rotation DROP COLUMN swept_table, DROP COLUMN swept_to;
