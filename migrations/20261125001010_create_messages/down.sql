DROP TABLE rent_reminder;
DROP TABLE message;
DROP TABLE message_choice;
DROP TABLE message_policy;
DROP TABLE message_terms;
