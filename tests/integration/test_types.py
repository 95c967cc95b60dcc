"""Every type of PostgreSQL, with its edge values: the JSON line says what is written here by hand, and the protobuf
record says the same in its own members."""

import base64
import json
import struct
from typing import Dict, List, NamedTuple, Optional

import pytest

from harness import schema

# Numbers stay the text they were: -0, 1.50 and 18446744073709551615 must arrive as such.
NUMBER = "number"


def parse(text: str):
    def number(digits):
        return (NUMBER, digits)
    return json.loads(text, parse_int=number, parse_float=number)


class Type(NamedTuple):
    name: str      # of the column's type in SQL
    kind: str      # the member of tailrace.v1.Value
    values: list   # (SQL literal, JSON text) pairs
    since: int = 14


EXTENSIONS = "CREATE EXTENSION hstore; CREATE EXTENSION citext;"

SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"', 'très gai');
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN label AS varchar(20);
CREATE DOMAIN labels AS text[];
CREATE TYPE pair AS (a int, b text);
CREATE TYPE textrange AS RANGE (subtype = text, multirange_type_name = textmulti);
"""

TYPES = [
    Type("boolean", "bool_value", [("true", "true"), ("false", "false")]),
    Type("smallint", "int_value", [("-32768", "-32768"), ("32767", "32767")]),
    Type("integer", "int_value", [("-2147483648", "-2147483648"), ("2147483647", "2147483647")]),
    Type("bigint", "int_value", [("-9223372036854775808", "-9223372036854775808"),
                                 ("9223372036854775807", "9223372036854775807"), ("0", "0")]),
    Type("oid", "uint_value", [("4294967295", "4294967295")]),
    Type("xid", "uint_value", [("4294967295", "4294967295")]),
    Type("xid8", "uint_value", [("18446744073709551615", "18446744073709551615")]),
    Type("real", "float_value", [("1.1", "1.1"), ("NaN", '"NaN"'), ("-Infinity", '"-Infinity"'), ("-0", "-0"),
                                 ("1e-45", "1e-45"), ("3.4028235e38", "3.4028235e+38"), ("16777216", "1.6777216e+07")]),
    Type("double precision", "double_value",
         [("0.1", "0.1"), ("NaN", '"NaN"'), ("Infinity", '"Infinity"'), ("-Infinity", '"-Infinity"'), ("-0", "-0"),
          ("5e-324", "5e-324"), ("1.7976931348623157e308", "1.7976931348623157e+308"), ("1e15", "1e+15"),
          ("123456789012345", "123456789012345")]),
    Type("numeric", "decimal",
         [("NaN", '"NaN"'), ("Infinity", '"Infinity"'), ("-Infinity", '"-Infinity"'), ("-0", '"0"'),
          ("1.500", '"1.500"'), ("12345678901234567890123456789.000000000001", '"12345678901234567890123456789.000000000001"'),
          ("1e-20", '"0.00000000000000000001"'), ("1" + "0" * 200, '"1' + "0" * 200 + '"')]),
    Type("numeric(12,2)", "decimal", [("1234567890.125", '"1234567890.13"'), ("-0.001", '"0.00"')]),
    Type("numeric(3,-2)", "decimal", [("12345", '"12300"')], since=15),
    Type("money", "other", [("-1234567.891", '"-$1,234,567.89"'), ("0", '"$0.00"')]),
    Type("text", "text", [("", '""'), ("nüll \U0001f600", '"nüll \U0001f600"'), ("a\"b\\c\n\t\r\x01\x7f", '"a\\"b\\\\c\\n\\t\\r\\u0001\x7f"'),
                          ("NULL", '"NULL"'), (" \u2028 ", '" \u2028 "')]),
    Type("varchar(5)", "text", [("five5", '"five5"')]),
    Type("character(5)", "text", [("ab", '"ab   "')]),
    Type('"char"', "text", [("x", '"x"')]),
    Type("name", "text", [("a name", '"a name"')]),
    Type("public.citext", "text", [("MiXed", '"MiXed"')]),
    Type("xml", "text", [("<a b=\"1\">é\n</a>", '"<a b=\\"1\\">é\\n</a>"')]),
    Type("bytea", "bytes_value", [("\\x", '""'), ("\\x00ff10", '"AP8Q"'), ("\\x" + "ab" * 100, json.dumps(base64.b64encode(b"\xab" * 100).decode()))]),
    Type("date", "date_days", [("2026-11-23", '"2026-11-23"'), ("0001-01-01", '"0001-01-01"'), ("0044-03-15 BC", '"0044-03-15 BC"'),
                               ("4713-11-24 BC", '"4713-11-24 BC"'), ("5874897-12-31", '"5874897-12-31"'),
                               ("infinity", '"infinity"'), ("-infinity", '"-infinity"')]),
    Type("time", "time_us", [("00:00", '"00:00:00"'), ("23:59:59.999999", '"23:59:59.999999"'), ("24:00", '"24:00:00"'), ("12:00:00.5", '"12:00:00.5"')]),
    Type("timetz", "timetz", [("12:00:00.5+02", '"12:00:00.5+02"'), ("00:00-15:59:59", '"00:00:00-15:59:59"')]),
    Type("timestamp", "timestamp_us", [("2026-11-23 12:00:00.5", '"2026-11-23T12:00:00.5"'), ("1969-12-31 23:59:59.999999", '"1969-12-31T23:59:59.999999"'),
                                       ("0044-03-15 12:00 BC", '"0044-03-15T12:00:00 BC"'), ("infinity", '"infinity"'), ("-infinity", '"-infinity"'),
                                       ("294276-12-31 23:59:59.999999", '"294276-12-31 23:59:59.999999"')]),
    Type("timestamptz", "timestamptz_us", [("2026-11-23 12:00:00.123456+05:30", '"2026-11-23T06:30:00.123456Z"'),
                                           ("0044-03-15 12:00:00+00 BC", '"0044-03-15T12:00:00Z BC"'),
                                           ("infinity", '"infinity"'), ("-infinity", '"-infinity"'),
                                           ("294276-12-31 23:59:59.999999+00", '"294276-12-31 23:59:59.999999+00"'),
                                           ("4714-11-24 00:00:00+00 BC", '"4714-11-24T00:00:00Z BC"')]),
    Type("interval", "interval", [("1 year 2 mons -3 days 04:05:06.5", '"P1Y2M-3DT4H5M6.5S"'), ("0", '"PT0S"'), ("-1 us", '"PT-0.000001S"')]),
    Type("interval day to second(3)", "interval", [("1 day 1.23456", '"P1DT1.235S"')]),
    Type("uuid", "uuid", [("00112233-4455-6677-8899-AABBCCDDEEFF", '"00112233-4455-6677-8899-aabbccddeeff"')]),
    Type("json", "json", [('{"a" : 1.50,\n "b": "x\\ny",\r\n"a": null}', '{"a": 1.50, "b": "x\\ny", "a": null}'), ('"text"', '"text"'),
                          ("18446744073709551616", "18446744073709551616"), ("[]", "[]")]),
    Type("jsonb", "json", [('{"b": [1e3, -0.0], "a": "\\u00e9"}', '{"a": "é", "b": [1000, 0.0]}'), ("null", "null"), ("true", "true")]),
    Type("inet", "other", [("192.168.0.1/24", '"192.168.0.1/24"'), ("::1", '"::1"')]),
    Type("cidr", "other", [("10.1.0.0/16", '"10.1.0.0/16"')]),
    Type("macaddr", "other", [("08:00:2b:01:02:03", '"08:00:2b:01:02:03"')]),
    Type("macaddr8", "other", [("08:00:2b:01:02:03:04:05", '"08:00:2b:01:02:03:04:05"')]),
    Type("bit(3)", "other", [("101", '"101"')]),
    Type("bit varying", "other", [("", '""'), ("0000000001", '"0000000001"')]),
    Type("point", "other", [("(1.5,-2)", '"(1.5,-2)"')]),
    Type("line", "other", [("{1,2,3}", '"{1,2,3}"')]),
    Type("lseg", "other", [("[(1,2),(3,4)]", '"[(1,2),(3,4)]"')]),
    Type("box", "other", [("(3,4),(1,2)", '"(3,4),(1,2)"')]),
    Type("path", "other", [("[(1,2),(3,4)]", '"[(1,2),(3,4)]"'), ("((1,2),(3,4))", '"((1,2),(3,4))"')]),
    Type("polygon", "other", [("((1,2),(3,4),(5,6))", '"((1,2),(3,4),(5,6))"')]),
    Type("circle", "other", [("<(1,2),3>", '"<(1,2),3>"')]),
    Type("tsvector", "other", [("a:1A 'b c':2", '"\'a\':1A \'b c\':2"')]),
    Type("tsquery", "other", [("a & !b", '"\'a\' & !\'b\'"')]),
    Type("pg_lsn", "other", [("16/B374D848", '"16/B374D848"')]),
    Type("pg_snapshot", "other", [("10:20:10,14", '"10:20:10,14"')]),
    Type("jsonpath", "other", [("$.a", '"$.\\"a\\""')]),
    Type("regclass", "other", [("public.every", '"public.every"')]),
    Type("tid", "other", [("(0,1)", '"(0,1)"')]),
    Type("int4range", "other", [("[1,5]", '"[1,6)"'), ("empty", '"empty"'), ("(,)", '"(,)"')]),
    Type("numrange", "other", [("(1.50,]", '"(1.50,)"')]),
    Type("tstzrange", "other", [("[2026-01-01 00:00+01,infinity)", '"[\\"2025-12-31 23:00:00+00\\",infinity)"')]),
    Type("int8multirange", "other", [("{[1,3),[5,8]}", '"{[1,3),[5,9)}"'), ("{}", '"{}"')]),
    Type("datemultirange", "other", [("{[2026-01-01,2026-02-01)}", '"{[2026-01-01,2026-02-01)}"')]),
    Type("public.textrange", "other", [("[a,b]", '"[a,b]"')]),
    Type("public.textmulti", "other", [("{[a,b]}", '"{[a,b]}"')]),
    Type("public.mood", "enum_label", [("it's \"ok\"", '"it\'s \\"ok\\""'), ("très gai", '"très gai"')]),
    Type("public.posint", "int_value", [("7", "7")]),
    Type("public.label", "text", [("l", '"l"')]),
    Type("public.labels", "array", [("{a,NULL}", '["a",null]')]),
    Type("public.pair", "other", [('(1,"x ""y""")', '"(1,\\"x \\"\\"y\\"\\"\\")"'), ("(,)", '"(,)"')]),
    Type("public.hstore", "other", [('a=>1, "b c"=>NULL', '"\\"a\\"=>\\"1\\", \\"b c\\"=>NULL"')]),
    Type("integer[]", "array", [("{}", "[]"), ("{1,NULL,-3}", "[1,null,-3]"), ("{{1,2},{3,NULL}}", "[[1,2],[3,null]]"),
                                ("{{{1}},{{2}}}", "[[[1]],[[2]]]"), ("[0:1]={1,2}", '"[0:1]={1,2}"'), ("[1:2]={5,6}", "[5,6]"),
                                ("[-1:0][2:2]={{1},{2}}", '"[-1:0][2:2]={{1},{2}}"')]),
    Type("text[]", "array", [('{a,"NULL",NULL,"","x,y","q\\"\\\\z","{b}"," "}', '["a","NULL",null,"","x,y","q\\"\\\\z","{b}"," "]'),
                             ('{"é\n"}', '["é\\n"]')]),
    Type("numeric(5,2)[]", "array", [("{1.5,NaN,NULL}", '["1.50","NaN",null]')]),
    Type("double precision[]", "array", [("{NaN,-0,Infinity}", '["NaN",-0,"Infinity"]')]),
    Type("boolean[]", "array", [("{t,f,NULL}", "[true,false,null]")]),
    Type("bytea[]", "array", [('{"\\\\x00ff",NULL}', '["AP8=",null]')]),
    Type("date[]", "array", [("{2026-11-23,infinity}", '["2026-11-23","infinity"]')]),
    Type("timestamptz[]", "array", [('{"2026-11-23 12:00:00+00"}', '["2026-11-23T12:00:00Z"]')]),
    Type("uuid[]", "array", [("{00112233-4455-6677-8899-aabbccddeeff}", '["00112233-4455-6677-8899-aabbccddeeff"]')]),
    Type("jsonb[]", "array", [('{"{\\"a\\": [1, null]}","null"}', '[{"a": [1, null]},null]')]),
    Type("box[]", "array", [("{(3,4),(1,2);(1,1),(0,0)}", '["(3,4),(1,2)","(1,1),(0,0)"]')]),
    Type("public.mood[]", "array", [("{sad,NULL}", '["sad",null]')]),
    Type("public.posint[]", "array", [("{1,2}", "[1,2]")]),
    Type("public.pair[]", "array", [('{"(1,a)",NULL}', '["(1,a)",null]')]),
    Type("public.citext[]", "array", [("{A,b}", '["A","b"]')]),
    Type("int4range[]", "array", [('{"[1,2)",empty}', '["[1,2)","empty"]')]),
    Type("interval[]", "array", [('{"1 day"}', '["P1D"]')]),
    Type("interval", "interval", [("infinity", '"infinity"'), ("-infinity", '"-infinity"')], since=17),
]

