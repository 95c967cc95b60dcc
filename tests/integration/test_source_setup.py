"""What a first run makes in PostgreSQL, what it refuses, and what it says: slot, publications, grants, new tables."""

import re
from contextlib import contextmanager

import psycopg2
import pytest

from harness import procs


EXACT = ("public.*", "!public.never")  # no whole schema: publications name each table


def options(db, *more, url=None, tables=("public.*",)):
    """One source with names of this database's own."""
    chosen = [word for table in tables for word in ("--tables", table)]
    return ["run", "--source", url or db.url(), "--name", db.name, *chosen, *more]


def slot_of(db):
    return f"tailrace_{db.name}"


def publications(db):
    """Table name -> publications that name it or take it in."""
    found = {}
    for table, publication in db.sql("SELECT tablename, pubname FROM pg_publication_tables ORDER BY 1, 2"):
        found.setdefault(table, []).append(publication)
    return found


def slots(db):
    return [r[0] for r in db.sql("SELECT slot_name FROM pg_replication_slots WHERE database = %s", (db.name,))]


def values(lines, op="c", column="id"):
    return [line["after"][column] for line in lines if line["op"] == op]


@contextmanager
def role(db, name, grants=()):
    """A role without rights but those granted; what it owns goes with it."""
    full = f"{name}_{db.name}"
    db.sql(f"CREATE ROLE {full} LOGIN REPLICATION")
    try:
        for grant in grants:
            db.sql(grant.format(role=full))
        yield full
    finally:
        db.server.drop_slot(slot_of(db))
        db.sql(f"DROP OWNED BY {full} CASCADE; DROP ROLE {full}")


# ---- What is made ----

def test_first_run_makes_publications_and_slot(pg, tailrace, state_dir):
    pg.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE no_key (id int); CREATE SCHEMA other;"
           "CREATE TABLE other.b (id int PRIMARY KEY); CREATE UNLOGGED TABLE fleeting (id int PRIMARY KEY)")
    name = slot_of(pg)
    done = tailrace.run(*options(pg, "--state", state_dir, "--until", "end", tables=EXACT))
    assert done.code == 0, done.stderr
    assert publications(pg) == {"a": [name], "no_key": [name + "_insert"]}
    assert slots(pg) == [name]
    assert pg.sql("SELECT pubname, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot FROM pg_publication"
                  " ORDER BY 1") == [(name, True, True, True, True, True),
                                     (name + "_insert", True, False, False, True, True)]
    assert "only inserts and truncates of table public.no_key are streamed" in done.stderr
    assert "REPLICA IDENTITY FULL" in done.stderr
    # The application can still do what it did, and the inserts arrive.
    pg.sql("INSERT INTO no_key VALUES (1); UPDATE no_key SET id = 2; DELETE FROM no_key; INSERT INTO no_key VALUES (3)")
    lines = tailrace.run(*options(pg, "--state", state_dir, "--until", "end", tables=EXACT)).lines
    assert values(lines) == [1, 3]
    assert not [line for line in lines if line["op"] in "ud"]


@pytest.mark.parametrize("identity, usable", [
    ("DEFAULT", True), ("FULL", True), ("NOTHING", False), ("USING INDEX t_u_key", True),
])
def test_replica_identities(pg, tailrace, identity, usable):
    """Usable is what lets the application update while the table is published; the server is the judge."""
    pg.sql("CREATE TABLE t (id int PRIMARY KEY, u int NOT NULL UNIQUE); INSERT INTO t VALUES (1, 1)")
    pg.sql(f"ALTER TABLE t REPLICA IDENTITY {identity}")
    run = tailrace.start(*options(pg))
    run.wait_for_log("streaming")
    assert ("only inserts and truncates of table public.t" in run.log) == (not usable)
    pg.sql("UPDATE t SET u = 2; DELETE FROM t; INSERT INTO t VALUES (5, 5)")
    run.wait_for_lines(1, where=lambda line: line["op"] == "c")
    assert len(run.lines()) == (3 if usable else 1)
    assert run.terminate() == 0


