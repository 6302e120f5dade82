-- What the Social Welfare Department's monthly file tells of rent allowances (租金津貼), beside the
-- rent that it pays: staged with the file's payments, and taken in when these are posted.
CREATE TABLE allowance_file (
    file  uuid PRIMARY KEY REFERENCES payment_file (id) DEFERRABLE INITIALLY DEFERRED,
    -- The month for which its payments are.
    month date NOT NULL,
    lines integer NOT NULL,
    CONSTRAINT allowance_file_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT allowance_file_lines CHECK (lines >= 0)
);
CREATE TABLE allowance_line (
    file     uuid NOT NULL REFERENCES allowance_file (file) DEFERRABLE INITIALLY DEFERRED,
    number   integer NOT NULL,
    event    text NOT NULL,
    -- The tenant code as the department has it: it may be nobody's.
    account  text NOT NULL,
    coverage text,
    -- HKD a month; none where the allowance stops.
    amount   numeric(12, 2),
    -- From which month this holds.
    month    date NOT NULL,
    PRIMARY KEY (file, number),
    CONSTRAINT allowance_line_event CHECK (event IN ('start', 'change', 'stop')),
    CONSTRAINT allowance_line_coverage CHECK (coverage IN ('full', 'partial')),
    CONSTRAINT allowance_line_amount CHECK (amount > 0),
    CONSTRAINT allowance_line_granted CHECK
        (num_nonnulls(coverage, amount) = CASE event WHEN 'stop' THEN 0 ELSE 2 END),
    CONSTRAINT allowance_line_month CHECK (extract(day FROM month) = 1)
);
DO $$
DECLARE grown text;
BEGIN
    FOREACH grown IN ARRAY ARRAY['allowance_file', 'allowance_line'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I '
            'FOR EACH ROW EXECUTE FUNCTION refuse_change()', grown || '_only_grows', grown);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', grown || '_is_not_emptied', grown);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO kaifong_app', grown);
    END LOOP;
END
$$;
