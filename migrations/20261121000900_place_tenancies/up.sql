-- Where a household lives or lived: whose estate office looks after it.
CREATE VIEW tenancy_place AS
    SELECT t.id AS tenancy_id, t.household, f.estate_id, t.starts_on, t.ends_on
    FROM tenancy t JOIN flat f ON f.id = t.flat_id;
GRANT SELECT ON tenancy_place TO kaifong_app;
