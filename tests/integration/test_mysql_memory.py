"""Memory stays within its budget with huge rows and huge transactions of MySQL and MariaDB, compressed ones too."""

import json
import time

import pytest

from harness import agent
from harness.mysql import Mysql
from harness.procs import wait_until
from test_memory import BUDGET, MB, WIDE, pass_wide_row, report, within

# Resident memory may reach BUDGET + K × (bytes of the row in the log, or in the output where that is more): docs/limits.md.
K_NULL, K_FILE, K_KAFKA = 3, 4, 4
# … and BUDGET + K_PAYLOAD × (bytes of a transaction that MySQL has compressed: it is one event).
K_PAYLOAD = 2
TRANSACTION = 32 * MB if agent.sanitized() else 160 * MB
ROWS = 1024  # of the transaction at first; then it is doubled
KINDS = {
    "longblob": "REPEAT(UNHEX('00ff00ff'), {0} DIV 4)",
    "longtext": "REPEAT('wide row! ', {0} DIV 10)",
    "json": "CONCAT('[', REPEAT('12345678, ', {0} DIV 10), '1]')",
}


pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module", params=["mariadb-11.4", "mysql-9.7"])
def server(request):
    """One of this file's own, since its log grows large."""
    mariadb = request.param.startswith("mariadb")  # whose TLS is slow
    settings = {} if mariadb else {"innodb_redo_log_capacity": "2G"}
    mysql = Mysql(request.param, tls="off" if mariadb else "on", settings=settings).start()
    yield mysql
    mysql.close()


@pytest.fixture
def database(server):
    server.create_database("huge")
    yield server
    server.drop_database("huge")
    server.purge_binlog(server.rotate())


def started(database, tailrace, state_dir, flags, name="w"):
    run = tailrace.start("run", "--source", database.url("huge"), "--name", name, "--state", state_dir, *flags)
    run.wait_for_log("streaming", 60)
    return run


def all_delivered(database, tailrace, state_dir, timeout: float = 250) -> None:
    """Waits until everything committed so far is in the checkpoint."""
    def shown() -> str:
        return json.loads(tailrace.run("checkpoint", "show", "--state", state_dir, "--json").stdout)["position"]
    gtids = database.gtids()
    wait_until(lambda: shown().endswith(gtids), timeout, f"{gtids} to be delivered", 0.2)


def wide_row(database, tailrace, state_dir, kind, flags, wide=WIDE, name="w"):
    database.sql(f"CREATE TABLE huge.wide (id int PRIMARY KEY, v {kind}, n int)")
    run = started(database, tailrace, state_dir, flags, name)
    return pass_wide_row(run, lambda: all_delivered(database, tailrace, state_dir),
                         lambda i: database.sql(f"INSERT INTO huge.wide VALUES ({i}, '\"x\"', 1)"),
                         lambda: database.sql(f"INSERT INTO huge.wide VALUES (1, {KINDS[kind].format(wide)}, 7)"))


def test_wide_row_to_null(database, tailrace, state_dir, record_property):
    sizes = wide_row(database, tailrace, state_dir, "longblob", ["--sink.type", "null"])
    assert within(report(record_property, f"{database.flavour}, null, longblob", sizes), BUDGET + K_NULL * WIDE)


@pytest.mark.parametrize("kind", ["longblob", "json"])
def test_wide_row_to_file(database, tailrace, state_dir, tmp_path, kind, record_property):
    path = tmp_path / "out.jsonl"
    sizes = wide_row(database, tailrace, state_dir, kind, ["--sink.path", path])
    written = path.stat().st_size  # base64 is longer than the bytes
    assert written > WIDE
    assert within(report(record_property, f"{database.flavour}, file, {kind}", sizes, written), BUDGET + K_FILE * written)


def test_wide_row_to_kafka(database, kafka, tailrace, state_dir, record_property):
    wide = 20 * MB
    topic = kafka.topic("huge.wide")
    kafka.create_topic(topic, config={"max.message.bytes": str(40 * MB)})
    sizes = wide_row(database, tailrace, state_dir, "longtext", ["--sink.brokers", kafka.bootstrap], wide, kafka.prefix)
    records = kafka.consume(topic)
    assert len(records) == 12 and len(records[1].value) > wide
    assert within(report(record_property, f"{database.flavour}, kafka", sizes, wide), BUDGET + K_KAFKA * wide)


def write_transaction(database, size: int) -> int:
    """So many bytes of rows of 1 KiB in one transaction, twice as long as they need be; returns how many rows."""
    rows = ROWS
    with database.connect("huge", autocommit=False) as connection, connection.cursor() as cursor:
        row = "LOWER(HEX(RANDOM_BYTES(512)))"
        cursor.executemany(f"INSERT INTO big VALUES (%s, {row})", range(rows))
        while rows * 1024 < size:
            cursor.execute(f"INSERT INTO big SELECT id + %s, {row} FROM big", (rows,))
            rows *= 2
        connection.commit()
    return rows


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
def test_large_transaction(database, tailrace, state_dir, compressed, record_property):
    variable = "log_bin_compress" if database.mariadb else "binlog_transaction_compression"
    database.configure(**{variable: "ON" if compressed else "OFF"})
    database.sql("CREATE TABLE huge.big (id int PRIMARY KEY, v text)")
    run = started(database, tailrace, state_dir, ["--sink.type", "null"])
    before, begin = run.rss(), database.binlog_position()[1]
    rows = write_transaction(database, TRANSACTION)
    logged, committed = database.binlog_position()[1] - begin, time.monotonic()
    all_delivered(database, tailrace, state_dir)
    sizes = before, run.peak_rss(), run.rss()
    assert run.terminate() == 0
    assert f"rows={rows}" in run.log
    text = (f"{database.flavour}, {rows} rows, {logged / MB:.0f} MiB {'compressed' if compressed else 'plain'},"
            f" {time.monotonic() - committed:.1f} s behind the commit")
    one_event = compressed and not database.mariadb
    assert within(report(record_property, text, sizes, logged), BUDGET + (K_PAYLOAD * logged if one_event else 0))
