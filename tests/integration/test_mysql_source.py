"""MySQL and MariaDB as a source: from the binary log to lines, over restarts of either side, and what is said when the
server cannot be read."""

import json
import re
import socket
import struct
import subprocess
import threading
from contextlib import contextmanager

import pymysql
import pytest

from harness.greedy import GreedyServer
from harness.mysql import Mysql
from harness.procs import wait_until_settled

TABLE = "CREATE TABLE shop.t (id int PRIMARY KEY, v varchar(40))"

# "mysql-9.7 by file": without GTIDs.
VARIANTS = ["mariadb-10.11", "mysql-9.7", "mysql-9.7 by file"]


class Shop:
    """A server with a database `shop`, and an agent on it."""

    def __init__(self, server, tailrace, state_dir):
        self.server = server
        self.tailrace = tailrace
        self.state_dir = state_dir
        server.create_database("shop")
        server.sql(TABLE)

    def args(self, *more, url=None):
        return ["run", "--source", url or self.server.url(), "--name", "shop", "--tables", "shop.*", *more]

    def start(self, *more, url=None):
        run = self.tailrace.start(*self.args(*more, url=url))
        run.wait_for_log("streaming")
        return run

    def durable(self, *more):
        return self.start("--state", self.state_dir, *more)

    def to_end(self, *more, url=None):
        done = self.tailrace.run(*self.args("--state", self.state_dir, "--until", "end", *more, url=url))
        assert done.code == 0, done.stderr
        return done.lines

    def refused(self, code, pattern, *more, url=None):
        done = self.tailrace.run(*self.args("--state", self.state_dir, "--until", "end", *more, url=url))
        assert done.code == code, done.stderr
        assert re.search(pattern, done.stderr), done.stderr
        assert done.stdout == ""
        return done.stderr

    def insert(self, *ids):
        self.server.sql("INSERT INTO shop.t VALUES " + ", ".join(f"({i}, 'v{i}')" for i in ids))


class Servers:
    """One server of each kind for all tests of a module, which leave it as it was; one that a test failed on is not
    used again."""

    def __init__(self):
        self.made = {}

    @contextmanager
    def lend(self, request, flavour, **kwargs):
        """The server, without what the test before has made on it."""
        key = (flavour, *sorted(kwargs.items()))
        if key not in self.made:
            self.made[key] = Mysql(flavour, **kwargs)
        server = self.made[key].start()
        for name in ("shop", "other"):
            server.drop_database(name)
        yield server
        report = getattr(request.node, "report_call", None)
        if report is not None and report.failed:
            self.made.pop(key).close()

    def close(self):
        for server in self.made.values():
            server.close()


@pytest.fixture(scope="module")
def servers():
    made = Servers()
    yield made
    made.close()


@pytest.fixture(params=VARIANTS)
def shop(request, servers, tailrace, state_dir):
    flavour, _, by_file = request.param.partition(" ")
    with servers.lend(request, flavour, tls="on", gtid=not by_file) as server:
        yield Shop(server, tailrace, state_dir)


@pytest.fixture(params=VARIANTS[:2])
def gtid_shop(request, servers, tailrace, state_dir):
    with servers.lend(request, request.param, tls="on", gtid=True) as server:
        yield Shop(server, tailrace, state_dir)


def ids(lines):
    return [line["after"]["id"] for line in lines if line["op"] == "c"]


