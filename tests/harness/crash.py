"""What the crash tests of all databases share: writers, an agent that is killed again and again while things happen
around it, and what its topics must say afterwards.

    seconds = crash.disturb(tailrace, disturbed, calm, writers, events, chance)
    verdict = crash.Verdict()
    verdict.table(Log(what the disturbed agent told), Log(what the calm one told), rows of the table)
    verdict.repeats(seconds, writers, record_property)

Two agents tell the same story: one that is killed, and one that reads everything undisturbed afterwards.
"""

import random
import threading
import time
from contextlib import closing
from typing import Callable, Dict, List

from .rows import Change, Log

KILLS = 30
OUTAGES = 3
WRITERS = 2
PARTITIONS = 3
TABLES = ("items", "pairs", "full_rows")
# What may repeat after one kill -9: what was delivered since the last checkpoint, at the most what the agent delivers
# undisturbed in this many seconds (a checkpoint is due after 0.2 s, and the broker's answers are under way for a while).
REPEATED_SECONDS = 0.3


class Writer(threading.Thread):
    """Inserts, updates, deletes, key changes, bulk loads and large transactions until told to stop. Subclasses say how to
    connect, and where the databases differ."""

    RATE = 1000  # rows a second, about
    ADD_PAIR = ""  # INSERT INTO pairs, unless that row is there
    GONE: tuple = ()  # what is raised when the server went away: then again, on a new connection
    FAILED: tuple = ()  # what is raised when a statement failed

    def __init__(self, seed: int):
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        self.next = seed  # the writers share no new id
        self.rows = 0
        self.error = None
        self.ending = threading.Event()

    def connect(self):
        """A connection, not in autocommit mode."""
        raise NotImplementedError

    def taken(self, error) -> bool:
        """Whether a statement failed because another writer was there before."""
        raise NotImplementedError

    def load(self, cursor, ids: range) -> None:
        """Items with these ids, in bulk."""
        raise NotImplementedError

    def run(self):
        while not self.ending.is_set() and not self.error:
            try:
                with closing(self.connect()) as connection:
                    while not self.ending.is_set():
                        before = self.rows
                        self.transaction(connection)
                        time.sleep((self.rows - before) / self.RATE)
            except self.GONE:
                time.sleep(0.1)
            except Exception as e:  # shown by the test
                self.error = e

    def transaction(self, connection):
        try:
            for _ in range(self.random.randint(1, 20)):
                self.step(connection.cursor())
            if self.random.random() < 0.1:
                connection.rollback()
            else:
                connection.commit()
        except self.FAILED as e:
            if not self.taken(e):
                raise
            connection.rollback()

    def finish(self):
        self.ending.set()
        self.join(60)
        if self.error:
            raise self.error

    def step(self, cursor):
        action = self.random.choices([self.insert, self.update, self.delete, self.move, self.bulk, self.sweep],
                                     [30, 40, 10, 10, 2, 1])[0]
        action(cursor)
        self.rows += max(cursor.rowcount, 0)

    def some_id(self):
        return self.random.randint(1, max(self.next, 2))

    def new_ids(self, count: int) -> range:
        first, self.next = self.next, self.next + count * WRITERS
        return range(first, self.next, WRITERS)

    def insert(self, cursor):
        i = self.new_ids(1)[0]
        doc = "x" * self.random.choice([10, 100, 9000])
        cursor.execute("INSERT INTO items (id, name, qty, price, doc, live) VALUES (%s,%s,%s,%s,%s,%s)",
                       (i, f"näme \"{i}\"\n", i % 97, f"{i / 7:.2f}", doc + str(self.random.random()), i % 2 == 0))
        cursor.execute(self.ADD_PAIR, (i % 100, f"b{i % 37}", i))
        cursor.execute("INSERT INTO full_rows VALUES (%s,%s,NULL)", (i, f"f{i}"))

    def update(self, cursor):
        i = self.some_id()
        cursor.execute("UPDATE items SET qty = qty + 1, name = NULL WHERE id = %s", (i,))
        cursor.execute("UPDATE pairs SET v = v + 1 WHERE a = %s", (i % 100,))
        cursor.execute("UPDATE full_rows SET v = coalesce(v, 0) + 0.25 WHERE id = %s", (i,))

    def delete(self, cursor):
        for table in ("items", "full_rows"):
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", (self.some_id(),))

    def move(self, cursor):
        """A new key, in both senses: of an own, and of a row that was there before."""
        i = self.new_ids(1)[0]
        cursor.execute("UPDATE items SET id = %s WHERE id = %s", (i, self.some_id()))
        cursor.execute("UPDATE full_rows SET id = %s WHERE id = %s", (i, self.some_id()))
        cursor.execute("UPDATE pairs SET b = concat(b, '''') WHERE a = %s AND length(b) < 20", (self.some_id() % 100,))

    def bulk(self, cursor):
        self.load(cursor, self.new_ids(300))

    def sweep(self, cursor):
        i = self.some_id()
        cursor.execute("UPDATE items SET qty = qty + 1 WHERE id BETWEEN %s AND %s", (i, i + 1000))


def copied(ids: range) -> str:
    """Items as lines of id, name and quantity."""
    return "".join(f"{i}\tcopied {i}\t{i % 5}\n" for i in ids)


