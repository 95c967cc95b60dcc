"""A checkpoint that the server no longer continues is a gap: exit code 3 with its own text, and --accept-gap goes on."""

import re
import shutil

import pytest

from harness import procs

NAME = "shop"
SLOT = "tailrace_shop"


class Stream:
    """One source with a state directory, run to its end again and again."""

    def __init__(self, tailrace, state_dir):
        self.tailrace = tailrace
        self.state_dir = state_dir
        self.slot = SLOT

    def args(self, url, *more):
        return ["run", "--source", url, "--name", NAME, "--slot", self.slot, "--publication", self.slot,
                "--tables", "public.*", "--state", self.state_dir, *more]

    def to_end(self, url, *more):
        done = self.tailrace.run(*self.args(url, "--until", "end", *more))
        assert done.code == 0, done.stderr
        return done.lines

    def forget(self):
        """The checkpoint is gone."""
        shutil.rmtree(self.state_dir)
        self.state_dir.mkdir()

    def refused(self, url, code, text):
        """Runs; it must refuse with this exit code and text, and publish nothing."""
        done = self.tailrace.run(*self.args(url, "--until", "end"))
        assert done.code == code, done.stderr
        assert re.search(text, done.stderr), done.stderr
        assert done.stdout == ""
        return done.stderr


@pytest.fixture
def stream(tailrace, state_dir):
    return Stream(tailrace, state_dir)


def ids(lines):
    return [line["after"]["id"] for line in lines if line["op"] == "c"]


def prepare(db, stream):
    """A table, a first run, and a row that came through: the checkpoint is behind it."""
    stream.slot = f"{SLOT}_{db.name}"
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    stream.to_end(db.url())
    db.sql("INSERT INTO t VALUES (1)")
    assert ids(stream.to_end(db.url())) == [1]


def goes_on_when_accepted(db, stream, url=None):
    """The gap is published as an event of a new epoch, ahead of the rows that can still be had."""
    lines = stream.to_end(url or db.url(), "--accept-gap")
    assert lines[0]["op"] == "g" and lines[0]["id"].startswith("1:"), lines
    db.sql("INSERT INTO t VALUES (100)")
    later = stream.to_end(url or db.url())
    assert ids(later)[-1] == 100
    assert all(line["id"].startswith("1:") for line in later)


def slot_missing(db, slot):
    db.sql("SELECT pg_drop_replication_slot(%s)", (slot,))