def test_deferrable_key_and_dropped_index(pg_latest, tailrace):
    """Both look like an identity and are none."""
    pg_latest.sql("CREATE TABLE late (id int PRIMARY KEY DEFERRABLE); CREATE TABLE gone (id int NOT NULL UNIQUE);"
                  "ALTER TABLE gone REPLICA IDENTITY USING INDEX gone_id_key;"
                  "ALTER TABLE gone DROP CONSTRAINT gone_id_key; INSERT INTO late VALUES (1); INSERT INTO gone VALUES (1)")
    run = tailrace.start(*options(pg_latest))
    run.wait_for_log("streaming")
    pg_latest.sql("UPDATE late SET id = 2")
    pg_latest.sql("UPDATE gone SET id = 2")
    assert run.terminate() == 0


def test_generated_columns_do_not_stop_the_application(pg_latest, tailrace):
    """In 18 identity FULL covers generated columns: stored ones we publish, virtual ones cannot be."""
    kinds = ["stored", "virtual"] if pg_latest.version >= 18 else ["stored"]
    for kind in kinds:
        pg_latest.sql(f"CREATE TABLE g_{kind} (id int PRIMARY KEY, a int, d int GENERATED ALWAYS AS (a * 2) {kind});"
                      f"ALTER TABLE g_{kind} REPLICA IDENTITY FULL; INSERT INTO g_{kind} VALUES (1, 1)")
    run = tailrace.start(*options(pg_latest))
    run.wait_for_log("streaming")
    for kind in kinds:
        pg_latest.sql(f"UPDATE g_{kind} SET a = 2")
    run.wait_for_lines(1, where=lambda line: line["table"] == "g_stored" and line["op"] == "u")
    assert run.terminate() == 0


def test_partitions_come_under_their_root(pg, tailrace):
    pg.sql("CREATE TABLE root (id int PRIMARY KEY) PARTITION BY RANGE (id);"
           "CREATE TABLE low PARTITION OF root FOR VALUES FROM (0) TO (10);"
           "CREATE TABLE spoilt (id int PRIMARY KEY) PARTITION BY RANGE (id);"
           "CREATE TABLE spoilt_low PARTITION OF spoilt FOR VALUES FROM (0) TO (10);"
           "ALTER TABLE spoilt_low REPLICA IDENTITY NOTHING; INSERT INTO spoilt VALUES (1)")
    run = tailrace.start(*options(pg))
    run.wait_for_log("streaming")
    assert "of its partition public.spoilt_low" in run.log
    pg.sql("UPDATE spoilt SET id = 2; INSERT INTO root VALUES (1); UPDATE root SET id = 2;"
           "CREATE TABLE high PARTITION OF root FOR VALUES FROM (10) TO (20); INSERT INTO root VALUES (11)")
    lines = run.wait_for_lines(3)
    assert {line["table"] for line in lines} == {"root"}
    assert run.terminate() == 0


def test_children_by_inheritance_do_not_come_along(pg_latest, tailrace):
    """ALTER PUBLICATION adds them with their parent unless told not to; this one has no key."""
    pg_latest.sql("CREATE TABLE parent (id int PRIMARY KEY); CREATE SCHEMA other;"
                  "CREATE TABLE other.child () INHERITS (parent); INSERT INTO other.child VALUES (1)")
    run = tailrace.start(*options(pg_latest, tables=["public.parent"]))
    run.wait_for_log("streaming")
    assert list(publications(pg_latest)) == ["parent"]
    pg_latest.sql("UPDATE other.child SET id = 2")
    assert run.terminate() == 0


# ---- Whole schemas ----

@pytest.mark.parametrize("tables", ["public.*", "*.*"])
def test_superuser_misses_nothing_of_a_new_table_and_breaks_none(pg, tailrace, state_dir, tables):
    """Inserts come by the whole schema, which needs no identity; updates only of tables that have one."""
    pg.sql("CREATE TABLE a (id int PRIMARY KEY)")
    name = slot_of(pg)
    args = options(pg, "--state", state_dir, "--discover", "1h", tables=[tables])
    run = tailrace.start(*args)
    run.wait_for_log("streaming")
    assert pg.sql("SELECT pubname, puballtables, EXISTS (SELECT FROM pg_publication_namespace WHERE pnpubid = p.oid),"
                  " pubupdate FROM pg_publication p ORDER BY 1") == [
        (name, False, False, True), (name + "_insert", tables == "*.*", tables != "*.*", False)]
    # At no moment may a table that has no identity be in a publication of updates.
    pg.sql("CREATE TABLE staging AS SELECT 1 AS id; UPDATE staging SET id = 2; INSERT INTO staging VALUES (3)")
    run.wait_for_lines(1, where=lambda line: line["table"] == "staging" and line["after"]["id"] == 3)
    # A new one that has is found by its first row, long before the next look.
    pg.sql("CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later VALUES (1)")
    run.wait_for_log(r"new table public\.later: its inserts are streamed from the first on, its updates and deletes from")
    pg.sql("UPDATE later SET id = 2")
    run.wait_for_lines(1, where=lambda line: line["table"] == "later" and line["op"] == "u")
    assert values([line for line in run.lines() if line["table"] == "later"]) == [1]
    assert run.terminate() == 0
    assert "1 table(s) came in while streaming" in run.log
    assert publications(pg)["later"] == [name, name + "_insert"]
    pg.sql("INSERT INTO a VALUES (7)")
    assert values(tailrace.run(*args, "--until", "end").lines) == [7]


