DROP TABLE form_filling;
ALTER TABLE session DROP COLUMN passkey_id;
DROP TABLE passkey_ceremony;
DROP TABLE passkey;
