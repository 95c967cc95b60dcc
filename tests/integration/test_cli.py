"""The command line: exit codes, when a run ends, and what it leaves behind, prints and keeps to itself."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness.procs import reserve_port, wait_until

DONE, ERROR, USAGE, GAP, FENCED = 0, 1, 2, 3, 4
NOWHERE = "postgresql://postgres@127.0.0.1:1/x"


def one_table(pg) -> None:
    pg.sql("CREATE TABLE t (id int PRIMARY KEY)")


def ids(lines) -> list:
    return [x["after"]["id"] for x in lines]


def left_behind(pg) -> list:
    return pg.sql("SELECT slot_name::text FROM pg_replication_slots WHERE database = %s"
                  " UNION ALL SELECT pubname::text FROM pg_publication", (pg.name,))


# ---- Usage ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments, words", [
    ([], ["Usage"]),
    (["rum"], ["rum", "run"]),
    (["run"], ["source"]),
    (["run", "--source", NOWHERE, "--tabels", "x"], ["--tabels", "did you mean", "--tables"]),
    (["run", "--source", NOWHERE, "--encoding", "jsn"], ["jsn", "json"]),
    (["run", "--source", NOWHERE, "--memory", "1"], ["memory", "8MiB"]),
    (["run", "--source", "oracle://x/y"], ["postgresql://"]),
    (["run", "--source", NOWHERE, "--sink.kafka.acks", "1", "--sink.brokers", "x:1"], ["acks", "all"]),
    (["run", "--source", NOWHERE, "--until", "idle:soon"], ["idle"]),
    (["run", "--source"], ["--source"]),
    (["run", "--source", NOWHERE, "--snapshot", "allways"], ["snapshot", "initial", "when-needed"]),
    (["run", "/nonexistent/tailrace.yaml"], ["/nonexistent/tailrace.yaml"]),
    (["checkpoint", "show"], ["--state"]),
    (["drop"], ["source"]),
])
def test_wrong_usage(tailrace, arguments, words):
    done = tailrace.run(*arguments)
    assert done.code == USAGE and done.stdout == ""
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.mark.parametrize("content, place, words", [
    ("sources:\n  shop:\n    url: postgresql://x@127.0.0.1/x\n    tabels: [\"public.*\"]\n", ":4:5", ["tabels", "did you mean", "tables"]),
    ("sources:\n  shop: {url: \"postgresql://x@127.0.0.1/x\"}\nmemory: lots\n", ":3:9", ["lots"]),
    ("sources:\n  shop: {url: \"postgresql://x@127.0.0.1/x\"}\nmemory: 8MiB\nmemory: 9MiB\n", ":4:1", ["memory"]),
    ("sources: [\n", ":", []),
])
def test_wrong_file(tailrace, content, place, words):
    path = tailrace.config(content)
    done = tailrace.run("run", path)
    assert done.code == USAGE and f"{path.name}{place}" in done.stderr, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def test_help_and_version(tailrace):
    for arguments in (["--help"], ["run", "--help"], ["drop", "--help"], ["checkpoint", "--help"], ["version"]):
        done = tailrace.run(*arguments)
        assert done.code == DONE and done.stdout and done.stderr == "", arguments


def test_no_server(tailrace):
    done = tailrace.run("run", "--source", f"postgresql://postgres@127.0.0.1:{reserve_port()}/x")
    assert done.code == ERROR and "127.0.0.1" in done.stderr
    assert done.stdout == ""


def test_no_database(pg_latest, tailrace):
    done = tailrace.run("run", "--source", pg_latest.server.url("no_such_database"))
    assert done.code in (ERROR, USAGE) and "no_such_database" in done.stderr


# ---- Endings ----------------------------------------------------------------------------------------------------

def test_until_end(pg_latest, tailrace, state_dir):
    """What was committed before the start, and no waiting for more."""
    one_table(pg_latest)
    command = ["run", "--source", pg_latest.url(), "--state", state_dir, "--until", "end"]
    assert tailrace.run(*command).code == DONE
    pg_latest.sql("INSERT INTO t SELECT generate_series(1, 1000)")
    done = tailrace.run(*command)
    assert done.code == DONE and ids(done.lines) == list(range(1, 1001))
    done = tailrace.run(*command)
    assert done.code == DONE and done.stdout == ""  # checkpointed


def test_until_idle(pg_latest, tailrace):
    one_table(pg_latest)
    run = tailrace.start("run", "--source", pg_latest.url(), "--until", "idle:2s")
    run.wait_for_log("streaming")
    pg_latest.sql("INSERT INTO t VALUES (1)")
    assert run.wait(60) == DONE and ids(run.lines()) == [1]


def test_until_position(pg_latest, tailrace, state_dir):
    """The transaction that reaches the position is the last one."""
    one_table(pg_latest)
    command = ["run", "--source", pg_latest.url(), "--state", state_dir]
    assert tailrace.run(*command, "--until", "end").code == DONE
    pg_latest.sql("INSERT INTO t VALUES (1)")
    between = pg_latest.value("SELECT pg_current_wal_lsn()")
    pg_latest.sql("INSERT INTO t VALUES (2)")
    pg_latest.sql("INSERT INTO t VALUES (3)")
    done = tailrace.run(*command, "--until", between)
    assert done.code == DONE and ids(done.lines)[:1] == [1] and 3 not in ids(done.lines)
    first = ids(done.lines)
    done = tailrace.run(*command, "--until", "end")
    assert done.code == DONE and first + ids(done.lines) == [1, 2, 3]
    assert tailrace.run(*command, "--until", "nonsense").code == USAGE


def test_from_now(pg_latest, tailrace, state_dir):
    """A slot that waited for long, and a new start behind what it kept."""
    one_table(pg_latest)
    pg_latest.sql("CREATE PUBLICATION p FOR ALL TABLES")
    pg_latest.sql("SELECT pg_create_logical_replication_slot('waited', 'pgoutput')")
    pg_latest.sql("INSERT INTO t VALUES (1)")
    run = tailrace.start("run", "--source", pg_latest.url(), "--state", state_dir, "--slot", "waited",
                         "--publication", "p", "--from", "now")
    run.wait_for_log("streaming")
    pg_latest.sql("INSERT INTO t VALUES (2)")
    assert ids(run.wait_for_lines(1)) == [2]
    assert run.terminate() == DONE


def test_sigterm_drains(pg_latest, kafka, tailrace, state_dir):
    """Everything under way is delivered, checkpointed and acknowledged: nothing comes twice."""
    one_table(pg_latest)
    command = ["run", "--source", pg_latest.url(), "--name", kafka.prefix, "--state", state_dir,
               "--sink.brokers", kafka.bootstrap]
    run = tailrace.start(*command)
    run.wait_for_log("streaming")
    pg_latest.sql("INSERT INTO t SELECT generate_series(1, 50000)")
    topic = kafka.topic("public.t")
    wait_until(lambda: sum(kafka.server.end_offsets(topic).values()) > 0, 60, "the first record", 0.02)
    assert run.terminate() == DONE
    assert tailrace.run(*command, "--until", "end").code == DONE
    records = kafka.consume(topic)
    assert len(records) == len({r.value for r in records}) == 50000


def test_second_sigterm_leaves_at_once(pg_latest, own_kafka, tailrace, state_dir):
    """The first one waits for a broker that does not answer, as long as the grace."""
    one_table(pg_latest)
    broker = own_kafka()
    run = tailrace.start("run", "--source", pg_latest.url(), "--name", "s", "--state", state_dir, "--grace", "1h",
                         "--sink.brokers", broker.bootstrap)
    run.wait_for_log("streaming")
    pg_latest.sql("INSERT INTO t VALUES (1)")
    broker.wait_for_records("s.public.t", 1)
    broker.suspend()
    pg_latest.sql("INSERT INTO t VALUES (2)")
    sent = pg_latest.value("SELECT pg_current_wal_flush_lsn()")
    wait_until(lambda: pg_latest.value("SELECT bool_or(sent_lsn >= %s::pg_lsn) FROM pg_stat_replication"
                                       " WHERE application_name LIKE 'tailrace/s%%'", (sent,)), 30, "the row to be sent")
    time.sleep(1)  # now it is under way
    run.signal(signal.SIGTERM)
    run.wait_for_log("told to stop")
    with pytest.raises(subprocess.TimeoutExpired):
        run.process.wait(3)
    run.signal(signal.SIGTERM)
    assert run.wait(15) == DONE
    assert "will be sent again" in run.log


def test_closed_pipe_is_quiet(pg_latest, tailrace):
    """tailrace run | head -1: exit code 1 and no complaint."""
    one_table(pg_latest)
    run = tailrace.start("run", "--source", pg_latest.url(), into=subprocess.PIPE)
    run.wait_for_log("streaming")
    pg_latest.sql("INSERT INTO t VALUES (1)")
    assert run.process.stdout.readline()
    run.process.stdout.close()
    pg_latest.sql("INSERT INTO t VALUES (2)")
    pg_latest.sql("INSERT INTO t VALUES (3)")
    assert run.wait(30) == ERROR
    assert "level=error" not in run.log


def test_second_agent_is_fenced(pg_latest, tailrace, state_dir, tmp_path):
    """Of the same state directory by its lock; of the same slot by the server."""
    one_table(pg_latest)
    run = tailrace.start("run", "--source", pg_latest.url(), "--state", state_dir)
    run.wait_for_log("streaming")
    second = tailrace.run("run", "--source", pg_latest.url(), "--state", state_dir)
    assert second.code == FENCED and str(state_dir) in second.stderr
    assert tailrace.run("drop", "--source", pg_latest.url(), "--state", state_dir).code == FENCED
    assert run.terminate() == DONE
    assert tailrace.run("run", "--source", pg_latest.url(), "--state", state_dir, "--until", "end").code == DONE


# ---- What is left behind ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("ending", ["terminate", "kill"])
def test_temporary_slot_leaves_nothing(pg, tailrace, ending):
    one_table(pg)
    run = tailrace.start("run", "--source", pg.url(), "--tables", "public.*")
    run.wait_for_log("streaming")
    pg.sql("INSERT INTO t VALUES (1)")
    run.wait_for_lines(1)
    getattr(run, ending)()
    if ending == "kill":  # the slot goes with the connection; the publication with the next run
        wait_until(lambda: pg.value("SELECT count(*) FROM pg_replication_slots WHERE database = %s", (pg.name,)) == 0, 30, "the slot to go")
        assert tailrace.run("run", "--source", pg.url(), "--tables", "public.*", "--until", "end").code == DONE
    assert left_behind(pg) == []


def test_drop_leaves_nothing(pg, tailrace, state_dir):
    one_table(pg)
    command = ["--source", pg.url(), "--name", "shop", "--state", state_dir]
    assert tailrace.run("run", *command, "--until", "end").code == DONE
    assert len(left_behind(pg)) >= 2
    shown = tailrace.run("checkpoint", "show", "--state", state_dir)
    assert shown.code == DONE and "shop" in shown.stdout and "position" in shown.stdout
    told = json.loads(tailrace.run("checkpoint", "show", "--state", state_dir, "shop", "--json").stdout)
    assert told["name"] == "shop" and told["source"] == "postgresql" and told["epoch"] == 0 and told["snapshot"] == "never"
    assert tailrace.run("checkpoint", "show", "--state", state_dir, "other").code == USAGE
    dropped = tailrace.run("drop", *command)
    assert dropped.code == DONE, dropped.stderr
    assert left_behind(pg) == []
    assert list(Path(state_dir).iterdir()) == []
    assert tailrace.run("drop", *command).code == DONE  # nothing there is as good


# ---- What it says, and what it keeps to itself ------------------------------------------------------------------

def test_password_stays_secret(own_postgres, tailrace):
    server = own_postgres(auth="scram-sha-256")
    server.password = "s3cr3t/wörd"
    server.sql("CREATE TABLE t (id int PRIMARY KEY)")
    server.sql("ALTER ROLE postgres PASSWORD 's3cr3t/wörd'")
    run = tailrace.start("run", "--source", server.url(password=server.password), "--log-level", "debug")
    run.wait_for_log("streaming")
    told = run.log + Path(f"/proc/{run.pid}/cmdline").read_bytes().decode(errors="replace")
    for form in ("s3cr3t", "w%C3%B6rd"):
        assert form not in told
    assert "password" in run.log  # the warning
    assert run.terminate() == DONE
    wrong = tailrace.run("run", "--source", server.url(password="wr0ng-one"), "--log-level", "debug")
    assert wrong.code in (ERROR, USAGE) and "wr0ng" not in wrong.stderr
    by_env = tailrace.run("run", "--source", server.url(), "--password-env", "SHOP_PASSWORD", "--until", "end",
                          env={"SHOP_PASSWORD": server.password})
    assert by_env.code == DONE and "s3cr3t" not in by_env.stderr


def test_log_json(pg_latest, tailrace):
    one_table(pg_latest)
    done = tailrace.run("run", "--source", pg_latest.url(), "--until", "end", "--log", "json", "--log-level", "debug")
    assert done.code == DONE
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert lines and all({"time", "level", "msg"} <= line.keys() for line in lines)


@pytest.mark.parametrize("form", ["text", "json"])
def test_control_characters_in_names(pg_latest, tailrace, form):
    """A table's name must not paint the operator's terminal, nor forge a line of the log."""
    name = "evil\nlevel=error\x1b[31m\x9b\x07\"name\u202e"
    quoted = '"' + name.replace('"', '""') + '"'
    pg_latest.sql(f"CREATE TABLE {quoted} (id int, \"c\n\x1b\" int)")  # without a key: it is spoken of
    run = tailrace.start("run", "--source", pg_latest.url(), "--log", form, "--log-level", "debug")
    run.wait_for_log("streaming")
    pg_latest.sql(f"INSERT INTO {quoted} VALUES (1, 2)")
    assert run.wait_for_lines(1)[0]["table"] == name
    pg_latest.sql(f"ALTER TABLE {quoted} ADD d int")
    pg_latest.sql(f"INSERT INTO {quoted} VALUES (1, 2, 3)")
    line = run.wait_for_lines(2)[1]
    assert run.terminate() == DONE
    skipped = tailrace.run("run", "--source", pg_latest.url(), "--until", "end", "--tables", name, "--log", form)
    assert skipped.code in (DONE, USAGE) and line["after"]["d"] == 3
    for text in (run.stderr.read_bytes(), skipped.stderr.encode()):
        assert b"evil" in text
        assert not any(c < 0x20 and c != 0x0a or c == 0x7f for c in text)
        assert b"\xc2\x9b" not in text and b"\xe2\x80\xae" not in text  # CSI in one character; right to left
    assert not any(x.startswith("level=error") for x in run.log.splitlines())


def test_skip(pg_latest, tailrace, state_dir):
    """One change is passed over, by its id, and said aloud."""
    one_table(pg_latest)
    base = ["run", "--source", pg_latest.url(), "--until", "end"]
    assert tailrace.run(*base, "--state", state_dir).code == DONE
    pg_latest.sql("SELECT pg_copy_logical_replication_slot(slot_name, 'copy') FROM pg_replication_slots WHERE database = current_database()")
    pg_latest.sql("INSERT INTO t VALUES (1), (2), (3)")
    publication = pg_latest.value("SELECT pubname::text FROM pg_publication")
    whole = tailrace.run(*base, "--state", state_dir).lines
    other = tailrace.dir / "other"
    done = tailrace.run(*base, "--state", other, "--slot", "copy", "--publication", publication, "--skip", whole[1]["id"])
    assert done.code == DONE and ids(done.lines) == [1, 3]
    assert [x["id"] for x in done.lines] == [whole[0]["id"], whole[2]["id"]]
    assert whole[1]["id"] in done.stderr
