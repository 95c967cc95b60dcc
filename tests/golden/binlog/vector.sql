-- flavours: mysql
-- VECTOR: floats of four bytes, lowest byte first.

CREATE TABLE vectors (id int PRIMARY KEY, v vector(4), w vector, one vector(1))

INSERT INTO vectors VALUES (1, STRING_TO_VECTOR('[1,2,3,4]'), STRING_TO_VECTOR('[0.5,-0.25]'), STRING_TO_VECTOR('[-0]')),
  (2, STRING_TO_VECTOR('[3.4028234e38,-3.4028234e38,1.2e-38,0.1]'), STRING_TO_VECTOR('[0]'), NULL), (3, NULL, NULL, NULL)

UPDATE vectors SET v = STRING_TO_VECTOR('[4,3,2,1]') WHERE id = 3