# ---- The agent --------------------------------------------------------------------------------------------------

def into_kafka(kafka, database: str) -> tuple:
    """What tells the disturbed agent and the calm one where to write, and makes the topics of the first."""
    for table in TABLES:
        kafka.create_topic(kafka.topic(f"{database}.{table}"), PARTITIONS)
    both = ["--name", kafka.prefix, "--encoding", "change", "--sink.type", "kafka", "--sink.brokers", kafka.bootstrap]
    return both, [*both, "--topics", "calm.{source}.{table}"]


def outage(broker, chance) -> Callable:
    def happens(_run):
        broker.stop()
        time.sleep(chance.uniform(1, 3))
        broker.start()
    return happens


def kill_again_and_again(tailrace, arguments, events: Dict[int, Callable], chance):
    run = tailrace.start(*arguments)
    for kill in range(KILLS):
        if kill in events:
            events[kill](run)
        if chance.random() < 0.7:  # the others are killed while they start, or soon after
            run.wait_for_log("streaming", 60)
        time.sleep(chance.uniform(0.1, 0.6))
        assert run.running, run.log[-3000:]
        run.kill()
        run = tailrace.start(*arguments)
    return run


def disturb(tailrace, disturbed, calm, writers: List[Writer], events: Dict[int, Callable], chance) -> float:
    """Kills one agent KILLS times while the writers write and `events` happen: by the number of the kill they come in
    front of, called with the agent's run. Then the calm one reads it all; returns how many seconds it took."""
    for arguments in (disturbed, calm):
        assert tailrace.run(*arguments, "--until", "end").code == 0  # begins here, before the first row
    for writer in writers:
        writer.start()
    run = kill_again_and_again(tailrace, disturbed, events, chance)
    for writer in writers:
        writer.finish()
    run.wait_for_log("streaming", 60)  # a signal before it is listened to would only kill
    assert run.terminate() == 0
    assert tailrace.run(*disturbed, "--until", "end", timeout=120).code == 0
    began = time.monotonic()
    assert tailrace.run(*calm, "--until", "end", timeout=120).code == 0
    return time.monotonic() - began


# ---- The verdict ------------------------------------------------------------------------------------------------

class Verdict:
    """What was told, table by table, and how much of it twice."""

    def __init__(self) -> None:
        self.records = self.repeated = 0

    def table(self, log: Log, expected: Log, rows: List[dict]) -> None:
        """`rows` as the database holds them, as text."""
        rows = sorted(rows, key=str)
        assert len(expected.changes) > 100 and expected.duplicates() == 0
        problems = log.problems(expected.contents())
        assert not problems, f"{len(problems)} problems, the first: {problems[:10]}; {_two_ways(log, expected.contents())}"
        folded = _folded(log)
        assert folded == rows, [pair for pair in zip(folded, rows) if pair[0] != pair[1]][:3]
        self.repeated += log.duplicates()
        self.records += len(expected.changes)
        _prove_detector(log, expected, rows)

    def repeats(self, seconds: float, writers: List[Writer], record_property) -> None:
        """Few enough, where the calm agent took so many seconds for all records."""
        per_kill = self.repeated / KILLS
        text = (f"{sum(w.rows for w in writers)} rows written, {self.records} records, {KILLS} kills:"
                f" {per_kill:.0f} records repeated per kill, {self.records / seconds:.0f} a second undisturbed")
        print(text)
        record_property("repeats", text)
        assert per_kill <= self.records / seconds * REPEATED_SECONDS


def _two_ways(log: Log, expected: Dict[str, bytes]) -> str:
    """The first record that was told in two ways, in both of them."""
    for c in log.changes:
        if expected.get(c.id, c.content) != c.content:
            return f"{c.content!r} and {expected[c.id]!r}"
    return ""


def _folded(log: Log) -> List[dict]:
    return sorted((dict(sorted(row.items())) for row in log.table().values()), key=str)


def _prove_detector(log: Log, expected: Log, rows: List[dict]) -> None:
    """One record taken out, one altered, two of a key changed about: each must be seen."""
    whole = log.changes
    last = max(whole, key=lambda c: c.ord)
    lost = [c for c in whole if c.id != last.id]
    log.changes = lost
    assert log.problems(expected.contents()) == [f"lost: {last.id}"]
    if last.op != 3 or last.key in {c.key for c in lost}:
        assert _folded(log) != rows
    log.changes = [c._replace(content=b"other") if c is last else c for c in whole]
    assert log.problems(expected.contents()) == [f"told in two ways: {last.id}"]
    log.changes = _changed_about(whole)
    assert any(p.startswith("out of order") for p in log.problems(expected.contents()))
    log.changes = whole


def _changed_about(changes: List[Change]) -> List[Change]:
    """As told once, but for two records of one key, each in the other's place."""
    once: Dict[tuple, Change] = {}
    for c in sorted(changes, key=lambda c: (c.partition, c.offset)):
        once.setdefault((c.partition, c.id), c)
    last: Dict[bytes, Change] = {}
    for c in once.values():
        before = last.get(c.key)
        if c.key and before:
            a, b = c._replace(offset=before.offset), before._replace(offset=c.offset)
            return [a if x is c else b if x is before else x for x in once.values()]
        last[c.key] = c
    raise AssertionError("no key has two records")
