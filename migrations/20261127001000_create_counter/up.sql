-- What the counter of an estate office (收款處) takes, and how much of it at most. Dated rows:
-- nothing is edited, a correction closes replaced_at and adds another row.
CREATE TABLE counter_terms (
    id          integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tender      text NOT NULL,
    -- The most that one payment may be.
    at_most     numeric(12, 2),
    valid_from  date NOT NULL,
    valid_to    date,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    source      text NOT NULL,
    assumed     boolean NOT NULL,
    CONSTRAINT counter_terms_tender CHECK (tender IN ('cash', 'cheque', 'card')),
    CONSTRAINT counter_terms_at_most CHECK (at_most > 0),
    CONSTRAINT counter_terms_dates CHECK (valid_to >= valid_from),
    CONSTRAINT counter_terms_one_at_a_time EXCLUDE USING gist (tender WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);
GRANT SELECT ON counter_terms TO kaifong_app;
INSERT INTO counter_terms (tender, at_most, valid_from, recorded_at, source, assumed)
VALUES ('cash', 20000.00, '1990-01-01', '2019-01-01',
        'assumed: no public limit; some months'' rent, and no more in the drawer', true),
    ('cheque', NULL, '1990-01-01', '2019-01-01', 'assumed: cheques for any amount', true),
    ('card', NULL, '2016-01-01', '2019-01-01', 'assumed: card slips for any amount', true);

-- The notes and coins that are counted.
CREATE TABLE cash_piece (
    id          integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    kind        text NOT NULL,
    value       numeric(12, 2) NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    source      text NOT NULL,
    assumed     boolean NOT NULL,
    CONSTRAINT cash_piece_kind CHECK (kind IN ('note', 'coin')),
    CONSTRAINT cash_piece_value CHECK (value > 0),
    CONSTRAINT cash_piece_dates CHECK (valid_to >= valid_from),
    CONSTRAINT cash_piece_one_at_a_time EXCLUDE USING gist (kind WITH =, value WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&, tstzrange(recorded_at, replaced_at) WITH &&)
);
GRANT SELECT ON cash_piece TO kaifong_app;
INSERT INTO cash_piece (kind, value, valid_from, recorded_at, source, assumed)
SELECT kind, value, '1994-11-08', '2019-01-01', 'HKMA, notes and coins in circulation; start assumed',
    true
FROM (VALUES ('note', 1000), ('note', 500), ('note', 100), ('note', 50), ('note', 20), ('note', 10),
    ('coin', 10), ('coin', 5), ('coin', 2), ('coin', 1), ('coin', 0.5), ('coin', 0.2), ('coin', 0.1))
    AS piece (kind, value);

-- An office that has had a counter: its number is in its receipts.
CREATE TABLE counter_office (
    estate_id uuid PRIMARY KEY REFERENCES estate (id),
    number    integer NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE
);
GRANT SELECT, INSERT ON counter_office TO kaifong_app;

-- How far an office's receipts of a year are numbered: one after the other, without gaps. A number
-- is taken in the transaction of its payment, which holds this row until it ends.
CREATE TABLE receipt_book (
    estate_id uuid NOT NULL REFERENCES counter_office (estate_id),
    year      smallint NOT NULL,
    last      integer NOT NULL,
    PRIMARY KEY (estate_id, year),
    CONSTRAINT receipt_book_last CHECK (last BETWEEN 1 AND 999999)
);
CREATE FUNCTION receipt_book_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.last = 1
        OR TG_OP = 'UPDATE' AND NEW.last = OLD.last + 1
            AND (NEW.estate_id, NEW.year) = (OLD.estate_id, OLD.year) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'receipts are numbered one after the other' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER receipt_book_counts BEFORE INSERT OR UPDATE OR DELETE ON receipt_book
    FOR EACH ROW EXECUTE FUNCTION receipt_book_counts();
CREATE TRIGGER receipt_book_is_not_emptied BEFORE TRUNCATE ON receipt_book
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT, UPDATE (last) ON receipt_book TO kaifong_app;

-- A shroff's day at the counter of an office: open, counted while a difference waits for a second
-- person, and closed for good.
CREATE TABLE counter_day (
    id        uuid PRIMARY KEY,
    estate_id uuid NOT NULL REFERENCES counter_office (estate_id),
    shroff    text NOT NULL,
    opened_on date NOT NULL,
    opened_at timestamptz NOT NULL,
    state     text NOT NULL,
    closed_at timestamptz,
    CONSTRAINT counter_day_state CHECK (state IN ('open', 'counted', 'closed')),
    CONSTRAINT counter_day_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX counter_day_one_open ON counter_day (estate_id, shroff) WHERE state <> 'closed';
CREATE INDEX counter_day_by_time ON counter_day (opened_at, id);
CREATE INDEX counter_day_by_estate ON counter_day (estate_id, opened_at, id);
CREATE TRIGGER counter_day_stays_closed BEFORE UPDATE ON counter_day
    FOR EACH ROW WHEN (OLD.state = 'closed') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER counter_day_only_grows
    BEFORE UPDATE OF id, estate_id, shroff, opened_on, opened_at OR DELETE ON counter_day
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER counter_day_is_not_emptied BEFORE TRUNCATE ON counter_day
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT, UPDATE (state, closed_at) ON counter_day TO kaifong_app;

-- A payment that a counter took: its number is its own for ever.
CREATE TABLE counter_receipt (
    payment    uuid PRIMARY KEY REFERENCES payment (id),
    day        uuid NOT NULL REFERENCES counter_day (id),
    estate_id  uuid NOT NULL,
    year       smallint NOT NULL,
    number     integer NOT NULL,
    tender     text NOT NULL,
    -- The number of the cheque, or what the card's slip is called. Too short for a card's number.
    instrument text,
    FOREIGN KEY (estate_id, year) REFERENCES receipt_book (estate_id, year),
    CONSTRAINT counter_receipt_once UNIQUE (estate_id, year, number),
    CONSTRAINT counter_receipt_number CHECK (number > 0),
    CONSTRAINT counter_receipt_tender CHECK (tender IN ('cash', 'cheque', 'card')),
    CONSTRAINT counter_receipt_instrument CHECK ((tender = 'cash') = (instrument IS NULL)
        AND instrument ~ '^[A-Za-z0-9-]{1,12}$')
);
CREATE INDEX counter_receipt_by_day ON counter_receipt (day, number);
-- The second line: into a day that is not open nothing comes.
CREATE FUNCTION refuse_unless_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM counter_day WHERE id = NEW.day AND state = 'open' FOR SHARE;
    IF FOUND THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the counter is not open' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER counter_receipt_while_open BEFORE INSERT ON counter_receipt
    FOR EACH ROW EXECUTE FUNCTION refuse_unless_open();

-- That a receipt is void: proposed by one person, decided by another.
CREATE TABLE counter_void (
    id          uuid PRIMARY KEY,
    payment     uuid NOT NULL REFERENCES counter_receipt (payment),
    reason      text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    UNIQUE (id, payment, proposed_by)
);
CREATE INDEX counter_void_by_payment ON counter_void (payment, proposed_at);
CREATE TABLE counter_void_decision (
    void        uuid PRIMARY KEY,
    payment     uuid NOT NULL,
    proposed_by text NOT NULL,
    approved    boolean NOT NULL,
    reason      text,
    decided_by  text NOT NULL,
    decided_at  timestamptz NOT NULL,
    FOREIGN KEY (void, payment, proposed_by) REFERENCES counter_void (id, payment, proposed_by),
    -- Whoever proposes may take it back, never approve it.
    CONSTRAINT counter_void_by_another CHECK (NOT approved OR decided_by <> proposed_by)
);
CREATE UNIQUE INDEX counter_void_once ON counter_void_decision (payment) WHERE approved;

-- What was counted at the end of a day, beside what was held to be there then.
CREATE TABLE counter_count (
    id         uuid PRIMARY KEY,
    day        uuid NOT NULL REFERENCES counter_day (id),
    -- The how-manieth of the day: one that is sent back is counted anew.
    number     smallint NOT NULL,
    -- Why what was counted differs from what is held.
    reason     text,
    counted_by text NOT NULL,
    counted_at timestamptz NOT NULL,
    CONSTRAINT counter_count_number UNIQUE (day, number),
    UNIQUE (id, counted_by)
);
CREATE TABLE counter_count_line (
    count          uuid NOT NULL REFERENCES counter_count (id),
    tender         text NOT NULL,
    -- Receipts that are not void, and what they come to.
    receipts       integer NOT NULL,
    held           numeric(14, 2) NOT NULL,
    -- Notes and coins, cheques, card slips, and what they come to.
    pieces         integer NOT NULL,
    counted        numeric(14, 2) NOT NULL,
    PRIMARY KEY (count, tender),
    CONSTRAINT counter_count_line_tender CHECK (tender IN ('cash', 'cheque', 'card'))
);
CREATE TABLE counter_count_cash (
    count  uuid NOT NULL REFERENCES counter_count (id),
    piece  integer NOT NULL REFERENCES cash_piece (id),
    pieces integer NOT NULL,
    PRIMARY KEY (count, piece),
    CONSTRAINT counter_count_cash_pieces CHECK (pieces > 0)
);
CREATE TABLE counter_count_decision (
    count      uuid PRIMARY KEY,
    counted_by text NOT NULL,
    approved   boolean NOT NULL,
    reason     text,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL,
    FOREIGN KEY (count, counted_by) REFERENCES counter_count (id, counted_by),
    CONSTRAINT counter_count_by_another CHECK (NOT approved OR decided_by <> counted_by)
);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['counter_receipt', 'counter_void', 'counter_void_decision',
        'counter_count', 'counter_count_line', 'counter_count_cash', 'counter_count_decision'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION refuse_change()', name || '_only_grows', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name || '_is_not_emptied', name);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO kaifong_app', name);
    END LOOP;
END
$$;
