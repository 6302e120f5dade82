DELETE FROM message_policy WHERE kind = 'payment.voided';
ALTER TABLE message_policy DROP CONSTRAINT message_policy_kind;
ALTER TABLE message_policy ADD CONSTRAINT message_policy_kind CHECK
    (kind IN ('payment.received', 'autopay.refused', 'autopay.suspended', 'rent.due'));
