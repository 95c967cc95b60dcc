"""The agent is killed, the broker stopped, and nothing may be lost, reordered or told in two ways."""

import io
import random
import threading
import time

import psycopg2.errors
import pytest

from harness.rows import Log

KILLS = 30
OUTAGES = 3
WRITERS = 2
PARTITIONS = 3
# What may repeat after one kill -9: what was delivered since the last checkpoint, at the most what the agent delivers
# undisturbed in this many seconds (a checkpoint is due after 0.2 s, and the broker's answers are under way for a while).
REPEATED_SECONDS = 0.3

TABLES = {
    "items": "id bigint PRIMARY KEY, name text, qty int, price numeric(12,2), doc text, live boolean",
    "pairs": "a int, b text, v bigint, PRIMARY KEY (a, b)",
    "full_rows": "id bigint PRIMARY KEY, name text, v numeric",
}


class Writer(threading.Thread):
    """Inserts, updates, deletes, key changes, COPY and large transactions, until told to stop."""

    def __init__(self, database, seed: int):
        super().__init__(daemon=True)
        self.connection = database.connect(autocommit=False)
        self.random = random.Random(seed)
        self.next = seed  # the writers share no new id
        self.rows = 0
        self.error = None
        self.ending = threading.Event()

    def run(self):
        try:
            while not self.ending.is_set():
                self.transaction()
                time.sleep(0.005)
        except Exception as e:  # shown by the test
            self.error = e
        finally:
            self.connection.close()

    def transaction(self):
        try:
            for _ in range(self.random.randint(1, 20)):
                self.step()
            if self.random.random() < 0.1:
                self.connection.rollback()
            else:
                self.connection.commit()
        except (psycopg2.errors.UniqueViolation, psycopg2.errors.DeadlockDetected):
            self.connection.rollback()  # the other writer was there before

    def finish(self):
        self.ending.set()
        self.join(60)
        if self.error:
            raise self.error

    def step(self):
        cursor = self.connection.cursor()
        action = self.random.choices([self.insert, self.update, self.delete, self.move, self.copy, self.sweep],
                                     [30, 40, 10, 10, 2, 1])[0]
        action(cursor)
        self.rows += max(cursor.rowcount, 0)

    def some_id(self):
        return self.random.randint(1, max(self.next, 2))

    def insert(self, cursor):
        i, self.next = self.next, self.next + WRITERS
        doc = "x" * self.random.choice([10, 100, 9000])
        cursor.execute("INSERT INTO items VALUES (%s,%s,%s,%s,%s,%s)",
                       (i, f"näme \"{i}\"\n", i % 97, i / 7, doc + str(self.random.random()), i % 2 == 0))
        cursor.execute("INSERT INTO pairs VALUES (%s,%s,%s) ON CONFLICT DO NOTHING", (i % 100, f"b{i % 37}", i))
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
        i, self.next = self.next, self.next + WRITERS
        cursor.execute("UPDATE items SET id = %s WHERE id = %s", (i, self.some_id()))
        cursor.execute("UPDATE full_rows SET id = %s WHERE id = %s", (i, self.some_id()))
        cursor.execute("UPDATE pairs SET b = b || '''' WHERE a = %s AND length(b) < 20", (self.some_id() % 100,))

    def copy(self, cursor):
        first, self.next = self.next, self.next + 300 * WRITERS
        lines = "".join(f"{i}\tcopied {i}\t{i % 5}\n" for i in range(first, self.next, WRITERS))
        cursor.copy_expert("COPY items (id, name, qty) FROM STDIN", io.StringIO(lines))

    def sweep(self, cursor):
        i = self.some_id()
        cursor.execute("UPDATE items SET qty = qty + 1 WHERE id BETWEEN %s AND %s", (i, i + 1000))


def source(database, kafka, slot):
    return ["--source", database.url(), "--name", kafka.prefix, "--tables", "public.*", "--slot", slot,
            "--publication", "crash", "--sink.type", "kafka", "--sink.brokers", kafka.bootstrap, "--encoding", "change"]


def topic(kafka, table):
    return kafka.topic(f"public.{table}")


