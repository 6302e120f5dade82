-- The key of each settlement file that is kept, sealed under a data key of its own.
CREATE TABLE payment_file_key (
    id     uuid PRIMARY KEY,
    secret bytea NOT NULL
);
GRANT SELECT, INSERT ON payment_file_key TO kaifong_app;
