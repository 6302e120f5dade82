DROP VIEW payment_line_fate;
-- Decisions are never taken back: those of the newer kind stay, and are checked no more.
ALTER TABLE payment_file_decision
    DROP CONSTRAINT payment_file_decision_known,
    ADD CONSTRAINT payment_file_decision_known CHECK (decision IN ('released', 'withdrawn'))
        NOT VALID;
