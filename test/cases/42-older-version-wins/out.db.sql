CREATE TABLE orders(id integer primary key, ver integer, state text);
INSERT INTO orders VALUES (1, 3, 'closed');
