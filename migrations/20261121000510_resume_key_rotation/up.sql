-- How far a rotation has sealed anew: of this table, every row up to this one. A run that was
-- killed goes on from there.
ALTER TABLE key_rotation
    ADD COLUMN swept_table text,
    ADD COLUMN swept_to uuid,
    ADD CONSTRAINT key_rotation_swept CHECK (num_nonnulls(swept_table, swept_to) IN (0, 2));
