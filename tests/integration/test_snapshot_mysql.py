"""Rows of MySQL and MariaDB that are there before the stream begins: the same bytes as the stream's, by every kind of
key, under writers and crashes, and not before they are visible."""

import json
import random
import re
import threading
import time
from typing import Dict, List

import pytest

from conftest import DEFAULT_FLAVOURS
from harness.procs import wait_until
from test_mysql_oracle import RANDOM_ROWS, SEED, Table

KINDS = [*DEFAULT_FLAVOURS, *(f"{f} without GTIDs" for f in DEFAULT_FLAVOURS if f.startswith("mysql"))]


@pytest.fixture(params=KINDS)
def server(request, own_mysql):
    flavour = request.param.split()[0]
    made = own_mysql(flavour, tls="on", gtid="without" not in request.param)
    made.create_database("shop")
    return made


def args(server, *more) -> list:
    return ["run", "--source", server.url(), "--name", "s", "--tables", "shop.*", *more]


def lines_of(path) -> List[dict]:
    if not path.exists():
        return []
    with open(path, "rb") as f:
        return [json.loads(line) for line in f if line.endswith(b"\n")]


def bare(line: bytes) -> bytes:
    """Without what says when and where: the operation, the identity, the position and the time."""
    return re.sub(rb'"op":"[rc]"', b"", line[:line.rindex(b',"id":"')])


def rows_of(path, op: bytes) -> List[bytes]:
    return sorted(bare(line) for line in path.read_bytes().splitlines() if b'"op":"' + op + b'"' in line)


# ---- Equal to the stream ----------------------------------------------------------------------------------------

KEYS = {
    "composite": "(a int NOT NULL, b varchar(20) CHARACTER SET latin1 NOT NULL, c datetime(3) NOT NULL,"
                 " PRIMARY KEY (a, b, c))",
    "texts": "(k varchar(40) NOT NULL PRIMARY KEY, n int)",
    "wide": "(k char(12) CHARACTER SET ucs2 NOT NULL PRIMARY KEY, n int)",
    "bytes": "(k varbinary(16) NOT NULL, d decimal(20,5) NOT NULL, e enum('x','b','a') NOT NULL, UNIQUE KEY u (k, d, e))",
    "bits": "(k bit(40) NOT NULL, t timestamp(6) NOT NULL, s set('a','b') NOT NULL, PRIMARY KEY (k, t, s))",
    "unsigned_": "(k bigint unsigned NOT NULL, b binary(4) NOT NULL, PRIMARY KEY (k, b))",
    "back": "(a int NOT NULL, t time(2) NOT NULL, PRIMARY KEY (a DESC, t))",
}
# MariaDB 10.11.5 itself does not find a UUID again among others of several versions: such a key is refused there.
OF_MARIADB = {"addresses": "(k uuid NOT NULL, i inet6 NOT NULL, PRIMARY KEY (k, i))",
              "versioned": "(id int PRIMARY KEY, v int) WITH SYSTEM VERSIONING"}


