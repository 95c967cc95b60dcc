"""The agent is killed, the broker stopped, and nothing may be lost, reordered or told in two ways."""

import io
import random

import psycopg2.errors
import pytest

from harness import crash
from harness.rows import Log

COLUMNS = {
    "items": "id bigint PRIMARY KEY, name text, qty int, price numeric(12,2), doc text, live boolean",
    "pairs": "a int, b text, v bigint, PRIMARY KEY (a, b)",
    "full_rows": "id bigint PRIMARY KEY, name text, v numeric",
}


class Writer(crash.Writer):
    ADD_PAIR = "INSERT INTO pairs VALUES (%s,%s,%s) ON CONFLICT DO NOTHING"
    FAILED = (psycopg2.Error,)

    def __init__(self, database, seed: int):
        super().__init__(seed)
        self.database = database

    def connect(self):
        return self.database.connect(autocommit=False)

    def taken(self, error) -> bool:
        return isinstance(error, (psycopg2.errors.UniqueViolation, psycopg2.errors.DeadlockDetected))

    def load(self, cursor, ids: range) -> None:
        cursor.copy_expert("COPY items (id, name, qty) FROM STDIN", io.StringIO(crash.copied(ids)))


def rows_of(database, table):
    columns = [c for c, in database.sql(
        "SELECT column_name::text FROM information_schema.columns WHERE table_name = %s ORDER BY column_name", (table,))]
    rows = database.sql(f"SELECT {', '.join(c + '::text' for c in columns)} FROM {table}")
    return [dict(zip(columns, row)) for row in rows]


@pytest.mark.alone
@pytest.mark.timeout(600)
def test_nothing_is_lost_over_kills_and_outages(pg_latest, kafka, tailrace, tmp_path, record_property):
    chance = random.Random(20261123)
    for table, columns in COLUMNS.items():
        pg_latest.sql(f"CREATE TABLE {table} ({columns})")
    pg_latest.sql("ALTER TABLE full_rows REPLICA IDENTITY FULL")
    pg_latest.sql("CREATE PUBLICATION crash FOR TABLE " + ", ".join(COLUMNS))
    agents = [["run", "--source", pg_latest.url(), "--tables", "public.*", "--publication", "crash", "--slot",
               f"crash_{name}", "--state", tmp_path / name, *sink]
              for name, sink in zip(("disturbed", "calm"), crash.into_kafka(kafka, "public"))]
    outages = chance.sample(range(3, crash.KILLS - 3), crash.OUTAGES)
    writers = [Writer(pg_latest, seed) for seed in range(1, crash.WRITERS + 1)]
    seconds = crash.disturb(tailrace, *agents, writers, {n: crash.outage(kafka.server, chance) for n in outages}, chance)

    verdict = crash.Verdict()
    for table in COLUMNS:
        verdict.table(Log(kafka.consume(kafka.topic(f"public.{table}"))),
                      Log(kafka.server.consume(f"calm.{kafka.prefix}.{table}")), rows_of(pg_latest, table))
    verdict.repeats(seconds, writers, record_property)
