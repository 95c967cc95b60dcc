"""A snapshot under constant writing, of an agent that is killed again and again and a server that is restarted: what the
topic says is the table, by the last record and by the highest `ord`, and no row is read older than it was told before.

$TAILRACE_SNAPSHOT_ROWS=1000000 makes the table larger than the suite has time for.
"""

import os
import random
import time

import psycopg2
import pymysql
import pytest

from harness import snapshot
from harness.procs import wait_until

ROWS = int(os.environ.get("TAILRACE_SNAPSHOT_ROWS", "60000"))
KILLS = 20
TAKEN = (1062, 1213, 1205)  # a duplicate key, a deadlock, a lock held for too long


class Postgres:
    gone = (psycopg2.OperationalError, psycopg2.InterfaceError)

    def __init__(self, make):
        self.server = make(18)
        self.space = "public"
        self.url = self.server.url()

    def sql(self, text):
        return self.server.sql(text)

    def connect(self):
        return self.server.connect(autocommit=False)

    @staticmethod
    def taken(error) -> bool:
        return isinstance(error, (psycopg2.errors.UniqueViolation, psycopg2.errors.DeadlockDetected))


class Mysql:
    gone = (pymysql.err.OperationalError, pymysql.err.InterfaceError)

    def __init__(self, make, flavour, **settings):
        self.server = make(flavour, fsync=True, **settings)
        self.server.create_database("crash")
        self.space = "crash"
        self.url = self.server.url("crash")

    def sql(self, text):
        return self.server.sql(text, database="crash")

    def connect(self):
        return self.server.connect("crash", autocommit=False)

    @staticmethod
    def taken(error) -> bool:
        return isinstance(error, pymysql.err.MySQLError) and error.args[0] in TAKEN


def kill_until_read(tailrace, arguments, state, kills: int, events: dict, chance):
    """Kills the agent so many times, then lets it come to the end of its reading, if it was not there before."""
    run = tailrace.start(*arguments)
    for kill in range(kills):
        if kill in events:
            run.wait_for_log("streaming", 60)  # an agent that finds no server when it starts ends at once
            events[kill]()
        if chance.random() < 0.8:
            run.wait_for_log("streaming", 60)
        time.sleep(chance.uniform(0.1, 0.5))
        assert run.running, run.log[-3000:]
        run.kill()
        run = tailrace.start(*arguments)

    def all_read():
        listed = tailrace.run("snapshot", "--state", state, "--list").stdout.splitlines()
        return listed and all(line.split("\t")[1] == "read" for line in listed)
    run.wait_for_log("streaming", 60)
    wait_until(all_read, 120 + ROWS / 5000, "all tables to be read", 0.2)
    return run


@pytest.mark.timeout(int(240 + ROWS / 1000))
@pytest.mark.parametrize("flavour", ["postgres", "mysql-9.7", "mariadb-11.4"])
def test_the_topic_is_the_table(own_postgres, own_mysql, kafka, tailrace, tmp_path, record_property, flavour):
    chance = random.Random(20261123)
    database = Postgres(own_postgres) if flavour == "postgres" else Mysql(own_mysql, flavour)
    sizes = {"big": ROWS, "later": ROWS // 3}
    for table, rows in sizes.items():
        snapshot.fill(database, table, rows)
        kafka.create_topic(kafka.topic(f"{database.space}.{table}"), 1)
    writers = [snapshot.Writer(database.connect, database.gone, database.taken, [table], rows, seed, 150)
               for table, rows in sizes.items() for seed in range(1, snapshot.WRITERS + 1)]
    for writer in writers:
        writer.start()

    def config(*tables):
        source = {"url": database.url, "tables": [f"{database.space}.{t}" for t in tables], "snapshot": "initial",
                  "snapshot_rate": max(ROWS // 6, 1000)}
        return tailrace.config({"sources": {kafka.prefix: source}, "state": str(tmp_path / "state"), "encoding": "json",
                                "sink": {"type": "kafka", "brokers": [kafka.bootstrap]}})

    state = tmp_path / "state"
    run = kill_until_read(tailrace, ["run", config("big")], state, KILLS - 6, {5: database.server.restart}, chance)
    assert run.terminate() == 0
    both = config("big", "later")
    run = kill_until_read(tailrace, ["run", both], state, 6, {3: database.server.restart}, chance)
    for writer in writers:
        writer.finish()
    assert run.terminate() == 0
    assert tailrace.run("run", both, "--until", "end", timeout=120).code == 0

    for table, rows in sizes.items():
        records = kafka.consume(kafka.topic(f"{database.space}.{table}"))
        verdict = snapshot.Verdict(r.value for r in records if r.value is not None)
        now = [tuple(row) for row in database.sql(f"SELECT id, v, name, note FROM {table}")]
        problems = verdict.problems(now)
        assert not problems, f"{len(problems)} problems, the first: {problems[:5]}"
        verdict.prove(now)
        read, again = verdict.figures()
        text = (f"{table}: {rows} rows at first, {len(now)} at last, {len(verdict.lines)} records; {read} rows read,"
                f" {again} of them again, over {KILLS} kills")
        print(text)
        record_property(f"read {table}", text)
    slowest = max(writer.slowest for writer in writers)
    record_property("slowest transaction of a writer", f"{slowest:.3f} s")
