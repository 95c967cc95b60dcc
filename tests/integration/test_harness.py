"""The harness itself: what the other tests rely on must work, and its checks must be able to fail."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pymysql
import pytest
from confluent_kafka import Producer
from harness import procs
from harness.agent import Run
from harness.fetch import ROOT
from harness.kafka import Kafka
from harness.mysql import FLAVOURS, tool


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


def test_my_database(my):
    version = my.value("SELECT version()")
    assert version.startswith(my.flavour.partition("-")[2]) and ("MariaDB" in version) == my.mariadb
    assert my.value("SELECT DATABASE()") == my.name
    my.sql("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (%s, %s)", (1, "Grüße'"))
    assert my.sql("SELECT * FROM t") == [(1, "Grüße'")]
    connection = my.connect(host="127.0.0.1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER(), @@global.binlog_row_metadata, @@global.binlog_format")
        assert cursor.fetchone() == ("tailrace@%", "FULL", "ROW")
    connection.close()


def test_my_database_is_fresh(my):
    """Runs after test_my_database on the same servers."""
    assert my.sql("SHOW TABLES") == []
    assert [d for (d,) in my.sql("SHOW DATABASES") if d.startswith("db")] == [my.name]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_mysql_log_starts_empty_and_survives_a_kill(own_mysql, flavour):
    my = own_mysql(flavour, settings={"binlog_row_image": "MINIMAL"}, fsync=True)
    assert my.value("SELECT @@binlog_row_image") == "MINIMAL"
    assert my.value("SELECT @@sync_binlog") == 1
    assert my.gtids() == ""
    my.sql("CREATE DATABASE d; CREATE TABLE d.t AS SELECT 1 AS a")
    port, gtids, position = my.port, my.gtids(), my.binlog_position()
    assert gtids and position[1] == my.binlog_files()[-1].stat().st_size
    my.kill()
    with pytest.raises(pymysql.err.OperationalError):
        my.connect()
    assert my.start().port == port
    assert my.sql("SELECT a FROM d.t") == [(1,)]
    assert my.gtids() == gtids
    assert [p.read_bytes()[:4] for p in my.binlog_files()] == [b"\xfebin"] * 2
    newest = my.rotate()
    my.purge_binlog(newest)
    assert my.binlog_names() == [newest]
    my.configure(max_connections=50)
    my.restart()
    assert my.value("SELECT @@max_connections") == 50
    my.reset_binlog()
    assert my.gtids() == ""


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_mysql_with_tls(own_mysql, flavour):
    my = own_mysql(flavour, tls="only")
    refused = "Access denied" if flavour == "mariadb-10.11" else "insecure transport"
    with pytest.raises(pymysql.err.OperationalError, match=refused):
        my.connect(host="127.0.0.1", ssl_disabled=True)
    connection = my.connect(host="127.0.0.1", ssl_ca=str(my.ca), ssl_verify_cert=True, ssl_verify_identity=True)
    with connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
        assert cursor.fetchone()[1].startswith("TLS")
    connection.close()
    my.create_user("reader", "other secret", "SELECT ON *.*")
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        my.connect(host="127.0.0.1", user="reader", password="wrong", ssl_ca=str(my.ca))
    my.connect(host="127.0.0.1", user="reader", password="other secret", ssl_ca=str(my.ca)).close()


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_mysql_replica_is_promoted(own_mysql, flavour):
    my, replica = own_mysql(flavour), own_mysql(flavour)
    my.sql("CREATE DATABASE d; CREATE TABLE d.t AS SELECT 1 AS a")
    replica.replica_of(my)
    my.sql("INSERT INTO d.t VALUES (2)")
    replica.wait_for_replay(my.gtids())
    assert replica.sql("SELECT a FROM d.t ORDER BY a") == [(1,), (2,)]
    assert replica.gtids() == my.gtids()
    replica.sql("STOP REPLICA")
    my.sql("INSERT INTO d.t VALUES (3)")
    with pytest.raises(procs.ServerError, match="has not applied"):
        replica.wait_for_replay(my.gtids(), 1)
    my.kill()
    replica.promote()
    replica.sql("INSERT INTO d.t VALUES (4)")
    assert replica.value("SELECT sum(a) FROM d.t") == 7


def test_mariadb_from_debian_has_plugins(own_mysql):
    my = own_mysql("mariadb-11.8", auth="ed25519")
    assert my.value("SELECT plugin FROM mysql.user WHERE user = 'tailrace'") == "ed25519"
    p = subprocess.run(["mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={my.port}", "--user=tailrace",
                        f"--password={my.password}", "--skip-column-names", "--execute=SELECT CURRENT_USER()"],
                       capture_output=True, text=True, check=True)
    assert p.stdout == "tailrace@%\n"


@pytest.mark.parametrize("gtid", [True, False], ids=["gtid", "no-gtid"])
def test_mysqlbinlog_reads_the_log(own_mysql, gtid):
    my = own_mysql(gtid=gtid)
    my.sql("CREATE DATABASE d; CREATE TABLE d.t (a int); INSERT INTO d.t VALUES (4711)")
    p = subprocess.run([tool("mysqlbinlog"), "--verify-binlog-checksum", "-v", my.binlog_files()[-1]],
                       capture_output=True, text=True, check=True)
    assert "@1=4711" in p.stdout
    assert ("Anonymous_GTID" in p.stdout) != gtid


def test_mariadb_binlog_reads_the_log(own_mysql):
    my = own_mysql("mariadb-11.4")
    my.sql("CREATE DATABASE d; CREATE TABLE d.t (a int); INSERT INTO d.t VALUES (4711)")
    p = subprocess.run(["mariadb-binlog", "--verify-binlog-checksum", "-v", my.binlog_files()[-1]],
                       capture_output=True, text=True, check=True)
    assert "@1=4711" in p.stdout


def test_kafka(kafka):
    topic = kafka.topic("a")
    kafka.create_topic(topic, 2, {"cleanup.policy": "compact"})
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})
    produce(producer, topic, 100)
    assert producer.flush(20) == 0
    records = kafka.wait_for_records(topic, 100)
    assert [(r.partition, r.offset, r.key, r.value) for r in records] == [
        (i % 2, i // 2, b"%d" % i, b"v%d" % i) for i in [*range(0, 100, 2), *range(1, 100, 2)]]
    assert [r.offset for r in kafka.consume(topic, start={0: 50, 1: 49})] == [49]
    assert kafka.topics() == {topic: 2}
    assert kafka.server.topic_config(topic)["cleanup.policy"] == "compact"
    assert kafka.consume(kafka.topic("absent")) == []


@pytest.mark.timeout(300)
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
