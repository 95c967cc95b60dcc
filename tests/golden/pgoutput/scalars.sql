-- versions: 14 15 18
CREATE TABLE numbers (id int PRIMARY KEY, b bool, i2 int2, i4 int4, i8 int8, o oid, f4 float4, f8 float8,
  n numeric, n2 numeric(12,2), x xid, c cid, x8 xid8, m money);

CREATE TABLE texts (id int PRIMARY KEY, t text, v varchar(40), vv varchar, bp char(5), bb bpchar, nm name, ch "char",
  by bytea, u uuid, j json, jb jsonb, x xml);

CREATE TABLE others (id int PRIMARY KEY, ine inet, cid cidr, ma macaddr, m8 macaddr8, bi bit(4), bv bit varying(8),
  bu bit varying, lsn pg_lsn, pt point, li line, ls lseg, bx box, pa path, po polygon, ci circle, tv tsvector,
  tq tsquery, tid tid, rc regclass, rt regtype, iv int2vector, ov oidvector, ps pg_snapshot, jp jsonpath,
  i4r int4range, i8r int8range, nr numrange, dr daterange, tr tsrange, tzr tstzrange,
  i4m int4multirange, nm nummultirange, dm datemultirange, tm tsmultirange, tzm tstzmultirange, i8m int8multirange);

-- stream
INSERT INTO numbers VALUES
  (1, true, 32767, 2147483647, 9223372036854775807, 4294967295, 3.4028235e38, 1.7976931348623157e308,
   12345678901234567890123456789.0123456789, 1234567890.12, '4294967295', '7', '18446744073709551615', 12.34),
  (2, false, -32768, -2147483648, -9223372036854775808, 0, 1e-45, 5e-324, -0.00, -0.01, '3', '0', '0', -0.01),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, true, 0, 0, 0, 26, 'NaN', 'NaN', 'NaN', 0, '0', '1', '1', 0),
  (5, true, 1, -1, 10, 1, 'Infinity', '-Infinity', 'Infinity', 'NaN', '1', '2', '2', 92233720368547758.07),
  (6, true, 1, -1, 10, 1, '-Infinity', 'Infinity', '-Infinity', 1, '1', '2', '2', 1),
  (7, true, 1, -1, 10, 1, '-0', '-0', 1e-30, 1, '1', '2', '2', 1),
  (8, true, 1, -1, 10, 1, 0.1, 0.1, 1e30, 1.10, '1', '2', '2', 1),
  (9, true, 1, -1, 10, 1, 1e6, 1e15, 100, 1.10, '1', '2', '2', 1),
  (10, true, 1, -1, 10, 1, 123456, 123456789012345, 100.000, 1.10, '1', '2', '2', 1),
  (11, true, 1, -1, 10, 1, 0.0001, 0.0001, 0.1, 1.10, '1', '2', '2', 1),
  (12, true, 1, -1, 10, 1, 0.00001, 0.00001, 0.10, 1.10, '1', '2', '2', 1),
  (13, true, 1, -1, 10, 1, 16777216, 9007199254740993, 1, 1.10, '1', '2', '2', 1),
  (14, true, 1, -1, 10, 1, 1.17549435e-38, 2.2250738585072014e-308, 1, 1.10, '1', '2', '2', 1)

INSERT INTO texts VALUES
  (1, 'plain', 'varchar', 'v', 'abc', 'b', 'n', 'c', '\x00ff10', '00000000-0000-4000-8000-000000000000',
   '{"a": [1, 2.50, null, true], "b": "\u00e9 \n"}', '{"b": 1, "a": "é", "n": 1e400}', '<a b="c">d</a>'),
  (2, '', '', '', '', '', '', '', '', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '1', 'null', ''),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, E'tab\t newline\n cr\r quote" backslash\\ é 漢字 🐘', ' spaces ', 'NULL', '  x  ', 'x  ', 'N"m', '"', E'\\\\x5c', 
   'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', ' { "dup" : 1 , "dup" : 2 } ', '{}', '<?xml version="1.0"?><x/>')

INSERT INTO others VALUES (1, '192.168.0.1/24', '10.1.0.0/16', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'1010',
  B'101', B'', '16/B374D848', '(1,2)', '{1,2,3}', '[(1,2),(3,4)]', '(3,4),(1,2)', '[(1,2),(3,4)]', '((1,2),(3,4))',
  '<(1,2),3>', 'a:1 ''fat cat'':2A', 'fat & (rat | !cat)', '(1,2)', 'pg_class', 'int4', '1 2 3', '4 5', '10:20:10,14',
  '$.a[*] ? (@ > 1)', '[1,10)', '(,5)', '[1.5,2.5]', '[2024-01-01,2024-02-01)', '["2024-01-01 00:00:00",)',
  '["2024-01-01 00:00:00+00","2024-01-02 00:00:00+00")', '{[1,2),[5,7)}', '{}', '{[2024-01-01,2024-02-01)}',
  '{["2024-01-01 00:00:00",)}', '{["2024-01-01 00:00:00+00",)}', '{(,5)}'),
  (2, '::1', '::/0', NULL, NULL, B'0000', NULL, B'1', '0/0', '(1e300,-0)', '{1,-1,0}', '[(0,0),(0,0)]', '(0,0),(0,0)',
  '((0,0),(1,1))', '((0,0))', '<(0,0),0>', '', '', NULL, '0', 'text[]', '', '', NULL, '$', 'empty', 'empty', 'empty',
  'empty', 'empty', 'empty', '{}', '{}', '{}', '{}', '{}', '{}')
