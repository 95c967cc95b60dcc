-- encoding: SQL_ASCII
-- option: client_encoding=SQL_ASCII
CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(10), j json, ts text[], n int)

-- stream
INSERT INTO t VALUES (1, E'caf\xe9', E'\xc3\xa9', E'"\xff"', ARRAY['ok', E'\xe9'], 5)

INSERT INTO t VALUES (2, 'fine', NULL, '{}', '{fine}', 6)