# A value of these kinds may also be text in a member of its own.
TEXT_FORMS = {"date_days": "date_text", "timestamp_us": "timestamp_text", "timestamptz_us": "timestamptz_text", "array": "array_text"}


def types_of(version: int) -> List[Type]:
    return [t for t in TYPES if t.since <= version]


def create(database, types: List[Type]) -> None:
    database.sql(EXTENSIONS)
    database.sql(SCHEMA)
    database.sql("CREATE TABLE every (id int PRIMARY KEY)")
    database.sql("ALTER TABLE every " + ", ".join(f"ADD c{i} {t.name}" for i, t in enumerate(types)))
    database.sql("ALTER TABLE every REPLICA IDENTITY FULL")


def insert(database, types: List[Type]) -> int:
    """Row n holds every type's n-th value, null where it has none. Returns the number of rows; the last is all null."""
    count = max(len(t.values) for t in types) + 1
    for n in range(count):
        literals = [t.values[n][0] if n < len(t.values) else None for t in types]
        marks = ", ".join(f"%s::{t.name}" for t in types)
        database.sql(f"INSERT INTO every VALUES (%s, {marks})", [n, *literals])
    database.sql("UPDATE every SET id = id")
    database.sql("DELETE FROM every")
    return count


def expected_row(types: List[Type], n: int) -> Dict[str, object]:
    row = {"id": (NUMBER, str(n))}
    for i, t in enumerate(types):
        row[f"c{i}"] = parse(t.values[n][1]) if n < len(t.values) else None
    return row


