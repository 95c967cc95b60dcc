"""Rows of PostgreSQL that are there before the stream begins: the same bytes as the stream's, for every type and in both
encodings; read in the middle of a change of shape, without holding back vacuum, and only what our role may see."""

import threading
import time
from pathlib import Path
from typing import Iterator, List

import pytest

import test_types
from harness import schema
from test_snapshot_mysql import rows_of

RANDOM_ROWS = 2000
KEYS = {
    "composite": "a int, b text COLLATE \"C\", c timestamptz, PRIMARY KEY (a, b, c)",
    "collated": "k text COLLATE \"und-x-icu\" PRIMARY KEY, n int",
    "floats": "k float8, u uuid, PRIMARY KEY (k, u)",
    "numerics": "k numeric, b bytea, PRIMARY KEY (k, b)",
    "\"Odd \"\"Name\"": "\"K y\" varchar(30), \"select\" date, PRIMARY KEY (\"K y\", \"select\")",
}
FILL = {
    "composite": "SELECT g / 50, md5(g::text), '2024-01-01'::timestamptz + g * interval '1 us' FROM generate_series(1, {n}) g",
    "collated": "SELECT (ARRAY['a','Ä','b','ß','É','z '])[1 + g % 6] || g, g FROM generate_series(1, {n}) g",
    "floats": "SELECT (ARRAY['NaN','Infinity','-Infinity','-0',g::text])[1 + g % 5]::float8, md5(g::text)::uuid"
              " FROM generate_series(1, {n}) g",
    "numerics": "SELECT CASE g % 4 WHEN 0 THEN 'NaN' ELSE g * 1e20 / 7 END, decode(md5(g::text), 'hex')"
                " FROM generate_series(1, {n}) g",
    "\"Odd \"\"Name\"": "SELECT E'\\\\\\'\"\\t' || g, '2024-01-01'::date + g FROM generate_series(1, {n}) g",
}


def arguments(database, *more) -> list:
    return ["run", "--source", database.url(), "--name", "s", "--tables", "public.*", *more]