def test_a_schema_without_tables_misses_nothing_of_its_first(pg_latest, tailrace, state_dir):
    pg_latest.sql("CREATE SCHEMA fresh")
    run = tailrace.start(*options(pg_latest, "--state", state_dir, "--discover", "1h", tables=["fresh.*"]))
    run.wait_for_log("streaming")
    pg_latest.sql("CREATE TABLE fresh.a (id int PRIMARY KEY); INSERT INTO fresh.a VALUES (1)")
    assert values(run.wait_for_lines(1)) == [1]
    assert run.terminate() == 0


# ---- Tables that come later ----

def test_a_later_table_is_added_and_the_hole_is_said(pg, tailrace, state_dir):
    pg.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE no_key (id int)")
    run = tailrace.start(*options(pg, "--state", state_dir, "--discover", "200ms", tables=EXACT))
    run.wait_for_log("streaming")
    pg.sql("BEGIN; CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later SELECT generate_series(1, 42); COMMIT")
    said = run.wait_for_log(r"table public\.later is streamed from (\S+) on; (\d+) row\(s\) that it had before")
    assert said.group(2) == "42"
    pg.sql("INSERT INTO later VALUES (100)")
    lines = run.wait_for_lines(1)
    assert values(lines) == [100]
    # A table that gains or loses its key moves between the publications.
    pg.sql("ALTER TABLE no_key ADD PRIMARY KEY (id)")
    run.wait_for_log("table public.no_key has a usable replica identity now")
    pg.sql("ALTER TABLE later DROP CONSTRAINT later_pkey")
    run.wait_for_log("only inserts and truncates of table public.later are streamed, so that")
    pg.sql("UPDATE later SET id = 7; INSERT INTO no_key VALUES (1); UPDATE no_key SET id = 2")
    run.wait_for_lines(1, where=lambda line: line["table"] == "no_key" and line["op"] == "u")
    assert run.terminate() == 0


def test_a_table_made_while_away_is_added_at_the_start(pg_latest, tailrace, state_dir):
    pg_latest.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE no_key (id int)")
    args = options(pg_latest, "--state", state_dir, "--until", "end", tables=EXACT)
    tailrace.run(*args)
    pg_latest.sql("CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later VALUES (1); INSERT INTO a VALUES (1)")
    done = tailrace.run(*args)
    assert re.search(r"table public\.later is streamed from \S+ on; 1 row", done.stderr)
    assert [line["table"] for line in done.lines] == ["a"]
    pg_latest.sql("INSERT INTO later VALUES (2)")
    assert values(tailrace.run(*args).lines) == [2]


def test_patterns_that_select_nothing_name_their_neighbours(pg_latest, tailrace):
    pg_latest.sql("CREATE TABLE orders (id int PRIMARY KEY)")
    done = tailrace.run(*options(pg_latest, "--until", "end", tables=["public.ordres", "public.orders"]))
    assert done.code == 0, done.stderr
    assert re.search(r"public\.ordres\S+ selects no table .*did you mean public\.orders", done.stderr)
    assert done.stderr.count("selects no table") == 1


# ---- Waiting ----

