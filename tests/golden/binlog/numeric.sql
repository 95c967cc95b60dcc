-- Every integer width with its edges, signed, unsigned and zero-filled; FLOAT, DOUBLE, YEAR, BOOL.

SET SESSION sql_mode = ''

CREATE TABLE ints (
  id int PRIMARY KEY,
  t tinyint, tu tinyint unsigned, tz tinyint(3) unsigned zerofill,
  s smallint, su smallint unsigned, sz smallint(5) zerofill,
  m mediumint, mu mediumint unsigned, mz mediumint(8) zerofill,
  i int, iu int unsigned, iz int(10) zerofill,
  b bigint, bu bigint unsigned, bz bigint(20) zerofill,
  bo bool
)

INSERT INTO ints VALUES (1, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, false),
  (2, -128,255,7, -32768,65535,7, -8388608,16777215,7, -2147483648,4294967295,7,
   -9223372036854775808,18446744073709551615,7, true),
  (3, 127,128,255, 32767,32768,65535, 8388607,8388608,16777215, 2147483647,2147483648,4294967295,
   9223372036854775807,9223372036854775808,18446744073709551615, 1),
  (4, -1,1,1, -1,1,1, -1,1,1, -1,1,1, -1,1,1, -1),
  (5, NULL,NULL,NULL, NULL,NULL,NULL, NULL,NULL,NULL, NULL,NULL,NULL, NULL,NULL,NULL, NULL)

UPDATE ints SET t = t + 1, bu = 0 WHERE id = 4

DELETE FROM ints WHERE id = 5

CREATE TABLE floats (id int PRIMARY KEY, f float, fu float unsigned, f53 float(10,3), d double, du double unsigned,
  d103 double(10,3), y year)

INSERT INTO floats VALUES (1, 0, 0, 0, 0, 0, 0, 0),
  (2, 3.4028234e38, 3.4028234e38, 9999999.999, 1.7976931348623157e308, 1.7976931348623157e308, 9999999.999, 2155),
  (3, -3.4028234e38, 1.17549435e-38, -9999999.999, -1.7976931348623157e308, 2.2250738585072014e-308, -0.001, 1901),
  (4, 0.1, 1e-45, 0.1, 0.1, 5e-324, 0.1, 2000),
  (5, -0.0, 16777217, 123.4565, -0e0, 9007199254740993, 1e-3, 1999),
  (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL)

UPDATE floats SET f = 1.5, y = 70 WHERE id = 6
