DROP INDEX rent_charge_by_month;
CREATE INDEX rent_charge_by_month ON rent_charge USING brin (month) WITH (pages_per_range = 32);
