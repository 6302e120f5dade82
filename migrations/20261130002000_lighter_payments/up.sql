-- Lines and payments come by hundreds of thousands. A foreign key looks each one up by itself: that
-- took a third of the time of posting a file. What they point at is read in the transaction that
-- writes them and is never deleted; as with the ledger's accounts, `kaifong verify` finds a
-- payment that points at nothing.
ALTER TABLE payment_line DROP CONSTRAINT payment_line_file_fkey;
ALTER TABLE payment
    DROP CONSTRAINT payment_file_line_fkey,
    DROP CONSTRAINT payment_household_fkey;

-- As before, but each line is looked up by its own key whatever the statistics say: of a file that
-- came just now they say that it has one line, and a join of all with all looks as good.
CREATE OR REPLACE VIEW payment_line_fate WITH (security_invoker = true) AS
SELECT l.file, l.number, l.reference, l.account, l.amount, l.instructed_at, l.place, p.household,
    CASE WHEN l.number > f.settled THEN NULL
         WHEN p.household IS NOT NULL THEN 'posted'
         WHEN p.file IS NOT NULL THEN 'suspense'
         WHEN EXISTS (SELECT FROM payment_settlement s
             WHERE s.file = l.file AND s.line = l.number OFFSET 0) THEN 'settled'
         WHEN EXISTS (SELECT FROM payment o
             WHERE o.channel = f.channel AND o.reference = l.reference
             AND o.account = l.account AND o.amount = l.amount OFFSET 0) THEN 'duplicate'
         ELSE 'contradicts' END AS fate
FROM payment_line l
JOIN payment_file f ON f.id = l.file
LEFT JOIN LATERAL (SELECT p.file, p.household FROM payment p
    WHERE p.file = l.file AND p.line = l.number OFFSET 0) AS p ON true;

-- How many lines of a file met which fate, as far as it is settled: counted with each part that is
-- posted, for whoever follows a large file asks often. `kaifong verify` counts anew.
CREATE TABLE payment_file_tally (
    file   uuid NOT NULL REFERENCES payment_file (id),
    fate   text NOT NULL,
    lines  bigint NOT NULL,
    amount numeric(14, 2) NOT NULL,
    PRIMARY KEY (file, fate),
    CONSTRAINT payment_file_tally_fate CHECK (
        fate IN ('posted', 'suspense', 'settled', 'duplicate', 'contradicts')),
    CONSTRAINT payment_file_tally_lines CHECK (lines > 0)
);
GRANT SELECT, INSERT, UPDATE (lines, amount) ON payment_file_tally TO kaifong_app;
INSERT INTO payment_file_tally (file, fate, lines, amount)
SELECT file, fate, count(*), sum(amount) FROM payment_line_fate
WHERE fate IS NOT NULL GROUP BY file, fate;
