"""Conversions of columns that hold something else (docs/legacy.md), on a real server."""

import collections
import json

import pytest

TABLE = """
    CREATE TABLE items (mandt char(3), kunnr char(10), budat char(8), cputm int, wrbtr text, limit_ bytea, paid char(1),
                        name bytea, twice text, day numeric(7), PRIMARY KEY (mandt, kunnr));
    ALTER TABLE items REPLICA IDENTITY FULL;
"""

CONVERT = {
    "kunnr": "trim",
    "budat": {"date": "yyyymmdd", "zero": "null"},
    "cputm": {"time": "hhmmss"},
    "wrbtr": {"zoned": "implied(2)"},
    "limit_": {"packed": "implied(2)"},
    "paid": {"bool": "X"},
    "name": [{"charset": "cp037"}, "trim", {"empty": "null"}],
    "twice": {"utf8": "repair"},
    "day": {"date": "cyymmdd"},
}

INSERT = "INSERT INTO items VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


def write(pg):
    pg.sql(INSERT, ("100", "4711", "20240229", 93005, "0012A", b"\x12\x34\x5d", "X", "Müller ".encode("cp037"), "MÃ¼ller",
                    991231))
    pg.sql(INSERT, ("100", "4712", "00000000", 0, "1S", b"\x12\x34", "?", b"\x40\x40", "Müller", 1240230))
    pg.sql("UPDATE items SET budat = '20240301', wrbtr = '5R' WHERE kunnr = '4711'")
    pg.sql("DELETE FROM items WHERE kunnr = '4712'")


def test_values(pg, tailrace, state_dir):
    pg.sql(TABLE)
    path = tailrace.config({
        "sources": {"erp": {"url": pg.url(), "tables": ["public.*"]}},
        "sink": {"type": "stdout"},
        "state": str(state_dir),
        "overrides": [{"table": "erp.public.items", "convert": CONVERT}],
        "entities": {"customer": {"from": [
            {"table": "erp.public.items", "key": "kunnr", "part": "profile", "when": "kunnr = '4711'", "rows": True,
             "fields": {"name": "name"}}]}},
    })
    none = tailrace.run("run", path, "--until", "end")
    assert none.code == 0 and "unconverted" not in none.stderr
    write(pg)
    done = tailrace.run("run", path, "--until", "end")
    assert done.code == 0, done.stderr
    rows = [line for line in done.lines if "entity" not in line]
    first, second, update, delete = rows
    assert first["key"] == {"mandt": "100", "kunnr": "4711"}
    assert first["after"] == {
        "mandt": "100", "kunnr": "4711", "budat": "2024-02-29", "cputm": "09:30:05", "wrbtr": "1.21", "limit_": "-123.45",
        "paid": True, "name": "Müller", "twice": "Müller", "day": "1999-12-31"}
    assert second["after"] == {"mandt": "100", "kunnr": "4712", "budat": None, "cputm": "00:00:00", "name": None,
                               "twice": "Müller"}
    assert second["invalid"] == {"after": {"wrbtr": "1S", "limit_": "\x124", "paid": "?", "day": "1240230"}}
    assert (update["before"]["wrbtr"], update["after"]["wrbtr"]) == ("1.21", "-0.59")
    assert update["after"]["budat"] == "2024-03-01"
    assert delete["invalid"]["before"]["paid"] == "?"
    entities = [line for line in done.lines if "entity" in line]
    assert [(line["action"], line["key"], line["fields"]) for line in entities] == [
        ("set", "4711", {"name": "Müller"}), ("set", "4711", {"name": "Müller"})]
    for column in ("wrbtr", "limit_", "paid", "day"):
        assert f"column {column} of table public.items holds values that do not parse" in done.stderr
    assert "unconverted=8" in done.stderr.splitlines()[-1]  # four in the row as inserted, four as deleted


def test_refused_at_start(pg, tailrace, state_dir):
    pg.sql(TABLE)
    for convert, words in (({"budat": {"date": "yyyymmd"}}, "yyyymmdd, cyymmdd, yymmdd, julian or days_since"),
                           ({"bodat": "trim"}, "no column bodat: did you mean budat?"),
                           ({"cputm": "trim"}, "trim cannot be read from a column of kind int")):
        path = tailrace.config({
            "sources": {"erp": {"url": pg.url(), "tables": ["public.*"]}},
            "sink": {"type": "stdout"},
            "state": str(state_dir),
            "overrides": [{"table": "erp.public.items", "convert": convert}],
        })
        refused = tailrace.run("run", path, "--until", "end")
        assert refused.code == 2
        assert words in refused.stderr, json.dumps(convert)


