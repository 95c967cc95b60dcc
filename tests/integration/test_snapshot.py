"""Rows that are there before the stream begins: read beside it, without a gap, and once more after no crash but the
chunks that were under way."""

import json
import random
import threading
import time
from typing import Dict, List

import pymysql
import pytest

from harness.procs import wait_until

TABLE = "CREATE TABLE t (id bigint PRIMARY KEY, v bigint NOT NULL, pad text)"


def args(pg, *more):
    return ["run", "--source", pg.url(), "--name", "s", "--tables", "public.*", "--snapshot", "initial", *more]


def fill(pg, n: int) -> None:
    pg.sql("INSERT INTO t SELECT i, 0, repeat('x', 50) FROM generate_series(1, %s) i", (n,))


def reads(lines: List[dict]) -> List[dict]:
    return [line for line in lines if line["op"] == "r"]


def fold_last(lines: List[dict]) -> Dict[int, tuple]:
    """A table as somebody sees it who takes each record as it comes."""
    rows: Dict[int, tuple] = {}
    for line in lines:
        if line["op"] == "d" or "before" in line and line["before"]["id"] != line["key"]["id"]:
            rows.pop((line.get("before") or line["key"])["id"], None)
        if line["op"] != "d":
            rows[line["after"]["id"]] = (line["after"]["id"], line["after"]["v"])
    return rows


def fold_ord(lines: List[dict]) -> Dict[int, tuple]:
    """A table as somebody sees it who takes, of each key, the record with the highest ord."""
    newest: Dict[int, tuple] = {}

    def take(key: int, ordinal: str, row):
        if key not in newest or newest[key][0] < ordinal:
            newest[key] = (ordinal, row)
    for line in lines:
        if "before" in line and line["before"]["id"] != line["key"]["id"]:
            take(line["before"]["id"], line["ord"], None)
        row = None if line["op"] == "d" else (line["after"]["id"], line["after"]["v"])
        take(line["key"]["id"], line["ord"], row)
    return {key: row for key, (_, row) in newest.items() if row is not None}


def table_of(database) -> Dict[int, tuple]:
    return {row[0]: row for row in database.sql("SELECT id, v FROM t")}


def lines_of(path) -> List[dict]:
    if not path.exists():
        return []
    with open(path, "rb") as f:
        return [json.loads(line) for line in f if line.endswith(b"\n")]


# ---- Without a writer -------------------------------------------------------------------------------------------

def test_rows_that_are_there_come_first_then_the_stream(pg, tailrace, state_dir):
    pg.sql(TABLE)
    pg.sql("CREATE TABLE parts (a text, b int, c date, PRIMARY KEY (a, b))")
    pg.sql("INSERT INTO parts SELECT chr(97 + i % 26), i, '2026-01-01' FROM generate_series(1, 60) i")
    fill(pg, 3000)
    run = tailrace.start(*args(pg, "--state", state_dir))
    run.wait_for_log("snapshot taken")
    lines = run.wait_for_lines(3060)
    assert {line["op"] for line in lines} == {"r"} and "tx" not in lines[0] and lines[0]["ts"]
    assert sorted(line["key"]["id"] for line in lines if line["table"] == "t") == list(range(1, 3001))
    assert len({(line["key"]["a"], line["key"]["b"]) for line in lines if line["table"] == "parts"}) == 60
    assert len({line["id"] for line in lines}) == 3060
    assert [line["ord"] for line in lines] == sorted(line["ord"] for line in lines)  # whichever table they are of
    pg.sql("UPDATE t SET v = 7 WHERE id = 5")
    update = run.wait_for_lines(3061)[-1]
    assert update["op"] == "u" and update["ord"] > max(line["ord"] for line in lines)
    assert run.terminate() == 0
    shown = tailrace.run("checkpoint", "show", "--state", state_dir).stdout
    assert "initial: 2 of 2 tables read, 3,060 rows" in shown
    again = tailrace.run(*args(pg, "--state", state_dir, "--until", "end"))
    assert again.code == 0 and again.lines == []


