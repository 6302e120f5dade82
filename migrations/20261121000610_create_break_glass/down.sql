DROP TABLE break_glass_review;
DROP TABLE break_glass_approval;
DROP TABLE break_glass;
