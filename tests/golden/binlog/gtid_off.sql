-- flavours: mysql
-- gtid: off
-- Without GTIDs: anonymous groups. Then they are switched on step by step, as on a running server.

CREATE TABLE t (id int PRIMARY KEY)

INSERT INTO t VALUES (1)

XA START 'x'; INSERT INTO t VALUES (2); XA END 'x'; XA PREPARE 'x'; XA COMMIT 'x'

-- Tables with and without transactions in one, which GTIDs do not allow.
CREATE TABLE m (id int PRIMARY KEY) ENGINE=MyISAM

BEGIN; INSERT INTO t VALUES (30); INSERT INTO m VALUES (1); ROLLBACK

BEGIN; INSERT INTO m VALUES (2); INSERT INTO t VALUES (31); SAVEPOINT s; INSERT INTO m VALUES (3); INSERT INTO t VALUES (32);
ROLLBACK TO s; COMMIT

CREATE TABLE copy AS SELECT * FROM t

-- do: rotate

INSERT INTO t VALUES (3)

SET GLOBAL enforce_gtid_consistency = ON; SET GLOBAL gtid_mode = OFF_PERMISSIVE; SET GLOBAL gtid_mode = ON_PERMISSIVE

INSERT INTO t VALUES (4)

SET GLOBAL gtid_mode = ON

INSERT INTO t VALUES (5)
