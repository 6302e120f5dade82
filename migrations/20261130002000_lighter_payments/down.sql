DROP TABLE payment_file_tally;
CREATE OR REPLACE VIEW payment_line_fate WITH (security_invoker = true) AS
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
ALTER TABLE payment
    ADD CONSTRAINT payment_household_fkey FOREIGN KEY (household) REFERENCES household (number),
    ADD CONSTRAINT payment_file_line_fkey
        FOREIGN KEY (file, line) REFERENCES payment_line (file, number);
ALTER TABLE payment_line ADD CONSTRAINT payment_line_file_fkey
    FOREIGN KEY (file) REFERENCES payment_file (id) DEFERRABLE INITIALLY DEFERRED;
