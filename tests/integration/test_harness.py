"""The harness itself: what the other tests rely on must work, and its checks must be able to fail."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest
from confluent_kafka import Producer
from harness import procs
from harness.agent import Run
from harness.fetch import ROOT
from harness.kafka import Kafka


def produce(producer: Producer, topic: str, count: int) -> None:
    for i in range(count):
        producer.produce(topic, key=str(i), value=b"v%d" % i, partition=i % 2)


def check_server(pg) -> None:
    assert pg.value("SELECT current_setting('server_version_num')::int / 10000") == pg.version
    pg.sql("CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE TABLE t (id int PRIMARY KEY)")
    pg.sql("SELECT pg_create_logical_replication_slot('harness_' || current_database(), 'pgoutput')")
    assert pg.value("SELECT database FROM pg_replication_slots") == pg.name


def test_database(pg):
    check_server(pg)


def test_database_is_fresh_and_slots_are_gone(pg):
    """Runs after test_database on the same servers."""
    assert pg.value("SELECT count(*) FROM pg_class WHERE relname = 't'") == 0
    assert pg.value("SELECT count(*) FROM pg_replication_slots") == 0


def test_other_versions(pg_other):
    check_server(pg_other)


def test_postgres_killed_and_configured(own_postgres):
    pg = own_postgres(settings={"wal_sender_timeout": "2s"}, fsync=True)
    assert pg.value("SHOW wal_sender_timeout") == "2s"
    assert pg.value("SHOW fsync") == "on"
    pg.sql("CREATE TABLE t AS SELECT 1 AS a")
    port = pg.port
    pg.kill()
    with pytest.raises(psycopg2.OperationalError):
        pg.connect()
    assert pg.start().port == port
    assert pg.value("SELECT a FROM t") == 1
    pg.configure(wal_sender_timeout="3s")
    procs.wait_until(lambda: pg.value("SHOW wal_sender_timeout") == "3s", 10, "the new setting")
    pg.stop("immediate")
    assert pg.restart().value("SELECT a FROM t") == 1


def test_postgres_with_scram_and_tls(own_postgres):
    pg = own_postgres(auth="scram-sha-256", tls="only")
    verified = dict(host="127.0.0.1", sslmode="verify-full", sslrootcert=str(pg.ca))
    with pytest.raises(psycopg2.OperationalError, match="password"):
        pg.connect(**verified)
    with pytest.raises(psycopg2.OperationalError, match="no encryption"):
        pg.connect(host="127.0.0.1", sslmode="disable", password=pg.password)
    connection = psycopg2.connect(pg.url(password=pg.password, sslmode="verify-full", sslrootcert=str(pg.ca)))
    assert connection.info.ssl_in_use
    connection.close()


@pytest.mark.parametrize("version", [15, 18])
def test_standby_is_promoted(own_postgres, version):
    pg = own_postgres(version)
    pg.sql("CREATE TABLE t AS SELECT 1 AS a")
    standby = pg.standby(sync_slots=version >= 17)
    pg.sql("INSERT INTO t VALUES (2)")
    standby.wait_for_replay(pg.wal_lsn())
    assert standby.value("SELECT sum(a) FROM t") == 3
    if version >= 17:
        pg.sql("SELECT pg_create_logical_replication_slot('moves', 'pgoutput', false, false, true)")
        procs.wait_until(lambda: pg.sql("SELECT pg_log_standby_snapshot()") and standby.sql(
            "SELECT 1 FROM pg_replication_slots WHERE slot_name = 'moves' AND synced AND NOT temporary"), 60,
                         "the failover slot on the standby", 0.5)
    pg.kill()
    standby.promote()
    standby.sql("INSERT INTO t VALUES (3)")
    standby.close()


def test_kafka(kafka):
    topic = kafka.topic("a")
    kafka.create_topic(topic, 2, {"cleanup.policy": "compact"})
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    produce(producer, topic, 100)
    assert producer.flush(20) == 0
    records = kafka.wait_for_records(topic, 100)
    assert [(r.partition, r.offset, r.key, r.value) for r in records] == [
        (i % 2, i // 2, b"%d" % i, b"v%d" % i) for i in [*range(0, 100, 2), *range(1, 100, 2)]]
    assert [r.offset for r in kafka.consume(topic, start={0: 50, 1: 49})] == [49]
    assert kafka.topics() == {topic: 2}
    assert kafka.server.topic_config(topic)["cleanup.policy"] == "compact"
    assert kafka.consume(kafka.topic("absent")) == []


def test_kafka_goes_and_comes_back(own_kafka):
    """Every way a broker can be away, with a producer that must not lose anything."""
    broker: Kafka = own_kafka(proxied=True)
    broker.create_topic("t", 2)
    producer = Producer({"bootstrap.servers": broker.proxied_bootstrap, "enable.idempotence": True,
                         "message.timeout.ms": 0, "reconnect.backoff.max.ms": 500, "log_level": 0})
    sent = 0

    def away(leave, come_back):
        nonlocal sent
        produce(producer, "t", 10)
        assert producer.flush(20) == 0
        leave()
        produce(producer, "t", 10)
        assert producer.flush(0.5) == 10
        come_back()
        assert producer.flush(40) == 0
        sent += 20
    away(broker.stop, broker.start)
    away(broker.suspend, broker.resume)
    away(broker.proxy.stall, broker.proxy.resume)
    away(broker.proxy.refuse, broker.proxy.accept)
    away(broker.kill, broker.start)
    assert broker.proxy.cut() > 0
    assert len(broker.consume("t")) == sent == sum(broker.end_offsets("t").values())


def test_proxy_forwards_and_cuts(own_postgres, proxy):
    pg = own_postgres()
    p = proxy(pg.port)
    connection = psycopg2.connect(pg.url(port=p.port))
    with connection.cursor() as cursor:
        cursor.execute("SELECT repeat('x', 5000000)")
        assert len(cursor.fetchone()[0]) == 5000000
        assert p.bytes_forwarded > 5000000
        assert p.connections == p.cut() == 1
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("SELECT 1")
    p.refuse()
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        psycopg2.connect(pg.url(port=p.port))
    p.accept()
    psycopg2.connect(pg.url(port=p.port)).close()


def test_nothing_outlives_a_killed_owner(tmp_path):
    """kill -9 of the process that started a server takes the server along; the next run removes its files."""
    script = (f"import sys, time; sys.path.insert(0, {str(ROOT / 'tests')!r})\n"
              "from harness.postgres import Postgres\n"
              "pg = Postgres(18).start(); print(pg.pid, pg.dir.parent, flush=True); time.sleep(60)\n")
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pid, directory = owner.stdout.readline().split()
    owner.kill()
    owner.wait()
    owner.stdout.close()
    procs.wait_until(lambda: not procs.alive(int(pid)), 20, "the orphaned server to end")
    assert Path(directory).exists()
    subprocess.run([sys.executable, "-c", script.replace("time.sleep(60)", "")], check=True, capture_output=True)
    assert not Path(directory).exists()


def fake_agent(tmp_path, script: str) -> Run:
    """A stand-in for the binary, to test what watches it."""
    out, err = tmp_path / "out", tmp_path / "err"
    with open(out, "wb") as o, open(err, "wb") as e:
        return Run(subprocess.Popen(["sh", "-c", script], stdout=o, stderr=e), out, err)


def test_run_reads_whole_lines_only(tmp_path):
    run = fake_agent(tmp_path, """echo '{"a":1}'; printf '{"a":'; sleep 0.3; echo '2}'; echo ready >&2; sleep 30""")
    assert run.wait_for_lines(1) == [{"a": 1}]
    assert run.wait_for_lines(2) == [{"a": 1}, {"a": 2}]
    assert run.wait_for_lines(1, where=lambda line: line["a"] == 2) == [{"a": 2}]
    assert run.wait_for_log("re..y")
    assert run.terminate() == -signal.SIGTERM


def test_run_fails_when_the_process_ends_early(tmp_path):
    run = fake_agent(tmp_path, "echo why >&2; exit 3")
    start = time.monotonic()
    with pytest.raises(AssertionError, match="ended with 3 before(.|\n)*why"):
        run.wait_for_lines(1)
    assert time.monotonic() - start < 10
    assert run.wait() == 3


def test_run_fails_on_a_sanitizer_report(tmp_path):
    run = fake_agent(tmp_path, "echo '==1==ERROR: AddressSanitizer: heap-use-after-free' >&2")
    with pytest.raises(AssertionError, match="heap-use-after-free"):
        run.wait()
