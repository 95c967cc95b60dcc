"""Memory stays within its budget: with huge rows, and with a broker that is away."""

import re
import time
from typing import Callable

import pytest

from harness import agent, schema
from harness.procs import wait_until

MB = 1 << 20
WIDE = 100 * MB
BUDGET = 64 * MB   # the default of `memory`
# Resident memory may reach BUDGET + K × (bytes of the row as PostgreSQL sends it): docs/limits.md.
K_NULL, K_FILE, K_KAFKA = 3, 4, 4
SETTLED = 40 * MB  # what may stay afterwards, above what was there before

pytestmark = pytest.mark.timeout(300)


def within(peak: int, limit: int) -> bool:
    """A sanitizer takes memory of its own: then only what it complains about counts."""
    return agent.sanitized() or peak <= limit


def prepare(pg, kind: str) -> None:
    pg.sql(f"CREATE TABLE wide (id int PRIMARY KEY, v {kind}, n int)")
    pg.sql("ALTER TABLE wide ALTER v SET STORAGE EXTERNAL")


def insert_wide(pg, kind: str, wide: int) -> None:
    value = f"repeat('wide row! ', {wide // 10})"
    if kind == "bytea":
        value = f"decode(repeat('00ff', {wide // 4}), 'hex')"  # two characters a byte on the wire
    pg.sql(f"INSERT INTO wide VALUES (1, {value}, 7)")


def report(record_property, what: str, sizes: tuple, wide: int = WIDE) -> int:
    """Prints what was measured and returns the peak."""
    before, peak, after = sizes
    text = (f"{what}: before {before / MB:.0f} MiB, peak {peak / MB:.0f} MiB (k = {(peak - before) / wide:.1f}),"
            f" after {after / MB:.0f} MiB")
    print(text)
    record_property(what, text)
    return peak


def all_confirmed(pg, timeout: float = 250) -> None:
    """Waits until everything committed so far is acknowledged to the database."""
    flushed = pg.value("SELECT pg_current_wal_flush_lsn()")
    wait_until(lambda: pg.value("SELECT bool_and(confirmed_flush_lsn >= %s::pg_lsn) FROM pg_replication_slots"
                                " WHERE database = %s", (flushed, pg.name)), timeout, "the changes to be acknowledged", 0.05)


def pass_wide_row(run, confirmed: Callable, insert: Callable, wide: Callable) -> tuple:
    """(resident memory before, at most, after) of an agent, which takes a small row, the wide one and ten small ones;
    confirmed() waits until it has delivered what there is."""
    insert(0)
    confirmed()
    before = run.rss()
    wide()
    confirmed()
    for i in range(2, 12):  # life goes on
        insert(i)
    confirmed()
    peak = run.peak_rss()
    wait_until(lambda: within(run.rss(), before + SETTLED), 20, "the memory to be given back", 0.1)
    after = run.rss()
    assert run.terminate() == 0
    return before, peak, after


def wide_row(pg, tailrace, kind, flags, wide: int = WIDE, name: str = "w") -> tuple:
    prepare(pg, kind)
    run = tailrace.start("run", "--source", pg.url(), "--name", name, "--state", tailrace.dir / "state", *flags)
    run.wait_for_log("streaming", 60)
    return pass_wide_row(run, lambda: all_confirmed(pg), lambda i: pg.sql("INSERT INTO wide VALUES (%s, 'x', 1)", (i,)),
                         lambda: insert_wide(pg, kind, wide))


@pytest.mark.parametrize("kind", ["text", "bytea"])
def test_wide_row_to_null(pg_latest, tailrace, kind, record_property):
    sizes = wide_row(pg_latest, tailrace, kind, ["--sink.type", "null"])
    assert within(report(record_property, f"null, {kind}", sizes), BUDGET + K_NULL * WIDE)


def test_wide_row_to_file(pg_latest, tailrace, tmp_path, record_property):
    path = tmp_path / "out.jsonl"
    sizes = wide_row(pg_latest, tailrace, "text", ["--sink.path", path])
    assert path.stat().st_size > WIDE
    assert within(report(record_property, "file, text", sizes), BUDGET + K_FILE * WIDE)