def records(path: Path) -> Iterator[bytes]:
    """Of a file in which each stands behind its length."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        length = shift = 0
        while True:
            byte = data[at]
            at, length, shift = at + 1, length | (byte & 127) << shift, shift + 7
            if byte < 128:
                break
        yield data[at:at + length]
        at += length


def contents(path: Path, op: int) -> List[bytes]:
    """Without what says when and where."""
    row_change = schema.load("tailrace/v1/change.proto").RowChange
    found = []
    for record in records(path):
        message = row_change.FromString(record)
        if message.op != op:
            continue
        for field in ("op", "id", "ord", "pos", "tx", "commit_us"):
            message.ClearField(field)
        found.append(message.SerializeToString(deterministic=True))
    return sorted(found)


def fill_types(database) -> int:
    """Every type at its edges, then rows that take any value of each. Returns how many rows there are."""
    types = test_types.types_of(database.version)
    edges = max(len(t.values) for t in types) + 1
    marks = ", ".join(f"%s::{t.name}" for t in types)
    for n in range(edges):
        values = [t.values[n][0] if n < len(t.values) else None for t in types]
        database.sql(f"INSERT INTO every VALUES (%s, {marks})", [n, *values])
    any_value = ", ".join(f"(SELECT c{i} FROM every WHERE id = (hashint4(g * 131 + {i}) & 2147483647) % {edges})"
                          for i in range(len(types)))
    database.sql(f"INSERT INTO every SELECT 1000 + g, {any_value} FROM generate_series(1, {RANDOM_ROWS}) g")
    return edges + RANDOM_ROWS


def check_equal(database, tailrace, tmp_path):
    types = test_types.types_of(database.version)
    test_types.create(database, types)
    for name, columns in KEYS.items():
        database.sql(f"CREATE TABLE {name} ({columns})")
    runs = {e: [*arguments(database, "--encoding", e, "--snapshot", "never", "--until", "end", "--slot", f"stream_{e}",
                           "--publication", "stream"), "--state", tmp_path / e, "--sink.path", tmp_path / f"streamed.{e}"]
            for e in ("json", "change")}
    for run in runs.values():
        done = tailrace.run(*run)
        assert done.code == 0, done.stderr
    expected = fill_types(database)
    for name, query in FILL.items():
        database.sql(f"INSERT INTO {name} {query.format(n=2500)}")
    for encoding, run in runs.items():
        done = tailrace.run(*run, timeout=100)
        assert done.code == 0, done.stderr
        done = tailrace.run(*arguments(database, "--encoding", encoding, "--snapshot", "only", "--sink.path",
                                       tmp_path / f"read.{encoding}"), timeout=100)
        assert done.code == 0, done.stderr
    pairs = [(rows_of(tmp_path / "streamed.json", b"c"), rows_of(tmp_path / "read.json", b"r")),
             (contents(tmp_path / "streamed.change", 1), contents(tmp_path / "read.change", 4))]
    for streamed, read in pairs:
        assert len(read) == len(streamed) == expected + 2500 * len(KEYS)
        wrong = [(a, b) for a, b in zip(streamed, read) if a != b]
        assert not wrong, f"{len(wrong)} rows differ; the first:\n{wrong[0][0][:2000]}\n{wrong[0][1][:2000]}"


@pytest.mark.timeout(240)
def test_what_is_read_is_what_was_streamed(pg, tailrace, tmp_path):
    check_equal(pg, tailrace, tmp_path)


@pytest.mark.timeout(240)
def test_what_is_read_is_what_was_streamed_elsewhere(pg_other, tailrace, tmp_path):
    check_equal(pg_other, tailrace, tmp_path)


# ---- Beside others ----------------------------------------------------------------------------------------------

def config_of(database, tmp_path, **more):
    return {"sources": {"s": dict({"url": database.url(), "tables": ["public.*"], "snapshot": "initial"},
                                  **more)}, "state": str(tmp_path / "state"),
            "encoding": "json", "sink": {"type": "file", "path": str(tmp_path / "out")}}


def test_a_table_changes_its_shape_in_the_middle(pg_latest, tailrace, tmp_path):
    pg_latest.sql("CREATE TABLE t (id int PRIMARY KEY, a text)")
    pg_latest.sql("INSERT INTO t SELECT g, 'a' || g FROM generate_series(1, 6000) g")
    run = tailrace.start("run", tailrace.config(config_of(pg_latest, tmp_path, snapshot_rate=1500)))
    out = tmp_path / "out"
    run._wait(lambda: out.exists() and out.read_text().count("\n") > 100, 30, "some rows")
    pg_latest.sql("ALTER TABLE t ADD b int DEFAULT 7; ALTER TABLE t DROP COLUMN a")
    pg_latest.sql("INSERT INTO t VALUES (6001, 8)")
    run.wait_for_log("snapshot taken", 60)
    run._wait(lambda: '"op":"c"' in out.read_text(), 30, "the insert")
    assert run.terminate() == 0
    lines = [test_types.parse(line) for line in out.read_text().splitlines()]
    read = [line for line in lines if line["op"] == "r"]
    shapes = [frozenset(line["after"]) for line in read]
    assert sorted(int(line["key"]["id"][1]) for line in read if line["after"])[:6000] == list(range(1, 6001))
    assert shapes[0] == {"id", "a"} and shapes[-1] == {"id", "b"} and len(set(shapes)) == 2


def test_vacuum_is_held_back_no_longer_than_a_chunk(pg_latest, tailrace, tmp_path):
    """The oldest snapshot that the agent's readers hold, looked at all the time."""
    pg_latest.sql("CREATE TABLE t (id int PRIMARY KEY, a text)")
    pg_latest.sql("INSERT INTO t SELECT g, repeat('x', 200) FROM generate_series(1, 200000) g")
    longest, ending = [0.0], threading.Event()

    def watch():
        connection = pg_latest.connect()
        with connection.cursor() as cursor:
            while not ending.is_set():
                cursor.execute("SELECT extract(epoch FROM max(clock_timestamp() - xact_start)) FROM pg_stat_activity"
                               " WHERE backend_xmin IS NOT NULL AND application_name LIKE 'tailrace%%' AND datname = %s"
                               " AND backend_type = 'client backend'", (pg_latest.name,))
                longest[0] = max(longest[0], float(cursor.fetchone()[0] or 0))
                time.sleep(0.005)
        connection.close()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        done = tailrace.run(*arguments(pg_latest, "--snapshot", "only", "--sink.type", "null"), timeout=100)
    finally:
        ending.set()
        watcher.join()
    assert done.code == 0, done.stderr
    assert 0 < longest[0] < 2  # a chunk is cut after a second


def test_what_our_role_may_not_see_is_said(pg_latest, tailrace):
    pg_latest.sql("CREATE TABLE hidden (id int PRIMARY KEY); INSERT INTO hidden VALUES (1)")
    pg_latest.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    role = f"reader_{pg_latest.name}"
    pg_latest.sql(f"CREATE ROLE {role} LOGIN REPLICATION; GRANT SELECT ON t TO {role}; CREATE PUBLICATION p FOR ALL TABLES")
    try:
        run = tailrace.start("run", "--source", pg_latest.url(user=role), "--tables", "public.*", "--publication", "p",
                             "--snapshot", "initial")
        run.wait_for_log(r'our role may not read table public\.hidden: run \\"GRANT USAGE')
        assert run.wait_for_lines(1)[0]["table"] == "t"
        assert run.terminate() == 0
    finally:
        pg_latest.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")
