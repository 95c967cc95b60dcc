-- Generated columns, virtual and stored; invisible columns; keys of several columns, in another order, of prefixes; no key.

CREATE TABLE made (id int PRIMARY KEY, a int, v int AS (a + 1) VIRTUAL, s int AS (a * 2) STORED, b varchar(10))

INSERT INTO made (id, a, b) VALUES (1, 10, 'x'), (2, NULL, NULL)

UPDATE made SET a = 20 WHERE id = 1

-- only: mysql
CREATE TABLE hidden (id int PRIMARY KEY, a int INVISIBLE DEFAULT 5, b int)

-- only: mariadb
CREATE TABLE hidden (id int PRIMARY KEY, a int INVISIBLE DEFAULT 5, b int)

INSERT INTO hidden (id, b) VALUES (1, 1)

CREATE TABLE two_keys (a int, b varchar(20), c int, d text, PRIMARY KEY (c, a))

INSERT INTO two_keys VALUES (1, 'b', 3, 'd')

CREATE TABLE prefix_key (a int, t text CHARACTER SET latin1, b varbinary(100), PRIMARY KEY (t(10), a, b(5)))

INSERT INTO prefix_key VALUES (1, 'a long text as key', 'binary too')

UPDATE prefix_key SET t = 'another text as key'

CREATE TABLE no_key (a int, b text)

INSERT INTO no_key VALUES (1, 'x'), (1, 'x'), (NULL, NULL)

DELETE FROM no_key LIMIT 1

CREATE TABLE only_unique (a int NOT NULL UNIQUE, b text)

INSERT INTO only_unique VALUES (1, 'x')

CREATE TABLE `Odd ``names`` é 日本` (`a b` int PRIMARY KEY, `select` text, `ünïcode` int, `a``b` int)

INSERT INTO `Odd ``names`` é 日本` VALUES (1, 'x', 2, 3)

CREATE DATABASE `other-db`

CREATE TABLE `other-db`.t (id int PRIMARY KEY)

-- One statement, two tables: two table maps in front of the rows.
INSERT INTO `other-db`.t VALUES (1), (2)

UPDATE `other-db`.t, made SET t.id = t.id + 10, made.b = 'both' WHERE made.id = 1 AND t.id = 1

REPLACE INTO made (id, a, b) VALUES (1, 99, 'replaced')

INSERT INTO made (id, a, b) VALUES (1, 1, 'y') ON DUPLICATE KEY UPDATE b = 'updated'

CREATE TABLE no_rows_changed (id int PRIMARY KEY, a int)

INSERT INTO no_rows_changed VALUES (1, 1)

UPDATE no_rows_changed SET a = 1
