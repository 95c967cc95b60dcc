-- flavours: mysql
-- setting: binlog_row_value_options=PARTIAL_JSON
-- Updates of JSON as differences: replace, insert, remove; paths of every kind; several columns; columns without one.

CREATE TABLE docs (id int PRIMARY KEY, a json, t varchar(20), b json)

INSERT INTO docs VALUES (1, '{"name":"Ann","tags":["x","y"],"n":1,"deep":{"er":{"est":[1,2,3]}}}', 'one', '[1,2,3]'),
  (2, '{"name":"Bob","pad":"pppppppppppppppppppppppppppppppp"}', 'two', NULL), (3, NULL, 'three', '{"a":1}')

UPDATE docs SET a = JSON_REPLACE(a, '$.name', 'Anna') WHERE id = 1

UPDATE docs SET a = JSON_SET(a, '$.n', 2, '$.added', JSON_ARRAY(1, 'two')) WHERE id = 1

UPDATE docs SET a = JSON_REMOVE(a, '$.tags[0]') WHERE id = 1

UPDATE docs SET a = JSON_ARRAY_INSERT(a, '$.deep.er.est[1]', 'between'), b = JSON_ARRAY_APPEND(b, '$', 4) WHERE id = 1

UPDATE docs SET a = JSON_SET(a, '$.deep.er.est[0]', JSON_OBJECT('k', 'v')), b = JSON_REMOVE(b, '$[0]'), t = 'ONE' WHERE id = 1

UPDATE docs SET t = 'TWO' WHERE id = 2

UPDATE docs SET a = '{"whole":"new"}' WHERE id = 2

UPDATE docs SET a = JSON_SET(a, '$."key with \\"quotes\\" and blanks"', 1) WHERE id = 2

UPDATE docs SET a = JSON_SET(a, '$.x', 1), b = JSON_SET(b, '$.a', CAST('12:00:00' AS time)) WHERE id IN (2, 3)

UPDATE docs SET b = NULL WHERE id = 3

-- Without the before value: only the differences are logged.
SET SESSION binlog_row_image = 'MINIMAL'

UPDATE docs SET a = JSON_REPLACE(a, '$.name', 'Annabel') WHERE id = 1

UPDATE docs SET b = JSON_SET(b, '$[1]', 'two') WHERE id = 1
