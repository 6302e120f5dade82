DROP TABLE payment_file_signature;
ALTER TABLE payment_channel DROP COLUMN signs;
