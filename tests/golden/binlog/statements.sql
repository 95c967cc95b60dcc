-- setting: binlog_format=STATEMENT
-- Changes logged as statements, which cannot be followed; the small events in front of them; then mixed and row format.

CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a varchar(50))

INSERT INTO t (a) VALUES ('one'), ('two')

UPDATE t SET a = 'changed' WHERE id = 1

DELETE FROM t WHERE id = 2

REPLACE INTO t VALUES (1, 'replaced')

INSERT INTO t (a) SELECT LAST_INSERT_ID()

SET @v = 'variable', @n = 4711, @d = 1.5, @f = 1e10, @null = NULL; INSERT INTO t (a) VALUES (CONCAT(@v, @n, @d, @f, IFNULL(@null, '')))

SET rand_seed1 = 1, rand_seed2 = 2; INSERT INTO t (a) VALUES (RAND())

WITH x AS (SELECT 1) SELECT * FROM x

CREATE TABLE other (id int); INSERT INTO other VALUES (1)

UPDATE t, other SET t.a = 'joined' WHERE t.id = other.id

DELETE t FROM t JOIN other ON t.id = other.id

BEGIN; INSERT INTO t (a) VALUES ('in a transaction'); SAVEPOINT s; INSERT INTO t (a) VALUES ('gone'); ROLLBACK TO s; COMMIT

SET SESSION binlog_format = 'MIXED'

INSERT INTO t (a) VALUES ('mixed, as a statement')

INSERT INTO t (a) VALUES (UUID())

SET SESSION binlog_format = 'ROW'

INSERT INTO t (a) VALUES ('row')
