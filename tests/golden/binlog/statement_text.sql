-- setting: mysql:binlog_rows_query_log_events=ON
-- setting: mariadb:binlog_annotate_row_events=ON
-- The text of the statement in front of its rows.

CREATE TABLE t (id int PRIMARY KEY, a text)

INSERT INTO t VALUES (1, 'Grüße') /* a remark; with ; and 🚆 */

UPDATE t SET a = REPEAT('a long statement has a length of more than one byte; ', 3) WHERE a <> 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
  AND a <> 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'

BEGIN; INSERT INTO t VALUES (2, 'two'); DELETE FROM t WHERE id = 2; COMMIT

SET NAMES latin1

INSERT INTO t VALUES (3, 'x')
