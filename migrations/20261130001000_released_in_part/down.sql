DROP VIEW payment_line_fate;
ALTER TABLE payment_file_decision
    DROP CONSTRAINT payment_file_decision_known,
    ADD CONSTRAINT payment_file_decision_known CHECK (decision IN ('released', 'withdrawn'));
