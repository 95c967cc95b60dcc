"""Servers that do not name columns in their log (MySQL before 8.0.1, MariaDB before 10.5), and what newer ones wrote
before binlog_row_metadata was FULL: the columns come from information_schema, never wrong ones."""

import pytest

from harness import fetch
from harness.mysql import OLD

from test_mysql_source import Shop


def server_of(own_mysql, flavour, **kwargs):
    """MySQL 5.6 comes by npm alone."""
    try:
        return own_mysql(flavour, **kwargs)
    except fetch.FetchError as e:
        if "there is no npm" not in str(e):
            raise
        return pytest.skip(str(e))


@pytest.fixture(params=OLD + [f"{OLD[1]} by file"])
def shop(request, own_mysql, tailrace, state_dir):
    flavour, _, by_file = request.param.partition(" ")
    return Shop(server_of(own_mysql, flavour, gtid=not by_file), tailrace, state_dir)


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
