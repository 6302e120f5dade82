-- The lines of channel $1 and day $2 that make a difference, or may: by cause, reference and place,
-- after the one at $3 to $6 when there is one. $7: whether told payments await a file; $8: the
-- clearing account; $9: what bank and files differ by; $10: how many lines.
-- Rows are looked up one by one only where `OFFSET 0` says so, by a key; all else is by sets.
WITH undone AS MATERIALIZED (
    SELECT payment FROM payment_undone WHERE effective_on = $2
), file AS (
    SELECT id, settled FROM payment_file
    WHERE channel = $1 AND business_date = $2 AND state <> 'withdrawn'
), told AS (
    SELECT p.* FROM payment p
    WHERE p.file IS NULL AND p.channel = $1 AND p.value_on = $2
        AND NOT EXISTS (SELECT FROM payment_settlement s
                        WHERE s.payment = p.id OFFSET 0)
        -- What was void before the day was over was no payment.
        AND NOT EXISTS (SELECT FROM undone u WHERE u.payment = p.id)
), entered AS (
    SELECT p.id, p.reference, p.account, p.amount, p.file, p.line, p.value_on, p.recorded_at
    FROM payment_of_line p WHERE p.file = ANY (ARRAY(SELECT id FROM file))
    UNION ALL
    SELECT p.id, p.reference, p.account, p.amount, p.file, p.line, p.value_on, p.recorded_at
    FROM payment_settlement s
    CROSS JOIN LATERAL (SELECT p.* FROM payment p
        WHERE p.id = s.payment OFFSET 0) AS p
    WHERE s.file = ANY (ARRAY(SELECT id FROM file))
    UNION ALL
    SELECT id, reference, account, amount, file, line, value_on, recorded_at FROM told
), held AS (
    SELECT payment, debit, amount, effective_on FROM channel_posting
    WHERE booked_at BETWEEN (SELECT min(recorded_at) FROM entered)
                        AND (SELECT max(recorded_at) FROM entered)
        AND effective_on BETWEEN (SELECT min(value_on) FROM entered)
                             AND (SELECT max(value_on) FROM entered)
), line AS (
    SELECT l.*, l.number <= f.settled AS is_settled FROM payment_line l JOIN file f ON f.id = l.file
    WHERE l.file = ANY (ARRAY(SELECT id FROM file))
), named AS (
    SELECT 'not_entered' AS cause, l.reference, l.account, l.amount, l.file, l.number AS line
    FROM line l WHERE NOT l.is_settled
    UNION ALL
    SELECT 'not_settled', reference, account, amount, NULL, NULL FROM told WHERE $7
    UNION ALL
    SELECT 'not_in_ledger', e.reference, e.account, e.amount, e.file, e.line
    FROM entered e
    WHERE NOT EXISTS (SELECT FROM held h WHERE h.payment = e.id AND h.amount = e.amount
                      AND h.debit = $8 AND h.effective_on = e.value_on)
    UNION ALL
    SELECT 'duplicate', l.reference, l.account, l.amount, l.file, l.number
    FROM line l
    WHERE l.is_settled
        AND NOT EXISTS (SELECT FROM payment p
                        WHERE p.id = l.payment
                            AND p.file = l.file AND p.line = l.number OFFSET 0)
        AND NOT EXISTS (SELECT FROM payment_settlement s
                        WHERE s.file = l.file AND s.line = l.number OFFSET 0)
    UNION ALL
    SELECT 'of_that_amount', l.reference, l.account, l.amount, l.file, l.number
    FROM line l WHERE l.amount = $9
)
SELECT * FROM named
WHERE $3 IS NULL OR (cause, reference, coalesce(file, $11), coalesce(line, 0))
    > ($3, $4, coalesce($5, $11), coalesce($6, 0))
ORDER BY cause, reference, coalesce(file, $11), coalesce(line, 0) LIMIT $10