def test_slot_waits_for_writers_and_names_them(pg, tailrace, state_dir):
    pg.sql("CREATE TABLE a (id int PRIMARY KEY)")
    writer = pg.connect(autocommit=False)
    cursor = writer.cursor()
    cursor.execute("INSERT INTO a VALUES (1) RETURNING pg_backend_pid(), pg_current_xact_id()::text")
    pid, xid = cursor.fetchone()
    run = tailrace.start(*options(pg, "--state", state_dir))
    run.wait_for_log(rf"waits for transactions .*pid {pid} \(xid {xid}, idle in transaction")
    assert run.terminate() == 0  # it listens while it waits
    assert slots(pg) == []       # and leaves no half-made slot that would keep the log
    run = tailrace.start(*options(pg, "--state", state_dir))
    run.wait_for_log("waits for transactions")
    writer.commit()
    run.wait_for_log("slot created")
    run.wait_for_log("streaming")
    pg.sql("INSERT INTO a VALUES (2)")
    assert values(run.wait_for_lines(1)) == [2]
    assert run.terminate() == 0
    writer.close()


def test_a_slot_in_use_is_waited_for_and_then_fenced(own_postgres, tailrace, tmp_path):
    server = own_postgres(settings={"wal_sender_timeout": "2s"})
    server.sql("CREATE TABLE a (id int PRIMARY KEY)")

    def args(state):
        (tmp_path / state).mkdir(exist_ok=True)
        return ["run", "--source", server.url(), "--name", "shop", "--tables", "public.*", "--state", tmp_path / state]
    first = tailrace.start(*args("one"))
    first.wait_for_log("streaming")
    second = tailrace.start(*args("two"))
    second.wait_for_log(r"the slot \S+ is in use by process \d+ \(tailrace/shop")
    assert second.wait(40) == 4
    third = tailrace.start(*args("one2"))
    third.wait_for_log("is in use by process")
    first.kill()
    third.wait_for_log("streaming", 40)
    assert third.terminate() == 0


# ---- Nothing left behind ----

def test_without_state_nothing_stays(pg, tailrace):
    pg.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE no_key (id int)")
    run = tailrace.start(*options(pg))
    run.wait_for_log("streaming")
    assert pg.value("SELECT bool_and(temporary) FROM pg_replication_slots WHERE database = %s", (pg.name,))
    assert pg.value("SELECT count(*) FROM pg_publication") == 2
    pg.sql("INSERT INTO a VALUES (1)")
    run.wait_for_lines(1)
    other = tailrace.start(*options(pg))  # two of them do not meet
    other.wait_for_log("streaming")
    run.kill()  # what this one leaves, the next run sweeps
    assert other.terminate() == 0
    assert pg.value("SELECT count(*) FROM pg_publication") == 2
    procs.wait_until(lambda: not slots(pg), 20, "the killed run's temporary slot to go")
    done = tailrace.run(*options(pg, "--until", "end"))
    assert done.code == 0, done.stderr
    assert pg.value("SELECT count(*) FROM pg_publication") == 0


def test_a_failed_start_without_state_leaves_nothing(pg_latest, tailrace):
    pg_latest.sql("CREATE TABLE a (id int PRIMARY KEY)")
    done = tailrace.run(*options(pg_latest, "--from", "0/1"))
    assert done.code == 2 and "there is no slot yet" in done.stderr
    assert pg_latest.value("SELECT count(*) FROM pg_publication") == 0
    assert slots(pg_latest) == []


def test_a_lost_connection_without_state_is_a_gap(pg_latest, tailrace):
    """The temporary slot went with it: going on quietly would lose what came in between."""
    pg_latest.sql("CREATE TABLE a (id int PRIMARY KEY)")
    run = tailrace.start(*options(pg_latest))
    run.wait_for_log("streaming")
    pg_latest.sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = %s",
                  (pg_latest.name,))
    assert run.wait() == 3
    assert "--state" in run.log
    assert pg_latest.value("SELECT count(*) FROM pg_publication") == 0


def test_without_state_the_publication_of_another_run_is_only_read(pg_latest, tailrace, state_dir):
    """A look beside a running agent must not change what that one streams."""
    pg_latest.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE no_key (id int)")
    assert tailrace.run(*options(pg_latest, "--state", state_dir, "--until", "end")).code == 0
    before = publications(pg_latest)
    run = tailrace.start(*options(pg_latest, "--discover", "200ms", tables=["public.a"]))
    run.wait_for_log("streaming")
    assert publications(pg_latest) == before and slots(pg_latest) != [slot_of(pg_latest)]
    pg_latest.sql("INSERT INTO a VALUES (1)")
    run.wait_for_lines(1)
    procs.wait_until(lambda: pg_latest.value(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND query LIKE '%%pg_publication%%'",
        (f"tailrace/{pg_latest.name}",)), 20, "the watch to look")
    assert publications(pg_latest) == before
    assert run.terminate() == 0
    assert publications(pg_latest) == before


