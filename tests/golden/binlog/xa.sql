-- XA transactions: committed, rolled back, in one phase, decided after others have committed and after a restart.

CREATE TABLE t (id int PRIMARY KEY, a varchar(20))

XA START 'one'; INSERT INTO t VALUES (1, 'committed'); UPDATE t SET a = 'twice' WHERE id = 1; XA END 'one'; XA PREPARE 'one';
XA COMMIT 'one'

XA START 'two'; INSERT INTO t VALUES (2, 'rolled back'); XA END 'two'; XA PREPARE 'two'; XA ROLLBACK 'two'

XA START 'three'; INSERT INTO t VALUES (3, 'one phase'); XA END 'three'; XA COMMIT 'three' ONE PHASE

XA START 'four'; INSERT INTO t VALUES (4, 'never prepared'); XA END 'four'; XA ROLLBACK 'four'

XA START x'00ff27', 'branch', 4711; INSERT INTO t VALUES (5, 'odd name'); XA END x'00ff27', 'branch', 4711;
XA PREPARE x'00ff27', 'branch', 4711; XA COMMIT x'00ff27', 'branch', 4711

XA START 'six'; INSERT INTO t VALUES (6, 'after restart'); XA END 'six'; XA PREPARE 'six'

-- do: restart

INSERT INTO t VALUES (7, 'in between')

XA COMMIT 'six'

XA START 'eight'; INSERT INTO t VALUES (8, 'rolled back late'); XA END 'eight'; XA PREPARE 'eight'

-- do: restart

XA ROLLBACK 'eight'

XA START 'nothing'; XA END 'nothing'; XA PREPARE 'nothing'; XA COMMIT 'nothing'

INSERT INTO t VALUES (9, 'last')
