"""What is streamed from MySQL and MariaDB equals what the server answers to SELECT, type by type."""

import base64
import random

import pytest

COLUMNS = {
    "i1": "tinyint", "u1": "tinyint unsigned", "i3": "mediumint", "i8": "bigint", "u8": "bigint unsigned",
    "n": "decimal(30,10)", "d": "double", "b": "bit(17)", "y": "year", "day": "date", "clock": "time(6)",
    "at": "datetime(3)", "ts": "timestamp(6) NULL", "t": "varchar(80) CHARACTER SET utf8mb4",
    "l": "char(20) CHARACTER SET latin1", "fixed": "binary(7)", "raw": "varbinary(40)", "big": "longblob",
    "e": "enum('small','it''s','größer')", "s": "set('a','b','c')",
}
ROWS = 2000
BATCH = 100


def value(column, r):
    """A random value as an SQL literal."""
    if r.random() < 0.1:
        return "NULL"
    whole = {"i1": (-128, 127), "u1": (0, 255), "i3": (-2**23, 2**23 - 1), "i8": (-2**63, 2**63 - 1), "u8": (0, 2**64 - 1),
             "b": (0, 2**17 - 1), "s": (0, 7), "e": (1, 3)}
    if column in whole:
        low, high = whole[column]
        return str(r.choice([low, high, r.randint(low, high)]))
    if column == "n":
        return f"{r.randint(-10**20 + 1, 10**20 - 1)}.{r.randint(0, 10**10 - 1):010}"
    if column == "d":
        return repr(r.uniform(-1, 1) * 10 ** r.randint(-300, 300))
    if column == "y":
        return str(r.choice([0, 1901, 2155, r.randint(1901, 2155)]))
    date = f"{r.randint(1000, 9999)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}"
    clock = f"{r.randint(0, 23):02}:{r.randint(0, 59):02}:{r.randint(0, 59):02}"
    if column == "day":
        return f"'{date}'"
    if column == "clock":
        return f"'{r.choice(['', '-'])}{r.randint(0, 837)}{clock[2:]}.{r.randint(0, 999999):06}'"
    if column == "at":
        return f"'{date} {clock}.{r.randint(0, 999):03}'"
    if column == "ts":
        return f"'{r.randint(1971, 2037)}{date[4:]} {clock}.{r.randint(0, 999999):06}'"
    if column == "t":
        return "_utf8mb4 x'" + "".join(r.choice("aß日🚆 '\\\n") for _ in range(r.randint(0, 20))).encode().hex() + "'"
    if column == "l":
        return "_latin1 x'" + "".join(r.choice("azÄß€") for _ in range(r.randint(0, 20))).encode("cp1252").hex() + "'"
    return "x'" + bytes(r.choice([0, 0, 32, 255, r.randint(0, 255)]) for _ in range(
        r.randint(0, 7 if column == "fixed" else 40))).hex() + "'"


def expected(column, answer):
    """The server's answer as the line has it."""
    if answer is None:
        return None
    kind = COLUMNS[column]
    if column == "b":
        return int.from_bytes(answer, "big")
    if column in ("fixed", "raw", "big"):
        return base64.b64encode(answer).decode()
    if "int" in kind or column == "y":
        return int(answer)
    if column == "d":
        return float(answer)
    if "(" in kind and column in ("clock", "at", "ts"):
        answer = answer.rstrip("0").rstrip(".").replace(" ", "T")
        return answer + "Z" if column == "ts" else answer
    return answer


@pytest.mark.parametrize("flavour", ["mariadb-10.11", "mariadb-11.4", "mysql-9.7"])
def test_random_rows(own_mysql, tailrace, state_dir, flavour):
    server = own_mysql(flavour, tls="on")
    r = random.Random(20261123)
    server.create_database("shop")
    server.sql("CREATE TABLE shop.t (id int PRIMARY KEY, " + ", ".join(f"`{c}` {k}" for c, k in COLUMNS.items()) + ")")
    args = ["run", "--source", server.url(), "--name", "shop", "--tables", "shop.*", "--state", state_dir,
            "--until", "end"]
    assert tailrace.run(*args).code == 0
    connection = server.connect(conv={})
    with connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00', sql_mode = ''")
        for first in range(0, ROWS, BATCH):
            rows = [f"({i}, " + ", ".join(value(c, r) for c in COLUMNS) + ")" for i in range(first, first + BATCH)]
            cursor.execute("INSERT INTO shop.t VALUES " + ", ".join(rows))
        connection.commit()
        cursor.execute("SELECT id, " + ", ".join(f"`{c}`" for c in COLUMNS) + " FROM shop.t ORDER BY id")
        answers = cursor.fetchall()
    connection.close()
    done = tailrace.run(*args)
    assert done.code == 0, done.stderr
    assert len(done.lines) == len(answers) == ROWS
    for line, answer in zip(done.lines, answers):
        assert line["after"] == {"id": int(answer[0]), **{c: expected(c, v) for c, v in zip(COLUMNS, answer[1:])}}


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
