CREATE TABLE by_default (id int PRIMARY KEY, a text, b int);

CREATE TABLE by_two (a int, n int, b text, PRIMARY KEY (b, a));

CREATE TABLE by_full (id int PRIMARY KEY, a text, b int);

ALTER TABLE by_full REPLICA IDENTITY FULL

CREATE TABLE no_key (a text, b int);

ALTER TABLE no_key REPLICA IDENTITY FULL

CREATE TABLE by_index (id int PRIMARY KEY, a text NOT NULL, b int NOT NULL);

CREATE UNIQUE INDEX by_index_other ON by_index (b, a)

ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_other

CREATE TABLE only_index (a text NOT NULL, b int NOT NULL, c int);

CREATE UNIQUE INDEX only_index_u ON only_index (b)

ALTER TABLE only_index REPLICA IDENTITY USING INDEX only_index_u

CREATE TABLE insert_only (id int PRIMARY KEY, a text);

ALTER TABLE insert_only REPLICA IDENTITY NOTHING

CREATE TABLE no_identity (a int, b text);

CREATE TABLE "Odd ""names"" é" ("a b" int PRIMARY KEY, "select" text);

CREATE TABLE no_columns ();

-- stream
INSERT INTO by_default VALUES (1, 'one', 1), (2, 'two', 2), (3, NULL, NULL)

UPDATE by_default SET a = 'uno' WHERE id = 1

UPDATE by_default SET id = 20, a = 'dos' WHERE id = 2

UPDATE by_default SET id = id WHERE id = 3

DELETE FROM by_default

INSERT INTO by_two VALUES (1, 10, 'x'), (2, 20, 'y')

UPDATE by_two SET a = 3 WHERE a = 1

DELETE FROM by_two

INSERT INTO by_full VALUES (1, 'one', NULL), (2, 'two', 2)

UPDATE by_full SET a = NULL, b = 5

UPDATE by_full SET id = 9 WHERE id = 1

DELETE FROM by_full

INSERT INTO no_key VALUES ('x', 1), ('x', 1)

UPDATE no_key SET b = 2

DELETE FROM no_key

INSERT INTO by_index VALUES (1, 'one', 1), (2, 'two', 2)

UPDATE by_index SET id = 10 WHERE id = 1

UPDATE by_index SET b = 20 WHERE id = 2

DELETE FROM by_index

INSERT INTO only_index VALUES ('x', 1, 1)

UPDATE only_index SET c = 2

UPDATE only_index SET b = 2

DELETE FROM only_index

INSERT INTO insert_only VALUES (1, 'x')

INSERT INTO no_identity VALUES (1, 'x')

INSERT INTO "Odd ""names"" é" VALUES (1, 'x')

INSERT INTO no_columns DEFAULT VALUES