def test_nothing_is_read_when_told_so_and_not_later_by_itself(pg_latest, tailrace, state_dir):
    pg_latest.sql(TABLE)
    fill(pg_latest, 10)
    for mode in ("never", "initial", "when-needed"):
        done = tailrace.run("run", "--source", pg_latest.url(), "--state", state_dir, "--until", "end", "--snapshot", mode)
        assert done.code == 0 and done.lines == []
    assert "no snapshot was taken when this source was begun" in done.stderr


def test_only_reads_everything_and_leaves_nothing_behind(pg, tailrace, state_dir):
    pg.sql(TABLE)
    fill(pg, 2000)
    done = tailrace.run("run", "--source", pg.url(), "--tables", "public.*", "--state", state_dir, "--snapshot", "only")
    assert done.code == 0
    assert sorted(line["key"]["id"] for line in reads(done.lines)) == list(range(1, 2001))
    assert list(state_dir.iterdir()) == []
    wait_until(lambda: pg.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()") == 0, 30,
               "the slot to go")
    assert pg.value("SELECT count(*) FROM pg_publication") == 0


def test_a_table_without_a_key_is_said_and_passed_over(pg_latest, tailrace):
    pg_latest.sql("CREATE TABLE heap (a text)")
    pg_latest.sql("INSERT INTO heap VALUES ('x')")
    pg_latest.sql(TABLE)
    fill(pg_latest, 5)
    done = tailrace.run(*args(pg_latest, "--until", "end"))
    assert done.code == 0 and [line["table"] for line in done.lines] == ["t"] * 5
    assert "the rows of this table are not read" in done.stderr and "table=heap" in done.stderr


def test_a_table_that_joins_while_running_is_read_too(pg, tailrace, state_dir):
    """Nothing happens to it any more, so that the stream says nothing of it."""
    pg.sql(TABLE)
    run = tailrace.start(*args(pg, "--state", state_dir, "--discover", "500ms"))
    run.wait_for_log("streaming")
    pg.sql("CREATE SCHEMA aside")
    pg.sql("CREATE TABLE aside.later (id int PRIMARY KEY)")
    pg.sql("INSERT INTO aside.later SELECT generate_series(1, 50)")
    pg.sql("ALTER TABLE aside.later SET SCHEMA public")
    lines = run.wait_for_lines(50, timeout=60, where=lambda line: line["table"] == "later")
    assert {(line["op"], line["key"]["id"]) for line in lines} == {("r", n) for n in range(1, 51)}
    assert run.terminate() == 0


def test_entities_are_composed_of_rows_that_are_there(pg_latest, tailrace, state_dir):
    """By two connections at once: who drops what is not above the largest ord of the source loses nothing."""
    pg_latest.sql("CREATE TABLE customers (no text PRIMARY KEY, name text)")
    pg_latest.sql("CREATE TABLE addresses (id int PRIMARY KEY, no text, city text)")
    pg_latest.sql("ALTER TABLE addresses REPLICA IDENTITY FULL")
    pg_latest.sql("INSERT INTO customers SELECT 'C' || i, 'name ' || i FROM generate_series(1, 3000) i")
    pg_latest.sql("INSERT INTO addresses SELECT i, 'C' || i, 'city ' || i FROM generate_series(1, 3000) i")
    path = tailrace.config({
        "sources": {"shop": {"url": pg_latest.url(), "tables": ["public.*"], "snapshot": "initial"}},
        "sink": {"type": "stdout"}, "state": str(state_dir),
        "entities": {"customer": {"from": [
            {"table": "shop.public.customers", "key": "no", "part": "profile", "fields": {"name": "name"}},
            {"table": "shop.public.addresses", "key": "no", "part": "location", "item": "{id}", "fields": {"city": "city"}},
        ]}}})
    done = tailrace.run("run", path, "--until", "end")
    assert done.code == 0, done.stderr
    seen, largest = {}, ""
    for line in done.lines:
        assert line["action"] == "set" and line["ord"] > largest
        largest = line["ord"]
        seen.setdefault(line["key"], {})[line["part"]] = line["fields"]
    assert seen == {f"C{i}": {"profile": {"name": f"name {i}"}, "location": {"city": f"city {i}"}} for i in range(1, 3001)}


