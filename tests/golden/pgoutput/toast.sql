CREATE TABLE by_default (id int PRIMARY KEY, doc text, tags text[], n int);

CREATE TABLE by_full (id int PRIMARY KEY, doc text, tags text[], n int);

ALTER TABLE by_default ALTER doc SET STORAGE EXTERNAL, ALTER tags SET STORAGE EXTERNAL;
ALTER TABLE by_full ALTER doc SET STORAGE EXTERNAL, ALTER tags SET STORAGE EXTERNAL;
ALTER TABLE by_full REPLICA IDENTITY FULL

CREATE TABLE long_key (k text PRIMARY KEY, doc text, n int);

ALTER TABLE long_key ALTER k SET STORAGE EXTERNAL, ALTER doc SET STORAGE EXTERNAL

-- stream
INSERT INTO by_default VALUES (1, repeat('x', 2100), array_fill('y'::text, ARRAY[1100]), 1)

INSERT INTO by_full SELECT * FROM by_default

INSERT INTO long_key VALUES (repeat('k', 2100), repeat('d', 2100), 1)

UPDATE by_default SET n = 2

UPDATE by_default SET doc = 'short'

UPDATE by_default SET id = 2

UPDATE by_full SET n = 2

UPDATE by_full SET doc = 'short', id = 3

UPDATE long_key SET n = 2

UPDATE long_key SET k = 'short'

DELETE FROM by_default

DELETE FROM by_full

DELETE FROM long_key
