DROP TABLE autopay_verdict;
DROP TABLE autopay_report;
