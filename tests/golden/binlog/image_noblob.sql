-- setting: binlog_row_image=NOBLOB
-- Row images without the blobs and texts that have not changed; the statements are those of image_minimal.

CREATE TABLE keyed (id int PRIMARY KEY, a int, b varchar(20) DEFAULT 'b', c text, d json, e timestamp NULL)

INSERT INTO keyed VALUES (1, 1, 'one', 'text', '{"a":1}', '2024-02-29 12:34:56'), (2, NULL, NULL, NULL, NULL, NULL)

INSERT INTO keyed (id, c) VALUES (3, 'three')

INSERT INTO keyed (id) VALUES (4)

UPDATE keyed SET a = 10 WHERE id = 1

UPDATE keyed SET a = NULL, c = NULL WHERE id = 1

UPDATE keyed SET id = 20, b = 'twenty' WHERE id = 2

UPDATE keyed SET c = CONCAT(c, '!'), d = '[]'

UPDATE keyed SET a = a

DELETE FROM keyed WHERE id = 3

CREATE TABLE no_key (a int, b text, c int)

INSERT INTO no_key VALUES (1, 'x', NULL)

INSERT INTO no_key (c) VALUES (3)

UPDATE no_key SET c = 2 WHERE a = 1

DELETE FROM no_key

CREATE TABLE by_unique (a int NOT NULL, b text, c blob, UNIQUE (a))

INSERT INTO by_unique VALUES (1, 'x', 'blob')

UPDATE by_unique SET b = 'y'

DELETE FROM by_unique

-- Sixteen columns, of which the odd ones are set: bitmaps of two bytes that differ from image to image.
CREATE TABLE sixteen (c1 int PRIMARY KEY, c2 int, c3 int, c4 int, c5 int, c6 int, c7 int, c8 int, c9 int, c10 int, c11 int,
  c12 int, c13 int, c14 int, c15 int, c16 int)

INSERT INTO sixteen (c1, c3, c5, c7, c9, c11, c13, c15) VALUES (1, 3, NULL, 7, 9, NULL, 13, 15)

UPDATE sixteen SET c9 = NULL, c10 = 10, c16 = 16

DELETE FROM sixteen
