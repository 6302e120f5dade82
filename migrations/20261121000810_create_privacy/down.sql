DROP TABLE matching_approval;
DROP TABLE retention_run;
DROP TABLE retention_rule;
DROP TABLE erasure_request;
DROP TABLE legal_hold;
DROP TABLE correction_request;
DROP TABLE data_access_request;
