DROP TABLE flat;
DROP TABLE block;
DROP TABLE estate;
