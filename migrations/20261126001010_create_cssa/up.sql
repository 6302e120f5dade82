-- Rent allowances of CSSA (綜援租金津貼), as the Social Welfare Department's files tell of them. A
-- row says what holds from a month on, whatever earlier rows say of that month and those after it:
-- the newest row of a month's past and present counts, and no row is ever changed.
CREATE TABLE cssa_allowance (
    -- In the order in which we were told.
    id          bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    household   bigint NOT NULL REFERENCES household (number),
    month       date NOT NULL,
    -- None from the month on in which it stops.
    coverage    text,
    amount      numeric(12, 2),
    file        uuid NOT NULL,
    number      integer NOT NULL,
    recorded_at timestamptz NOT NULL,
    FOREIGN KEY (file, number) REFERENCES allowance_line (file, number),
    CONSTRAINT cssa_allowance_once UNIQUE (file, number),
    CONSTRAINT cssa_allowance_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT cssa_allowance_coverage CHECK (coverage IN ('full', 'partial')),
    CONSTRAINT cssa_allowance_amount CHECK (amount > 0),
    CONSTRAINT cssa_allowance_granted CHECK (num_nonnulls(coverage, amount) IN (0, 2))
);
CREATE INDEX cssa_allowance_by_household ON cssa_allowance (household, id);

-- The files whose allowances were taken in.
CREATE TABLE cssa_taken (
    file     uuid PRIMARY KEY REFERENCES allowance_file (file),
    taken    integer NOT NULL,
    strays   integer NOT NULL,
    taken_at timestamptz NOT NULL
);
-- The lines that changed nothing, and why.
CREATE TABLE cssa_stray (
    file    uuid NOT NULL REFERENCES cssa_taken (file) DEFERRABLE INITIALLY DEFERRED,
    number  integer NOT NULL,
    problem text NOT NULL,
    PRIMARY KEY (file, number),
    FOREIGN KEY (file, number) REFERENCES allowance_line (file, number),
    CONSTRAINT cssa_stray_problem CHECK (problem IN ('unknown_account', 'month_past',
        'tenancy_ended', 'already_granted', 'not_granted'))
);

-- A month's allowances against what the department paid, as everything stood when it was made.
CREATE TABLE cssa_reconciliation (
    id               uuid PRIMARY KEY,
    month            date NOT NULL,
    requested_by     text NOT NULL,
    requested_at     timestamptz NOT NULL,
    made_at          timestamptz,
    -- What the trailers of the month's files say.
    files            integer NOT NULL DEFAULT 0,
    lines            integer NOT NULL DEFAULT 0,
    amount           numeric(14, 2) NOT NULL DEFAULT 0,
    -- Where that went: to households, in suspense, back to the department, nowhere since it had
    -- been paid before.
    paid_amount      numeric(14, 2) NOT NULL DEFAULT 0,
    suspense_amount  numeric(14, 2) NOT NULL DEFAULT 0,
    returned_amount  numeric(14, 2) NOT NULL DEFAULT 0,
    duplicate_amount numeric(14, 2) NOT NULL DEFAULT 0,
    -- Households with an allowance, those that were paid for, and those where both agree.
    expected         integer NOT NULL DEFAULT 0,
    expected_amount  numeric(14, 2) NOT NULL DEFAULT 0,
    paid             integer NOT NULL DEFAULT 0,
    agreed           integer NOT NULL DEFAULT 0,
    agreed_amount    numeric(14, 2) NOT NULL DEFAULT 0,
    exceptions       integer NOT NULL DEFAULT 0,
    CONSTRAINT cssa_reconciliation_month CHECK (extract(day FROM month) = 1),
    -- Every dollar of the trailers is somewhere.
    CONSTRAINT cssa_reconciliation_adds_up CHECK
        (amount = paid_amount + suspense_amount + returned_amount + duplicate_amount)
);
CREATE INDEX cssa_reconciliation_by_time ON cssa_reconciliation (requested_at, id);
GRANT SELECT, INSERT, UPDATE (made_at, files, lines, amount, paid_amount, suspense_amount,
    returned_amount, duplicate_amount, expected, expected_amount, paid, agreed, agreed_amount,
    exceptions) ON cssa_reconciliation TO kaifong_app;
