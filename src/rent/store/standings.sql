-- Where each of the households $1 stands now, as `standing.sql` says of one: a row for the account,
-- and one for each charge from month $2 on, each tenure and each award. One statement, so that a
-- charge is in the balance and in the list, or in neither; and no JSON, which took most of the time.
SELECT h.number AS household, coalesce(a.balance, 0) AS balance,
    (SELECT version FROM rent_rule_book) AS rules,
    NULL::date AS month, NULL::date AS effective_on, NULL::numeric AS amount,
    NULL::uuid AS tenancy_id, NULL::text AS kind, NULL::date AS starts_on, NULL::date AS ends_on,
    NULL::timestamptz AS recorded_at, NULL::timestamptz AS end_recorded_at,
    NULL::uuid AS estate_id, NULL::numeric AS ifa,
    NULL::uuid AS award_id, NULL::integer AS revision, NULL::text AS scheme
FROM household h LEFT JOIN rent_account a ON a.household = h.number
WHERE h.number = ANY ($1)
UNION ALL
SELECT asked.household, NULL, NULL, c.month, c.effective_on, c.amount,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM unnest($1) AS asked (household)
-- By the household's key and not by the month: a month that was charged just now has millions.
CROSS JOIN LATERAL (SELECT c.month, c.effective_on, c.amount FROM rent_charge c
    WHERE c.household = asked.household AND (c.household, c.month) >= (asked.household, $2)
    OFFSET 0) AS c
UNION ALL
SELECT t.household, NULL, NULL, NULL, NULL, NULL, t.tenancy_id, t.kind, t.starts_on, t.ends_on,
    t.recorded_at, t.end_recorded_at, t.estate_id, t.ifa, NULL, NULL, NULL
FROM rent_tenure t
WHERE t.household = ANY ($1) AND (t.ends_on IS NULL OR t.ends_on >= $2)
UNION ALL
SELECT w.household, NULL, NULL, NULL, NULL, NULL, NULL, NULL, w.first_month, w.last_month,
    w.recorded_at, NULL, NULL, NULL, w.id, w.revision, w.scheme
FROM rent_award w
WHERE w.household = ANY ($1) AND w.replaced_at IS NULL
