"""The build with Oracle's libmysqlclient instead of MariaDB's Connector/C: what differs between the two is how to connect,
to log in, to ask for the log and to read it, so that is tested again here, on the same servers."""

import os

import pytest

from harness import agent, mysqlclient
from test_mysql_source import (  # noqa: F401  (these run here too, on this build)
    Shop, gtid_shop, ids, servers, shop, test_a_dead_connection_is_found_in_seconds, test_a_password_is_not_sent_in_clear,
    test_a_stop_and_a_start_repeat_and_lose_nothing, test_a_wrong_password_is_refused_and_not_shown,
    test_goes_on_behind_a_restart_of_the_server, test_kill_loses_nothing,
    test_our_server_id_taken_by_another_is_explained, test_require_wants_tls, test_rows_ddl_and_truncate)

# One build and one server of each kind for all; the first test builds.
pytestmark = [pytest.mark.xdist_group("libmysqlclient"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module", autouse=True)
def build():
    """The agent of these tests, with sanitizers where the others' has them."""
    variant = agent.binary().parent.name if agent.sanitized() else ""
    given = {"TAILRACE_BIN": str(mysqlclient.build(variant)), "LIBMYSQL_PLUGIN_DIR": str(mysqlclient.plugins())}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    yield given["TAILRACE_BIN"]
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def test_this_is_that_build(build):
    with open(build, "rb") as f:
        data = f.read()
    assert b"libmysqlclient.so" in data and b"libmariadb.so" not in data


def test_certificates_are_verified_when_asked(gtid_shop):  # noqa: F811
    ca = str(gtid_shop.server.ca)
    gtid_shop.to_end("--tls", "verify-full", "--tls-ca", ca)
    gtid_shop.refused(2, "certificate", "--tls", "verify-full")
    gtid_shop.refused(2, "certificate", "--tls", "verify-ca")
    gtid_shop.to_end("--tls", "verify-ca", "--tls-ca", ca)


def test_caching_sha2_password_without_tls(own_mysql, tailrace, state_dir, proxy):
    """The server does not know the password from before, so it has to be sent: encrypted, with the server's key."""
    shop = Shop(own_mysql(), tailrace, state_dir)
    port = proxy(shop.server.port)
    shop.to_end("--tls", "off", url=shop.server.url(port=port.port))
    shop.insert(1)
    assert ids(shop.to_end("--tls", "off")) == [1]
    assert port.heard and not any(shop.server.password.encode() in heard for heard in port.heard)


def test_the_password_in_clear_is_not_for_connections_without_tls(gtid_shop, monkeypatch):  # noqa: F811
    monkeypatch.setenv("LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN", "1")
    gtid_shop.refused(2, "LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN is set", "--tls", "off")
    gtid_shop.to_end("--tls", "verify-full", "--tls-ca", str(gtid_shop.server.ca))


def test_a_missing_plug_in_is_named(request, servers, tailrace, state_dir, monkeypatch):  # noqa: F811
    monkeypatch.setenv("LIBMYSQL_PLUGIN_DIR", str(state_dir))
    with servers.lend(request, "mariadb-10.11", tls="on", gtid=True) as server:
        done = tailrace.run("run", "--source", server.url(), "--tables", "shop.*", "--until", "end")
    assert done.code == 2 and "LIBMYSQL_PLUGIN_DIR" in done.stderr, done.stderr


def test_begins_behind_gtids(gtid_shop):  # noqa: F811
    gtid_shop.insert(1)
    gtids = gtid_shop.server.gtids()
    gtid_shop.insert(2)
    assert ids(gtid_shop.to_end("--from", gtids)) == [2]
    gtid_shop.insert(3)
    assert ids(gtid_shop.to_end()) == [3]


@pytest.mark.parametrize("compress", ["true", "false"])
def test_compression(gtid_shop, proxy, compress):  # noqa: F811
    port = proxy(gtid_shop.server.port)
    url = gtid_shop.server.url(port=port.port, compress=compress)
    gtid_shop.to_end("--tls", "off", url=url)
    gtid_shop.server.sql("ALTER TABLE shop.t MODIFY v longtext; INSERT INTO shop.t VALUES (1, REPEAT('abcdefgh', 250000))")
    [line] = [line for line in gtid_shop.to_end("--tls", "off", url=url) if line["op"] == "c"]
    assert line["after"]["v"] == "abcdefgh" * 250000
    assert (port.bytes_forwarded < 1_000_000) == (compress == "true")


def test_rows_of_several_packets(gtid_shop):  # noqa: F811
    """A packet holds 16 MB. The rows behind are whole, too."""
    gtid_shop.to_end()
    gtid_shop.server.sql("ALTER TABLE shop.t MODIFY v longtext; INSERT INTO shop.t VALUES"
                         " (1, REPEAT('a', 16777215)), (2, REPEAT('b', 40000000)), (3, 'c')")
    lines = [line for line in gtid_shop.to_end() if line["op"] == "c"]
    assert [(line["after"]["id"], line["after"]["v"][:1], len(line["after"]["v"])) for line in lines] == [
        (1, "a", 16777215), (2, "b", 40000000), (3, "c", 1)]
