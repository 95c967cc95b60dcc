-- flavours: mariadb
-- UUID, INET6, INET4 and the compressed columns.

CREATE TABLE types (id int PRIMARY KEY, u uuid, i6 inet6, i4 inet4, ct text COMPRESSED, cv varchar(500) COMPRESSED,
  cb blob COMPRESSED)

INSERT INTO types VALUES (1, '123e4567-e89b-12d3-a456-426655440000', '2001:db8::ff00:42:8329', '192.168.0.1',
  REPEAT('compress me ', 30), REPEAT('and me ', 30), REPEAT(x'00FF', 100)),
  (2, '00000000-0000-0000-0000-000000000000', '::', '0.0.0.0', '', '', ''),
  (3, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '::ffff:192.0.2.128', '255.255.255.255', 'short', 'short', x'00'),
  (4, '01890a5d-ac96-774b-bcce-b302099a8057', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '127.0.0.1', NULL, NULL, NULL),
  (5, NULL, NULL, NULL, NULL, NULL, NULL)

UPDATE types SET u = '123e4567-e89b-12d3-a456-426655440001', i4 = '10.0.0.1' WHERE id = 5

CREATE TABLE by_uuid (u uuid PRIMARY KEY, n int)

INSERT INTO by_uuid VALUES ('123e4567-e89b-12d3-a456-426655440000', 1)
