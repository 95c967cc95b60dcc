-- versions: 18
-- publication: FOR TABLE t WITH (publish_generated_columns = stored)
CREATE TABLE t (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED, i int GENERATED ALWAYS AS IDENTITY);

-- stream
INSERT INTO t (id, a) VALUES (1, 2)

UPDATE t SET a = 3
