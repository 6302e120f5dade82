DROP VIEW payment_line_fate;
DROP VIEW payment_of_line;
ALTER TABLE payment_line DROP COLUMN payment;

CREATE TEMPORARY TABLE settlement_before ON COMMIT DROP AS
SELECT p.channel, p.reference, s.file, s.line FROM payment_settlement s
JOIN payment p ON p.id = s.payment;
DROP TABLE payment_settlement;
ALTER TABLE suspense_proposal DROP CONSTRAINT suspense_proposal_payment_fkey;
ALTER TABLE counter_receipt DROP CONSTRAINT counter_receipt_payment_fkey;
ALTER TABLE payment DROP CONSTRAINT payment_pkey;
ALTER TABLE payment ADD PRIMARY KEY (channel, reference), ADD UNIQUE (id);
ALTER TABLE suspense_proposal ADD CONSTRAINT suspense_proposal_payment_fkey
    FOREIGN KEY (payment) REFERENCES payment (id);
ALTER TABLE counter_receipt ADD CONSTRAINT counter_receipt_payment_fkey
    FOREIGN KEY (payment) REFERENCES payment (id);
CREATE TABLE payment_settlement (
    channel   text NOT NULL,
    reference text NOT NULL,
    file      uuid NOT NULL,
    line      integer NOT NULL,
    PRIMARY KEY (channel, reference),
    CONSTRAINT payment_settlement_line_once UNIQUE (file, line),
    FOREIGN KEY (channel, reference) REFERENCES payment (channel, reference),
    FOREIGN KEY (file, line) REFERENCES payment_line (file, number)
);
INSERT INTO payment_settlement (channel, reference, file, line)
SELECT channel, reference, file, line FROM settlement_before;
CREATE TRIGGER payment_settlement_only_grows BEFORE UPDATE OR DELETE ON payment_settlement
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_settlement_is_not_emptied BEFORE TRUNCATE ON payment_settlement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON payment_settlement TO kaifong_app;

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
