-- Whether a channel's settlement files are signed (檔案簽署) is one of its terms. Assumed of every
-- channel that they are not: no public source says that any is.
ALTER TABLE payment_channel ADD COLUMN signs boolean NOT NULL DEFAULT false;

-- By whose key a file was signed, and the signature as it came, so that it can be proven again. The
-- digest is the file's own.
CREATE TABLE payment_file_signature (
    file            uuid PRIMARY KEY REFERENCES payment_file (id),
    client          uuid NOT NULL,
    -- The thumbprint of the key (RFC 7638): a program may be given another.
    key             text NOT NULL,
    signed_at       timestamptz NOT NULL,
    signature_input text NOT NULL,
    signature       text NOT NULL
);
CREATE TRIGGER payment_file_signature_only_grows BEFORE UPDATE OR DELETE ON payment_file_signature
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_file_signature_is_not_emptied BEFORE TRUNCATE ON payment_file_signature
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON payment_file_signature TO kaifong_app;