CREATE TABLE cssa_exception (
    reconciliation uuid NOT NULL REFERENCES cssa_reconciliation (id),
    number         integer NOT NULL,
    kind           text NOT NULL,
    household      bigint REFERENCES household (number),
    -- As the file has it, where it is nobody's.
    account        text NOT NULL,
    -- Where the household lives, or lived last.
    estate_id      uuid REFERENCES estate (id),
    -- What was granted, what was paid, and the month's rent.
    allowance      numeric(12, 2),
    paid           numeric(14, 2),
    rent           numeric(12, 2),
    -- The line that it is about, where it is about one.
    file           uuid REFERENCES payment_file (id),
    line           integer,
    PRIMARY KEY (reconciliation, number),
    CONSTRAINT cssa_exception_line CHECK (num_nonnulls(file, line) IN (0, 2)),
    CONSTRAINT cssa_exception_kind CHECK (kind IN ('no_allowance', 'not_paid', 'other_amount',
        'tenancy_ended', 'above_rent', 'below_rent', 'unknown_account', 'paid_before',
        'month_past', 'already_granted', 'not_granted'))
);

-- What we tell the department: each recipient's rent of a month, and what it was the month before.
CREATE TABLE cssa_rent_file (
    id           uuid PRIMARY KEY,
    month        date NOT NULL,
    -- Its place among these files.
    sequence     integer NOT NULL UNIQUE,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    made_at      timestamptz,
    lines        integer NOT NULL DEFAULT 0,
    amount       numeric(14, 2) NOT NULL DEFAULT 0,
    -- Recipients whose rent cannot be told.
    left_out     integer NOT NULL DEFAULT 0,
    sha256       bytea,
    CONSTRAINT cssa_rent_file_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT cssa_rent_file_made CHECK ((made_at IS NULL) = (sha256 IS NULL)),
    CONSTRAINT cssa_rent_file_digest CHECK (length(sha256) = 32)
);
CREATE INDEX cssa_rent_file_by_time ON cssa_rent_file (requested_at, id);
GRANT SELECT, INSERT, UPDATE (made_at, lines, amount, left_out, sha256)
    ON cssa_rent_file TO kaifong_app;
CREATE TABLE cssa_rent_line (
    file      uuid NOT NULL REFERENCES cssa_rent_file (id),
    household bigint NOT NULL REFERENCES household (number),
    change    text NOT NULL,
    before    numeric(12, 2) NOT NULL,
    rent      numeric(12, 2) NOT NULL,
    PRIMARY KEY (file, household),
    CONSTRAINT cssa_rent_line_change CHECK (change IN ('same', 'changed', 'ended'))
);

DO $$
DECLARE
    named text;
BEGIN
    FOREACH named IN ARRAY ARRAY['cssa_allowance', 'cssa_taken', 'cssa_stray', 'cssa_exception',
        'cssa_rent_line']
    LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION refuse_change()', named || '_only_grows', named);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', named || '_is_not_emptied', named);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO kaifong_app', named);
    END LOOP;
    -- That somebody lives on CSSA is nobody else's business: the household's own, and its
    -- estate office's.
    FOREACH named IN ARRAY ARRAY['cssa_allowance', 'cssa_exception', 'cssa_rent_line'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', named);
        EXECUTE format('CREATE POLICY %I ON %I TO kaifong_app USING ((SELECT reach_is_everywhere()) '
            'OR household = (SELECT reach_household()) '
            'OR EXISTS (SELECT FROM tenancy_place p WHERE p.household = %I.household '
            'AND p.estate_id = ANY ((SELECT reach_estates())::uuid[])))',
            named || '_in_reach', named, named);
    END LOOP;
END
$$;
