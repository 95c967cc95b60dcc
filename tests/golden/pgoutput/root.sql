-- versions: 15
-- publication: FOR TABLE part (id, k, shown), filtered WHERE (n > 10) WITH (publish_via_partition_root = true)
CREATE TABLE part (id int, k int, hidden text, shown text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);

CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);

CREATE TABLE filtered (id int, n int, PRIMARY KEY (id, n));

-- stream
INSERT INTO part VALUES (1, 1, 'hidden', 'shown')

INSERT INTO filtered VALUES (1, 5), (2, 20), (3, 30)

UPDATE filtered SET n = n + 6

UPDATE filtered SET n = 1 WHERE id = 2

TRUNCATE part
