-- Transactions: several statements, savepoints, rollbacks, an engine without them, both kinds in one, an empty one.

CREATE TABLE t (id int PRIMARY KEY, a varchar(20)); CREATE TABLE m (id int PRIMARY KEY, a varchar(20)) ENGINE=MyISAM

BEGIN; INSERT INTO t VALUES (1, 'one'); INSERT INTO t VALUES (2, 'two'); UPDATE t SET a = 'uno' WHERE id = 1; COMMIT

BEGIN; INSERT INTO t VALUES (3, 'gone'); ROLLBACK

BEGIN; INSERT INTO t VALUES (4, 'stays'); SAVEPOINT s; INSERT INTO t VALUES (5, 'gone'); ROLLBACK TO s;
INSERT INTO t VALUES (6, 'stays'); SAVEPOINT `odd ``name`; RELEASE SAVEPOINT s; COMMIT

INSERT INTO m VALUES (1, 'MyISAM')

-- A table without transactions in one that is rolled back: what was written there stays.
-- only: mariadb
BEGIN; INSERT INTO t VALUES (7, 'gone'); INSERT INTO m VALUES (2, 'stays'); ROLLBACK

-- only: mariadb
BEGIN; INSERT INTO m VALUES (3, 'first'); INSERT INTO t VALUES (8, 'stays'); SAVEPOINT s; INSERT INTO m VALUES (4, 'stays');
INSERT INTO t VALUES (9, 'gone'); ROLLBACK TO s; COMMIT

-- A statement that fails half-way.
-- error: 1062
INSERT INTO t VALUES (20, 'gone'), (1, 'twice')

-- error: 1062
INSERT INTO m VALUES (20, 'stays'), (1, 'twice'), (21, 'gone')

BEGIN; SELECT * FROM t; COMMIT

SET autocommit = 0; INSERT INTO t VALUES (10, 'ten'); COMMIT; SET autocommit = 1

SET SESSION foreign_key_checks = 0, SESSION unique_checks = 0; INSERT INTO t VALUES (11, 'flags');
SET SESSION foreign_key_checks = 1, SESSION unique_checks = 1

CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, p int,
  FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE)

INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (10, 1), (11, 1), (20, 2)

UPDATE parent SET id = 3 WHERE id = 1

DELETE FROM parent WHERE id = 2

-- Enough rows for two row events in one statement, the second of which ends it.
CREATE TABLE many (id int AUTO_INCREMENT PRIMARY KEY, pad char(200) CHARACTER SET latin1)

SET @rows = 45; INSERT INTO many (pad) WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < @rows)
  SELECT REPEAT('p', 200) FROM s

-- do: rotate

INSERT INTO t VALUES (12, 'next file')

-- do: restart

INSERT INTO t VALUES (13, 'after restart')
