"""Tables that gh-ost and pt-online-schema-change alter under writes: the captured name keeps streaming, the tables they
work with do not appear, and the new column begins with the rename."""

import shutil
import subprocess
import threading

import pytest

from harness import procs

from test_mysql_catalog import old_server
from test_mysql_source import Shop, servers  # noqa: F401  (a fixture)

# Columns named by the log, and by the catalogue.
FLAVOURS = ["mariadb-10.11", "mysql-9.7", "mariadb-10.2", "mysql-5.6"]


class Writer:
    """Inserts and updates rows of shop.t until it is stopped, in autocommit."""

    def __init__(self, server):
        self.server, self.stopping, self.error = server, threading.Event(), None
        self.written = {}
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            with self.server.connect("shop") as connection:
                cursor, i = connection.cursor(), 1000
                while not self.stopping.wait(0.005):
                    i += 1
                    cursor.execute("INSERT INTO t (id, v) VALUES (%s, %s)", (i, f"new {i}"))
                    self.written[i] = f"new {i}"
                    if i % 3 == 0:
                        if cursor.execute("UPDATE t SET v = 'changed' WHERE id = %s", (i - 1,)):
                            self.written[i - 1] = "changed"
        except Exception as e:  # looked at by stop()
            self.error = e

    def wait_for(self, count):
        enough = len(self.written) + count
        procs.wait_until(lambda: self.error or len(self.written) >= enough, 30, "more writes")

    def stop(self):
        self.stopping.set()
        self.thread.join(60)
        assert not self.thread.is_alive() and self.error is None, self.error


@pytest.fixture(params=FLAVOURS)
def shop(request, servers, tailrace, state_dir):  # noqa: F811
    with old_server(), servers.lend(request, request.param, tls="on" if request.param == "mysql-9.7" else "off") as server:
        made = Shop(server, tailrace, state_dir)
        made.insert(*range(1, 301))
        yield made


def check(shop, writer, lines):
    """Of t alone; without `extra` in front of its rename and with it behind; and folded it is what was written: a row
    that slips in between UNLOCK and RENAME too, which the tool loses."""
    assert {line.get("table") for line in lines} == {"t"}
    renames = [i for i, line in enumerate(lines) if line["op"] == "q" and line["ddl"].upper().startswith("RENAME")]
    assert len(renames) == 1, [line for line in lines if line["op"] == "q"]
    for i, line in enumerate(lines):
        if line["op"] in "cu":
            assert set(line["after"]) == ({"id", "v", "extra"} if i > renames[0] else {"id", "v"}), line
    before, after = (sum(line["op"] in "cu" for line in part) for part in (lines[:renames[0]], lines[renames[0]:]))
    assert before > 20 and after > 20
    assert folded(lines) == writer.written
    assert shop.server.value("SELECT COUNT(*) FROM shop.t WHERE id <= 300") == 300


def folded(lines):
    return {line["after"]["id"]: line["after"]["v"] for line in lines if line["op"] in "cu"}


def drained(run, writer):
    """All lines, once what was written has come."""
    procs.wait_until(lambda: folded(run.lines()) == writer.written, 60, "the last of what was written")
    assert run.terminate() == 0
    return run.lines()


def gh_ost(server, writer):
    """What gh-ost 1.1 sends, with the rows written meanwhile copied under the lock in place of applied from the binary log."""
    server.sql("CREATE TABLE shop._t_ghc (id bigint AUTO_INCREMENT PRIMARY KEY, hint varchar(64) NOT NULL,"
               " value varchar(255) NOT NULL, UNIQUE KEY hint_uidx (hint)); CREATE TABLE shop._t_gho LIKE shop.t;"
               "ALTER TABLE shop._t_gho ADD extra int DEFAULT 5;"
               "INSERT INTO shop._t_ghc (hint, value) VALUES ('state', 'Migrated')")
    server.sql("INSERT IGNORE INTO shop._t_gho (id, v) SELECT id, v FROM shop.t FORCE INDEX (PRIMARY) LOCK IN SHARE MODE")
    writer.wait_for(30)
    with server.connect("shop") as locker, server.connect("shop") as renamer:
        lock, rename = locker.cursor(), renamer.cursor()
        lock.execute("CREATE TABLE _t_del (id int AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB COMMENT='ghost-cut-over-sentry'")
        lock.execute("LOCK TABLES t WRITE, _t_del WRITE")
        lock.execute("SELECT id, v FROM t WHERE id > 1000")
        for i, v in lock.fetchall():
            server.sql("REPLACE INTO shop._t_gho (id, v) VALUES (%s, %s)", (i, v))
        swap = threading.Thread(target=rename.execute, args=("RENAME TABLE t TO _t_del, _t_gho TO t",))
        swap.start()
        procs.wait_until(lambda: server.value("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'RENAME%'"
                                              " AND state LIKE 'Waiting%'"), 20, "RENAME to wait")
        lock.execute("DROP TABLE _t_del")
        lock.execute("UNLOCK TABLES")
        swap.join(30)
        assert not swap.is_alive()
    server.sql("DROP TABLE shop._t_ghc; DROP TABLE shop._t_del")


def pt_online_schema_change(server, _writer):
    tool = shutil.which("pt-online-schema-change")
    if not tool:
        pytest.skip("there is no pt-online-schema-change (package percona-toolkit)")
    done = subprocess.run([tool, "--execute", "--alter", "ADD COLUMN extra int DEFAULT 5", "--recursion-method", "none",
                           "--no-version-check", "--chunk-size", "50", "--set-vars", "lock_wait_timeout=20", "--charset",
                           "utf8", f"S={server.socket},u=root,D=shop,t=t"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=90, check=False)
    assert done.returncode == 0 and "Successfully altered" in done.stdout, done.stdout


@pytest.mark.parametrize("change", [gh_ost, pt_online_schema_change])
def test_followed(shop, change):
    run = shop.tailrace.start("run", "--source", shop.server.url(), "--name", "shop", "--tables", "shop.*")
    run.wait_for_log("streaming")
    writer = Writer(shop.server)
    writer.wait_for(30)
    change(shop.server, writer)
    writer.wait_for(30)
    writer.stop()
    check(shop, writer, drained(run, writer))


def test_followed_by_who_was_away(shop):
    """One rename of t lies between: in front of it the old columns, behind it the new ones."""
    shop.to_end()
    writer = Writer(shop.server)
    writer.wait_for(30)
    gh_ost(shop.server, writer)
    writer.wait_for(30)
    writer.stop()
    check(shop, writer, shop.to_end())


def test_a_table_that_is_called_so_can_be_named(own_mysql, tailrace, state_dir):
    shop = Shop(own_mysql("mariadb-10.11"), tailrace, state_dir)
    shop.server.sql("CREATE TABLE shop._t_old (id int PRIMARY KEY)")
    run = shop.tailrace.start("run", "--source", shop.server.url(), "--tables", "shop.*", "--tables", "shop._t_old")
    run.wait_for_log("streaming")
    shop.server.sql("INSERT INTO shop._t_old VALUES (1)")
    assert run.wait_for_lines(1)[0]["table"] == "_t_old"
    assert run.terminate() == 0 and "is left out" not in run.log
    assert "table shop._t_old is left out" in shop.tailrace.run(*shop.args("--until", "end")).stderr
