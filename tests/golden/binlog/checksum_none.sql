-- setting: binlog_checksum=NONE
-- Events without a checksum; then with one, which starts a new file.

CREATE TABLE t (id int PRIMARY KEY, a text)

INSERT INTO t VALUES (1, 'no checksum')

SET GLOBAL binlog_checksum = 'CRC32'

INSERT INTO t VALUES (2, 'checksum')

SET GLOBAL binlog_checksum = 'NONE'

INSERT INTO t VALUES (3, 'no checksum')
