-- versions: 15
CREATE TABLE bench (id bigint PRIMARY KEY, account_id int NOT NULL, branch smallint NOT NULL,
  amount numeric(12,2) NOT NULL, balance double precision, flag boolean,
  name varchar(40), note text, created_at timestamptz, uid uuid);

CREATE TABLE part (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);

CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);

CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);

-- stream
INSERT INTO bench SELECT i, (i::bigint*7919)%1000000, i%1000, ((i::bigint*31)%1000000)/100.0, i*0.37, i%2=0,
  'name-'||i, 'note text for row '||i||' with a little padding......', '2024-01-01'::timestamptz + i*interval '1 ms',
  '00000000-0000-4000-8000-000000000000'::uuid FROM generate_series(1, 20) i

-- COPY of several rows: one record, one LSN
DO $$ BEGIN
  EXECUTE $c$COPY (SELECT i + 100, i, i, i, i, true, 'c', 'copied', NULL, NULL FROM generate_series(1, 5) i) TO '$c$
    || current_setting('data_directory') || $c$/rows'$c$;
  EXECUTE $c$COPY bench FROM '$c$ || current_setting('data_directory') || $c$/rows'$c$;
END $$

BEGIN;
INSERT INTO part VALUES (1, 1), (2, 2);
SAVEPOINT a;
INSERT INTO part VALUES (3, 1);
SAVEPOINT b;
INSERT INTO part VALUES (4, 2);
ROLLBACK TO b;
UPDATE part SET k = 2 WHERE id = 3;
COMMIT

INSERT INTO part VALUES (1, 1) ON CONFLICT (id, k) DO UPDATE SET id = 10

DELETE FROM part
