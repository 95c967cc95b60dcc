-- flavours: mariadb
-- setting: mysql56_temporal_format=OFF
-- MariaDB's own encoding of fractions from before it took over that of MySQL 5.6.
-- The table map does not say how many bytes these columns have: mariadb-binlog stops here, and so must every reader.

CREATE TABLE parts (id int PRIMARY KEY, t1 time(1), t3 time(3), t6 time(6), d2 datetime(2), d6 datetime(6), s3 timestamp(3) NULL,
  s5 timestamp(5) NULL)

INSERT INTO parts VALUES (1, '12:34:56.7', '-12:34:56.789', '838:59:58.999999', '2024-02-29 12:34:56.78',
  '9999-12-31 23:59:59.999999', '2024-02-29 12:34:56.789', '2038-01-19 03:14:07.12345'),
  (2, '-00:00:00.1', '-838:59:58.999', '-00:00:00.000001', '1000-01-01 00:00:00.00', '1000-01-01 00:00:00.000001',
   '1970-01-01 00:00:01.001', '1970-01-01 00:00:01.00001'), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
