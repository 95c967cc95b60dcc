-- versions: 15 18
-- setting: logical_decoding_work_mem=64kB
CREATE TABLE t (id int PRIMARY KEY, a text);

-- stream
BEGIN;
INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 3000) i;
ROLLBACK

INSERT INTO t VALUES (1, 'kept')
