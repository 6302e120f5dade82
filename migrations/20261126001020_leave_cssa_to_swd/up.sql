-- A household whose whole rent the Social Welfare Department pays is not debited.
ALTER TABLE autopay_left_out DROP CONSTRAINT autopay_left_out_reason;
ALTER TABLE autopay_left_out ADD CONSTRAINT autopay_left_out_reason CHECK (reason IN ('nothing_due',
    'on_its_way', 'collected', 'not_tried_again', 'too_soon', 'over_limit', 'tenancy_ended',
    'no_rate', 'paid_by_cssa'));
