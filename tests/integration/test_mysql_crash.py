"""The agent is killed, the broker stopped, MySQL and MariaDB restarted, killed and failed over, their log rotated and a
table altered, all under load; and nothing may be lost, reordered or told in two ways."""

import random
import time
from contextlib import closing

import pymysql
import pytest
from pymysql.cursors import DictCursor

from harness import crash
from harness.rows import Log

COLUMNS = {
    "items": "id bigint PRIMARY KEY, name text, qty int, price decimal(12,2), spare int DEFAULT 7, doc text, live boolean",
    "pairs": "a int, b varchar(60), v bigint, PRIMARY KEY (a, b)",
    "full_rows": "id bigint PRIMARY KEY, name text, v decimal(20,2)",
}
GONE = (pymysql.err.OperationalError, pymysql.err.InterfaceError)
TAKEN = (1062, 1213, 1205)  # a duplicate key, a deadlock, a lock held for too long


class Pair:
    """A primary and its replica, both of which keep what they committed over kill -9; clients know who is who."""

    def __init__(self, own_mysql, flavour: str):
        self.servers = [own_mysql(flavour, tls="on", fsync=True, settings={"local_infile": "ON"}) for _ in range(2)]
        self.primary, replica = self.servers
        replica.replica_of(self.primary)

    @property
    def url(self) -> str:
        first, second = (f"127.0.0.1:{server.port}" for server in self.servers)
        return self.servers[0].url("crash").replace(first, f"{first},{second}")

    def sql(self, statements: str) -> None:
        """Until it gets through between the writers."""
        while True:
            try:
                self.primary.sql(statements, database="crash")
                return
            except pymysql.err.MySQLError as e:
                if e.args[0] not in TAKEN:
                    raise

    def restart(self) -> None:
        self.primary.restart()

    def kill(self) -> None:
        self.primary.kill()
        self.primary.start()

    def fail_over(self) -> None:
        """Nothing is committed while the replica catches up, and then the primary is gone for good, as in a power cut."""
        old, new = self.servers
        with closing(old.connect()) as connection:
            connection.cursor().execute("FLUSH TABLES WITH READ LOCK")
            new.wait_for_replay(old.gtids())
            old.kill()
        new.promote()
        self.primary = new

    def rows_of(self, table: str) -> list:
        with closing(self.primary.connect("crash", cursorclass=DictCursor)) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            return [{n: None if v is None else str(v) for n, v in sorted(row.items())} for row in cursor.fetchall()]


class Writer(crash.Writer):
    RATE = 400
    ADD_PAIR = "INSERT IGNORE INTO pairs VALUES (%s,%s,%s)"
    GONE = GONE
    FAILED = (pymysql.err.MySQLError,)

    def __init__(self, pair: Pair, folder, seed: int):
        super().__init__(seed)
        self.pair = pair
        self.file = folder / f"load.{seed}"

    def connect(self):
        return self.pair.primary.connect("crash", autocommit=False, local_infile=True)

    def taken(self, error) -> bool:
        return error.args[0] in TAKEN

    def load(self, cursor, ids: range) -> None:
        self.file.write_text(crash.copied(ids))
        cursor.execute(f"LOAD DATA LOCAL INFILE '{self.file}' INTO TABLE items (id, name, qty)")


def happenings(pair: Pair, broker, chance) -> dict:
    def streaming(action):
        def happens(run):
            run.wait_for_log("streaming", 60)  # an agent that finds no server when it starts ends at once
            action()
        return happens

    def sql(statements):
        return lambda _run: pair.sql(statements)

    outage = crash.outage(broker, chance)
    return {
        2: sql("FLUSH BINARY LOGS"), 4: outage,
        6: sql("ALTER TABLE items ADD COLUMN extra int AFTER name; UPDATE items SET extra = id WHERE id % 3 = 0"),
        8: streaming(pair.restart), 11: sql("FLUSH LOGS"), 13: outage,
        15: sql("ALTER TABLE items RENAME COLUMN extra TO more; UPDATE items SET more = -id WHERE id % 5 = 0"),
        17: streaming(pair.kill), 19: sql("ALTER TABLE items DROP COLUMN spare"), 21: streaming(pair.fail_over), 23: outage,
        25: sql("FLUSH BINARY LOGS; ALTER TABLE items ADD COLUMN last int DEFAULT 5"), 27: streaming(pair.kill),
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("flavour", ["mariadb-11.4", "mysql-9.7"])
def test_nothing_is_lost_over_kills_outages_and_a_failover(own_mysql, kafka, tailrace, tmp_path, record_property, flavour):
    chance = random.Random(20261123)
    pair = Pair(own_mysql, flavour)
    pair.primary.create_database("crash")
    for table, columns in COLUMNS.items():
        pair.sql(f"CREATE TABLE {table} ({columns})")
    agents = [["run", "--source", pair.url, "--tables", "crash.*", "--state", tmp_path / name, *sink]
              for name, sink in zip(("disturbed", "calm"), crash.into_kafka(kafka, "crash"))]
    writers = [Writer(pair, tmp_path, seed) for seed in range(1, crash.WRITERS + 1)]
    seconds = crash.disturb(tailrace, *agents, writers, happenings(pair, kafka.server, chance), chance)

    verdict = crash.Verdict()
    # What each server's log has of its own: the position, and in MariaDB's the time of the commit.
    own = ("pos", "commit_us") if flavour.startswith("mariadb") else ("pos",)
    for table in COLUMNS:
        verdict.table(Log(kafka.consume(kafka.topic(f"crash.{table}")), own),
                      Log(kafka.server.consume(f"calm.{kafka.prefix}.{table}"), own), pair.rows_of(table))
    verdict.repeats(seconds, writers, record_property)
