-- A file that contradicts what was paid before may go on without the lines that do.
ALTER TABLE payment_file_decision
    DROP CONSTRAINT payment_file_decision_known,
    ADD CONSTRAINT payment_file_decision_known CHECK (
        decision IN ('released', 'released_in_part', 'withdrawn'));

-- What became of every line; none while it waits. Nothing but this says so.
CREATE VIEW payment_line_fate WITH (security_invoker = true) AS
SELECT l.file, l.number, l.reference, l.account, l.amount, l.instructed_at, l.place, p.household,
    CASE WHEN l.number > f.settled THEN NULL
         WHEN s.file IS NOT NULL THEN 'settled'
         WHEN p.household IS NOT NULL THEN 'posted'
         WHEN p.file IS NOT NULL THEN 'suspense'
         WHEN (o.account, o.amount) = (l.account, l.amount) THEN 'duplicate'
         ELSE 'contradicts' END AS fate
FROM payment_line l
JOIN payment_file f ON f.id = l.file
LEFT JOIN payment p ON p.file = l.file AND p.line = l.number
LEFT JOIN payment_settlement s ON s.file = l.file AND s.line = l.number
LEFT JOIN payment o ON p.file IS NULL AND s.file IS NULL
    AND o.channel = f.channel AND o.reference = l.reference;
GRANT SELECT ON payment_line_fate TO kaifong_app;