def test_no_more_rows_a_second_than_the_rate(pg_latest, tailrace):
    pg_latest.sql(TABLE)
    fill(pg_latest, 2000)
    begun = time.monotonic()
    done = tailrace.run(*args(pg_latest, "--until", "end", "--snapshot-rate", "1000"))
    assert done.code == 0 and len(done.lines) == 2000
    assert time.monotonic() - begun > 1.5  # the first quarter of a second's rows may come at once


# ---- With writers, and crashes ----------------------------------------------------------------------------------

DEADLOCK = 1213  # locks of gaps meet; MySQL and MariaDB have rolled back by then


def begin(database):
    connection = database.connect()
    if isinstance(connection, pymysql.Connection):
        connection.autocommit(False)
    else:
        connection.autocommit = False
    return connection


def change(cursor, rnd: random.Random, key: int, fresh: int) -> None:
    what = rnd.random()
    if what < 0.6:
        cursor.execute("UPDATE t SET v = v + 1 WHERE id = %s", (key,))
    elif what < 0.75:
        cursor.execute("DELETE FROM t WHERE id = %s", (key,))
    elif what < 0.85:
        cursor.execute("UPDATE t SET id = %s WHERE id = %s", (fresh, key))
    else:
        cursor.execute("INSERT INTO t VALUES (%s, 1, 'new')", (fresh,))


class Writers:
    """Change the table all the time, each in its own connection, until told to stop."""

    def __init__(self, database, keys: int, count: int = 2):
        self.stop = threading.Event()
        self.failed: List[BaseException] = []
        self.threads = [threading.Thread(target=self._run, args=(database, keys, n)) for n in range(count)]

    def _run(self, database, keys: int, n: int) -> None:
        rnd = random.Random(n)
        fresh = 10_000_000 * (n + 1)
        try:
            connection = begin(database)
            cursor = connection.cursor()
            while not self.stop.is_set():
                try:
                    for _ in range(rnd.randint(1, 4)):
                        fresh += 1
                        change(cursor, rnd, rnd.randint(1, keys) // 2 * 2 + n, fresh)
                    connection.commit() if rnd.random() < 0.95 else connection.rollback()
                except pymysql.err.OperationalError as e:
                    if e.args[0] != DEADLOCK:
                        raise
                time.sleep(0.001)
            connection.close()
        except BaseException as e:  # shown by the test
            self.failed.append(e)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(30)
        assert not self.failed


def read_under_writers(database, tailrace, state_dir, tables: str, rows: int) -> None:
    """Whoever takes the last record of each key, and whoever takes the one with the highest ord, has the table."""
    out = state_dir / "out.jsonl"
    command = ["run", "--source", database.url(), "--name", "s", "--tables", tables, "--snapshot", "initial", "--state",
               state_dir, "--sink.type", "file", "--sink.path", out, "--snapshot-rate", "6000", "--checkpoint-interval",
               "50ms"]
    with Writers(database, rows):
        for kills in range(3):
            run = tailrace.start(*command)
            read = len(reads(lines_of(out)))
            wait_until(lambda: len(reads(lines_of(out))) >= read + 2500, 60, "rows that are read")
            run.kill()
        run = tailrace.start(*command)
        run.wait_for_log("snapshot taken", timeout=90)
    assert run.terminate() == 0
    assert tailrace.run(*command, "--until", "end").code == 0
    lines = lines_of(out)
    expected = table_of(database)
    assert fold_last(lines) == expected
    assert fold_ord(lines) == expected
    # What came twice was under way when the agent was killed: chunks of less than a second, not the table.
    assert len(reads(lines)) < 2 * rows


@pytest.mark.timeout(240)
def test_a_table_under_writers_read_by_an_agent_that_is_killed(pg, tailrace, state_dir):
    pg.sql(TABLE)
    fill(pg, 20_000)
    read_under_writers(pg, tailrace, state_dir, "public.*", 20_000)


@pytest.mark.timeout(240)
def test_the_same_on_mysql_and_mariadb(my, tailrace, state_dir):
    my.sql(TABLE)
    for begin_at in range(1, 20_001, 5000):
        my.sql("INSERT INTO t VALUES " + ", ".join(f"({i}, 0, REPEAT('x', 50))" for i in range(begin_at, begin_at + 5000)))
    read_under_writers(my, tailrace, state_dir, f"{my.name}.*", 20_000)
