"""Types that only MariaDB has, and what its log does not tell of them. All the others are in test_mysql_oracle.py."""

import pytest


def test_a_table_of_mariadb_made_while_it_is_read(own_mysql, tailrace):
    server = own_mysql("mariadb-10.11")
    server.create_database("shop")
    run = tailrace.start("run", "--source", server.url(), "--name", "shop", "--tables", "shop.*")
    run.wait_for_log("streaming")
    server.sql("CREATE TABLE shop.t (id int PRIMARY KEY, u uuid, i4 inet4);"
               " INSERT INTO shop.t VALUES (1, '123e4567-e89b-12d3-a456-426655440000', '10.0.0.0');"
               " ALTER TABLE shop.t ADD i6 inet6; INSERT INTO shop.t VALUES (2, NULL, NULL, '::1');"
               " CREATE TABLE shop.w LIKE shop.t; INSERT INTO shop.w SELECT * FROM shop.t WHERE id = 1")
    run.wait_for_lines(6)  # before w is gone
    server.sql("RENAME TABLE shop.w TO shop.x; UPDATE shop.x SET i6 = '::2'")
    lines = [line for line in run.wait_for_lines(9) if line["op"] != "q"]
    assert run.terminate() == 0
    first = {"id": 1, "u": "123e4567-e89b-12d3-a456-426655440000", "i4": "10.0.0.0"}
    assert [line["after"] for line in lines] == [
        first, {"id": 2, "u": None, "i4": None, "i6": "::1"}, {**first, "i6": None}, {**first, "i6": "::2"}]


def test_vectors_of_mariadb(own_mysql, tailrace, state_dir):
    """And a login by ed25519."""
    server = own_mysql("mariadb-11.8", auth="ed25519", tls="on")
    server.create_database("shop")
    server.sql("CREATE TABLE shop.t (id int PRIMARY KEY, v vector(3) NOT NULL, w vector(2), b varbinary(8))")
    args = ("run", "--source", server.url(), "--name", "shop", "--tables", "shop.*", "--state", state_dir,
            "--until", "end")
    assert tailrace.run(*args).code == 0
    server.sql("INSERT INTO shop.t VALUES (1, VEC_FromText('[0.1,-0.5,16777217]'), NULL, x'00000080'),"
               " (2, VEC_FromText('[0,-1,1000000.5]'), VEC_FromText('[1,2]'), NULL)")
    server.sql("UPDATE shop.t SET w = VEC_FromText('[3,4.5]') WHERE id = 1; ALTER TABLE shop.t ADD VECTOR INDEX (v)")
    server.sql("DELETE FROM shop.t WHERE id = 2")
    done = tailrace.run(*args)
    assert done.code == 0, done.stderr
    rows = [line for line in done.lines if line["op"] != "q"]
    assert [line["op"] for line in rows] == ["c", "c", "u", "d"]
    assert rows[0]["after"] == {"id": 1, "v": [0.1, -0.5, 16777216], "w": None, "b": "AAAAgA=="}
    assert rows[1]["after"] == {"id": 2, "v": [0, -1, 1000000.5], "w": [1, 2], "b": None}
    assert rows[2]["after"]["w"] == [3, 4.5] and rows[2]["before"]["w"] is None
    assert rows[3]["before"]["v"] == [0, -1, 1000000.5]


@pytest.mark.parametrize("flavour", ["mariadb-10.11", "mariadb-11.4"])
def test_what_mariadbs_log_does_not_tell(own_mysql, tailrace, state_dir, flavour):
    """UUID and addresses are bytes in the log, and old times do not say how long their fractions are."""
    server = own_mysql(flavour, tls="on")
    server.create_database("shop")
    server.sql("SET GLOBAL mysql56_temporal_format = OFF")
    server.sql("CREATE TABLE shop.t (id int PRIMARY KEY, u uuid, i4 inet4, i6 inet6, c time(3), a datetime(6))")
    server.sql("INSERT INTO shop.t VALUES (1, '123e4567-e89b-12d3-a456-426655440000', '10.0.0.0', '::1',"
               " '-838:59:58.999', '9999-12-31 23:59:59.999999')")
    done = tailrace.run("run", "--source", server.url(), "--name", "shop", "--tables", "shop.*", "--snapshot", "never",
                        "--state", state_dir, "--until", "end")
    assert done.code == 0, done.stderr
    run = tailrace.start("run", "--source", server.url(), "--name", "shop", "--tables", "shop.*", "--state", state_dir)
    run.wait_for_log("streaming")
    server.sql("UPDATE shop.t SET u = '00000000-0000-0000-0000-000000000000'")
    line = run.wait_for_lines(1)[0]
    assert run.terminate() == 0
    assert line["before"] == {"id": 1, "u": "123e4567-e89b-12d3-a456-426655440000", "i4": "10.0.0.0", "i6": "::1",
                              "c": "-838:59:58.999", "a": "9999-12-31T23:59:59.999999"}
    assert line["after"]["u"] == "00000000-0000-0000-0000-000000000000"
