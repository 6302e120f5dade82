DROP TABLE allowance_line;
DROP TABLE allowance_file;
