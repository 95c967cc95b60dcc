-- flavours: mysql
-- JSON in its binary form: every kind of value, opaque ones too, small and large, deep; partial updates are in json_partial.

CREATE TABLE docs (id int AUTO_INCREMENT PRIMARY KEY, j json)

INSERT INTO docs (j) VALUES (NULL), ('null'), ('true'), ('false'), ('0'), ('-1'), ('32767'), ('-32768'), ('32768'),
  ('65535'), ('65536'), ('2147483647'), ('-2147483648'), ('2147483648'), ('4294967295'), ('9223372036854775807'),
  ('-9223372036854775808'), ('9223372036854775808'), ('18446744073709551615'), ('18446744073709551616'), ('1.5'), ('-0.0'),
  ('1e308'), ('5e-324'), ('0.1'), ('1e2'), ('123456789.123456789'), ('100000000000000000000'), ('1e15'), ('1e16'), ('1e17')

INSERT INTO docs (j) VALUES ('""'), ('"a"'), ('"Grüße 🚆"'), ('"\\u0000\\u001f\\b\\f\\n\\r\\t\\"\\\\/\\u007f"'),
  (JSON_QUOTE(REPEAT('x', 127))), (JSON_QUOTE(REPEAT('x', 128)))

INSERT INTO docs (j) VALUES ('[]'), ('{}'), ('[[]]'), ('[{}]'), ('{"":""}'), ('[null,true,false]'), ('[1,-1,65535,65536]'),
  ('{"a":1,"b":null,"c":true,"d":[1,"2",3.5],"e":{"f":{}}}'), ('{"b":1,"a":2,"aa":3,"":4}'), ('{"ü":"ü","🚆":[]}'),
  ('[2147483648,-2147483649,"s",1.25,[],{}]'), ('{"a":1,"a":2}'), ('{"k":"v","long key with blanks":"\\u00e9"}')

INSERT INTO docs (j) VALUES (CAST(1.50 AS JSON)), (CAST(CAST(-0.001 AS decimal(10,3)) AS JSON)),
  (CAST(CAST('99999999999999999999999999999999999.999999999999999999999999999999' AS decimal(65,30)) AS JSON)),
  (CAST(CAST(0 AS decimal(5,0)) AS JSON)), (CAST(DATE '2024-02-29' AS JSON)), (CAST(TIME '12:34:56' AS JSON)),
  (CAST(TIME '-12:34:56.789' AS JSON)), (CAST(TIME '838:59:59' AS JSON)), (CAST(TIMESTAMP '2024-02-29 12:34:56.789123' AS JSON)),
  (CAST(TIMESTAMP '2024-02-29 12:34:56' AS JSON)), (CAST(b'1011' AS JSON)), (CAST(x'00FF10' AS JSON)), (CAST(_binary'abc' AS JSON)),
  (CAST(CAST(2024 AS year) AS JSON)), (CAST(CAST(18446744073709551615 AS unsigned) AS JSON)), (CAST(1.5e0 AS JSON)),
  (CAST(ST_GeomFromText('POINT(1 2)') AS JSON)), (CAST(TIME '00:00:00.000001' AS JSON))

CREATE TABLE typed (id int PRIMARY KEY, b bit(12), d date, t time(6), dt datetime(6), ts timestamp(3) NULL, y year,
  n decimal(12,4), bl blob, vb varbinary(10), bi binary(4), e enum('x','y'), s set('p','q'), f float, g geometry)

INSERT INTO typed VALUES (1, b'101010101010', '1000-01-01', '-838:59:59.000000', '9999-12-31 23:59:59.999999',
  '2024-02-29 12:34:56.789', 1999, -12345678.1234, x'00010203', x'FF00', x'61', 'y', 'p,q', 0.1, ST_GeomFromText('LINESTRING(0 0,1 1)'))

INSERT INTO docs (j) SELECT JSON_OBJECT('b', b, 'd', d, 't', t, 'dt', dt, 'ts', ts, 'y', y, 'n', n, 'bl', bl, 'vb', vb, 'bi', bi,
  'e', e, 's', s, 'f', f, 'g', g) FROM typed

INSERT INTO docs (j) SELECT JSON_ARRAY(b, d, t, dt, ts, y, n, bl, vb, bi, e, s, f, g) FROM typed

-- Nested to the depth that the server allows.
INSERT INTO docs (j) VALUES (CONCAT(REPEAT('[', 99), '1', REPEAT(']', 99))),
  (CONCAT(REPEAT('{"a":', 99), '1', REPEAT('}', 99)))

UPDATE docs SET j = JSON_SET(j, '$.a', 'changed') WHERE id = 45

DELETE FROM docs WHERE id = 1