def test_rows_ddl_and_truncate(shop):
    run = shop.start()
    shop.insert(1, 2)
    shop.server.sql("UPDATE shop.t SET v = 'x' WHERE id = 1")
    shop.server.sql("CREATE DATABASE other; CREATE TABLE other.t (id int); INSERT INTO other.t VALUES (1)")
    shop.server.sql("DELETE FROM shop.t WHERE id = 2")
    shop.server.rotate()
    shop.server.sql("ALTER TABLE shop.t ADD n decimal(10,2)")
    shop.server.sql("INSERT INTO shop.t VALUES (3, NULL, 1.50)")
    shop.server.sql("TRUNCATE shop.t")
    lines = run.wait_for_lines(7)
    assert run.terminate() == 0
    assert [line["op"] for line in run.lines()] == ["c", "c", "u", "d", "q", "c", "t"]
    assert all(line["database"] == "shop" and line["table"] == "t" for line in lines)
    assert lines[2]["before"] == {"id": 1, "v": "v1"} and lines[2]["after"] == {"id": 1, "v": "x"}
    assert lines[3]["key"] == {"id": 2}
    assert lines[4]["ddl"] == "ALTER TABLE shop.t ADD n decimal(10,2)"
    assert lines[5]["after"] == {"id": 3, "v": None, "n": "1.50"}
    assert len({line["id"] for line in lines}) == 7
    assert [line["ord"] for line in lines] == sorted(line["ord"] for line in lines)


def test_a_statement_goes_to_every_captured_table_that_it_names(shop):
    shop.server.sql("CREATE TABLE shop.u (id int); CREATE DATABASE other; CREATE TABLE other.o (id int)")
    run = shop.start()
    shop.server.sql("RENAME TABLE shop.t TO shop.x, shop.u TO shop.t")
    shop.server.sql("DROP TABLE other.o, shop.x, shop.t")
    lines = run.wait_for_lines(5)
    assert run.terminate() == 0
    assert [(line["op"], line["table"]) for line in lines] == [("q", "t"), ("q", "x"), ("q", "u"), ("q", "x"), ("q", "t")]
    assert len({line["id"] for line in lines}) == 5
    assert [line["ord"] for line in lines] == sorted(line["ord"] for line in lines)


def test_an_alter_in_two_phases_comes_once(own_mysql, tailrace, state_dir):
    shop = Shop(own_mysql("mariadb-11.4", settings={"binlog_alter_two_phase": "ON"}), tailrace, state_dir)
    run = shop.start()
    shop.insert(1, 2)
    shop.server.sql("ALTER TABLE shop.t ADD n int; UPDATE shop.t SET v = 'x'")
    with pytest.raises(pymysql.err.IntegrityError):
        shop.server.sql("ALTER TABLE shop.t ADD UNIQUE (v), ALGORITHM=COPY")
    shop.server.sql("ALTER TABLE shop.t ADD m int; INSERT INTO shop.t VALUES (3, 'v3', 3, 1)")
    lines = run.wait_for_lines(7)
    assert run.terminate() == 0
    log = [row[5] for row in shop.server.sql("SHOW BINLOG EVENTS")]
    assert [sum(f"{phase} ALTER" in text for text in log) for phase in ("START", "COMMIT", "ROLLBACK")] == [3, 2, 1]
    assert [line["op"] for line in lines] == ["c", "c", "q", "u", "u", "q", "c"]
    assert lines[2]["ddl"] == "ALTER TABLE shop.t ADD n int" and lines[5]["ddl"] == "ALTER TABLE shop.t ADD m int"
    assert lines[-1]["after"] == {"id": 3, "v": "v3", "n": 3, "m": 1}


def test_a_stop_and_a_start_repeat_and_lose_nothing(shop):
    shop.to_end()
    shop.insert(1)
    assert ids(shop.to_end()) == [1]
    shop.insert(2, 3)
    shop.server.rotate()
    shop.insert(4)
    assert ids(shop.to_end()) == [2, 3, 4]
    assert shop.to_end() == []


def test_kill_loses_nothing(shop):
    shop.to_end()
    seen = []
    for begin in range(0, 300, 100):
        run = shop.durable()
        for i in range(begin, begin + 100, 5):
            shop.insert(*range(i, i + 5))
        run.wait_for_lines(40)
        run.kill()
        seen += run.lines()
    seen += shop.to_end()
    assert set(ids(seen)) == set(range(300))
    first = {}
    for line in seen:
        assert first.setdefault(line["id"], line) == line  # what is repeated is the same


