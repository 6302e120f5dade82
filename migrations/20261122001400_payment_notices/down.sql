DROP INDEX payment_as_told;
DROP TABLE request_nonce;
DROP TABLE payment_notice;
DROP TABLE channel_client;
