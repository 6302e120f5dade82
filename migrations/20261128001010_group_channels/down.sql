DROP INDEX payment_by_value;
DROP VIEW payment_undone;
DROP TABLE payment_channel_group;