def test_kill_in_a_large_transaction_repeats_little(shop):
    """Killed while it waits for a reader of its output that has taken 20,000 of 60,000 rows."""
    shop.to_end("--memory", "8MiB")
    values = ", ".join(f"({i}, REPEAT('x', 40))" for i in range(60000))
    connection = shop.server.connect("shop")
    connection.cursor().execute("INSERT INTO t VALUES " + values)
    command = shop.args("--state", shop.state_dir, "--memory", "8MiB", "--checkpoint-interval", "10ms")
    run = shop.tailrace.start(*command, into=subprocess.PIPE)
    before = [json.loads(run.process.stdout.readline()) for _ in range(20000)]
    wait_until_settled(lambda: shop.tailrace.run("checkpoint", "show", "--state", shop.state_dir, "--json").stdout,
                       "the checkpoint")
    run.kill()
    before = ids(before + [json.loads(line) for line in run.process.stdout if line.endswith(b"\n")])
    after = ids(shop.to_end("--memory", "8MiB"))
    assert before == list(range(len(before))) and len(before) < 60000
    assert after == list(range(after[0], 60000))
    assert len(before) - 10000 <= after[0] <= len(before)


def test_prepared_transactions_come_when_they_commit(shop):
    """Across stops of the agent, and of the server."""
    shop.to_end()
    connection = shop.server.connect("shop")
    cursor = connection.cursor()
    for statement in ("XA START 'a'", "INSERT INTO t VALUES (1, 'xa')", "XA END 'a'", "XA PREPARE 'a'"):
        cursor.execute(statement)
    connection.close()
    shop.insert(2)
    assert ids(shop.to_end()) == [2]
    shop.server.restart()
    shop.insert(3)
    assert ids(shop.to_end()) == [3]
    shop.server.sql("XA COMMIT 'a'")
    shop.insert(4)
    assert ids(shop.to_end()) == [1, 4]
    shop.insert(5)
    assert ids(shop.to_end()) == [5]


def prepare(shop, xid, row):
    connection = shop.server.connect("shop")
    cursor = connection.cursor()
    for statement in (f"XA START {xid}", f"INSERT INTO t VALUES ({row}, 'xa')", f"XA END {xid}", f"XA PREPARE {xid}"):
        cursor.execute(statement)
    connection.close()


def test_what_was_prepared_before_the_first_start_comes_when_it_commits(shop):
    prepare(shop, r"X'6100ff',X'71',7", 1)
    shop.insert(2)
    shop.server.rotate()
    prepare(shop, "'b'", 3)
    prepare(shop, "'c'", 4)
    shop.server.rotate()
    shop.insert(5)
    assert shop.to_end() == []
    shop.server.sql("XA COMMIT 'b'")
    shop.insert(6)
    assert ids(shop.to_end()) == [3, 6]
    shop.server.sql("XA ROLLBACK 'c'; XA COMMIT X'6100ff',X'71',7")
    assert ids(shop.to_end()) == [1]
    shop.insert(7)
    assert ids(shop.to_end()) == [7]


PLACES = [(variant, "file") for variant in VARIANTS] + [(variant, "gtids") for variant in VARIANTS[:2]]


@pytest.mark.parametrize("shop, place", PLACES, indirect=["shop"])
def test_what_was_prepared_in_front_of_from_comes_when_it_commits(shop, place):
    prepare(shop, "'a'", 1)
    shop.server.rotate()
    shop.insert(2)
    start = shop.server.gtids() if place == "gtids" else "%s:%d" % shop.server.binlog_position()
    shop.insert(3)
    shop.server.rotate()
    prepare(shop, "'b'", 4)
    shop.insert(5)
    assert ids(shop.to_end("--from", start)) == [3, 5]
    shop.server.sql("XA COMMIT 'b'; XA COMMIT 'a'")
    assert ids(shop.to_end()) == [4, 1]