def slot_recreated(db, slot):
    slot_missing(db, slot)
    db.sql("INSERT INTO t VALUES (2)")
    db.sql("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (slot,))


def slot_moved(db, slot):
    # An open transaction keeps the log from before our position, while the slot is confirmed beyond it.
    writer = db.connect(autocommit=False)
    writer.cursor().execute("INSERT INTO t VALUES (2)")
    db.sql("INSERT INTO t VALUES (3)")
    db.sql("SELECT pg_replication_slot_advance(%s, pg_current_wal_flush_lsn())", (slot,))
    writer.rollback()
    writer.close()


def publication_missing(db, slot):
    db.sql(f"DROP PUBLICATION {slot}")


def publication_recreated(db, slot):
    db.sql(f"DROP PUBLICATION {slot}")
    db.sql(f"CREATE PUBLICATION {slot} FOR TABLE t")


@pytest.mark.parametrize("spoil, text", [
    (slot_missing, r"the slot \S+ is gone"),
    (slot_recreated, r"the slot \S+ was created anew or advanced"),
    (slot_moved, r"the slot \S+ was (moved ahead by another reader|created anew or advanced)"),
    (publication_missing, r"taken with the publication \S+ which is gone"),
    (publication_recreated, r"the publication \S+ was dropped and created anew"),
], ids=lambda x: getattr(x, "__name__", ""))
def test_each_gap_stops_and_can_be_accepted(pg, stream, spoil, text):
    prepare(pg, stream)
    spoil(pg, stream.slot)
    said = stream.refused(pg.url(), 3, text)
    assert "--accept-gap" in said and "Remedy" in said
    stream.refused(pg.url(), 3, text)  # it does not heal by itself
    goes_on_when_accepted(pg, stream)


def test_smoke_on_other_versions(pg_other, stream):
    prepare(pg_other, stream)
    slot_missing(pg_other, stream.slot)
    stream.refused(pg_other.url(), 3, "is gone")
    goes_on_when_accepted(pg_other, stream)


class Own:
    """A server of the test's own, looked at like a Database."""

    def __init__(self, server):
        self.server = server
        self.name = "postgres"

    def url(self, **kwargs):
        return self.server.url(**kwargs)

    def sql(self, query, args=None):
        return self.server.sql(query, args)


def test_invalidated_slot(own_postgres, stream):
    db = Own(own_postgres(settings={"max_slot_wal_keep_size": "1MB", "min_wal_size": "32MB", "max_wal_size": "32MB"}))
    prepare(db, stream)
    db.sql("CREATE SCHEMA other; CREATE TABLE other.filler (t text)")
    for _ in range(5):
        db.sql("INSERT INTO other.filler SELECT repeat('x', 2000) FROM generate_series(1, 4000)")
        db.sql("SELECT pg_switch_wal()")
        db.sql("CHECKPOINT")
    stream.refused(db.url(), 3, r"has invalidated the slot \S+ \(wal_removed\).*max_slot_wal_keep_size")
    goes_on_when_accepted(db, stream)


def test_other_cluster(pg, own_postgres, stream):
    prepare(pg, stream)
    other = Own(own_postgres(pg.version))
    other.sql("CREATE TABLE t (id int PRIMARY KEY)")
    stream.refused(other.url(), 3, "taken from another cluster")
    goes_on_when_accepted(other, stream)


def test_other_database(pg_latest, stream):
    prepare(pg_latest, stream)
    name = pg_latest.name + "_other"
    pg_latest.server.create_database(name)
    try:
        # The slot still belongs to the first database: that is said first, with what to do.
        stream.refused(pg_latest.server.url(name), 2, r"the slot \S+ belongs to database")
        slot_missing(pg_latest, stream.slot)
        stream.refused(pg_latest.server.url(name), 3, rf"taken from database \S+{pg_latest.name}\S+ this is \S+{name}")
    finally:
        pg_latest.server.drop_database(name)


def test_recreated_and_renamed_database(own_postgres, stream):
    server = own_postgres()
    server.create_database("a")
    server.sql("CREATE TABLE t (id int PRIMARY KEY)", database="a")
    stream.to_end(server.url("a"))
    server.sql("ALTER DATABASE a RENAME TO b")
    server.sql("INSERT INTO t VALUES (1)", database="b")
    assert ids(stream.to_end(server.url("b"))) == [1]  # still the same one
    server.drop_database("b")
    server.create_database("b")
    server.sql("CREATE TABLE t (id int PRIMARY KEY)", database="b")
    stream.refused(server.url("b"), 3, "was dropped and created anew since the checkpoint")


def test_server_restored_from_an_older_copy(own_postgres, stream, tmp_path):
    server = own_postgres()
    db = Own(server)
    prepare(db, stream)
    server.stop()
    shutil.copytree(server.data, tmp_path / "copy")
    server.start()
    db.sql("INSERT INTO t SELECT generate_series(2, 2000)")
    assert len(stream.to_end(db.url())) == 1999
    server.stop("immediate")
    shutil.rmtree(server.data)
    shutil.copytree(tmp_path / "copy", server.data)
    server.data.chmod(0o700)
    server.own_files()
    server.start()
    stream.refused(db.url(), 3, "the server's log ends at .* before our position")
    lines = stream.to_end(db.url(), "--accept-gap")
    assert lines[0]["op"] == "g"


def test_slot_without_checkpoint_goes_on(pg, stream):
    prepare(pg, stream)
    stream.forget()
    pg.sql("INSERT INTO t VALUES (2)")
    done = stream.tailrace.run(*stream.args(pg.url(), "--until", "end"))
    assert done.code == 0, done.stderr
    assert ids(done.lines)[-1] == 2
    assert "there is no checkpoint, but the slot" in done.stderr


def test_slot_without_checkpoint_and_publication_is_a_gap(pg, stream):
    prepare(pg, stream)
    stream.forget()
    publication_missing(pg, stream.slot)
    stream.refused(pg.url(), 3, "there is no checkpoint, the slot .* is there, but its publication")
    goes_on_when_accepted(pg, stream)


def test_from(pg_latest, stream):
    url = pg_latest.url()
    stream.slot = f"{SLOT}_{pg_latest.name}"
    pg_latest.sql("CREATE TABLE t (id int PRIMARY KEY)")
    stream.to_end(url)
    stream.forget()
    pg_latest.sql("INSERT INTO t VALUES (1)")
    position = pg_latest.value("SELECT pg_current_wal_flush_lsn()")
    pg_latest.sql("INSERT INTO t VALUES (2)")
    done = stream.tailrace.run(*stream.args(url, "--from", "0/1", "--until", "end"))
    assert done.code == 2 and "can give what lies between" in done.stderr
    assert ids(stream.to_end(url, "--from", str(position))) == [2]


def test_gap_while_running(pg, stream):
    """The check is made on every connection, not only at the start."""
    prepare(pg, stream)
    run = stream.tailrace.start(*stream.args(pg.url()))
    run.wait_for_log("streaming")
    run.suspend()  # or it would be back before the slot can be dropped
    pg.server.drop_slot(stream.slot)
    run.resume()
    assert run.wait() == 3
    assert re.search(r"the slot \S+ is gone", run.log)


@pytest.mark.parametrize("spoil, text", [
    (publication_missing, r"taken with the publication \S+ which is gone"),
    (publication_recreated, r"the publication \S+ was dropped and created anew"),
], ids=lambda x: getattr(x, "__name__", ""))
def test_publication_lost_while_running(pg, stream, spoil, text):
    """Up to 17 the server fails on it; 18 only warns in its own log and leaves the rows out."""
    prepare(pg, stream)
    run = stream.tailrace.start(*stream.args(pg.url(), "--discover", "200ms"))
    run.wait_for_log("streaming")
    spoil(pg, stream.slot)
    assert run.wait() == 3
    assert re.search(text, run.log), run.log
    goes_on_when_accepted(pg, stream)


# ---- Promotion ----

def switch(server, standby):
    """A URL that finds whichever of the two is the primary."""
    return (f"postgresql://postgres@127.0.0.1:{server.port},127.0.0.1:{standby.port}/postgres"
            "?target_session_attrs=read-write&connect_timeout=3")


def wait_synced(server, standby, slot):
    lsn = server.value("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = %s", (slot,))
    procs.wait_until(lambda: standby.value(
        "SELECT synced AND NOT temporary AND confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots"
        " WHERE slot_name = %s", (lsn, slot)), 60, "the slot to be synchronised")


@pytest.mark.parametrize("version", [17, 18])
@pytest.mark.timeout(240)
def test_promotion_with_a_failover_slot_is_no_gap(own_postgres, stream, version):
    server = own_postgres(version)
    standby = server.standby(sync_slots=True)
    try:
        url = switch(server, standby)
        db = Own(server)
        db.sql("CREATE TABLE t (id int PRIMARY KEY)")
        run = stream.tailrace.start(*stream.args(url, "--failover", "true"))
        run.wait_for_log("streaming")
        for i in range(1, 6):
            db.sql("INSERT INTO t VALUES (%s)", (i,))
        run.wait_for_lines(5)
        server.sql("SELECT pg_log_standby_snapshot()")
        wait_synced(server, standby, stream.slot)
        db.sql("INSERT INTO t VALUES (6)")
        run.wait_for_lines(6)
        standby.wait_for_replay(server.wal_lsn())
        server.stop("fast")
        standby.promote()
        for i in range(7, 10):
            standby.sql("INSERT INTO t VALUES (%s)", (i,))
        run.wait_for_lines(1, 60, lambda line: line["after"]["id"] == 9)
        assert sorted(set(ids(run.lines()))) == list(range(1, 10))
        assert re.search("the server was promoted: timeline 2 goes on from timeline 1", run.log)
        assert run.terminate() == 0
        # The checkpoint belongs to the new timeline now: a restart finds nothing missing.
        standby.sql("INSERT INTO t VALUES (10)")
        assert ids(stream.to_end(url)) == [10]
    finally:
        standby.close()


@pytest.mark.timeout(240)
def test_promotion_of_a_standby_that_lacks_what_we_streamed_is_a_gap(own_postgres, stream):
    server = own_postgres(18)
    standby = server.standby(sync_slots=True)
    try:
        db = Own(server)
        db.sql("CREATE TABLE t (id int PRIMARY KEY)")
        stream.to_end(server.url(), "--failover", "true")
        server.sql("SELECT pg_log_standby_snapshot()")
        wait_synced(server, standby, stream.slot)
        standby.configure(primary_conninfo="")  # what comes now never gets there
        procs.wait_until(lambda: not standby.sql("SELECT FROM pg_stat_wal_receiver"), 30, "the standby to be cut off")
        db.sql("INSERT INTO t SELECT generate_series(1, 500)")
        assert len(stream.to_end(server.url())) == 500
        server.stop("immediate")
        standby.promote()
        stream.refused(standby.url(), 3, "the server's history left ours before our position")
        lines = stream.to_end(standby.url(), "--accept-gap")
        assert lines[0]["op"] == "g"
        server.start()
        stream.refused(server.url(), 3, "the server is on timeline 1, the checkpoint was taken on the later timeline 2")
    finally:
        standby.close()
