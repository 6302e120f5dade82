DROP VIEW payment_line_fate;
DROP VIEW payment_of_line;
ALTER TABLE payment ADD CONSTRAINT payment_line_once UNIQUE (file, line);
CREATE VIEW payment_line_fate WITH (security_invoker = true) AS
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
GRANT SELECT ON payment_line_fate TO kaifong_app;
