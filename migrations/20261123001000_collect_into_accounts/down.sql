DROP INDEX payment_file_in_sequence;
ALTER TABLE payment_file DROP COLUMN series;
CREATE UNIQUE INDEX payment_file_in_sequence ON payment_file (channel, sequence)
    WHERE state <> 'withdrawn';
DROP TABLE collection_account;