def test_what_was_prepared_before_the_log_begins_is_said(gtid_shop):
    shop = gtid_shop
    prepare(shop, "'a'", 1)
    shop.server.purge_binlog(shop.server.rotate())
    done = shop.tailrace.run(*shop.args("--state", shop.state_dir, "--until", "end"))
    assert done.code == 0
    assert "transaction X'61',X'',1 is prepared (XA RECOVER), but not in the log" in done.stderr
    shop.server.sql("XA COMMIT 'a'")
    shop.insert(2)
    text = shop.refused(5, "XA transaction X'61',X'',1 is committed, but was prepared before")
    assert ids(shop.to_end("--skip", re.search(r"--skip (\S+?:1:0)", text).group(1))) == [2]
    shop.insert(3)
    assert ids(shop.to_end()) == [3]


def test_goes_on_behind_a_restart_of_the_server(shop):
    run = shop.durable()
    shop.insert(1)
    run.wait_for_lines(1)
    shop.server.restart()
    run.wait_for_log("streaming", count=2)
    shop.insert(2)
    run.wait_for_lines(2)
    shop.server.rotate()
    shop.insert(3)
    assert ids(run.wait_for_lines(3)) == [1, 2, 3]
    assert run.terminate() == 0


def test_goes_on_when_the_connection_is_lost_in_the_middle_of_a_transaction(shop, proxy):
    port = proxy(shop.server.port)
    run = shop.start("--state", shop.state_dir, url=shop.server.url(port=port.port))
    values = ", ".join(f"({i}, REPEAT('x', 40))" for i in range(60000))
    connection = shop.server.connect("shop")
    connection.cursor().execute("INSERT INTO t VALUES " + values)
    run.wait_for_lines(1000)
    port.cut()
    assert ids(run.wait_for_lines(60000, timeout=60)) == list(range(60000))
    run.wait_for_log("trying again")
    assert run.terminate() == 0


def test_a_dead_connection_is_found_in_seconds(shop, proxy):
    port = proxy(shop.server.port)
    run = shop.start("--state", shop.state_dir, url=shop.server.url(port=port.port))
    shop.insert(1)
    run.wait_for_lines(1)
    port.stall()
    shop.insert(2)
    run.wait_for_log("trying again", timeout=20)
    port.resume()
    assert ids(run.wait_for_lines(2, timeout=30)) == [1, 2]
    assert run.terminate() == 0


def test_begins_where_told(shop):
    shop.insert(1)
    file, offset = shop.server.binlog_position()
    shop.insert(2)
    assert ids(shop.to_end("--from", f"{file}:{offset}")) == [2]
    shop.insert(3)
    assert ids(shop.to_end()) == [3]


def test_begins_behind_gtids(gtid_shop):
    gtid_shop.insert(1)
    gtids = gtid_shop.server.gtids()
    gtid_shop.insert(2)
    assert ids(gtid_shop.to_end("--from", gtids)) == [2]
    gtid_shop.insert(3)
    assert ids(gtid_shop.to_end()) == [3]


# ---- What is in the way -------------------------------------------------------------------------------------------

def test_all_wrong_settings_are_named_with_their_cure(shop):
    shop.server.configure(binlog_row_metadata="MINIMAL", binlog_format="MIXED")
    text = shop.refused(2, "cannot be read yet")
    assert "SET GLOBAL binlog_row_metadata = FULL;" in text
    assert "SET GLOBAL binlog_format = ROW;" in text
    shop.server.configure(binlog_row_metadata="FULL", binlog_format="ROW")
    shop.to_end()


