\set n :n + 1
\set c random(1, :channels)
\set household random(:first, :last)
BEGIN;
INSERT INTO request_nonce (key, nonce, seen_at) VALUES ('pgbench', {name}, now()) ON CONFLICT DO NOTHING RETURNING key, nonce;
SELECT client, channel FROM channel_client WHERE client = '{client}';
SELECT pg_advisory_xact_lock(7210853, hashtext({channel} || '/' || {name}));
SELECT channel, event, client, reference, state, account, amount, instructed_at, place, outcome, received_at FROM payment_notice WHERE channel = {channel} AND event = {name};
SELECT channel, reference FROM payment_notice WHERE channel = {channel} AND reference = {name} AND state = 'failed';
SELECT p.id, p.account, p.amount, p.file IS NULL AND s.line IS NULL FROM payment p LEFT JOIN payment_settlement s ON s.payment = p.id WHERE p.id = {id};
SELECT id, channel, cut_off, working_days_only, lead_days, at_most, payee, payee_name, valid_from, valid_to, recorded_at, replaced_at, source, assumed FROM payment_channel WHERE replaced_at IS NULL ORDER BY channel, valid_from;
SELECT date FROM general_holiday WHERE date BETWEEN {today} AND {today} + 30;
SELECT number FROM household WHERE number = :household;
INSERT INTO payment (id, channel, reference, account, amount, instructed_at, value_on, household, recorded_at, told_by, place) VALUES ({id}, {channel}, {name}, :household::text || '0', 10.00, now(), {today}, :household, now(), 'client' || chr(58) || '{client}', '7-Eleven');
INSERT INTO outbox_event (kind, subject, household, detail, said_at) VALUES ('payment.received', {id}, :household, '{"channel": "store", "amount": "10.00", "paid_on": "2026-11-20"}', now()) ON CONFLICT DO NOTHING;
SELECT ledger_open_month(date_trunc('month', {today})::date);
SELECT pg_advisory_xact_lock_shared(7210813);
SELECT through FROM ledger_checkpoint ORDER BY number DESC LIMIT 1;
INSERT INTO ledger_transfer (id, effective_on, debit, credit, amount, kind, source, booked_at) VALUES (md5({name})::uuid, {today}, {clearing}, :household, 10.00, 'payment', {id}, now());
INSERT INTO rent_account (household, balance) VALUES (:household, -10.00) ON CONFLICT (household) DO UPDATE SET balance = rent_account.balance + excluded.balance;
INSERT INTO payment_notice (channel, event, client, reference, state, account, amount, instructed_at, place, outcome, received_at) VALUES ({channel}, {name}, '{client}', {name}, 'paid', :household::text || '0', 10.00, now(), '7-Eleven', 'posted', now());
END;
