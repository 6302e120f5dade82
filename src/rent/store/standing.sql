-- Where a household stands now, in one statement.
-- What it reads does not grow with the history: the balance is a row, and only charges of
-- this month and of months booked ahead are looked at.
SELECT h.number AS household,
       coalesce(a.balance, 0) AS balance,
       (SELECT version FROM rent_rule_book) AS rules,
       (SELECT json_agg(json_build_object('month', to_char(c.month, 'YYYY-MM'),
                                          'effective_on', c.effective_on,
                                          'amount', c.amount::text))
        FROM rent_charge c
        -- By the household's key and not by the month: one that was charged just now has millions.
        WHERE c.household = asked.household
          AND (c.household, c.month) >= (asked.household, asked.month))::text AS charges,
       (SELECT json_agg(json_build_object('household', t.household, 'tenancy_id', t.tenancy_id,
                'kind', t.kind, 'starts_on', t.starts_on, 'ends_on', t.ends_on,
                'recorded_at', t.recorded_at, 'end_recorded_at', t.end_recorded_at,
                'estate_id', t.estate_id, 'ifa', t.ifa::text) ORDER BY t.starts_on)
        FROM rent_tenure t
        WHERE t.household = asked.household
          AND (t.ends_on IS NULL OR t.ends_on >= asked.month))::text AS tenures,
       (SELECT json_agg(json_build_object('id', w.id, 'revision', w.revision,
                'household', w.household, 'scheme', w.scheme, 'first_month', w.first_month,
                'last_month', w.last_month, 'reason', '', 'recorded_by', '',
                'recorded_at', w.recorded_at, 'replaced_at', w.replaced_at))
        FROM rent_award w
        WHERE w.household = asked.household AND w.replaced_at IS NULL)::text AS awards
FROM (SELECT $1::bigint AS household, $2::date AS month) AS asked
JOIN household h ON h.number = asked.household
LEFT JOIN rent_account a ON a.household = h.number
