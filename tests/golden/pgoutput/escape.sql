-- versions: 15
-- option: bytea_output=escape
CREATE TABLE t (id int PRIMARY KEY, b bytea, bs bytea[]);

-- stream
INSERT INTO t VALUES (1, '\x00015c7f80ff41', '{"\\x5c00","abc",NULL}'), (2, '', '{}'), (3, 'plain', '{"a b"}')
