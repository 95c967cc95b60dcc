"""Where a MySQL or MariaDB no longer continues a checkpoint: exit code 3, and --accept-gap goes on; and where another
server does continue it."""

import pytest

from harness.procs import wait_until
from test_mysql_source import VARIANTS, Shop, gtid_shop, ids, servers, shop  # noqa: F401  (fixtures)


def accepted(shop, *expected):  # noqa: F811
    """Goes on with --accept-gap: the gap first, then these rows, all of a new epoch."""
    lines = shop.to_end("--accept-gap")
    assert lines[0]["op"] == "g"
    assert ids(lines) == list(expected)
    assert all(line["id"].startswith("1:") for line in lines)
    shop.insert(900)
    assert ids(shop.to_end()) == [900]


def begun(shop):  # noqa: F811
    shop.to_end()
    shop.insert(1)
    assert ids(shop.to_end()) == [1]


def test_purged_files(shop):  # noqa: F811
    begun(shop)
    shop.insert(2)
    shop.server.rotate()
    shop.insert(3)
    shop.server.purge_binlog(shop.server.rotate())
    shop.insert(4)
    shop.refused(3, "has purged")
    accepted(shop, 4)


def test_files_purged_up_to_our_position_are_no_gap(shop):  # noqa: F811
    begun(shop)
    shop.server.rotate()
    assert shop.to_end() == []
    shop.server.purge_binlog(shop.server.binlog_position()[0])
    shop.insert(2)
    assert ids(shop.to_end()) == [2]


def test_a_log_that_was_reset(shop):  # noqa: F811
    begun(shop)
    shop.server.rotate()
    shop.insert(2)
    assert ids(shop.to_end()) == [2]
    shop.server.reset_binlog()
    shop.insert(3)
    shop.refused(3, "lacks transactions|was reset|has no file|ends at")
    accepted(shop)


def test_a_log_that_was_reset_and_has_grown_again(gtid_shop):  # noqa: F811
    """The same GTIDs again, and more of them: another history."""
    gtid_shop.server.reset_binlog()
    begun(gtid_shop)
    gtid_shop.server.rotate()
    gtid_shop.insert(2)
    assert ids(gtid_shop.to_end()) == [2]
    gtid_shop.server.reset_binlog()
    for i in range(10, 40):
        gtid_shop.insert(i)
    gtid_shop.refused(3, "was reset")


def reset(shop):  # noqa: F811
    """In another second than the file was begun in: the log knows no smaller parts of time."""
    second = shop.server.value("SELECT UNIX_TIMESTAMP()")
    wait_until(lambda: shop.server.value("SELECT UNIX_TIMESTAMP()") > second, 10, "the next second")
    shop.server.reset_binlog()


@pytest.mark.parametrize("variant", ["mariadb-11.4", "mysql-9.7", "mysql-9.7 by file"])
def test_a_log_that_was_reset_and_looks_the_same(own_mysql, tailrace, state_dir, variant):
    """The file has the same name, our place lies in it, and the same GTIDs lie before that."""
    flavour, _, by_file = variant.partition(" ")
    shop = Shop(own_mysql(flavour, tls="on", gtid=not by_file), tailrace, state_dir)  # noqa: F811
    shop.server.reset_binlog()
    begun(shop)
    place, gtids = shop.server.binlog_position(), shop.server.gtids()
    reset(shop)
    shop.insert(2)
    assert (shop.server.binlog_position(), shop.server.gtids()) == (place, gtids)
    shop.insert(3)
    assert "read the tables anew" in shop.refused(3, f"the log was reset .* {place[0]} that was begun at 20")
    accepted(shop, 2, 3)


def test_a_log_that_was_reset_and_told_our_gtids(own_mysql, tailrace, state_dir):
    """What a person may do who means to move a server on, while transactions were still to be read."""
    shop = Shop(own_mysql("mysql-9.7", tls="on"), tailrace, state_dir)  # noqa: F811
    shop.server.reset_binlog()
    begun(shop)
    gtids = shop.server.gtids()
    shop.insert(2)
    reset(shop)
    shop.server.sql(f"SET GLOBAL gtid_purged = '{gtids}'")
    shop.insert(3)
    shop.refused(3, "was reset")
    accepted(shop, 3)


def test_another_server_without_gtids(own_mysql, tailrace, state_dir):
    first = Shop(own_mysql("mysql-9.7", tls="on", gtid=False), tailrace, state_dir)
    begun(first)
    other = Shop(own_mysql("mysql-9.7", tls="on", gtid=False), tailrace, state_dir)
    other.refused(3, "another server")


def test_another_kind_of_server(own_mysql, tailrace, state_dir):
    begun(Shop(own_mysql("mysql-9.7", tls="on"), tailrace, state_dir))
    Shop(own_mysql("mariadb-10.11"), tailrace, state_dir).refused(3, "taken from MySQL, this is MariaDB")


