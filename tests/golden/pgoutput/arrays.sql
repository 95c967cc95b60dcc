-- versions: 14 15 18
CREATE TABLE arrays (id int PRIMARY KEY, b bool[], i2 int2[], i4 int4[], i8 int8[], f4 float4[], f8 float8[],
  n numeric(10,2)[], t text[], v varchar(10)[], bp char(3)[], by bytea[], d date[], tm time[], tz timetz[], ts timestamp[],
  tt timestamptz(3)[], iv interval[], u uuid[], j json[], jb jsonb[], x xml[], ine inet[], bi bit(3)[], mo money[],
  bx box[], pt point[], o oid[], nm name[], ch "char"[], r int4range[], mr int4multirange[], l pg_lsn[], tv tsvector[],
  m text[][], iv2 int2vector[]);

-- stream
INSERT INTO arrays VALUES (1, '{t,f,NULL}', '{1,-2}', '{1,NULL,3}', '{9223372036854775807}', '{1.5,NaN,Infinity}',
  '{0.1,-Infinity,-0}', '{1.10,NaN}', '{a,"b c","",NULL,"NULL","q\"x","back\\slash","{br}","a,b"," lead"}', '{x}',
  '{a}', '{"\\x00ff","\\x"}', '{2024-01-01,infinity,"0044-03-15 BC"}', '{12:00:00.5}', '{12:00:00+02}',
  '{"2024-01-01 00:00:00","0044-03-15 00:00:00 BC"}', '{"2024-01-01 00:00:00.125+00"}', '{"1 year 2 days","-04:00:00"}',
  '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', '{"{\"a\": \"b c\"}","[1, 2]"}', '{"{\"a\": {\"b\": null}}"}',
  '{"<a b=\"c\"/>"}', '{192.168.0.1,10.0.0.0/8}', '{101,000}', '{"1,234.50"}', '{(3,4),(1,2);(1,1),(0,0)}',
  '{"(1,2)","(3,4)"}', '{1,4294967295}', '{abc,"d e"}', '{a,b}', '{"[1,2)",empty}', '{"{[1,2),[3,4)}"}', '{0/0,16/B374D848}',
  '{"a:1 b:2"}', '{{a,b,NULL},{"c d",e,f}}', '{"1 2 3"}')

INSERT INTO arrays (id, b, i4, t, m, bx) VALUES (2, '{}', '{{{1,2},{3,4}},{{5,6},{7,8}}}', '{}', '{{{{{{deep}}}}}}', '{}')

INSERT INTO arrays (id, i4, t, m, bx) VALUES (3, '[2:4]={1,2,3}', '[0:0]={x}', '[1:2][-1:0]={{a,b},{c,d}}', '[5:5]={(1,1),(0,0)}')

INSERT INTO arrays (id, t) VALUES (4, ARRAY[E'tab\there', E'new\nline', E'v\vt', E'ff\f', 'é 漢', 'null', 'NuLl', '"', '\', '''', '{', '}', ',', ';'])
