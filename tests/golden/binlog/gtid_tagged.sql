-- flavours: mysql
-- GTIDs: automatic, tagged, given by hand for another server, with gaps, for an empty transaction.

CREATE TABLE t (id int PRIMARY KEY)

INSERT INTO t VALUES (1)

SET gtid_next = 'AUTOMATIC:orders'; INSERT INTO t VALUES (2)

INSERT INTO t VALUES (3)

SET gtid_next = 'AUTOMATIC:abcdefghijklmnopqrstuvwxyz012345'; CREATE TABLE tagged (id int)

SET gtid_next = '11111111-2222-3333-4444-555555555555:7'; INSERT INTO t VALUES (4)

SET gtid_next = '11111111-2222-3333-4444-555555555555:9'; INSERT INTO t VALUES (5)

SET gtid_next = '11111111-2222-3333-4444-555555555555:9223372036854775805'; INSERT INTO t VALUES (6)

SET gtid_next = '11111111-2222-3333-4444-555555555555:_tag1:100'; INSERT INTO t VALUES (7)

SET gtid_next = '11111111-2222-3333-4444-555555555555:10'; BEGIN; COMMIT

SET gtid_next = 'AUTOMATIC'

-- do: rotate

INSERT INTO t VALUES (8)

-- A commit that says when it was committed first, as on a replica.
SET original_commit_timestamp = 1600000000123456; INSERT INTO t VALUES (9)