def key_rows(chance: random.Random, table: str, count: int) -> List[tuple]:
    def word(n):
        return "".join(chance.choices("aAäÄbBé zZ'\\-0", k=n)).strip() + str(chance.randint(0, 10 ** 6))
    moment = "2024-01-{:02d} 00:00:0{}.{:03d}"
    made = {
        "composite": lambda i: (i // 40, word(chance.randint(0, 3)) + str(i), moment.format(i % 28 + 1, i % 9, i % 1000)),
        "texts": lambda i: (word(chance.randint(0, 20)) + str(i), i),
        "wide": lambda i: (str(i) + chance.choice("äßéx"), i),
        "bytes": lambda i: (chance.randbytes(chance.randint(0, 3)) + i.to_bytes(3, "big") + b"\0",
                            f"{chance.randint(-10 ** 9, 10 ** 9)}.{i:05d}", chance.choice("xba")),
        "bits": lambda i: (chance.randint(0, 2 ** 40 - 1) // 7 * 7, f"2024-01-01 00:00:00.{i:06d}", "a,b"[:i % 4]
                           if i % 4 != 2 else "b"),
        "unsigned_": lambda i: (2 ** 64 - 1 - i // 9, (i % 9).to_bytes(2, "big")),
        "back": lambda i: (i // 7, f"-{i % 7}0:00:00.5"),
        "addresses": lambda i: (f"{chance.getrandbits(128):032x}", f"2001:db8::{i:x}"),
        "versioned": lambda i: (i, i),
    }[table]
    return [made(i) for i in range(count)]


def put(cursor, table: str, rows: List[tuple]) -> None:
    places = ", ".join(["%s"] * len(rows[0]))
    columns = " (id, v)" if table == "versioned" else ""
    for i in range(0, len(rows), 500):
        cursor.executemany(f"INSERT INTO {table}{columns} VALUES ({places})", rows[i:i + 500])


@pytest.mark.timeout(300)
def test_what_is_read_is_what_was_streamed(server, tailrace, tmp_path, state_dir):
    """Every type at its edges and at random, and keys of every kind over more than one chunk."""
    chance = random.Random(SEED)
    streamed, read = tmp_path / "streamed.jsonl", tmp_path / "read.jsonl"
    stream = args(server, "--state", state_dir, "--sink.path", streamed, "--snapshot", "never", "--until", "end")
    assert tailrace.run(*stream).code == 0
    keys = {**KEYS, **(OF_MARIADB if server.mariadb else {})}
    if server.flavour == "mariadb-10.11":
        del keys["addresses"]
    with server.connect("shop") as connection:
        table = Table(connection, "types", server.flavour)
        for name, columns in keys.items():
            table.cursor.execute(f"CREATE TABLE {name} {columns}")
    assert tailrace.run(*stream, timeout=100).code == 0  # MariaDB's types are told when a stream begins
    with server.connect("shop") as connection:
        cursor = connection.cursor()
        cursor.execute("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00', innodb_strict_mode = OFF")
        table.cursor = cursor
        table.put(table.edges() + table.random(chance, RANDOM_ROWS))
        for name in keys:
            put(cursor, name, key_rows(chance, name, 2500))
    done = tailrace.run(*stream, timeout=100)
    assert done.code == 0, done.stderr
    done = tailrace.run(*args(server, "--snapshot", "only", "--sink.path", read), timeout=100)
    assert done.code == 0, done.stderr
    expected, found = rows_of(streamed, b"c"), rows_of(read, b"r")
    assert len(found) == len(expected) > RANDOM_ROWS + 2500 * len(keys)
    wrong = [(a, b) for a, b in zip(expected, found) if a != b]
    assert not wrong, f"{len(wrong)} rows differ; the first:\n{wrong[0][0][:3000]}\n{wrong[0][1][:3000]}"


def test_tables_that_cannot_be_read_in_chunks_are_said(own_mysql, tailrace):
    server = own_mysql(DEFAULT_FLAVOURS[0])
    server.create_database("shop")
    server.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE heap (a int);"
               " CREATE TABLE maybe (a int UNIQUE); CREATE TABLE f (a double PRIMARY KEY);"
               " CREATE TABLE part (a text, PRIMARY KEY (a(5))); CREATE TABLE old (a int PRIMARY KEY) ENGINE=MyISAM",
               database="shop")
    done = tailrace.run(*args(server, "--snapshot", "initial", "--until", "end"))
    assert done.code == 0 and [line["table"] for line in done.lines] == ["t"]
    for name in ("heap", "maybe", "f", "part", "old"):
        assert f"table=shop.{name}" in done.stderr or f"table={name}" in done.stderr, name
    assert "ENGINE = InnoDB" in done.stderr


# ---- With writers, and crashes ----------------------------------------------------------------------------------

class Writers:
    """Change the table all the time, each in its own connection, until told to stop."""

    def __init__(self, server, keys: int, count: int = 2):
        self.stop = threading.Event()
        self.failed: List[BaseException] = []
        self.threads = [threading.Thread(target=self._run, args=(server, keys, n)) for n in range(count)]

    def _run(self, server, keys: int, n: int) -> None:
        rnd = random.Random(n)
        fresh = 10_000_000 * (n + 1)
        try:
            connection = server.connect("shop", autocommit=False)
            cursor = connection.cursor()
            while not self.stop.is_set():
                for _ in range(rnd.randint(1, 4)):
                    fresh += 1
                    key = rnd.randint(1, keys) // 2 * 2 + n  # keys of its own: no deadlocks
                    what = rnd.random()
                    if what < 0.6:
                        cursor.execute("UPDATE t SET v = v + 1 WHERE id = %s", (key,))
                    elif what < 0.75:
                        cursor.execute("DELETE FROM t WHERE id = %s", (key,))
                    elif what < 0.85:
                        cursor.execute("UPDATE t SET id = %s WHERE id = %s", (fresh, key))
                    else:
                        cursor.execute("INSERT INTO t VALUES (%s, 1, 'new')", (fresh,))
                connection.commit() if rnd.random() < 0.95 else connection.rollback()
                time.sleep(0.002)
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


def fold_last(lines: List[dict]) -> Dict[int, tuple]:
    """A table as somebody sees it who takes each record as it comes."""
    rows: Dict[int, tuple] = {}
    for line in lines:
        if line["op"] == "d" or "before" in line and line["before"]["id"] != line["key"]["id"]:
            rows.pop((line.get("before") or line["key"])["id"], None)
        if line["op"] in "cur":
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
        take(line["key"]["id"], line["ord"], (line["after"]["id"], line["after"]["v"]) if line["op"] in "cur" else None)
    return {key: row for key, (_, row) in newest.items() if row is not None}


def fill(server, n: int) -> None:
    server.sql("CREATE TABLE t (id bigint PRIMARY KEY, v bigint NOT NULL, pad text)", database="shop")
    with server.connect("shop") as connection:
        connection.cursor().executemany("INSERT INTO t VALUES (%s, 0, REPEAT('x', 50))", [(i,) for i in range(1, n + 1)])


@pytest.mark.timeout(240)
def test_a_table_under_writers_read_by_an_agent_that_is_killed(server, tailrace, state_dir):
    """Whoever takes the last record of each key, and whoever takes the one with the highest ord, has the table."""
    rows = 12_000
    out = state_dir / "out.jsonl"
    fill(server, rows)
    command = args(server, "--snapshot", "initial", "--state", state_dir, "--sink.type", "file", "--sink.path", out,
                   "--snapshot-rate", "6000", "--checkpoint-interval", "50ms")

    def reads() -> int:
        return sum(line["op"] == "r" for line in lines_of(out))
    with Writers(server, rows):
        for _ in range(2):
            run = tailrace.start(*command)
            read = reads()
            wait_until(lambda: reads() >= read + 2500, 60, "rows that are read")
            run.kill()
        run = tailrace.start(*command)
        run.wait_for_log("snapshot taken", timeout=90)
    assert run.terminate() == 0
    assert tailrace.run(*command, "--until", "end").code == 0
    lines = [line for line in lines_of(out) if line["op"] in "curd"]
    expected = {row[0]: row for row in server.sql("SELECT id, v FROM t", database="shop")}
    assert fold_last(lines) == expected
    assert fold_ord(lines) == expected


# ---- The seam ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("flavour", [f for f in DEFAULT_FLAVOURS if f.startswith("mariadb")])
def test_rows_wait_for_a_commit_that_waits_for_a_replica(own_mysql, tailrace, flavour):
    """The log has it, nobody can see it yet: what would be read now would be lost for ever."""
    server = own_mysql(flavour)
    server.create_database("shop")
    fill(server, 20)
    server.sql("SET GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC'; SET GLOBAL rpl_semi_sync_master_timeout = 600000;"
               " SET GLOBAL rpl_semi_sync_master_wait_no_slave = ON; SET GLOBAL rpl_semi_sync_master_enabled = ON")
    before = server.binlog_position()
    writer = threading.Thread(target=server.sql, args=("UPDATE t SET v = 7 WHERE id = 5", None, "shop"))
    writer.start()
    try:
        wait_until(lambda: server.binlog_position() > before, 30, "the log to hold it")
        assert server.value("SELECT v FROM t WHERE id = 5", database="shop") == 0
        run = tailrace.start(*args(server, "--snapshot", "initial"))
        run.wait_for_log("the snapshot waits")
        assert not run.lines()
    finally:
        server.sql("SET GLOBAL rpl_semi_sync_master_enabled = OFF")
        writer.join(60)
    lines = run.wait_for_lines(20)
    assert run.terminate() == 0
    assert [line["op"] for line in lines] == ["r"] * 20
    assert {line["key"]["id"]: line["after"]["v"] for line in lines}[5] == 7
