-- The amount of metadata changes in the middle of the log, and a table changes its shape.

CREATE TABLE t (id int PRIMARY KEY, a int unsigned, b varchar(20))

INSERT INTO t VALUES (1, 1, 'full')

SET GLOBAL binlog_row_metadata = 'MINIMAL'

INSERT INTO t VALUES (2, 2, 'minimal')

SET GLOBAL binlog_row_metadata = 'FULL'

INSERT INTO t VALUES (3, 3, 'full')

ALTER TABLE t CHANGE a renamed int unsigned, ADD c date AFTER id, DROP b

INSERT INTO t VALUES (4, '2024-02-29', 4)

ALTER TABLE t MODIFY renamed int, RENAME TO other

INSERT INTO other VALUES (5, NULL, -5)

DROP TABLE other

CREATE TABLE t (b int)

INSERT INTO t VALUES (6)
