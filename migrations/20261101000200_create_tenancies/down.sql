DROP TABLE tenancy;
DROP TABLE household;
DROP SEQUENCE household_number;
DROP EXTENSION btree_gist;