def test_drop(pg, tailrace, state_dir):
    pg.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE PUBLICATION by_hand FOR TABLE a")
    args = options(pg, "--state", state_dir)
    run = tailrace.start(*args)
    run.wait_for_log("streaming")
    drop = ["drop", *args[1:]]
    done = tailrace.run(*drop)
    assert done.code == 4, done.stderr  # the lock of the state directory
    run.kill()
    run = tailrace.start(*args)
    run.wait_for_log("streaming")
    assert run.terminate() == 0
    done = tailrace.run(*drop)
    assert done.code == 0, done.stderr
    assert slots(pg) == [] and pg.sql("SELECT pubname FROM pg_publication") == [("by_hand",)]
    assert not list(state_dir.glob("*.checkpoint"))
    assert tailrace.run(*drop).code == 0  # nothing there is fine


# ---- Grants ----

def owner_sql(text):
    """The statements for the owner, as printed behind the last error."""
    return re.findall(r"(?:CREATE PUBLICATION|COMMENT ON|ALTER PUBLICATION) [^;]*;", text.replace("\\n", "\n")
                      .replace('\\"', '"'))


def test_what_we_may_not_make_is_sql_for_the_owner(pg, tailrace, state_dir):
    pg.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE no_key (id int)")
    with role(pg, "reader") as name:
        args = options(pg, "--state", state_dir, "--until", "end", url=pg.url(user=name))
        done = tailrace.run(*args)
        assert done.code == 2, done.stderr
        assert "lacks CREATE on database" in done.stderr
        assert slots(pg) == []  # a slot before its publication would be poisoned
        statements = owner_sql(done.stderr)
        assert len(statements) >= 4, done.stderr
        for statement in statements:
            pg.sql(statement)
        done = tailrace.run(*args)
        assert done.code == 0, done.stderr
        pg.sql("INSERT INTO a VALUES (1); INSERT INTO no_key VALUES (2)")
        assert values(tailrace.run(*args).lines) == [1, 2]
        # A table that comes later is said, and does not stop what runs.
        pg.sql("CREATE TABLE later (id int PRIMARY KEY); INSERT INTO a VALUES (3)")
        done = tailrace.run(*args)
        assert done.code == 0 and values(done.lines) == [3]
        assert re.search(r"for the owner to run: ALTER PUBLICATION .*later", done.stderr)
        # What only the owner can take away is said too.
        done = tailrace.run("drop", *options(pg, "--state", state_dir, url=pg.url(user=name))[1:])
        assert done.code == 2 and "DROP PUBLICATION" in done.stderr
        assert slots(pg) == []


def test_owner_of_the_tables_needs_no_superuser(pg, tailrace, state_dir):
    with role(pg, "owner", ["GRANT CREATE ON DATABASE {role} TO {role}".replace("DATABASE {role}", f"DATABASE {pg.name}"),
                            "GRANT ALL ON SCHEMA public TO {role}"]) as name:
        pg.sql(f"CREATE TABLE a (id int PRIMARY KEY); ALTER TABLE a OWNER TO {name}")
        args = options(pg, "--state", state_dir, "--until", "end", url=pg.url(user=name))
        done = tailrace.run(*args)
        assert done.code == 0, done.stderr
        assert publications(pg) == {"a": [slot_of(pg)]}
        pg.sql("CREATE TABLE not_ours (id int PRIMARY KEY)")
        done = tailrace.run(*args)
        assert done.code == 0 and "owns neither the publication nor all of the tables" in done.stderr


