-- setting: mysql:binlog_transaction_compression=ON
-- setting: mariadb:log_bin_compress=ON
-- setting: mariadb:log_bin_compress_min_len=10
-- MySQL's compressed transactions, MariaDB's compressed events; beside them what stays as it was.

CREATE TABLE t (id int PRIMARY KEY, a varchar(300), b text)

INSERT INTO t VALUES (1, REPEAT('a', 300), REPEAT('b', 5000)), (2, 'short', 'short')

INSERT INTO t VALUES (3, 'x', 'y')

UPDATE t SET a = REPEAT('c', 200)

BEGIN; INSERT INTO t VALUES (4, 'four', 'in one transaction'); UPDATE t SET b = 'changed' WHERE id = 4;
DELETE FROM t WHERE id = 1; SAVEPOINT s; INSERT INTO t VALUES (5, 'gone', 'gone'); ROLLBACK TO s;
INSERT INTO t VALUES (6, 'six', 'six'); COMMIT

TRUNCATE TABLE t

CREATE TABLE copy AS SELECT 1 AS a, REPEAT('x', 100) AS b

-- only: mysql
SET SESSION binlog_transaction_compression = OFF

-- only: mariadb
SET GLOBAL log_bin_compress = OFF

INSERT INTO t VALUES (7, 'plain', REPEAT('p', 400))

-- only: mysql
SET SESSION binlog_transaction_compression = ON, SESSION binlog_transaction_compression_level_zstd = 19

-- only: mariadb
SET GLOBAL log_bin_compress = ON

INSERT INTO t VALUES (8, 'compressed again', REPEAT('q', 400))

-- More than one block of zstd, and lengths of three bytes.
INSERT INTO t (id, b) VALUES (9, REPEAT('0123456789abcdef', 4000)), (10, REPEAT('fedcba9876543210', 4000)),
  (11, REPEAT('x', 60000)), (12, REPEAT('y', 60000))

DELETE FROM t WHERE id > 9
