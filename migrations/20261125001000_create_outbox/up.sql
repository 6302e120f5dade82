-- What happened that a household is told of (發件匣), written in the transaction in which it
-- happened. Ids, dates and amounts only: whom to tell is looked up when it is told.
CREATE TABLE outbox_event (
    kind      text NOT NULL,
    -- What it is about: a payment, a household's month. It is written once for ever.
    subject   uuid NOT NULL,
    -- None when it is about many, which whoever reads it looks up.
    household bigint,
    detail    jsonb NOT NULL,
    said_at   timestamptz NOT NULL,
    -- When its messages were drafted; the one thing that is marked later.
    read_at   timestamptz,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX outbox_event_unread ON outbox_event (said_at) WHERE read_at IS NULL;
CREATE TRIGGER outbox_event_only_grows
    BEFORE UPDATE OF kind, subject, household, detail, said_at OR DELETE ON outbox_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER outbox_event_is_not_emptied BEFORE TRUNCATE ON outbox_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT, UPDATE (read_at) ON outbox_event TO kaifong_app;