def differences(actual: dict, expected: dict, types: List[Type]) -> List[str]:
    found = [f"columns {actual.keys() ^ expected.keys()}"] if actual.keys() != expected.keys() else []
    for name in expected.keys() & actual.keys():
        if actual[name] != expected[name]:
            kind = types[int(name[1:])].name if name != "id" else "id"
            found.append(f"{kind}: {actual[name]!r} instead of {expected[name]!r}")
    return found


# ---- What a protobuf value says, told as the JSON line tells it --------------------------------------------------

def days_text(days: int) -> str:
    """The Gregorian calendar, counted year by era: a second implementation, of any year."""
    z = days + 719468
    era, doe = divmod(z, 146097)
    yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    day, month = doy - (153 * mp + 2) // 5 + 1, mp + 3 if mp < 10 else mp - 9
    year = yoe + era * 400 + (1 if month <= 2 else 0)
    return f"{year:04d}-{month:02d}-{day:02d}" if year > 0 else f"{1 - year:04d}-{month:02d}-{day:02d} BC"


def time_text(us: int) -> str:
    seconds, part = divmod(us, 1000000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return text + (f".{part:06d}".rstrip("0") if part else "")


def timestamp_text(us: int, zone: str) -> str:
    days, rest = divmod(us, 86400 * 1000000)
    date, _, era = days_text(days).partition(" ")
    return f"{date}T{time_text(rest)}{zone}" + (" " + era if era else "")


def float_json(value: float):
    if value != value:
        return "NaN"
    return "Infinity" if value == float("inf") else "-Infinity" if value == float("-inf") else ("float", value)


def json_of(value):
    """A tailrace.v1.Value as parse() of the JSON line's text would have it; floats as ("float", value)."""
    kind = value.WhichOneof("kind")
    v = getattr(value, kind)
    if kind == "missing":
        assert v == 1, "MISSING_NULL"
        return None
    if kind == "bool_value":
        return v
    if kind in ("int_value", "uint_value"):
        return (NUMBER, str(v))
    if kind in ("float_value", "double_value"):
        return float_json(v)
    if kind in ("text", "enum_label", "other", "array_text"):
        return v.decode()
    if kind == "bytes_value":
        return base64.b64encode(v).decode()
    if kind == "date_days":
        return days_text(v)
    if kind == "time_us":
        return time_text(v)
    if kind == "timestamp_us":
        return timestamp_text(v, "")
    if kind == "timestamptz_us":
        return timestamp_text(v, "Z")
    if kind == "uuid":
        h = v.hex()
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"
    if kind == "json":
        return parse(v.decode())
    if kind == "array":
        return [json_of(item) for item in v.items]
    return v  # decimal, timetz, interval and the texts of dates and timestamps


def same(told, expected) -> bool:
    """As ==, but a float agrees with the number's text when that text reads back as its bits."""
    if isinstance(told, list) and isinstance(expected, list):
        return len(told) == len(expected) and all(map(same, told, expected))
    if isinstance(told, tuple) and told[0] == "float":
        if not isinstance(expected, tuple):
            return False
        exact = struct.pack("<d", told[1]) == struct.pack("<d", float(expected[1]))
        return exact or struct.pack("<f", told[1]) == struct.pack("<f", float(expected[1]))
    return told == expected


def check_image(image, types: List[Type], n: int) -> List[str]:
    expected, found = expected_row(types, n), []
    if [c.name for c in image] != list(expected):
        found.append(f"columns {[c.name for c in image]}")
    for column, t in zip(list(image)[1:], types):
        told, kind = json_of(column.value), column.value.WhichOneof("kind")
        if not same(told, expected[column.name]):
            found.append(f"{t.name}: {told!r} instead of {expected[column.name]!r}")
        if kind not in ("missing", t.kind, TEXT_FORMS.get(t.kind)):
            found.append(f"{t.name}: {kind} instead of {t.kind}")
    return found


def stream_both(database, kafka, tailrace):
    """Two agents on one database: JSON lines on stdout, and `change` records in Kafka."""
    lines = tailrace.start("run", "--source", database.url(), "--tables", "public.*", "--name", "j")
    records = tailrace.start("run", "--source", database.url(), "--tables", "public.*", "--name", kafka.prefix,
                             "--sink.brokers", kafka.bootstrap)
    lines.wait_for_log("streaming", 60)
    records.wait_for_log("streaming", 60)
    return lines, records


def changes(records) -> list:
    row_change = schema.load("tailrace/v1/change.proto").RowChange
    return [row_change.FromString(r.value) for r in records]


def check_every_type(database, kafka, tailrace):
    types = types_of(database.version)
    create(database, types)
    run, _ = stream_both(database, kafka, tailrace)
    count = insert(database, types)
    run.wait_for_lines(3 * count, 60)
    found = []
    for i, line in enumerate(run.stdout.read_bytes().splitlines()):
        line, n = parse(line), i % count
        expected = expected_row(types, n)
        assert line["op"] == "cud"[i // count]
        assert "invalid" not in line and "unchanged" not in line
        if line["op"] != "c":
            found += differences(line["before"], expected, types)
        if line["op"] != "d":
            found += differences(line["after"], expected, types)
        nulls = [f"c{k}" for k, t in enumerate(types) if n < len(t.values) and t.name == "jsonb" and t.values[n][1] == "null"]
        assert line.get("json_null", []) == nulls
    assert found == []
    for i, c in enumerate(changes(kafka.wait_for_records(kafka.topic("public.every"), 3 * count))):
        assert c.op == i // count + 1
        found += check_image(c.before, types, i % count) if c.op != 1 else []
        found += check_image(c.after, types, i % count) if c.op != 3 else []
    assert found == []


def test_every_type(pg, kafka, tailrace):
    check_every_type(pg, kafka, tailrace)


def test_every_type_elsewhere(pg_other, kafka, tailrace):
    check_every_type(pg_other, kafka, tailrace)


# ---- Encodings of the database ----------------------------------------------------------------------------------

def collect(database, tailrace, statements: List[str], count: int, *flags, tables: str = "public.*",
            prepare: Optional[List[str]] = None) -> List[dict]:
    """The lines that the statements give, once an agent streams."""
    for statement in prepare or []:
        database.sql(statement)
    run = tailrace.start("run", "--source", database.url(), "--tables", tables, *flags)
    run.wait_for_log("streaming", 60)
    for statement in statements:
        database.sql(statement)
    lines = run.wait_for_lines(count, 60)
    assert run.terminate() == 0
    return lines


class Encoded:
    """A database of another encoding on a shared server."""

    def __init__(self, pg, encoding: str):
        self.server = pg.server
        self.name = f"{pg.name}_{encoding.lower()}"
        self.server.create_database(self.name, f"ENCODING '{encoding}' TEMPLATE template0")

    def url(self):
        return self.server.url(self.name)

    def sql(self, query, args=None):
        return self.server.sql(query, args, self.name)

    def close(self):
        self.server.drop_database(self.name)


@pytest.fixture
def encoded(pg):
    made = []

    def make(encoding):
        made.append(Encoded(pg, encoding))
        return made[-1]
    yield make
    for database in made:
        database.close()


def test_latin1(encoded, tailrace):
    database = encoded("LATIN1")
    lines = collect(database, tailrace, ["SET client_encoding = 'UTF8'; INSERT INTO \"tablé\" VALUES (1, 'ÿ é', '{ñ}')"], 1,
                    prepare=["SET client_encoding = 'UTF8'; CREATE TABLE \"tablé\" (id int PRIMARY KEY, \"ü\" text, a text[])"])
    assert lines[0]["table"] == "tablé"
    assert lines[0]["after"] == {"id": 1, "ü": "ÿ é", "a": ["ñ"]}


def test_sql_ascii(encoded, kafka, tailrace):
    """Bytes that are no UTF-8 are told as such, and never guessed at."""
    database = encoded("SQL_ASCII")
    database.sql("CREATE TABLE t (id int PRIMARY KEY, v text, a text[], j json)")
    run, _ = stream_both(database, kafka, tailrace)
    database.sql(r"INSERT INTO t VALUES (1, E'ok \303\251', E'{\303\251}', E'\"\303\251\"'), (2, E'bad \351', E'{x,\351}', E'\"\351\"')")
    good, bad = run.wait_for_lines(2, 60)
    assert good["after"] == {"id": 1, "v": "ok é", "a": ["é"], "j": "é"}
    assert bad["after"] == {"id": 2}
    assert bad["invalid"] == {"after": {
        "v": {"base64": base64.b64encode(b"bad \xe9").decode()}, "a": {"base64": base64.b64encode(b"{x,\xe9}").decode()},
        "j": {"base64": base64.b64encode(b"\"\xe9\"").decode()}}}
    record = changes(kafka.wait_for_records(kafka.topic("public.t"), 2))[1]
    told = {c.name: (c.value.WhichOneof("kind"), getattr(c.value, c.value.WhichOneof("kind"))) for c in record.after}
    assert told == {"id": ("int_value", 2), "v": ("invalid", b"bad \xe9"), "a": ("invalid", b"{x,\xe9}"),
                    "j": ("invalid", b"\"\xe9\"")}


# ---- What the log carries, and what it does not -----------------------------------------------------------------

BIG = "(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 400) i)"


def images(lines: List[dict]) -> List[tuple]:
    return [(x["op"], x.get("key"), x.get("before"), x.get("after")) for x in lines]


def test_unchanged_toast(pg, kafka, tailrace):
    pg.sql(f"CREATE TABLE t (id int PRIMARY KEY, n int, big text); INSERT INTO t SELECT 1, 1, {BIG}")
    run, _ = stream_both(pg, kafka, tailrace)
    pg.sql("UPDATE t SET n = 2")
    pg.sql("UPDATE t SET id = 2")
    pg.sql("ALTER TABLE t REPLICA IDENTITY FULL")
    pg.sql("UPDATE t SET n = 3")
    big = pg.value("SELECT big FROM t")
    first, moved, full = run.wait_for_lines(3, 60)
    assert (first["after"], first["unchanged"]) == ({"id": 1, "n": 2}, ["big"])
    assert (moved["before"], moved["after"], moved["unchanged"]) == ({"id": 1}, {"id": 2, "n": 2}, ["big"])
    assert full["before"] == {"id": 2, "n": 2, "big": big}
    # The old image says what the unchanged column holds: either is true, a lost value is not.
    assert full["after"].get("big", big) == big and ("big" in full["after"]) != ("big" in full.get("unchanged", []))
    records = changes(kafka.wait_for_records(kafka.topic("public.t"), 4))
    missing = {c.name: c.value.missing for c in records[0].after}
    assert missing == {"id": 0, "n": 0, "big": 2}  # MISSING_UNCHANGED
    assert [r.op for r in records] == [2, 3, 1, 2]  # the key change is a delete and a create
    assert [c.value.int_value for c in records[1].key] == [1] and [c.value.int_value for c in records[2].key] == [2]


def test_identity_and_keys(pg, tailrace):
    lines = collect(pg, tailrace, [
        "INSERT INTO pairs VALUES (1, 'x', 2, 'v')", "UPDATE pairs SET v = 'w'", "UPDATE pairs SET b = 'y'", "DELETE FROM pairs",
        "INSERT INTO full_rows VALUES (1, NULL)", "UPDATE full_rows SET v = 'a'", "DELETE FROM full_rows",
        "INSERT INTO by_index VALUES (1, 2, 'v')", "UPDATE by_index SET v = 'w'", "UPDATE by_index SET u = 3", "DELETE FROM by_index",
        "INSERT INTO keyless VALUES (1)", "INSERT INTO nothing VALUES (1)"], 13, prepare=[
        "CREATE TABLE pairs (a int, b text, c int, v text, PRIMARY KEY (c, b))",
        "CREATE TABLE full_rows (id int, v text); ALTER TABLE full_rows REPLICA IDENTITY FULL",
        "CREATE TABLE by_index (id int PRIMARY KEY, u int NOT NULL, v text); CREATE UNIQUE INDEX by_u ON by_index (u)",
        "ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_u",
        "CREATE TABLE keyless (id int)",
        "CREATE TABLE nothing (id int PRIMARY KEY); ALTER TABLE nothing REPLICA IDENTITY NOTHING"])
    key = {"c": 2, "b": "x"}
    told = images(lines)
    assert told[:4] == [
        ("c", key, None, {"a": 1, "b": "x", "c": 2, "v": "v"}), ("u", key, None, {"a": 1, "b": "x", "c": 2, "v": "w"}),
        ("u", {"c": 2, "b": "y"}, {"b": "x", "c": 2}, {"a": 1, "b": "y", "c": 2, "v": "w"}),
        ("d", {"c": 2, "b": "y"}, {"b": "y", "c": 2}, None)]
    assert list(lines[0]["key"]) == ["c", "b"]  # in the order of the primary key
    assert [(op, before, after) for op, _, before, after in told[4:7]] == [
        ("c", None, {"id": 1, "v": None}), ("u", {"id": 1, "v": None}, {"id": 1, "v": "a"}), ("d", {"id": 1, "v": "a"}, None)]
    assert [(op, before, after) for op, _, before, after in told[7:11]] == [
        ("c", None, {"id": 1, "u": 2, "v": "v"}), ("u", None, {"id": 1, "u": 2, "v": "w"}),
        ("u", {"u": 2}, {"id": 1, "u": 3, "v": "w"}), ("d", {"u": 3}, None)]
    assert told[11] == ("c", None, None, {"id": 1})
    assert (told[12][0], told[12][3]) == ("c", {"id": 1})
    # Tables without a usable identity stay writable for their application.
    pg.sql("UPDATE keyless SET id = 2; UPDATE nothing SET id = 2; DELETE FROM keyless; DELETE FROM nothing")


def test_truncate_and_message(pg, kafka, tailrace):
    pg.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY)")
    kafka.create_topic(kafka.topic("public.a"), 2)
    run = tailrace.start("run", "--source", pg.url(), "--tables", "public.*", "--messages", "true")
    records = tailrace.start("run", "--source", pg.url(), "--tables", "public.*", "--name", kafka.prefix,
                             "--sink.brokers", kafka.bootstrap)
    run.wait_for_log("streaming", 60)
    records.wait_for_log("streaming", 60)
    pg.sql("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)")
    pg.sql("TRUNCATE a, b")
    pg.sql(r"SELECT pg_logical_emit_message(true, 'pre''fix', 'héllo')")
    pg.sql(r"SELECT pg_logical_emit_message(false, '', '\x00ff'::bytea)")
    pg.sql("INSERT INTO c VALUES (1)")
    lines = run.wait_for_lines(7, 60)
    assert [(x["op"], x.get("table")) for x in lines] == [
        ("c", "a"), ("c", "b"), ("t", "a"), ("t", "b"), ("m", None), ("m", None), ("c", "c")]
    assert lines[2]["id"] != lines[3]["id"] and "key" not in lines[2] and "after" not in lines[2]
    assert "héllo" in json.dumps(lines[4], ensure_ascii=False) and "pre'fix" in json.dumps(lines[4])
    assert base64.b64encode(b"\x00\xff").decode() in json.dumps(lines[5])
    told = kafka.wait_for_records(kafka.topic("public.a"), 3)
    assert sorted(r.partition for r, c in zip(told, changes(told)) if c.op == 5) == [0, 1]  # every partition
    kafka.wait_for_records(kafka.topic("public.c"), 1)
