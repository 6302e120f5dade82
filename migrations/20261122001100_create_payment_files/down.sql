DROP TABLE payment;
DROP TABLE payment_line;
DROP TABLE payment_file;
