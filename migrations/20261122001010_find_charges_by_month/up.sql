-- A summary of page ranges (BRIN) is smaller, but when a vacuum is broken off while it summarises
-- a range, every range after that one counts as holding every month, and stays so: the count of
-- who is still to be charged then reads half the table. Months arrive in order, so a tree grows
-- at its end only.
DROP INDEX rent_charge_by_month;
CREATE INDEX rent_charge_by_month ON rent_charge (month);
