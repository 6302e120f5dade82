DROP INDEX payment_file_once;
ALTER TABLE payment_file ADD CONSTRAINT payment_file_once UNIQUE (sha256);