def kill_again_and_again(tailrace, arguments, broker, chance):
    run = tailrace.start(*arguments)
    outages = set(chance.sample(range(3, KILLS - 3), OUTAGES))
    for kill in range(KILLS):
        if kill in outages:
            broker.stop()
            time.sleep(chance.uniform(1, 3))
            broker.start()
        time.sleep(chance.uniform(0.2, 1.0))
        assert run.running, run.log[-3000:]
        run.kill()
        run = tailrace.start(*arguments)
    return run


def table_of(database, table):
    columns = [c for c, in database.sql(
        "SELECT column_name::text FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
        (table,))]
    rows = database.sql(f"SELECT {', '.join(c + '::text' for c in columns)} FROM {table}")
    return sorted((dict(zip(columns, row)) for row in rows), key=str)


def folded(log):
    return sorted(log.table().values(), key=str)


@pytest.mark.alone
@pytest.mark.timeout(420)
def test_nothing_is_lost_over_kills_and_outages(pg_latest, kafka, tailrace, tmp_path, record_property):
    chance = random.Random(20261123)
    for table, columns in TABLES.items():
        pg_latest.sql(f"CREATE TABLE {table} ({columns})")
        kafka.create_topic(topic(kafka, table), PARTITIONS)
    pg_latest.sql("ALTER TABLE full_rows REPLICA IDENTITY FULL")
    pg_latest.sql("CREATE PUBLICATION crash FOR TABLE " + ", ".join(TABLES))
    disturbed = ["run", *source(pg_latest, kafka, "crash_disturbed"), "--state", tmp_path / "disturbed"]
    calm = ["run", "--source", pg_latest.url(), "--name", kafka.prefix, "--tables", "public.*", "--slot", "crash_calm",
            "--publication", "crash", "--encoding", "change", "--state", tmp_path / "calm", "--until", "end",
            "--sink.type", "kafka", "--sink.brokers", kafka.bootstrap, "--topics", "calm.{source}.{table}"]
    assert tailrace.run(*calm).code == 0  # makes its slot, before the first row
    run = tailrace.start(*disturbed)
    run.wait_for_log("streaming")
    run.kill()
    writers = [Writer(pg_latest, seed) for seed in range(1, WRITERS + 1)]
    for writer in writers:
        writer.start()
    run = kill_again_and_again(tailrace, disturbed, kafka.server, chance)
    for writer in writers:
        writer.finish()
    run.wait_for_log("streaming", 60)  # a signal before it is listened to would only kill
    assert run.terminate() == 0
    assert tailrace.run(*disturbed, "--until", "end", timeout=120).code == 0
    began = time.monotonic()
    assert tailrace.run(*calm, timeout=120).code == 0
    seconds = time.monotonic() - began

    repeated = records = 0
    for table in TABLES:
        log = Log(kafka.consume(topic(kafka, table)))
        expected = Log(kafka.server.consume(f"calm.{kafka.prefix}.{table}"))
        assert len(expected.changes) > 100 and expected.duplicates() == 0
        assert log.problems(expected.contents()) == []
        assert folded(log) == table_of(pg_latest, table)
        repeated += log.duplicates()
        records += len(expected.changes)
        prove_detector(log, expected, table_of(pg_latest, table))
    print(f"{sum(w.rows for w in writers)} rows written, {KILLS} kills, {OUTAGES} outages: "
          f"{repeated / KILLS:.0f} records repeated per kill")
    record_property("repeated_per_kill", repeated / KILLS)
    assert repeated / KILLS <= records / seconds * REPEATED_SECONDS


def prove_detector(log, expected, table):
    """One record taken out, one moved, one altered: each must be seen."""
    whole = log.changes
    last = max(whole, key=lambda c: c.ord)
    lost = [c for c in whole if c.id != last.id]
    log.changes = lost
    assert any(p.startswith("lost") for p in log.problems(expected.contents()))
    if last.op != 3 or last.key in {c.key for c in lost}:
        assert folded(log) != table
    log.changes = [c._replace(content=b"other") if c is last else c for c in whole]
    assert any(p.startswith("told in two ways") for p in log.problems(expected.contents()))
    log.changes = [c._replace(partition=0, offset=len(whole) - i) for i, c in enumerate(whole)]
    assert any(p.startswith("out of order") for p in log.problems(expected.contents()))
    log.changes = whole
