-- The same bytes are the same file, unless that was given up: then they are one that comes anew.
ALTER TABLE payment_file DROP CONSTRAINT payment_file_once;
CREATE UNIQUE INDEX payment_file_once ON payment_file (sha256) WHERE state <> 'withdrawn';
