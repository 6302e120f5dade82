ALTER POLICY membership_in_reach ON membership USING (
    (SELECT reach_is_everywhere())
    OR household = (SELECT reach_household())
    OR EXISTS (SELECT FROM tenancy_place p WHERE p.household = membership.household
               AND p.estate_id = ANY ((SELECT reach_estates())::uuid[]))
);
DROP FUNCTION reach_person;
ALTER TABLE break_glass_review
    DROP CONSTRAINT break_glass_reviewed_by_a_third,
    DROP CONSTRAINT break_glass_review_of_approval,
    DROP COLUMN approver;
ALTER TABLE break_glass_approval DROP CONSTRAINT break_glass_approval_request_approver_key;
DROP TABLE general_holiday;
