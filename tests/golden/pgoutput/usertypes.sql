-- versions: 14 15 18
CREATE EXTENSION hstore

CREATE EXTENSION citext

CREATE SCHEMA app

CREATE TYPE mood AS ENUM ('sad', 'ok', 'very happy', 'é')

CREATE TYPE app."Odd Type" AS ENUM ('x')

CREATE DOMAIN posint AS int CHECK (VALUE > 0)

CREATE DOMAIN price AS numeric(10,2)

CREATE DOMAIN cheap AS price CHECK (VALUE < 10)

CREATE DOMAIN moody AS mood

CREATE DOMAIN tags AS text[]

CREATE DOMAIN when_ AS timestamptz(0)

CREATE TYPE pair AS (a int, b text)

CREATE TYPE nested AS (p pair, m mood, ps pair[])

CREATE TYPE floatrange AS RANGE (subtype = float8)

CREATE TABLE usertypes (id posint PRIMARY KEY, m mood, odd app."Odd Type", p price, c cheap, mo moody, tg tags, wh when_,
  pa pair, ne nested, fr floatrange, hs hstore, ci citext,
  ms mood[], ps price[], cs cheap[], mos moody[], tgs tags[], pas pair[], nes nested[], frs floatrange[], hss hstore[],
  cis citext[]);

-- stream
INSERT INTO usertypes VALUES (1, 'very happy', 'x', 1.5, 9.99, 'é', '{a,"b c",NULL}', '2024-01-01 00:00:00+00', '(1,"a ""b"" c")',
  '("(1,x)",ok,"{""(2,y)""}")', '[1.5,2.5)', 'a=>1, "b c"=>NULL, q=>"x\"y"', 'CiTeXt',
  '{sad,"very happy",NULL}', '{1.10,2}', '{3.00}', '{ok}', ARRAY[ARRAY['a','b']::text[]::tags, ARRAY['c d']::text[]::tags],
  '{"(1,a)","(2,\"b, c\")"}', ARRAY[ROW(ROW(1,'x')::pair, 'sad', NULL)::nested], '{"[1,2)"}', '{"a=>1"}', '{A,"b c"}')

INSERT INTO usertypes (id) VALUES (2)

ALTER TYPE mood ADD VALUE 'new one'

INSERT INTO usertypes (id, m) VALUES (3, 'new one')