@pytest.mark.parametrize("flavour", VARIANTS[:2])
def test_failover_to_a_replica(own_mysql, tailrace, state_dir, flavour):
    primary = own_mysql(flavour, tls="on")
    replica = own_mysql(flavour, tls="on").replica_of(primary)
    old = Shop(primary, tailrace, state_dir)
    begun(old)
    for _ in range(3):
        primary.rotate()
    old.insert(2)
    assert ids(old.to_end()) == [2]  # in a file with a number that the replica has not reached
    replica.wait_for_replay(primary.gtids())
    replica.promote()
    new = Shop.__new__(Shop)
    new.server, new.tailrace, new.state_dir = replica, tailrace, state_dir
    stopped = new.durable()  # before it has delivered anything of this server
    stopped.kill()
    assert "this is another server" in stopped.log and not stopped.lines()
    new.insert(3)
    new.insert(4)
    done = tailrace.run(*new.args("--state", state_dir, "--until", "end"))
    assert done.code == 0, done.stderr
    assert ids(done.lines) == [3, 4]
    new.server.rotate()
    new.insert(5)
    assert ids(new.to_end()) == [5]


@pytest.mark.parametrize("flavour", VARIANTS[:2])
def test_failover_in_flight(own_mysql, tailrace, state_dir, flavour):
    """Both servers in the URL; the first one goes."""
    primary = own_mysql(flavour, tls="on")
    replica = own_mysql(flavour, tls="on").replica_of(primary)
    old = Shop(primary, tailrace, state_dir)
    url = old.server.url().replace(f"127.0.0.1:{primary.port}", f"127.0.0.1:{primary.port},127.0.0.1:{replica.port}")
    run = old.start("--state", state_dir, url=url)
    old.insert(1)
    run.wait_for_lines(1)
    replica.wait_for_replay(primary.gtids())
    primary.stop()
    replica.promote()
    run.wait_for_log("this is another server", timeout=40)
    replica.sql("INSERT INTO shop.t VALUES (2, 'v')")
    assert ids(run.wait_for_lines(2, timeout=40)) == [1, 2]
    assert run.terminate() == 0


def switch(shop, *modes):  # noqa: F811
    for mode in modes:
        shop.server.sql(f"SET GLOBAL gtid_mode = {mode}")


def test_gtids_turned_off_and_on(own_mysql, tailrace, state_dir):
    shop = Shop(own_mysql("mysql-9.7", tls="on"), tailrace, state_dir)  # noqa: F811
    begun(shop)
    shop.insert(2)
    switch(shop, "ON_PERMISSIVE", "OFF_PERMISSIVE")
    shop.insert(3)
    lines = shop.to_end()
    assert ids(lines) == [2, 3]
    assert all(line["id"].startswith("1:") for line in lines)
    switch(shop, "OFF")
    shop.insert(4)
    switch(shop, "OFF_PERMISSIVE", "ON_PERMISSIVE")
    assert ids(shop.to_end()) == [4]
    switch(shop, "ON")
    shop.insert(5)
    lines = shop.to_end()
    assert ids(lines) == [5]
    assert all(line["id"].startswith("2:") for line in lines)


def test_gtids_turned_off_too_early(own_mysql, tailrace, state_dir):
    """The server itself refuses to send transactions of the other kind."""
    shop = Shop(own_mysql("mysql-9.7", tls="on"), tailrace, state_dir)  # noqa: F811
    begun(shop)
    shop.insert(2)
    switch(shop, "ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF")
    shop.refused(2, "gtid_mode was switched while")
    switch(shop, "OFF_PERMISSIVE")
    shop.insert(3)
    assert ids(shop.to_end()) == [2, 3]


def test_numbers_that_go_backwards(own_mysql, tailrace, state_dir):
    """MariaDB lets a session number its own transactions; what to do is said, and helps."""
    shop = Shop(own_mysql("mariadb-10.11", settings={"gtid_strict_mode": "OFF"}), tailrace, state_dir)  # noqa: F811
    begun(shop)
    run = shop.durable()
    shop.insert(2)
    shop.server.sql("SET gtid_seq_no = 20; INSERT INTO shop.t VALUES (3, 'v')")
    run.wait_for_lines(2)  # what is not out when the log is refused comes another time
    shop.server.sql("SET gtid_seq_no = 10; INSERT INTO shop.t VALUES (4, 'v')")
    assert run.wait(timeout=30) == 5
    assert ids(run.lines()) == [2, 3]
    assert "does not have a higher number" in run.log and "SET GLOBAL gtid_strict_mode = ON;" in run.log
    shop.insert(5)
    shop.server.rotate()
    shop.state_dir = state_dir.parent / "anew"
    assert shop.to_end() == []
    shop.insert(6)
    assert ids(shop.to_end()) == [6]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_damaged_log(own_mysql, tailrace, state_dir, variant):
    """A file whose end was lost: the server refuses, and with --accept-gap the source goes on from now."""
    flavour, _, by_file = variant.partition(" ")
    shop = Shop(own_mysql(flavour, tls="on", gtid=not by_file), tailrace, state_dir)  # noqa: F811
    begun(shop)
    shop.insert(2)
    shop.insert(3)
    shop.server.rotate()
    shop.insert(4)
    shop.server.stop()
    damaged = sorted(shop.server.data.glob("binlog.0*"))[0]
    with damaged.open("r+b") as file:
        file.truncate(damaged.stat().st_size - 100)
    shop.server.start()
    done = shop.tailrace.run(*shop.args("--state", shop.state_dir, "--until", "end"))
    assert done.code == 3, done.stderr
    assert "the log is damaged there" in done.stderr and "FLUSH BINARY LOGS;" in done.stderr
    lines = shop.to_end("--accept-gap")
    assert lines[0]["op"] == "g"
    shop.insert(900)
    assert ids(shop.to_end()) == [900]
