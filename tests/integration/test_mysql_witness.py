"""Another reader of the same log says the same: mysqlbinlog and mariadb-binlog, on a script of some sixty tables."""

import collections

import pytest

import pytest

from conftest import MYSQL, NEWEST_MARIADB
from harness.mysql import Mysql
from witness import lines, printed, script


# COMPRESSED columns of MariaDB, of which only NULL is compared.
UNSHOWN = ["INVALID_TYPE(140)", "INVALID_TYPE(141)"]


@pytest.fixture(scope="module", params=[NEWEST_MARIADB, MYSQL])
def played(request):
    """A server with the script's log, where in it the script began, and its tables."""
    server = Mysql(request.param, tls="on").start()
    server.create_database("witness")
    begin = "{}:{}".format(*server.binlog_position())
    yield server, begin, script.play(server, "witness")
    server.close()


def test_the_programs_of_the_server_print_the_same_rows(played, tailrace):
    server, begin, tables = played
    done = tailrace.run("run", "--source", server.url(), "--name", "w", "--tables", "witness.*", "--from", begin,
                        "--until", "end")
    assert done.code == 0, done.stderr
    events = lines.events(done.stdout)
    counts = collections.Counter(event.op for event in events)
    assert counts["t"] == 1 and counts["q"] > len(tables)
    events = [event for event in events if event.op in "cud"]
    reader = printed.Printed(server)
    rows = reader.rows(server.binlog_files())
    print(f"{len(tables)} tables, {len(events)} rows streamed, {len(rows)} printed")
    assert len({row.table for row in rows}) > 50 and len(rows) > 6000
    found = printed.differences(reader, events, rows)
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:30])
    the_comparison_can_fail(reader, events, rows)


def the_comparison_can_fail(reader, events, rows):
    """When a row is missing, or has another one's value: once for each column."""
    assert printed.differences(reader, events[1:], rows) and printed.differences(reader, events, rows[:-1])
    texts = collections.defaultdict(dict)
    for row in rows:
        for name, text in row.after.items():
            texts[row.table, name, row.types[name]][text] = row
    checked = set()
    for event in events:
        for (table, name, kind), seen in texts.items():
            if table == event.table and name in event.after and (table, name) not in checked and kind not in UNSHOWN:
                agreeing = [text for text in seen if reader.agrees(kind, event.after[name], text)]
                assert len(seen) < 2 or len(agreeing) < len(seen), (table, name, kind, agreeing)
                checked.add((table, name))
    assert len(checked) > 400