@pytest.mark.parametrize("flavour", VARIANTS[:2])
@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
def test_what_old_rows_hold_without_a_primary_key(own_mysql, tailrace, state_dir, flavour, image):
    """The server takes a unique key without NULL, and all of the row where there is none: as the start sees it too."""
    shop = Shop(own_mysql(flavour, tls="on", settings={"binlog_row_image": image}), tailrace, state_dir)
    shop.server.sql("CREATE TABLE shop.u (a int, b int NOT NULL, c text, UNIQUE (b));"
                    " CREATE TABLE shop.v (a int, b int NOT NULL, c text)")

    def config(table, key):
        return tailrace.config({
            "sources": {"shop": {"url": shop.server.url(), "tables": ["shop.*"]}}, "sink": {"type": "stdout"},
            "state": str(state_dir / f"{table}-{key}"),
            "overrides": [{"table": f"shop.shop.{table}", "key": [key]}]})

    for table, key in (("u", "b"), ("v", "a"), ("v", "c")):
        path = config(table, key)
        done = tailrace.run("run", path, "--until", "end")
        assert done.code == 0, done.stderr
        shop.server.sql(f"INSERT INTO shop.{table} VALUES (1, 2, 'x'); DELETE FROM shop.{table}")
        done = tailrace.run("run", path, "--until", "end")
        assert done.code == 0, done.stderr
        old = done.lines[-1]["before"]
        assert old == {"a": 1, "b": 2, "c": "x"} if table == "v" else "c" not in old and old["b"] == 2
    done = tailrace.run("run", config("u", "c"), "--until", "end")
    assert done.code == 2 and "does not carry column c of deleted rows" in done.stderr
    assert tailrace.run("run", config("t", "v"), "--until", "end").code == (2 if image == "MINIMAL" else 0)


def test_parts_of_json_documents_need_the_whole_row(own_mysql, tailrace, state_dir):
    shop = Shop(own_mysql("mysql-9.7", tls="on"), tailrace, state_dir)  # noqa: F811
    shop.server.configure(binlog_row_value_options="PARTIAL_JSON")
    shop.to_end()
    for image in ("MINIMAL", "NOBLOB"):
        shop.server.configure(binlog_row_image=image)
        text = shop.refused(2, "cannot be read yet: binlog_row_value_options is PARTIAL_JSON")
        assert "SET GLOBAL binlog_row_value_options = '';" in text
        assert "SET GLOBAL binlog_row_image = FULL;" in text
    shop.server.configure(binlog_row_value_options="")
    shop.to_end()


def test_missing_grants_are_named(shop):
    shop.server.create_user("poor", "poor secret", "SELECT ON shop.*")
    text = shop.refused(2, "lacks REPLICATION SLAVE and", url=shop.server.url(user="poor", password="poor secret"))
    assert "GRANT REPLICATION SLAVE, " in text


def test_few_grants_are_enough(shop):
    client = "BINLOG MONITOR" if shop.server.mariadb else "REPLICATION CLIENT"
    shop.server.create_user("cdc", "cdc secret", f"REPLICATION SLAVE, {client} ON *.*")
    shop.server.sql("GRANT SELECT ON shop.* TO cdc@'%'")
    url = shop.server.url(user="cdc", password="cdc secret")
    shop.to_end(url=url)
    shop.insert(1)
    assert ids(shop.to_end(url=url)) == [1]


def test_a_wrong_password_is_refused_and_not_shown(shop):
    text = shop.refused(2, "Access denied", url=shop.server.url(password="Geheim1234"))
    assert "Geheim1234" not in text


@pytest.mark.parametrize("method", ["mysql_clear_password", "dialog"])
def test_a_password_is_not_sent_in_clear(tailrace, method):
    """Who answers in the server's place, or changes what it says, may ask for it."""
    server = GreedyServer(method)
    done = tailrace.run("run", "--source", f"mysql://cdc:Geheim1234@127.0.0.1:{server.port}/shop", "--until", "end")
    server.close()
    assert b"cdc" in server.heard and b"Geheim" not in server.heard
    assert done.code == 2 and done.stdout == "" and "cannot connect" in done.stderr, done.stderr


@pytest.mark.parametrize("method", ["mysql_clear_password", "dialog"])
def test_a_password_may_be_sent_in_clear_through_a_socket(tailrace, tmp_path, method):
    server = GreedyServer(method, tmp_path / "socket")
    url = f"mysql://cdc:Geheim1234@/shop?socket={tmp_path}/socket"
    tailrace.run("run", "--source", url, "--until", "end")
    server.close()
    assert server.heard.endswith(b"\0\0\x03Geheim1234\0")


