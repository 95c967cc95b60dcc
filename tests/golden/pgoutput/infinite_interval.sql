-- versions: 18
CREATE TABLE t (id int PRIMARY KEY, iv interval, ivs interval[]);

-- stream
INSERT INTO t VALUES (1, 'infinity', '{infinity,-infinity,1 day}'), (2, '-infinity', '{}')
