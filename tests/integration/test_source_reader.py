"""The reader on real servers: what it does while the sink stands still, the server goes, or the network breaks."""

import os
import random
import re
import signal
import statistics
import threading
import time

import pytest

from harness import agent, procs

WALSENDER = "SELECT pid FROM pg_stat_replication WHERE application_name LIKE 'tailrace/%%' AND state <> 'backup'"


def source(server, *tables, name="src", **url):
    return ["run", "--source", server.url(**url), "--name", name, "--tables", *(tables or ["public.*"])]


def to_kafka(broker):
    return ["--sink.type", "kafka", "--sink.brokers", broker.bootstrap, "--encoding", "json", "--memory", "8MiB"]


def make_table(server, name="t", width=""):
    server.sql(f"CREATE TABLE {name} (id bigserial PRIMARY KEY, a text {width})")


def insert(server, rows, size=100, table="t"):
    server.sql(f"INSERT INTO {table} (a) SELECT repeat('x', {size}) FROM generate_series(1, {rows})")


def inserted(line):
    return line["op"] == "c"


def ids(lines):
    return [line["after"]["id"] for line in lines if line["op"] == "c"]


def wait_for_rows(run, count, timeout=30):
    lines = run.wait_for_lines(count, timeout, where=inserted)
    assert ids(lines) == list(range(1, count + 1))


def confirmed(server, slot="tailrace_src"):
    return server.value("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = %s", (slot,))


def wait_confirmed(server, lsn, timeout=30):
    procs.wait_until(lambda: server.value("SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots"
                                          " WHERE slot_name = 'tailrace_src'", (lsn,)),
                     timeout, f"the slot to be confirmed up to {lsn}")


# ---- While the sink stands still --------------------------------------------------------------------------------

@pytest.mark.timeout(240)
def test_stays_connected_while_kafka_is_stopped(own_postgres, own_kafka, tailrace, state_dir):
    pg, broker = own_postgres(settings={"wal_sender_timeout": "2s"}), own_kafka()
    make_table(pg)
    run = tailrace.start(*source(pg), *to_kafka(broker), "--state", state_dir)
    run.wait_for_log("streaming")
    insert(pg, 10)
    broker.wait_for_records("src.public.t", 10)
    pid = pg.value(WALSENDER)
    broker.stop()
    stopped = time.monotonic()
    insert(pg, 10)  # first what fits into every queue, then far more
    time.sleep(3)
    for _ in range(40):
        insert(pg, 2000, 1000)
    time.sleep(max(0.0, stopped + 10 - time.monotonic()))
    assert pg.value(WALSENDER) == pid
    assert run.log.count('msg="streaming"') == 1
    broker.start()
    records = broker.wait_for_records("src.public.t", 80020, 90)
    assert len(records) == 80020
    wait_confirmed(pg, pg.wal_lsn())
    assert pg.value(WALSENDER) == pid
    assert run.terminate() == 0


@pytest.mark.timeout(240)
def test_server_shuts_down_while_kafka_is_stopped(own_postgres, own_kafka, tailrace, state_dir):
    """First with a row waiting, which the server asks about again and again; then with more than the queues hold, so that
    it cannot even send what it has."""
    pg, broker = own_postgres(), own_kafka()
    make_table(pg)
    run = tailrace.start(*source(pg), *to_kafka(broker), "--state", state_dir)
    run.wait_for_log("streaming")
    insert(pg, 10)
    broker.wait_for_records("src.public.t", 10)
    broker.stop()
    for n, backlog in enumerate((1, 60000), 2):
        insert(pg, backlog, 1000)
        time.sleep(2)
        began = time.monotonic()
        pg.stop("fast", 30)
        assert time.monotonic() - began < 10
        pg.start()
        if n == 2:
            run.wait_for_log('msg="streaming"', count=n)
    broker.start()
    broker.wait_for_records("src.public.t", 60011, 90)
    wait_confirmed(pg, pg.wal_lsn(), 60)
    # The connection changed, the agent did not: what it had received was not published twice.
    assert len(broker.consume("src.public.t")) == 60011
    assert run.terminate() == 0


