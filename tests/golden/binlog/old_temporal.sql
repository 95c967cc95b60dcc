-- flavours: mariadb
-- setting: mysql56_temporal_format=OFF
-- TIME, DATETIME and TIMESTAMP in their encodings of before MySQL 5.6.

SET SESSION sql_mode = 'ALLOW_INVALID_DATES'

CREATE TABLE whole (id int PRIMARY KEY, t time, d datetime, ts timestamp NULL)

INSERT INTO whole VALUES (1, 0, 0, 0), (2, '838:59:59', '9999-12-31 23:59:59', '2038-01-19 03:14:07'),
  (3, '-838:59:59', '1000-01-01 00:00:00', '1970-01-01 00:00:01'), (4, '12:34:56', '2024-02-29 12:34:56', '2024-02-29 12:34:56'),
  (5, '-00:00:01', '2024-00-00 00:00:00', '2024-02-29 12:34:56'), (6, '-12:34:56', '2023-02-31 23:59:59', NULL), (7, NULL, NULL, NULL)

UPDATE whole SET t = '-00:01:00' WHERE id = 7

DELETE FROM whole WHERE id = 1
