CREATE TABLE t (id int PRIMARY KEY);

-- stream
SELECT pg_logical_emit_message(true, 'outbox', 'inside')

BEGIN;
INSERT INTO t VALUES (1);
SELECT pg_logical_emit_message(true, 'outbox', '{"order": 1}');
SELECT pg_logical_emit_message(false, 'now', 'before the transaction');
SELECT pg_logical_emit_message(true, '', '\x00ff'::bytea);
INSERT INTO t VALUES (2);
COMMIT

SELECT pg_logical_emit_message(false, 'heartbeat', '')

BEGIN;
SELECT pg_logical_emit_message(true, 'lost', 'rolled back');
ROLLBACK
