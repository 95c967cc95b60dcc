-- Every kind of geometry, with and without an SRID, typed columns and the general one.

CREATE TABLE shapes (id int PRIMARY KEY, g geometry, p point, l linestring, po polygon, mp multipoint, ml multilinestring,
  mpo multipolygon, gc geometrycollection)

INSERT INTO shapes VALUES (1, ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POINT(-1.5 2.25)'),
  ST_GeomFromText('LINESTRING(0 0,1 1,2 0)'), ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 10,0 0),(4 4,6 4,6 6,4 6,4 4))'),
  ST_GeomFromText('MULTIPOINT((0 0),(1 1))'), ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))'),
  ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))'),
  ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))'))

INSERT INTO shapes (id, g) VALUES (2, NULL), (3, ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))', 4326)),
  (4, ST_GeomFromText('GEOMETRYCOLLECTION EMPTY')), (5, ST_GeomFromText('POINT(1e300 -1e-300)'))

UPDATE shapes SET p = ST_GeomFromText('POINT(3 4)') WHERE id = 1

-- only: mysql
CREATE TABLE places (id int PRIMARY KEY, p point NOT NULL SRID 4326, SPATIAL INDEX (p))

-- only: mysql
INSERT INTO places VALUES (1, ST_GeomFromText('POINT(52.5 13.4)', 4326))
