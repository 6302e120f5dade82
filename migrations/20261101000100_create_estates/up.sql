CREATE TABLE estate (id uuid PRIMARY KEY, name jsonb NOT NULL, application_district text NOT NULL);
CREATE TABLE block (id uuid PRIMARY KEY, estate_id uuid NOT NULL REFERENCES estate (id), name jsonb NOT NULL);
CREATE TABLE flat (id uuid PRIMARY KEY, block_id uuid NOT NULL REFERENCES block (id), estate_id uuid NOT NULL REFERENCES estate(id), floor smallint NOT NULL, unit text NOT NULL, ifa numeric(6,2) NOT NULL);
GRANT SELECT, INSERT, UPDATE ON estate, block, flat TO kaifong_app;
