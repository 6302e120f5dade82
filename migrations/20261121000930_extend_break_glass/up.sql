-- General holidays (公眾假期) under the General Holidays Ordinance, Cap. 149; Sundays are not
-- listed. Rows are added each year when the Government gazettes the next one's.
CREATE TABLE general_holiday (
    date   date PRIMARY KEY,
    name   text NOT NULL,
    source text NOT NULL
);
GRANT SELECT ON general_holiday TO kaifong_app;
INSERT INTO general_holiday
SELECT date, name, 'General holidays for ' || extract(year FROM date)
    || ', gazetted under the General Holidays Ordinance (Cap. 149)'
FROM (VALUES
    (date '2026-01-01', 'The first day of January'),
    ('2026-02-17', 'Lunar New Year''s Day'),
    ('2026-02-18', 'The second day of Lunar New Year'),
    ('2026-02-19', 'The third day of Lunar New Year'),
    ('2026-04-03', 'Good Friday'),
    ('2026-04-04', 'The day following Good Friday'),
    ('2026-04-06', 'The day following Ching Ming Festival'),
    ('2026-04-07', 'The day following Easter Monday'),
    ('2026-05-01', 'Labour Day'),
    ('2026-05-25', 'The day following the Birthday of the Buddha'),
    ('2026-06-19', 'Tuen Ng Festival'),
    ('2026-07-01', 'HKSAR Establishment Day'),
    ('2026-09-26', 'The day following the Chinese Mid-Autumn Festival'),
    ('2026-10-01', 'National Day'),
    ('2026-10-19', 'The day following Chung Yeung Festival'),
    ('2026-12-25', 'Christmas Day'),
    ('2026-12-26', 'The first weekday after Christmas Day'),
    ('2027-01-01', 'The first day of January'),
    ('2027-02-06', 'Lunar New Year''s Day'),
    ('2027-02-08', 'The third day of Lunar New Year'),
    ('2027-02-09', 'The fourth day of Lunar New Year'),
    ('2027-03-26', 'Good Friday'),
    ('2027-03-27', 'The day following Good Friday'),
    ('2027-03-29', 'Easter Monday'),
    ('2027-04-05', 'Ching Ming Festival'),
    ('2027-05-01', 'Labour Day'),
    ('2027-05-13', 'The Birthday of the Buddha'),
    ('2027-06-09', 'Tuen Ng Festival'),
    ('2027-07-01', 'HKSAR Establishment Day'),
    ('2027-09-16', 'The day following the Chinese Mid-Autumn Festival'),
    ('2027-10-01', 'National Day'),
    ('2027-10-08', 'Chung Yeung Festival'),
    ('2027-12-25', 'Christmas Day'),
    ('2027-12-27', 'The first weekday after Christmas Day')
) AS holiday (date, name);

-- A third person reviews an access: neither the one who asked nor the one who approved.
ALTER TABLE break_glass_approval ADD UNIQUE (request, approver);
ALTER TABLE break_glass_review ADD COLUMN approver text;
ALTER TABLE break_glass_review DISABLE TRIGGER break_glass_review_only_grows;
UPDATE break_glass_review v SET approver = a.approver
FROM break_glass_approval a WHERE a.request = v.request;
ALTER TABLE break_glass_review ENABLE TRIGGER break_glass_review_only_grows;
ALTER TABLE break_glass_review
    ALTER COLUMN approver SET NOT NULL,
    ADD CONSTRAINT break_glass_review_of_approval
        FOREIGN KEY (request, approver) REFERENCES break_glass_approval (request, approver),
    -- Not looked for in what is reviewed already: the approver could, until now.
    ADD CONSTRAINT break_glass_reviewed_by_a_third CHECK (reviewer <> approver) NOT VALID;

-- The second line knows an access to one person.
CREATE FUNCTION reach_person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN starts_with(current_setting('kaifong.reach', true), 'person:')
           THEN substr(current_setting('kaifong.reach', true), 8)::uuid END;
ALTER POLICY membership_in_reach ON membership USING (
    (SELECT reach_is_everywhere())
    OR household = (SELECT reach_household())
    OR person = (SELECT reach_person())
    OR EXISTS (SELECT FROM tenancy_place p WHERE p.household = membership.household
               AND p.estate_id = ANY ((SELECT reach_estates())::uuid[]))
);
