DROP TABLE key_escrow;
DROP TABLE key_tombstone;
DROP TABLE key_rotation;
DROP TABLE data_key;
DROP TABLE index_key;
DROP TABLE key_encryption_key;
