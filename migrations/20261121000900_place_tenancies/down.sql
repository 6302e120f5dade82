DROP VIEW tenancy_place;
