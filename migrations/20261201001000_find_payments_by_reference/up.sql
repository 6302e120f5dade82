-- A line of a file names its payment by the channel's reference, which is the payment's key. A tree
-- of payments by file and line said the same once more, and grew with every line that was posted.
DROP VIEW payment_line_fate;
ALTER TABLE payment DROP CONSTRAINT payment_line_once;

-- The payments that lines made, each looked up by its key whatever the statistics say: of a file
-- that came just now they say that it has one line.
CREATE VIEW payment_of_line WITH (security_invoker = true) AS
SELECT l.file, l.number AS line, p.id, p.channel, p.reference, p.account, p.amount,
    p.instructed_at, p.value_on, p.household, p.recorded_at, p.told_by, p.place
FROM payment_line l
JOIN payment_file f ON f.id = l.file
CROSS JOIN LATERAL (SELECT * FROM payment p
    WHERE p.channel = f.channel AND p.reference = l.reference
        AND p.file = l.file AND p.line = l.number OFFSET 0) AS p;
GRANT SELECT ON payment_of_line TO kaifong_app;

-- What became of each line. A payment by the line itself, or else one that came before it.
CREATE VIEW payment_line_fate WITH (security_invoker = true) AS
SELECT l.file, l.number, l.reference, l.account, l.amount, l.instructed_at, l.place,
    CASE WHEN p.is_its_own THEN p.household END AS household,
    CASE WHEN l.number > f.settled THEN NULL
         WHEN p.is_its_own AND p.household IS NOT NULL THEN 'posted'
         WHEN p.is_its_own THEN 'suspense'
         WHEN EXISTS (SELECT FROM payment_settlement s
             WHERE s.file = l.file AND s.line = l.number OFFSET 0) THEN 'settled'
         WHEN (p.account, p.amount) = (l.account, l.amount) THEN 'duplicate'
         ELSE 'contradicts' END AS fate
FROM payment_line l
JOIN payment_file f ON f.id = l.file
LEFT JOIN LATERAL (SELECT p.household, p.account, p.amount,
        (p.file, p.line) IS NOT DISTINCT FROM (l.file, l.number) AS is_its_own
    FROM payment p
    WHERE p.channel = f.channel AND p.reference = l.reference OFFSET 0) AS p ON true;
GRANT SELECT ON payment_line_fate TO kaifong_app;
