-- What files, bank and ledger say of days: $1 to $2, of channel $3 or of all. $4 and $5 are the
-- channels and their clearing accounts, $6 is the suspense account.
-- Rows are looked up one by one only where `OFFSET 0` says so, by a key; all else is by sets.
WITH undone AS MATERIALIZED (
    SELECT payment, effective_on FROM payment_undone WHERE effective_on BETWEEN $1 AND $2
), clearing AS (
    SELECT * FROM unnest($4, $5) AS account (channel, number)
), file AS (
    SELECT f.id, f.channel, f.business_date AS day, f.lines, f.amount, f.settled,
        f.series LIKE 'camt.053 %' AND f.lines > 0 AS is_credit,
        CASE WHEN f.settled = f.lines THEN f.amount
             WHEN f.settled = 0 THEN 0
             ELSE (SELECT sum(l.amount) FROM payment_line l
                   WHERE l.file = f.id AND l.number <= f.settled) END AS settled_amount
    FROM payment_file f
    WHERE f.business_date BETWEEN $1 AND $2 AND ($3 IS NULL OR f.channel = $3)
        AND f.state <> 'withdrawn'
), entered AS (
    SELECT f.channel, f.day, false AS is_told, p.id, p.amount, p.value_on, p.recorded_at
    FROM payment_of_line p JOIN file f ON f.id = p.file
    WHERE p.file = ANY (ARRAY(SELECT id FROM file))
    UNION ALL
    SELECT f.channel, f.day, false, p.id, p.amount, p.value_on, p.recorded_at
    FROM payment_settlement s JOIN file f ON f.id = s.file
    CROSS JOIN LATERAL (SELECT p.id, p.amount, p.value_on, p.recorded_at FROM payment p
        WHERE p.id = s.payment OFFSET 0) AS p
    WHERE s.file = ANY (ARRAY(SELECT id FROM file))
    UNION ALL
    SELECT p.channel, p.value_on, true, p.id, p.amount, p.value_on, p.recorded_at
    FROM payment p
    WHERE p.file IS NULL AND p.value_on BETWEEN $1 AND $2 AND ($3 IS NULL OR p.channel = $3)
        AND NOT EXISTS (SELECT FROM payment_settlement s
                        WHERE s.payment = p.id OFFSET 0)
        -- What was void before the day was over was no payment.
        AND NOT EXISTS (SELECT FROM undone u
                        WHERE u.payment = p.id AND u.effective_on = p.value_on)
), held AS (
    -- A payment and its posting were booked at the same instant: that narrows the ledger down.
    SELECT payment, debit, credit, amount, effective_on FROM channel_posting
    WHERE booked_at BETWEEN (SELECT min(recorded_at) FROM entered)
                        AND (SELECT max(recorded_at) FROM entered)
        AND effective_on BETWEEN (SELECT min(value_on) FROM entered)
                             AND (SELECT max(value_on) FROM entered)
), booked AS (
    SELECT e.channel, e.day, e.is_told, e.amount, h.amount AS held_amount,
        h.credit = $6 AS is_suspense,
        h.amount = e.amount AND h.debit = c.number AND h.effective_on = e.value_on AS is_whole
    FROM entered e JOIN clearing c USING (channel) LEFT JOIN held h ON h.payment = e.id
), said AS (
    SELECT channel, day, count(*) AS files, sum(lines) AS lines, sum(amount) AS amount,
        sum(settled) AS decided, sum(settled_amount) AS decided_amount,
        count(*) FILTER (WHERE is_credit) AS credits,
        coalesce(sum(amount) FILTER (WHERE is_credit), 0) AS bank_amount,
        0 AS entered, 0 AS entered_amount, 0 AS told, 0 AS told_amount, 0 AS payments,
        0 AS ledger_amount, 0 AS in_suspense, 0 AS suspense_amount, 0 AS unposted
    FROM file GROUP BY channel, day
    UNION ALL
    SELECT channel, day, 0, 0, 0, 0, 0, 0, 0,
        count(*) FILTER (WHERE NOT is_told),
        coalesce(sum(amount) FILTER (WHERE NOT is_told), 0),
        count(*) FILTER (WHERE is_told), coalesce(sum(amount) FILTER (WHERE is_told), 0),
        count(held_amount), coalesce(sum(held_amount), 0),
        count(*) FILTER (WHERE is_suspense),
        coalesce(sum(held_amount) FILTER (WHERE is_suspense), 0),
        count(*) FILTER (WHERE is_whole IS NOT TRUE)
    FROM booked GROUP BY channel, day
    UNION ALL
    SELECT channel, settled_on, 0, 0, 0, 0, 0, count(*), sum(amount), 0, 0, 0, 0, 0, 0, 0, 0, 0
    FROM bank_movement_now
    WHERE settled_on BETWEEN $1 AND $2 AND ($3 IS NULL OR channel = $3)
    GROUP BY channel, settled_on
)
SELECT channel, day, sum(files)::bigint AS files, sum(lines)::bigint AS lines,
    sum(amount) AS amount,
    (sum(decided) - sum(entered))::bigint AS duplicates,
    sum(decided_amount) - sum(entered_amount) AS duplicate_amount,
    (sum(lines) - sum(decided))::bigint AS waiting,
    sum(amount) - sum(decided_amount) AS waiting_amount,
    sum(told)::bigint AS told, sum(told_amount) AS told_amount,
    sum(credits)::bigint AS credits, sum(bank_amount) AS bank_amount,
    sum(payments)::bigint AS payments, sum(ledger_amount) AS ledger_amount,
    sum(in_suspense)::bigint AS in_suspense, sum(suspense_amount) AS suspense_amount,
    sum(unposted)::bigint AS unposted
FROM said GROUP BY channel, day ORDER BY day DESC, channel
