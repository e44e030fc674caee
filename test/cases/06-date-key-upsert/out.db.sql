CREATE TABLE daily(day text primary key, v integer);
INSERT INTO daily VALUES('2026-01-30',1),('2026-01-31',5);
