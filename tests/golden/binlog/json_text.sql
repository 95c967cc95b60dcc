-- flavours: mariadb
-- MariaDB's JSON is LONGTEXT with a check, which can be switched off.

CREATE TABLE docs (id int PRIMARY KEY, j json)

INSERT INTO docs VALUES (1, '{"b": 1, "a" :[1,2.50,"ü"]}'), (2, 'null'), (3, NULL), (4, '  [ ]  ')

SET SESSION check_constraint_checks = 0

INSERT INTO docs VALUES (5, '{"not": json'), (6, '')

UPDATE docs SET j = JSON_SET(j, '$.a', 'changed') WHERE id = 1
