DROP TABLE payment_file_key;
