DROP POLICY person_in_reach ON person;
DROP POLICY membership_in_reach ON membership;
DROP TABLE membership;
DROP TABLE person;
DROP VIEW household_estate;
DROP FUNCTION reach_household;
DROP FUNCTION reach_estates;
DROP FUNCTION reach_is_everywhere;