@pytest.mark.alone
@pytest.mark.timeout(120)
def test_server_shuts_down_at_once_when_all_is_delivered(own_postgres, tailrace, state_dir):
    pg = own_postgres()
    make_table(pg)
    run = tailrace.start(*source(pg), "--state", state_dir)
    run.wait_for_log("streaming")
    insert(pg, 1000)
    wait_for_rows(run, 1000)
    began = time.monotonic()
    pg.stop("fast", 30)
    assert time.monotonic() - began < 3
    pg.start()
    insert(pg, 1)
    wait_for_rows(run, 1001)
    assert run.terminate() == 0


# ---- When the connection breaks ---------------------------------------------------------------------------------

@pytest.mark.timeout(180)
def test_cut_connections_repeat_and_lose_nothing(pg, proxy, tailrace, state_dir):
    """Cuts fall into large transactions: their rows come again from the server, but not out of the agent."""
    make_table(pg)
    network = proxy(pg.server.port)
    run = tailrace.start(*source(pg, port=network.port), "--state", state_dir)
    run.wait_for_log("streaming")
    chance = random.Random(1)
    for n in range(1, 13):
        insert(pg, 5000)
        run.wait_for_log('msg="streaming"', count=n)
        time.sleep(chance.uniform(0, 0.2))
        network.cut()
    run.wait_for_lines(60000, 60)
    wait_for_rows(run, 60000)
    assert run.terminate() == 0


def test_waits_for_a_server_that_is_away(own_postgres, tailrace, state_dir):
    pg = own_postgres(15)
    make_table(pg)
    run = tailrace.start(*source(pg), "--state", state_dir)
    run.wait_for_log("streaming")
    pg.kill()
    run.wait_for_log("trying again", count=4)
    pg.start()
    insert(pg, 1)
    wait_for_rows(run, 1)
    assert run.terminate() == 0


def test_waits_for_its_slot(own_postgres, proxy, tailrace, state_dir):
    """Our old walsender lives on behind a network that has died: the slot is free when the server has noticed."""
    pg = own_postgres(settings={"wal_sender_timeout": "6s"})
    make_table(pg)
    network = proxy(pg.port)
    run = tailrace.start(*source(pg, port=network.port), "--state", state_dir)
    run.wait_for_log("streaming")
    pid = pg.value(WALSENDER)
    pg.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_replication")
    other = pg.connect(replication="database").cursor()
    procs.wait_until(lambda: hold_slot(other), 10, "the slot to be ours")
    holder = other.connection.info.backend_pid
    run.wait_for_log(f"(process|PID) {holder}")
    other.connection.close()
    insert(pg, 1)
    wait_for_rows(run, 1)
    assert pg.value(WALSENDER) not in (pid, holder)
    assert run.terminate() == 0


def hold_slot(cursor):
    """Takes the slot as soon as it is free, without confirming anything."""
    import psycopg2
    try:
        cursor.execute("START_REPLICATION SLOT tailrace_src LOGICAL 0/0 (proto_version '1', publication_names 'tailrace_src')")
    except psycopg2.errors.ObjectInUse:
        return False
    return True


def test_stops_while_the_server_is_silent(pg_latest, proxy, tailrace, state_dir):
    make_table(pg_latest)
    network = proxy(pg_latest.server.port)
    run = tailrace.start(*source(pg_latest, port=network.port), "--state", state_dir)
    run.wait_for_log("streaming")
    insert(pg_latest, 10)
    wait_for_rows(run, 10)
    network.stall()
    insert(pg_latest, 10)
    began = time.monotonic()
    assert run.terminate() == 0
    assert time.monotonic() - began < 10


# ---- Positions --------------------------------------------------------------------------------------------------

