ALTER TABLE payment_file
    DROP CONSTRAINT payment_file_in_sequence,
    ADD CONSTRAINT payment_file_in_sequence UNIQUE (channel, sequence),
    DROP COLUMN series;
DROP TABLE collection_account;
