DROP TABLE payment_channel;