def test_our_server_id_taken_by_another_is_explained(shop):
    first = shop.start("--server-id", "77001")
    second = shop.start("--server-id", "77001")
    assert first.wait(timeout=30) == 4
    assert "another replica has registered with our server_id 77001" in first.log
    shop.insert(1)
    assert ids(second.wait_for_lines(1)) == [1]
    assert second.terminate() == 0


def test_the_servers_own_id_is_refused(shop):
    shop.refused(2, "is the server's own", "--server-id", str(shop.server.server_id))


@pytest.mark.parametrize("flavour", VARIANTS[:2])
def test_certificates_are_verified_when_asked(own_mysql, tailrace, state_dir, flavour):
    shop = Shop(own_mysql(flavour, tls="only"), tailrace, state_dir)
    shop.to_end("--tls", "verify-full", "--tls-ca", str(shop.server.ca))
    shop.to_end("--tls", "verify-ca", "--tls-ca", str(shop.server.ca))
    shop.refused(2, "certificate|TLS|SSL", "--tls", "verify-full")
    shop.refused(2, "certificate|TLS|SSL", "--tls", "verify-ca")


def test_require_wants_tls(own_mysql, tailrace, state_dir):
    shop = Shop(own_mysql("mariadb-10.11"), tailrace, state_dir)
    shop.to_end()
    shop.refused(2, "offers no TLS", "--tls", "require")


# ---- The password never travels in clear text ---------------------------------------------------------------------

class Pretender:
    """A server without TLS that asks for the password by a method of its choice, and remembers what it hears."""

    def __init__(self, method, more=b""):
        self.method, self.more, self.heard = method, more, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(5)
            can = 0xFFFFFFFF & ~0x800 & ~0x20 & ~0x01000000  # neither TLS nor compression, old ends of results
            hello = (b"\x0a9.7.4\0" + struct.pack("<I", 1) + b"01234567\0" + struct.pack("<H", can & 0xFFFF) + b"\x2d"
                     + struct.pack("<HH", 2, can >> 16) + b"\x15" + bytes(10) + b"890123456789\0" + b"mysql_native_password\0")
            self.say(connection, 0, hello)
            self.hear(connection)
            self.say(connection, 2, b"\xfe" + self.method + b"\0" + b"01234567890123456789\0")
            self.hear(connection)
            if self.more:
                self.say(connection, 4, self.more)
                self.hear(connection)

    @staticmethod
    def say(connection, number, packet):
        connection.sendall(struct.pack("<I", len(packet))[:3] + bytes([number]) + packet)

    def hear(self, connection):
        try:
            self.heard += connection.recv(65536)
        except OSError:
            pass

    def close(self):
        self.listener.close()


@pytest.mark.parametrize("tls", [("--tls", "off"), ()], ids=["off", "auto"])
@pytest.mark.parametrize("method, more", [
    (b"mysql_clear_password", b""), (b"dialog", b"\x02Password:"), (b"sha256_password", b""),
    (b"caching_sha2_password", b"\x01\x04"), (b"mysql_old_password", b"")])
def test_no_server_gets_the_password_in_clear_text(tailrace, tls, method, more):
    pretender = Pretender(method, more)
    try:
        done = tailrace.run("run", "--source", f"mysql://cdc:Geheim1234@127.0.0.1:{pretender.port}/", "--tables", "shop.*",
                            *tls, "--until", "end", "--name", "shop")
    finally:
        pretender.close()
    assert len(pretender.heard) > 32  # it did greet
    assert b"Geheim1234" not in pretender.heard
    assert done.code in (1, 2), done.stderr