def test_create_off(pg_latest, tailrace, state_dir):
    pg_latest.sql("CREATE TABLE a (id int PRIMARY KEY)")
    args = options(pg_latest, "--state", state_dir, "--create", "false", "--until", "end")
    done = tailrace.run(*args)
    assert done.code == 2 and "the option create is off" in done.stderr
    for statement in owner_sql(done.stderr):
        pg_latest.sql(statement)
    done = tailrace.run(*args)
    assert done.code == 2 and "pg_create_logical_replication_slot" in done.stderr
    pg_latest.sql("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (slot_of(pg_latest),))
    assert tailrace.run(*args).code == 0


def test_role_without_replication(pg_latest, tailrace, state_dir):
    with role(pg_latest, "plain") as name:
        pg_latest.sql(f"ALTER ROLE {name} NOREPLICATION")
        done = tailrace.run(*options(pg_latest, "--state", state_dir, url=pg_latest.url(user=name)))
        assert done.code == 2 and "REPLICATION" in done.stderr and "ALTER ROLE" in done.stderr


# ---- Publications of the user's ----

def test_a_users_publication_is_understood_and_not_changed(pg, tailrace, state_dir):
    name = slot_of(pg)
    pg.sql("CREATE TABLE a (id int PRIMARY KEY, secret text); CREATE TABLE b (id int PRIMARY KEY)")
    pg.sql(f"CREATE PUBLICATION {name} FOR TABLE a (id) WHERE (id > 10) WITH (publish = 'insert, update')")
    args = options(pg, "--state", state_dir, "--until", "end", tables=["public.a"])
    done = tailrace.run(*args)
    assert done.code == 0, done.stderr
    assert re.search(r"leaves out delete truncate", done.stderr)
    assert re.search(r"streams of \S*a only the columns id", done.stderr)
    assert re.search(r"streams of \S*a only rows with \(id > 10\)", done.stderr)
    pg.sql("INSERT INTO a VALUES (1, 'x'), (11, 'y')")
    lines = tailrace.run(*args).lines
    assert [line["after"] for line in lines] == [{"id": 11}]
    assert publications(pg) == {"a": [name]}
    # What it lacks is the owner's to add, not ours.
    done = tailrace.run(*options(pg, "--until", "end", "--state", state_dir))
    assert done.code == 0 and re.search(r"for the owner to run: ALTER PUBLICATION .*ADD TABLE ONLY .*b", done.stderr)


def test_a_table_dropped_while_its_publication_is_read(pg_latest, tailrace, state_dir):
    """PostgreSQL opens every table of a publication to name them, and fails when it waited for one that then is gone."""
    pg_latest.sql("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE gone (id int); CREATE PUBLICATION p FOR ALL TABLES")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    connection = pg_latest.connect(autocommit=False)
    connection.cursor().execute("DROP TABLE gone")
    run = tailrace.start(*options(pg_latest, "--publication", "p", "--state", state_dir, "--until", "end"))
    procs.wait_until(lambda: pg_latest.value(waiting, (pg_latest.name,)), 60, "the agent to wait for the table")
    connection.commit()
    connection.close()
    assert run.wait(60) == 0


def test_a_users_publication_that_lacks_a_table_is_refused_at_first(pg_latest, tailrace, state_dir):
    pg_latest.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)")
    pg_latest.sql(f"CREATE PUBLICATION {slot_of(pg_latest)} FOR TABLE a")
    done = tailrace.run(*options(pg_latest, "--state", state_dir))
    assert done.code == 2
    assert owner_sql(done.stderr) == [f'ALTER PUBLICATION "{slot_of(pg_latest)}" ADD TABLE ONLY "public"."b";']
    assert slots(pg_latest) == []


def test_partitions_by_their_own_names(pg_latest, tailrace, state_dir):
    pg_latest.sql("CREATE TABLE root (id int PRIMARY KEY) PARTITION BY RANGE (id);"
                  "CREATE TABLE low PARTITION OF root FOR VALUES FROM (0) TO (10);")
    pg_latest.sql(f"CREATE PUBLICATION {slot_of(pg_latest)} FOR TABLE root")
    done = tailrace.run(*options(pg_latest, "--state", state_dir, "--until", "end", tables=["public.root"]))
    assert done.code == 0, done.stderr
    assert "rows of partition public.low bear its own name, which no pattern selects" in done.stderr


