-- Text in several character sets, binary strings with trailing zeros and blanks, every length prefix.

SET SESSION sql_mode = ''

CREATE TABLE texts (id int PRIMARY KEY, c char(10) CHARACTER SET latin1, l varchar(40) CHARACTER SET latin1,
  u varchar(40) CHARACTER SET utf8mb4, u3 varchar(40) CHARACTER SET utf8mb3, s varchar(40) CHARACTER SET sjis,
  p varchar(40) CHARACTER SET cp932, g varchar(40) CHARACTER SET gbk, x varchar(300) CHARACTER SET utf8mb4,
  t text CHARACTER SET latin1)

INSERT INTO texts VALUES (1, '', '', '', '', '', '', '', '', ''),
  (2, 'Grüße', 'Grüße, 5 €', 'Grüße 🚆 日本', 'Grüße 日本', '日本語', '日本語', '中文', 'x', 'Ärger'),
  (3, 'trail   ', 'trail   ', 'trail   ', 'trail   ', 'trail   ', 'trail   ', 'trail   ', 'trail   ', 'trail   '),
  (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)

-- The five holes of cp1252, the bytes on which sjis and cp932 differ, half-width kana, a backslash as second byte.
INSERT INTO texts VALUES (5, _latin1 x'818D8F909D', _latin1 x'80818D8F909D9FA0FF', _utf8mb4 x'F09F9A86', _utf8mb3 x'EFBFBD',
  _sjis x'8160817C8191815CB1B2', _cp932 x'8160817C8191FAFC8740815C', _gbk x'D6D0CEC4815CA1A1FEA0', REPEAT('é', 150),
  _latin1 x'00010A0D5C27')

UPDATE texts SET u = CONCAT(u, '!') WHERE id = 2

CREATE TABLE lengths (id int PRIMARY KEY, c1 char(1), c255 char(255) CHARACTER SET latin1, c4 char(255) CHARACTER SET utf8mb4,
  v255 varchar(255) CHARACTER SET latin1, v256 varchar(256) CHARACTER SET latin1, v64 varchar(64) CHARACTER SET utf8mb4,
  v63 varchar(63) CHARACTER SET utf8mb4)

INSERT INTO lengths VALUES (1, 'x', REPEAT('c', 255), REPEAT('🚆', 255), REPEAT('v', 255), REPEAT('w', 256),
  REPEAT('🚆', 64), REPEAT('🚆', 63)), (2, '', '', '', '', '', '', '')

CREATE TABLE bytes (id int PRIMARY KEY, b binary(8), b1 binary(1), b255 binary(255), v varbinary(16), v300 varbinary(300),
  tb tinyblob, bl blob, mb mediumblob, lb longblob, tt tinytext, mt mediumtext, lt longtext)

INSERT INTO bytes VALUES (1, '', '', '', '', '', '', '', '', '', '', '', ''),
  (2, x'0102000000000000', x'00', x'FF', x'01020000', x'00', x'00', x'00FF00', x'2000', x'FFFE', 'tiny', 'medium', 'long'),
  (3, 'ab      ', ' ', REPEAT('z', 255), 'ab  ', REPEAT('y', 300), REPEAT('t', 255), REPEAT('b', 256), REPEAT('m', 300),
   REPEAT('l', 300), 'Grüße', 'Grüße', 'Grüße'),
  (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)

DELETE FROM bytes WHERE id = 3
