DROP INDEX payment_told_by_day;
DROP INDEX payment_file_by_day;
DROP VIEW channel_posting;
DROP VIEW bank_movement_now;
DROP TABLE bank_movement_decision;
DROP TABLE bank_movement_proposal;
DROP TABLE bank_movement;
DELETE FROM collection_account WHERE account = '004000111111005';
DROP TABLE paying_in;
