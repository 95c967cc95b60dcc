-- Transactions that are logged though they, or parts of them, were rolled back: what happens after CREATE TEMPORARY TABLE.

CREATE TABLE t (id int PRIMARY KEY, a varchar(20)); CREATE TABLE m (id int PRIMARY KEY, a varchar(20)) ENGINE=MyISAM

-- only: mariadb
BEGIN; INSERT INTO t VALUES (1, 'gone'); CREATE TEMPORARY TABLE x (i int); INSERT INTO x VALUES (1); ROLLBACK; DROP TABLE x

-- only: mariadb
BEGIN; INSERT INTO t VALUES (2, 'stays'); CREATE TEMPORARY TABLE x (i int); SAVEPOINT `A``b`; INSERT INTO t VALUES (3, 'gone');
SAVEPOINT c; INSERT INTO t VALUES (4, 'gone'); ROLLBACK TO c; INSERT INTO t VALUES (5, 'gone'); ROLLBACK TO `a``B`;
INSERT INTO t VALUES (6, 'stays'); ROLLBACK TO `A``b`; INSERT INTO t VALUES (7, 'stays'); COMMIT; DROP TABLE x

-- only: mariadb
BEGIN; INSERT INTO t VALUES (8, 'stays'); SAVEPOINT s; INSERT INTO m VALUES (8, 'stays'); INSERT INTO t VALUES (9, 'gone');
ROLLBACK TO s; INSERT INTO t VALUES (10, 'stays'); COMMIT

-- only: mysql
CREATE TEMPORARY TABLE y (i int); BEGIN; INSERT INTO t VALUES (1, 'gone'); INSERT INTO y VALUES (1); ROLLBACK; DROP TABLE y

-- only: mysql
BEGIN; INSERT INTO t VALUES (2, 'stays'); SAVEPOINT s; INSERT INTO t VALUES (3, 'gone'); ROLLBACK TO s; COMMIT

INSERT INTO t VALUES (11, 'stays')
