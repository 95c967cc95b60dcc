"""Progress inside a large transaction survives kill -9, and an idle table does not hold back the log. What comes again
after a kill depends on how long the disk takes for a checkpoint, so those tests run alone."""

import json

import pytest

from harness import schema
from harness.procs import wait_until

ROWS = 200_000
# What is under way at once: half of the memory to send, an eighth read ahead, of rows of some 250 bytes; and what was
# delivered since the last checkpoint, which waits for the disk. Below what stood in the topic when the agent was killed.
WINDOW = 50_000
SLOW = ["--memory", "8MiB", "--checkpoint-interval", "10ms"]
SLOW_KAFKA = SLOW + ["--sink.kafka.batch.num.messages", "100"]  # slow enough to be killed in the middle


def prepare(database) -> None:
    database.sql("CREATE TABLE big (id int PRIMARY KEY, a text, b text)")


def fill(database, rows: int = ROWS) -> None:
    """One transaction."""
    database.sql("INSERT INTO big SELECT i, repeat('a', 80), repeat('b', 40) FROM generate_series(1, %s) i", (rows,))


def source(database, name: str, state, *flags) -> list:
    return ["run", "--source", database.url(), "--name", name, "--state", state, *flags]


def started(tailrace, arguments) -> None:
    """Makes the slot before the rows."""
    assert tailrace.run(*arguments, "--until", "end").code == 0


def progress_of(tailrace, state) -> str:
    shown = json.loads(tailrace.run("checkpoint", "show", "--state", state, "--json").stdout)
    return shown.get("progress", "")


def kill_in_the_middle(tailrace, arguments, count, rows: int = ROWS):
    """Kills the agent when about a third is delivered; returns how much that was."""
    run = tailrace.start(*arguments)
    wait_until(lambda: count() >= rows // 3, 100, "a third of the rows", 0.02)
    run.kill()
    delivered = count()
    assert delivered < rows, "too fast to be killed in the middle"
    return delivered


def check_rows(ids: list, delivered: int, rows: int = ROWS) -> int:
    """ids in the order of arrival: all there, in order but for one step back. Returns how many came again."""
    numbers = {}
    for i in ids:
        numbers.setdefault(i, len(numbers))
    steps_back = sum(1 for a, b in zip(ids, ids[1:]) if numbers[b] < numbers[a])
    assert len(numbers) == rows and steps_back <= 1
    repeated = len(ids) - rows
    print(f"{delivered} of {rows} delivered when killed, {repeated} repeated")
    assert repeated <= WINDOW < delivered
    return repeated


def read_file(path) -> list:
    text = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in text.split(b"\n") if line]


@pytest.mark.alone
@pytest.mark.timeout(240)
def test_kafka(pg_latest, kafka, tailrace, state_dir, record_property):
    prepare(pg_latest)
    topic = kafka.topic("public.big")
    kafka.create_topic(topic)
    command = source(pg_latest, kafka.prefix, state_dir, "--sink.brokers", kafka.bootstrap, *SLOW_KAFKA)
    started(tailrace, command)
    fill(pg_latest)
    delivered = kill_in_the_middle(tailrace, command, lambda: sum(kafka.server.end_offsets(topic).values()))
    assert progress_of(tailrace, state_dir)
    assert tailrace.run(*command, "--until", "end", timeout=120).code == 0
    row_change = schema.load("tailrace/v1/change.proto").RowChange
    ids = [row_change.FromString(r.value).id for r in kafka.consume(topic)]
    record_property("repeated", check_rows(ids, delivered))


@pytest.mark.timeout(240)
def test_another_mapping_begins_the_transaction_again(pg_latest, kafka, tailrace, state_dir):
    """Progress counts source changes under one mapping; under another one nothing of it holds."""
    rows = 60_000
    prepare(pg_latest)
    topic = kafka.topic("public.big")
    kafka.create_topic(topic)
    command = source(pg_latest, kafka.prefix, state_dir, "--sink.brokers", kafka.bootstrap, *SLOW_KAFKA)
    started(tailrace, command)
    fill(pg_latest, rows)
    delivered = kill_in_the_middle(tailrace, command, lambda: sum(kafka.server.end_offsets(topic).values()), rows)
    assert progress_of(tailrace, state_dir)
    without_b = ["--overrides", f"[{{ table: '{kafka.prefix}.public.big', exclude: [b] }}]"]
    assert tailrace.run(*command, *without_b, "--until", "end", timeout=120).code == 0
    row_change = schema.load("tailrace/v1/change.proto").RowChange
    told = [row_change.FromString(r.value) for r in kafka.consume(topic)]
    again = [c for c in told if len(c.after) == 2]
    assert len(told) - len(again) == delivered
    assert [c.after[0].value.int_value for c in again] == list(range(1, rows + 1))
    assert {c.id for c in again} >= {c.id for c in told}


@pytest.mark.alone
@pytest.mark.timeout(240)
def test_file(pg_latest, tailrace, state_dir, tmp_path):
    prepare(pg_latest)
    path = tmp_path / "out.jsonl"
    command = source(pg_latest, "f", state_dir, "--sink.path", path, *SLOW)
    started(tailrace, command)
    fill(pg_latest)
    line = 300  # bytes of a line, about
    delivered = kill_in_the_middle(tailrace, command, lambda: path.stat().st_size // line)
    assert progress_of(tailrace, state_dir)
    assert tailrace.run(*command, "--until", "end", timeout=120).code == 0
    check_rows([x["id"] for x in read_file(path)], delivered)


def test_idle_table_holds_nothing_back(pg, tailrace, state_dir):
    """Much is written, none of it captured: the slot follows all the same, and nothing is published."""
    pg.sql("CREATE TABLE quiet (id int PRIMARY KEY); CREATE TABLE loud (id int, t text)")
    run = tailrace.start(*source(pg, "q", state_dir, "--tables", "public.quiet", "--slot", f"quiet_{pg.name}"))
    run.wait_for_log("streaming", 60)
    for _ in range(3):
        pg.sql("INSERT INTO loud SELECT i, repeat('x', 200) FROM generate_series(1, 30000) i")
        written = pg.value("SELECT pg_current_wal_lsn()")
        wait_until(lambda: pg.value("SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots"
                                    " WHERE slot_name = %s", (written, f"quiet_{pg.name}")), 60, "the slot to follow", 0.1)
    assert run.lines() == []
    run.kill()
    pg.sql("INSERT INTO quiet VALUES (1)")
    run = tailrace.start(*source(pg, "q", state_dir, "--tables", "public.quiet", "--slot", f"quiet_{pg.name}"))
    assert run.wait_for_lines(1, 60)[0]["after"] == {"id": 1}