@pytest.mark.timeout(180)
def test_idle_tables_do_not_hold_back_the_log(pg, tailrace, state_dir):
    make_table(pg)
    make_table(pg, "busy")
    run = tailrace.start(*source(pg, "public.t"), "--state", state_dir)
    run.wait_for_log("streaming")
    for _ in range(3):
        insert(pg, 20000, table="busy")
        wait_confirmed(pg.server, pg.server.wal_lsn())
    assert run.lines() == []
    assert run.terminate() == 0


def test_an_idle_source_is_at_its_end_at_once(pg, tailrace, state_dir):
    make_table(pg)
    arguments = [*source(pg), "--state", state_dir, "--until", "end"]
    assert tailrace.run(*arguments, timeout=10).code == 0
    insert(pg, 10)
    run = tailrace.run(*arguments, timeout=10)
    assert (run.code, ids(run.lines)) == (0, list(range(1, 11)))
    end = pg.server.wal_lsn()
    run = tailrace.run(*arguments, timeout=10)
    assert (run.code, run.lines) == (0, [])
    # The server has heard of it before the agent ended.
    assert pg.value("SELECT confirmed_flush_lsn >= %s::pg_lsn AND NOT active FROM pg_replication_slots"
                    " WHERE slot_name = 'tailrace_src'", (end,))


# ---- Publications that are missing in the stream ----------------------------------------------------------------

def test_a_publication_dropped_under_the_stream_is_a_gap(pg, tailrace, state_dir):
    """Up to version 17 the server fails, from 18 on it only warns and drops the rows."""
    make_table(pg)
    run = tailrace.start(*source(pg), "--state", state_dir)
    run.wait_for_log("streaming")
    insert(pg, 1)
    wait_for_rows(run, 1)
    pg.sql("DROP PUBLICATION tailrace_src")
    insert(pg, 1)
    assert run.wait(30) == 3
    assert ids(run.lines()) == [1]
    assert re.search(r"publication .*tailrace_src.*--accept-gap", run.log)


# ---- The catalogue ----------------------------------------------------------------------------------------------

def test_keys_and_types_come_from_the_catalogue(pg, tailrace, state_dir):
    pg.sql("""CREATE DOMAIN cents AS numeric(12,2);
              CREATE DOMAIN price AS cents CHECK (VALUE > 0);
              CREATE TYPE mood AS ENUM ('sad', 'fine');
              CREATE TABLE t (x price, b text, a int, m mood[], PRIMARY KEY (b, a));
              CREATE TABLE late (x int NOT NULL, y int);
              ALTER TABLE late REPLICA IDENTITY FULL""")
    run = tailrace.start(*source(pg), "--state", state_dir)
    run.wait_for_log("streaming")
    pg.sql("INSERT INTO t VALUES (1.50, 'b', 1, '{sad,fine}'); INSERT INTO late VALUES (1, 2)")
    first, second = run.wait_for_lines(2, where=inserted)
    assert list(first["key"].items()) == [("b", "b"), ("a", 1)]
    assert first["after"] == {"x": "1.50", "b": "b", "a": 1, "m": ["sad", "fine"]}
    pg.sql("ALTER TABLE late ADD PRIMARY KEY (x)")
    pg.sql("INSERT INTO late VALUES (3, 4)")
    assert run.wait_for_lines(3, where=inserted)[2]["key"] == {"x": 3}
    assert run.terminate() == 0


