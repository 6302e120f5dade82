DROP TABLE suspense_decision;
DROP TABLE suspense_part;
DROP TABLE suspense_proposal;
