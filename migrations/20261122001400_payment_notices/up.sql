-- Which programs may speak for a channel (渠道的程式).
CREATE TABLE channel_client (
    client   uuid NOT NULL,
    channel  text NOT NULL,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (client, channel)
);

-- What a channel told of a payment as it happened (即時通知): once for each of its events, however
-- often it is delivered, and in whatever order.
CREATE TABLE payment_notice (
    channel       text NOT NULL,
    event         text NOT NULL,
    client        uuid NOT NULL,
    reference     text NOT NULL,
    state         text NOT NULL,
    account       text NOT NULL,
    amount        numeric(12, 2) NOT NULL,
    instructed_at timestamptz NOT NULL,
    place         text NOT NULL,
    outcome       text NOT NULL,
    received_at   timestamptz NOT NULL,
    PRIMARY KEY (channel, event),
    CONSTRAINT payment_notice_state CHECK (state IN ('pending', 'unknown', 'paid', 'failed')),
    CONSTRAINT payment_notice_outcome CHECK (
        outcome IN ('noted', 'posted', 'suspense', 'duplicate', 'contradicts')),
    CONSTRAINT payment_notice_amount CHECK (amount > 0)
);
CREATE INDEX payment_notice_by_reference ON payment_notice (channel, reference);
CREATE INDEX payment_notice_by_time ON payment_notice (received_at, channel, event);

-- Nonces of signed requests that are not too old yet.
CREATE TABLE request_nonce (
    key     text NOT NULL,
    nonce   text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (key, nonce)
);
CREATE INDEX request_nonce_by_time ON request_nonce (seen_at);
GRANT SELECT, INSERT, DELETE ON request_nonce TO kaifong_app;

-- Told payments that no line has settled yet.
CREATE INDEX payment_as_told ON payment (instructed_at, id) WHERE file IS NULL;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['channel_client', 'payment_notice'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION refuse_change()', name || '_only_grows', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name || '_is_not_emptied', name);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO kaifong_app', name);
    END LOOP;
END
$$;