def test_waits_for_the_catalogue_without_losing_its_connection(own_postgres, tailrace, state_dir):
    """The connection beside the stream stalls: the stream goes on giving feedback, and goes on when it is back."""
    pg = own_postgres(settings={"wal_sender_timeout": "2s"})
    make_table(pg)
    run = tailrace.start(*source(pg), "--state", state_dir)
    run.wait_for_log("streaming")
    insert(pg, 1)
    wait_for_rows(run, 1)
    pid = pg.value(WALSENDER)
    backends = [p for p, in pg.sql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'tailrace/%'"
                                   " AND backend_type = 'client backend'")]
    for backend in backends:
        os.kill(backend, signal.SIGSTOP)
    try:
        pg.sql("ALTER TABLE t ADD COLUMN b int")
        insert(pg, 1)
        time.sleep(6)
        assert pg.value(WALSENDER) == pid
        assert len(run.lines()) == 1
    finally:
        for backend in backends:
            os.kill(backend, signal.SIGCONT)
    wait_for_rows(run, 2)
    assert pg.value(WALSENDER) == pid
    assert run.terminate() == 0


# ---- Speed of single rows ---------------------------------------------------------------------------------------

@pytest.mark.alone
@pytest.mark.timeout(120)
@pytest.mark.parametrize("tls", ["off", "only"])
def test_a_row_is_not_kept_waiting(own_postgres, tailrace, state_dir, tls):
    """Rows of every size, alone and behind bursts: none waits in a buffer for the next one."""
    pg = own_postgres(tls=tls)
    make_table(pg, width="STORAGE EXTERNAL" if pg.version >= 16 else "")
    ca = {"sslmode": "verify-full", "sslrootcert": str(pg.ca)} if tls == "only" else {}
    run = tailrace.start(*source(pg, host="localhost", **ca), "--state", state_dir)
    run.wait_for_log("streaming")
    rows, waits = 0, []
    for burst in (0, 5000, 20000):
        if burst:
            insert(pg, burst)
            rows += burst
            run.wait_for_lines(rows, 60)
        for size in (1, 100, 7000, 8200, 16400, 40000, 300000) * 3:
            began = time.monotonic()
            insert(pg, 1, size)
            rows += 1
            run.wait_for_lines(rows, 20)
            waits.append(time.monotonic() - began)
    assert max(waits) < 5  # without waking up by itself it would be ten
    assert statistics.median(waits) < 0.3
    wait_for_rows(run, rows)
    assert run.terminate() == 0


@pytest.mark.timeout(120)
def test_feedback_does_not_wait_for_a_slow_consumer(own_postgres, tailrace, state_dir):
    """Many small transactions under load: everything arrives, in order, and the slot follows."""
    pg = own_postgres()
    make_table(pg)
    run = tailrace.start(*source(pg), "--state", state_dir)
    run.wait_for_log("streaming")

    def write():
        connection = pg.connect()
        with connection.cursor() as cursor:
            for _ in range(2000):
                cursor.execute("INSERT INTO t (a) VALUES ('x')")
        connection.close()
    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = run.wait_for_lines(6000, 60)
    assert sorted(ids(lines)) == list(range(1, 6001))
    assert [line["ord"] for line in lines] == sorted(line["ord"] for line in lines)
    wait_confirmed(pg, pg.wal_lsn())
    assert run.terminate() == 0


# ---- Memory -----------------------------------------------------------------------------------------------------

@pytest.mark.timeout(180)
def test_memory_of_a_huge_row_is_given_back(pg_latest, tailrace, state_dir):
    make_table(pg_latest)
    run = tailrace.start(*source(pg_latest), "--sink.type", "null", "--state", state_dir)
    run.wait_for_log("streaming")
    insert(pg_latest, 1000)
    wait_confirmed(pg_latest, pg_latest.server.wal_lsn())
    before = run.rss()
    insert(pg_latest, 1, 100 << 20)
    run.wait_for_log("connecting anew", 60)
    run.wait_for_log('msg="streaming"', count=2)
    assert run.peak_rss() > before + (100 << 20)
    insert(pg_latest, 1000)
    wait_confirmed(pg_latest, pg_latest.server.wal_lsn())
    if not agent.sanitized():  # a sanitizer takes memory of its own
        procs.wait_until(lambda: run.rss() < before + (16 << 20), 10, "the memory to be given back")
    assert run.terminate() == 0
    assert "trying again" not in run.log
