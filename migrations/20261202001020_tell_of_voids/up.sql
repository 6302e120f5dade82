-- That a receipt is void is told, whether the household would rather be told of payments or not:
-- somebody holds it, and what it was given for is due again.
ALTER TABLE message_policy DROP CONSTRAINT message_policy_kind;
ALTER TABLE message_policy ADD CONSTRAINT message_policy_kind CHECK (kind IN
    ('payment.received', 'payment.voided', 'autopay.refused', 'autopay.suspended', 'rent.due'));
INSERT INTO message_policy (kind, medium, good_for, refusable, valid_from, recorded_at, source, assumed)
SELECT 'payment.voided', medium, 168, false, '2019-01-01', '2019-01-01',
    'assumed: a receipt that somebody holds is worth nothing any more', true
FROM (VALUES ('sms'), ('email'), ('push')) AS by (medium);
