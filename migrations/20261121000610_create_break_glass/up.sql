-- Access in an emergency: asked for by one member of staff, approved by another, over after
-- half an hour at most, and reviewed by a third. Nothing is ever changed: each step is a row.
CREATE TABLE break_glass (
    id           uuid PRIMARY KEY,
    staff        text NOT NULL,
    person       uuid,
    household    bigint,
    reason       text NOT NULL,
    ticket       text NOT NULL,
    fields       text[] NOT NULL,
    minutes      smallint NOT NULL,
    requested_at timestamptz NOT NULL,
    UNIQUE (id, staff),
    CONSTRAINT break_glass_subject CHECK (num_nonnulls(person, household) = 1),
    CONSTRAINT break_glass_minutes CHECK (minutes BETWEEN 1 AND 30)
);
CREATE TABLE break_glass_approval (
    request   uuid PRIMARY KEY,
    staff     text NOT NULL,
    approver  text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    -- By the end of this Hong Kong date the access is reviewed.
    review_by date NOT NULL,
    FOREIGN KEY (request, staff) REFERENCES break_glass (id, staff),
    CONSTRAINT break_glass_two_people CHECK (approver <> staff),
    CONSTRAINT break_glass_length CHECK (ends_at > starts_at AND ends_at <= starts_at + interval '30 minutes')
);
CREATE INDEX break_glass_approval_by_staff ON break_glass_approval (staff, ends_at);
CREATE INDEX break_glass_approval_by_start ON break_glass_approval (starts_at, request);
CREATE TABLE break_glass_review (
    request     uuid PRIMARY KEY REFERENCES break_glass_approval (request),
    staff       text NOT NULL,
    reviewer    text NOT NULL,
    outcome     text NOT NULL,
    note        text NOT NULL,
    reviewed_at timestamptz NOT NULL,
    FOREIGN KEY (request, staff) REFERENCES break_glass (id, staff),
    CONSTRAINT break_glass_reviewed_by_another CHECK (reviewer <> staff)
);
DO $$
DECLARE
    grown text;
BEGIN
    FOREACH grown IN ARRAY ARRAY['break_glass', 'break_glass_approval', 'break_glass_review'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION refuse_change()', grown || '_only_grows', grown);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', grown || '_is_not_emptied', grown);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO kaifong_app', grown);
    END LOOP;
END
$$;
