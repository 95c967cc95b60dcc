CREATE TABLE t (id int PRIMARY KEY);

SELECT pg_replication_origin_create('elsewhere')

-- stream
SELECT pg_replication_origin_session_setup('elsewhere')

BEGIN;
SELECT pg_replication_origin_xact_setup('0/ABCDEF', '2024-01-01 00:00:00+00');
INSERT INTO t VALUES (1);
COMMIT