def test_rows_without_a_key_are_counted_right(pg, tailrace, state_dir):
    """key: hash: folding by counting gives the table, duplicates included."""
    pg.sql("CREATE TABLE log (day text, what text, n int)")
    pg.sql("ALTER TABLE log REPLICA IDENTITY FULL")
    path = tailrace.config({
        "sources": {"erp": {"url": pg.url(), "tables": ["public.*"]}},
        "sink": {"type": "stdout"},
        "state": str(state_dir),
        "overrides": [{"table": "erp.public.log", "key": "hash"}],
    })
    assert tailrace.run("run", path, "--until", "end").code == 0
    pg.sql("INSERT INTO log SELECT 'd' || i % 3, 'w', i % 2 FROM generate_series(1, 60) i")
    pg.sql("DELETE FROM log WHERE ctid IN (SELECT ctid FROM log WHERE day = 'd1' LIMIT 7)")
    pg.sql("UPDATE log SET n = 5 WHERE ctid IN (SELECT ctid FROM log WHERE day = 'd2' LIMIT 3)")
    done = tailrace.run("run", path, "--until", "end")
    assert done.code == 0, done.stderr
    counts, rows, keys = collections.Counter(), {}, set()
    for line in done.lines:
        keys.add(line["key"]["hash"])
        for image, step in (("before", -1), ("after", 1)):
            if image in line:
                counts[tuple(line[image].values())] += step
        row = tuple(line["before" if line["op"] == "d" else "after"].values())
        assert rows.setdefault(line["key"]["hash"], row) == row
    assert len(keys) == len(rows) == len(set(rows.values()))
    assert +counts == collections.Counter(pg.sql("SELECT * FROM log"))


@pytest.mark.parametrize("flavour", ["mariadb-11.4", "mysql-9.7"])
def test_an_erp_table_of_mysql(own_mysql, tailrace, state_dir, flavour):
    """The same in a database without schemas; and what its statements become, also before the first row."""
    server = own_mysql(flavour, tls="on")
    server.create_database("erp")
    server.sql("""CREATE TABLE KNB1 (BUKRS char(4), KUNNR char(10), KLIMK decimal(13,2), ERDAT char(8), AMT binary(3),
                                     NAME varchar(20) CHARACTER SET latin1, PRIMARY KEY (BUKRS, KUNNR))""", database="erp")
    path = tailrace.config({
        "sources": {"erp": {"url": server.url(), "tables": ["erp.*"]}},
        "sink": {"type": "stdout"},
        "state": str(state_dir),
        "overrides": [{"table": "erp.erp.KNB1", "convert": {
            "ERDAT": {"date": "yyyymmdd", "zero": "null"}, "AMT": {"packed": "implied(2)"}, "NAME": {"charset": "utf8"}}}],
        "entities": {"customer": {"from": [
            {"table": "erp.erp.KNB1", "key": "KUNNR", "part": "financial", "rows": True,
             "fields": {"credit_limit": "KLIMK"}}]}},
    })
    assert tailrace.run("run", path, "--until", "end").code == 0
    server.sql("TRUNCATE TABLE KNB1", database="erp")
    server.sql("INSERT INTO KNB1 VALUES ('1000', '4711', 5.5, '20240229', x'12345C', x'4DC3BC6C6C6572')", database="erp")
    server.sql("INSERT INTO KNB1 VALUES ('1000', '4712', 5.5, '00000000', x'123456', 'plain')", database="erp")
    server.sql("ALTER TABLE KNB1 ADD WAERS char(5)", database="erp")
    done = tailrace.run("run", path, "--until", "end")
    assert done.code == 0, done.stderr
    rows = [line for line in done.lines if "entity" not in line]
    assert [(line["op"], line["database"], line["table"], "schema" in line) for line in rows] == [
        (op, "erp", "KNB1", False) for op in "tccq"]
    assert rows[1]["after"] == {"BUKRS": "1000", "KUNNR": "4711", "KLIMK": "5.50", "ERDAT": "2024-02-29",
                                "AMT": "123.45", "NAME": "Müller"}
    assert rows[2]["after"]["ERDAT"] is None
    assert rows[2]["invalid"] == {"after": {"AMT": "\x124V"}}
    assert rows[3]["ddl"] == "ALTER TABLE KNB1 ADD WAERS char(5)"
    entities = [(line["action"], line["table"], line.get("key")) for line in done.lines if "entity" in line]
    assert entities == [("clear", "erp.KNB1", None), ("set", "erp.KNB1", "4711"), ("set", "erp.KNB1", "4712")]
