CREATE TABLE visits(id integer, created timestamp);
INSERT INTO visits VALUES(1,1706702400),(2,1706702460);
