-- What households have to pay (應繳租金清單), for a channel whose tills show it: tenant codes and
-- amounts, no names. Lists of a channel are numbered without gaps.
CREATE TABLE due_list (
    id            uuid PRIMARY KEY,
    channel       text NOT NULL,
    number        integer NOT NULL,
    business_date date NOT NULL,
    -- The instant as at which every figure is.
    as_at         timestamptz NOT NULL,
    lines         integer NOT NULL,
    amount        numeric(14, 2) NOT NULL,
    -- Households of which it cannot be told what they owe.
    left_out      integer NOT NULL,
    bytes         bigint NOT NULL,
    sha256        bytea NOT NULL,
    made_by       text NOT NULL,
    made_at       timestamptz NOT NULL,
    CONSTRAINT due_list_number UNIQUE (channel, number),
    CONSTRAINT due_list_digest CHECK (length(sha256) = 32)
);
CREATE INDEX due_list_by_time ON due_list (made_at, id);
CREATE TRIGGER due_list_only_grows BEFORE UPDATE OR DELETE ON due_list
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER due_list_is_not_emptied BEFORE TRUNCATE ON due_list
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON due_list TO kaifong_app;

-- Its bytes, in pieces; those of old lists go.
CREATE TABLE due_list_part (
    list    uuid NOT NULL REFERENCES due_list (id) DEFERRABLE INITIALLY DEFERRED,
    number  integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (list, number)
);
CREATE TRIGGER due_list_part_stays BEFORE UPDATE ON due_list_part
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT, DELETE ON due_list_part TO kaifong_app;
