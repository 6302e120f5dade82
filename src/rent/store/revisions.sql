-- $1 month, $2 and $3 the household and revision to start after, $4 rows.
-- Balances come from the ledger as it was known when the revision was booked, so that a later
-- payment or refund does not change the answer.
SELECT c.household, c.revision, c.amount, c.booked_at,
       greatest(0, least(-c.amount, -known.balance)) AS overpaid
FROM rent_charge c
CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.amount), 0) AS balance
    FROM (SELECT amount FROM ledger_transfer
          WHERE debit = c.household AND debit >= 100000000 AND booked_at <= c.booked_at
            AND effective_on <= (c.booked_at AT TIME ZONE 'Asia/Hong_Kong')::date
          UNION ALL
          SELECT -amount FROM ledger_transfer
          WHERE credit = c.household AND credit >= 100000000 AND booked_at <= c.booked_at
            AND effective_on <= (c.booked_at AT TIME ZONE 'Asia/Hong_Kong')::date) AS t
) AS known
WHERE c.month = $1 AND c.revision > 0 AND (c.household, c.revision) > ($2, $3)
ORDER BY c.household, c.revision
LIMIT $4