def test_wide_row_to_kafka(pg_latest, kafka, tailrace, record_property):
    """Into a topic that takes it."""
    wide = 20 * MB
    topic = kafka.topic("public.wide")
    kafka.create_topic(topic, config={"max.message.bytes": str(40 * MB)})
    sizes = wide_row(pg_latest, tailrace, "text", ["--sink.brokers", kafka.bootstrap], wide, kafka.prefix)
    records = kafka.consume(topic)
    assert len(records) == 12 and len(records[1].value) > wide
    assert within(report(record_property, "kafka, text", sizes, wide), BUDGET + K_KAFKA * wide)


def test_oversize(pg_latest, kafka, tailrace, state_dir):
    """100 MB into a topic that takes 1 MB: refused with all there is to know; then without its largest column."""
    prepare(pg_latest, "text")
    command = ["run", "--source", pg_latest.url(), "--name", kafka.prefix, "--state", state_dir, "--until", "end",
               "--sink.brokers", kafka.bootstrap]
    assert tailrace.run(*command).code == 0
    insert_wide(pg_latest, "text", WIDE)
    pg_latest.sql("INSERT INTO wide VALUES (2, 'x', 1)")
    refused = tailrace.run(*command)
    assert refused.code == 2
    for word in ("public.wide", '{\\"id\\":1}', kafka.topic("public.wide"), "max.message.bytes", "oversize: strip", "--skip"):
        assert word in refused.stderr, refused.stderr
    assert WIDE <= max(int(n) for n in re.findall(r"(\d+) bytes", refused.stderr)) < WIDE + 1000
    stripped = tailrace.run(*command, "--oversize", "strip")
    assert stripped.code == 0 and "omitted" in stripped.stderr
    row_change = schema.load("tailrace/v1/change.proto").RowChange
    told = [row_change.FromString(r.value) for r in kafka.consume(kafka.topic("public.wide"))]
    assert [[(c.name, c.value.WhichOneof("kind"), c.value.missing) for c in t.after] for t in told] == [
        [("id", "int_value", 0), ("v", "missing", 4), ("n", "int_value", 0)],  # MISSING_OMITTED
        [("id", "int_value", 0), ("v", "text", 0), ("n", "int_value", 0)]]


def test_kafka_away_under_load(pg_latest, own_kafka, tailrace, state_dir, record_property):
    """10 s without a broker while 100 MB are written: back-pressure, not memory; then everything arrives."""
    broker = own_kafka()
    pg_latest.sql("CREATE TABLE busy (id int PRIMARY KEY, v text)")
    run = tailrace.start("run", "--source", pg_latest.url(), "--name", "b", "--state", state_dir,
                         "--sink.brokers", broker.bootstrap)
    run.wait_for_log("streaming", 60)
    pg_latest.sql("INSERT INTO busy VALUES (0, 'x')")
    broker.wait_for_records("b.public.busy", 1)
    broker.stop()
    stopped, count, rounds, step = time.monotonic(), 1, 5, 5000
    for _ in range(rounds):
        pg_latest.sql("INSERT INTO busy SELECT i, repeat('v', 4000) FROM generate_series(%s, %s) i", (count, count + step - 1))
        count += step
    time.sleep(max(0, stopped + 10 - time.monotonic()))
    away = run.peak_rss()
    broker.start()
    all_confirmed(pg_latest)
    peak = run.peak_rss()
    print(f"peak while Kafka was away {away / MB:.0f} MiB, at the end {peak / MB:.0f} MiB")
    record_property("peak", peak)
    assert within(max(away, peak), BUDGET + 40 * MB)
    assert run.terminate() == 0
    row_change = schema.load("tailrace/v1/change.proto").RowChange
    ids = [row_change.FromString(r.value).after[0].value.int_value for r in broker.consume("b.public.busy")]
    assert list(dict.fromkeys(ids)) == list(range(count))  # in order; what a lost answer made come twice is the same
