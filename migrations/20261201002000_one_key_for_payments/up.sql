-- A payment's id is derived from its channel and the channel's reference: that one key says both,
-- and is what pays a reference once for ever. A tree of references beside it said the same once
-- more, and took a third of the time of entering payments. `kaifong verify` derives each id anew.
DROP VIEW payment_line_fate;
DROP VIEW payment_of_line;

-- What settled a payment, by its key.
CREATE TEMPORARY TABLE settlement_before ON COMMIT DROP AS
SELECT p.id AS payment, s.file, s.line FROM payment_settlement s
JOIN payment p USING (channel, reference);
DROP TABLE payment_settlement;

ALTER TABLE suspense_proposal DROP CONSTRAINT suspense_proposal_payment_fkey;
ALTER TABLE counter_receipt DROP CONSTRAINT counter_receipt_payment_fkey;
ALTER TABLE payment DROP CONSTRAINT payment_pkey, DROP CONSTRAINT payment_id_key;
ALTER TABLE payment ADD PRIMARY KEY (id);
ALTER TABLE suspense_proposal ADD CONSTRAINT suspense_proposal_payment_fkey
    FOREIGN KEY (payment) REFERENCES payment (id);
ALTER TABLE counter_receipt ADD CONSTRAINT counter_receipt_payment_fkey
    FOREIGN KEY (payment) REFERENCES payment (id);

CREATE TABLE payment_settlement (
    payment uuid PRIMARY KEY REFERENCES payment (id),
    file    uuid NOT NULL,
    line    integer NOT NULL,
    CONSTRAINT payment_settlement_line_once UNIQUE (file, line),
    FOREIGN KEY (file, line) REFERENCES payment_line (file, number)
);
INSERT INTO payment_settlement (payment, file, line)
SELECT payment, file, line FROM settlement_before;
CREATE TRIGGER payment_settlement_only_grows BEFORE UPDATE OR DELETE ON payment_settlement
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_settlement_is_not_emptied BEFORE TRUNCATE ON payment_settlement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON payment_settlement TO kaifong_app;

-- The payment that a line's reference names, whether it is entered or not; unknown of files that
-- were given up before there was this column. Of a line that waits only the program can derive it.
DO $$
BEGIN
    IF EXISTS (SELECT FROM payment_line l JOIN payment_file f ON f.id = l.file
               WHERE l.number > f.settled AND f.state <> 'withdrawn') THEN
        RAISE EXCEPTION 'a settlement file waits: post or withdraw it with the program as it was';
    END IF;
END
$$;
ALTER TABLE payment_line ADD COLUMN payment uuid;
ALTER TABLE payment_line DISABLE TRIGGER payment_line_only_grows;
UPDATE payment_line l SET payment = p.id FROM payment_file f, payment p
WHERE f.id = l.file AND p.channel = f.channel AND p.reference = l.reference;
ALTER TABLE payment_line ENABLE TRIGGER payment_line_only_grows;

-- The payments that lines made, each looked up by its key whatever the statistics say: of a file
-- that came just now they say that it has one line.
CREATE VIEW payment_of_line WITH (security_invoker = true) AS
SELECT l.file, l.number AS line, p.id, p.channel, p.reference, p.account, p.amount,
    p.instructed_at, p.value_on, p.household, p.recorded_at, p.told_by, p.place
FROM payment_line l
CROSS JOIN LATERAL (SELECT * FROM payment p
    WHERE p.id = l.payment AND p.file = l.file AND p.line = l.number OFFSET 0) AS p;
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
    FROM payment p WHERE p.id = l.payment OFFSET 0) AS p ON true;
GRANT SELECT ON payment_line_fate TO kaifong_app;
