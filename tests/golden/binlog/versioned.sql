-- flavours: mariadb
-- System-versioned tables: an UPDATE is an UPDATE and an INSERT of the old row, a DELETE an UPDATE of row_end.

CREATE TABLE implicit (id int PRIMARY KEY, n int) WITH SYSTEM VERSIONING

INSERT INTO implicit VALUES (1, 1), (2, 2)

UPDATE implicit SET n = 10 WHERE id = 1

DELETE FROM implicit WHERE id = 2

CREATE TABLE named (id int PRIMARY KEY, n int, a timestamp(6) GENERATED ALWAYS AS ROW START,
  b timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (a, b)) WITH SYSTEM VERSIONING

INSERT INTO named (id, n) VALUES (1, 1)

UPDATE named SET n = 2

DELETE FROM named

DELETE HISTORY FROM named