def test_a_server_without_tls_hears_nothing_of_who_requires_it(tailrace):
    pretender = Pretender(b"mysql_native_password")
    try:
        done = tailrace.run("run", "--source", f"mysql://cdc:Geheim1234@127.0.0.1:{pretender.port}/", "--tables", "shop.*",
                            "--tls", "require", "--until", "end")
    finally:
        pretender.close()
    assert done.code == 2 and "offers no TLS" in done.stderr
    assert pretender.heard == b""


@pytest.mark.parametrize("tls", [("--tls", "off"), ()], ids=["off", "auto"])
def test_a_password_the_server_has_forgotten_does_not_travel_in_clear_text(own_mysql, proxy, tailrace, tls):
    """caching_sha2_password wants the password itself then; without TLS it is refused, or encrypted."""
    server = own_mysql("mysql-9.7")
    way = proxy(server.port)
    done = tailrace.run("run", "--source", server.url(port=way.port), "--name", "shop", "--tables", "shop.*", *tls,
                        "--until", "end")
    assert way.heard and all(server.password.encode() not in bytes(heard) for heard in way.heard)
    assert done.code == 0 or "needs TLS with this client library" in done.stderr


def statements(lines):
    return [(line["op"], line.get("statement")) for line in lines]


@pytest.mark.parametrize("flavour, compressed", [("mariadb-11.4", False), ("mysql-9.7", False), ("mysql-9.7", True)])
def test_rows_carry_their_statements(own_mysql, tailrace, state_dir, flavour, compressed):
    settings = {"binlog_annotate_row_events" if "maria" in flavour else "binlog_rows_query_log_events": "ON"}
    settings.update({"binlog_transaction_compression": "ON"} if compressed else {})
    shop = Shop(own_mysql(flavour, settings=settings), tailrace, state_dir)
    shop.server.sql("CREATE TABLE shop.u (id int PRIMARY KEY)")
    only = ["--tables", "!shop.u"]
    run = shop.durable(*only, "--statements")
    both = "INSERT INTO shop.t VALUES (1, 'a'), (2, 'ä') /* from the till */"
    long = "UPDATE shop.t SET v = 'x' /* " + "y" * 70000 + " */"
    shop.server.sql(f"BEGIN; {both}; INSERT INTO shop.u VALUES (1); DELETE FROM shop.t WHERE id = 2; COMMIT; {long}")
    lines = run.wait_for_lines(4)
    assert statements(lines[:3]) == [("c", both), ("c", both), ("d", "DELETE FROM shop.t WHERE id = 2")]
    assert lines[3]["statement"] == long[:65536] and lines[3]["statement_length"] == len(long)
    assert all("statement_length" not in line for line in lines[:3])
    shop.server.sql("XA START 'x'; INSERT INTO shop.t VALUES (3, 'c'); XA END 'x'; XA PREPARE 'x'")
    shop.server.rotate()
    assert run.terminate() == 0
    shop.server.sql("XA COMMIT 'x'")
    assert statements(shop.to_end(*only, "--statements")) == [("c", "INSERT INTO shop.t VALUES (3, 'c')")]
    shop.insert(4)
    assert statements(shop.to_end(*only)) == [("c", None)]


@pytest.mark.parametrize("flavour", ["mariadb-11.4", "mysql-9.7"])
def test_statements_that_are_not_logged_are_missed_aloud(own_mysql, tailrace, state_dir, flavour):
    setting = "binlog_annotate_row_events" if "maria" in flavour else "binlog_rows_query_log_events"
    shop = Shop(own_mysql(flavour, settings={setting: "OFF"}), tailrace, state_dir)
    run = shop.durable("--statements")
    assert f"SET GLOBAL {setting} = ON;" in run.log
    shop.insert(1)
    assert statements(run.wait_for_lines(1)) == [("c", None)]
    shop.server.sql(f"SET GLOBAL {setting} = ON")
    shop.insert(2)
    assert statements(run.wait_for_lines(2)[1:]) == [("c", "INSERT INTO shop.t VALUES (2, 'v2')")]
    assert run.terminate() == 0
