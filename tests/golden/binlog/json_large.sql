-- flavours: mysql
-- setting: binlog_transaction_compression=ON
-- JSON in the large form (offsets of four bytes): a container beyond 64 KB, as array and as object, and a long string.
-- Compressed, so that the capture stays small.

CREATE TABLE docs (id int PRIMARY KEY, j json)

INSERT INTO docs VALUES (1, JSON_ARRAY(REPEAT('x', 70000), 1, -1, 70000, -70000, 1.5, NULL, TRUE, FALSE, 'tail', 9e9))

INSERT INTO docs VALUES (2, JSON_OBJECT('a', REPEAT('y', 66000), 'b', 32768, 'c', JSON_ARRAY(1, 2, JSON_OBJECT('d', 'e')),
  'f', CAST(1.25 AS decimal(5,2)), 'g', 5000000000))

INSERT INTO docs VALUES (3, JSON_QUOTE(REPEAT('z', 17000)))

-- Small containers inside a large one, and the largest small one.
INSERT INTO docs VALUES (4, JSON_ARRAY(JSON_ARRAY(), JSON_OBJECT(), REPEAT('w', 65535))),
  (5, JSON_ARRAY(REPEAT('v', 65521)))