def test_a_second_publication_made_late_does_not_poison_the_slot(pg, tailrace, state_dir):
    """A stream must not name a publication that was not there at its position: up to 17 it would fail for ever."""
    name = slot_of(pg)
    pg.sql("CREATE TABLE a (id int PRIMARY KEY)")
    pg.sql(f"CREATE PUBLICATION {name} FOR TABLE a")
    args = options(pg, "--state", state_dir, "--until", "end")
    assert tailrace.run(*args).code == 0
    pg.sql("INSERT INTO a VALUES (1); CREATE TABLE no_key (id int)")
    done = tailrace.run(*args)
    assert done.code == 0, done.stderr
    assert values(done.lines) == [1]
    assert "was made after our position" in done.stderr
    pg.sql("INSERT INTO no_key VALUES (2)")
    assert values(tailrace.run(*args).lines) == [2]
    assert publications(pg)["a"][0] == name and publications(pg)["no_key"] == [name + "_insert"]


# ---- Servers that cannot serve ----

def test_server_without_logical_log(own_postgres, tailrace):
    server = own_postgres(settings={"wal_level": "replica"})
    done = tailrace.run("run", "--source", server.url(), "--tables", "public.*")
    assert done.code == 2 and "ALTER SYSTEM SET wal_level = logical" in done.stderr


def test_no_slot_free(own_postgres, tailrace, state_dir):
    server = own_postgres(settings={"max_replication_slots": 1})
    server.sql("SELECT pg_create_logical_replication_slot('taken', 'pgoutput')")
    done = tailrace.run("run", "--source", server.url(), "--tables", "public.*", "--state", state_dir)
    assert done.code == 2 and "max_replication_slots" in done.stderr


@pytest.mark.parametrize("make, text", [
    ("SELECT pg_create_logical_replication_slot('{slot}', 'test_decoding')", "not one of pgoutput"),
    ("SELECT pg_create_physical_replication_slot('{slot}')", "a physical one"),
    ("SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput', false, true)", "created with two_phase"),
])
def test_a_slot_of_somebody_elses(pg_latest, tailrace, state_dir, make, text):
    slot = slot_of(pg_latest)
    try:
        pg_latest.sql(make.format(slot=slot))
    except psycopg2.Error:
        pytest.skip("this server has no test_decoding")
    try:
        done = tailrace.run(*options(pg_latest, "--state", state_dir))
        assert done.code == 2 and text in done.stderr, done.stderr
    finally:
        pg_latest.server.drop_slot(slot)


def test_failover_needs_17(pg, tailrace, state_dir):
    done = tailrace.run(*options(pg, "--state", state_dir, "--failover", "true", "--until", "end"))
    if pg.version < 17:
        assert done.code == 2 and "17 or later" in done.stderr
    else:
        assert done.code == 0, done.stderr
        assert pg.value("SELECT failover FROM pg_replication_slots WHERE slot_name = %s", (slot_of(pg),))


@pytest.mark.timeout(180)
def test_standby(own_postgres, tailrace, state_dir):
    """16 and later: publications are the primary's, and a slot waits until the primary logs its transactions."""
    server = own_postgres(16)
    server.sql("CREATE TABLE a (id int PRIMARY KEY)")
    standby = server.standby()
    args = ["run", "--source", standby.url(), "--name", "shop", "--tables", "public.*", "--state", state_dir]
    try:
        done = tailrace.run(*args)
        assert done.code == 2 and "this is a standby" in done.stderr
        for statement in owner_sql(done.stderr):
            server.sql(statement)
        standby.wait_for_replay(server.wal_lsn())
        run = tailrace.start(*args)
        run.wait_for_log("pg_log_standby_snapshot")
        server.sql("SELECT pg_log_standby_snapshot()")
        run.wait_for_log("streaming")
        server.sql("INSERT INTO a VALUES (1)")
        assert values(run.wait_for_lines(1)) == [1]
        assert run.terminate() == 0

        # From the checkpoint, to the end of what the standby has; then on, when it becomes the primary.
        server.sql("INSERT INTO a VALUES (2)")
        standby.wait_for_replay(server.wal_lsn())
        assert values(tailrace.run(*args, "--until", "end").lines) == [2]
        run = tailrace.start(*args)
        run.wait_for_log("streaming")
        server.sql("INSERT INTO a VALUES (3)")
        assert values(run.wait_for_lines(1)) == [3]
        server.stop("fast")
        standby.promote()
        standby.sql("INSERT INTO a VALUES (4)")
        assert values(run.wait_for_lines(2)) == [3, 4]
        assert run.terminate() == 0
    finally:
        standby.close()
