DROP TABLE payment_file_unpaid;
