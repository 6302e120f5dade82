DROP TABLE due_list_part;
DROP TABLE due_list;
