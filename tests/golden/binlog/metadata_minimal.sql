-- setting: binlog_row_metadata=MINIMAL
-- Table maps without names: signs, character sets and kinds of geometry only.

CREATE TABLE t (id int unsigned PRIMARY KEY, a bigint, b varchar(20) CHARACTER SET latin1, c text CHARACTER SET utf8mb4,
  e enum('x','y'), s set('p','q'), g geometry, p point, d decimal(10,2) unsigned, bi binary(4), ti time(3))

INSERT INTO t VALUES (4294967295, -1, 'Grüße', 'Grüße', 'y', 'p,q', ST_GeomFromText('POINT(1 2)'),
  ST_GeomFromText('POINT(3 4)'), 1.25, x'0102', '12:34:56.789')

UPDATE t SET a = 2

DELETE FROM t
