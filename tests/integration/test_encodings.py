"""What consumers get, decoded by protobuf libraries that are not ours; and the encodings against one another."""

import json
import subprocess
from pathlib import Path

from harness import procs, schema
from harness.fetch import ROOT

change_pb = schema.load("tailrace/v1/change.proto")
customer_pb = schema.load("tailrace/customer/v1/customer.proto")

TABLE = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE every (
    id bigint PRIMARY KEY, b boolean, i2 smallint, i4 int, f4 real, f8 double precision, n numeric, n2 numeric(12,2),
    t text, v varchar(40), c char(3), by bytea, d date, ti time, tz timetz, ts timestamp, tstz timestamptz,
    iv interval, u uuid, js json, jb jsonb, m mood, ia int[], ta text[][], inet inet, r int4range, bits bit(3), x xml,
    big text);
ALTER TABLE every ALTER big SET STORAGE EXTERNAL;
"""
ROWS = [
    """INSERT INTO every VALUES (1, true, -32768, 2147483647, 'NaN', 0.1, 'NaN', 12.50, E'Zo\u00eb "x" \\\\ \\n', 'v', 'c',
       '\\x00ff', '2026-11-23', '12:00:00.5', '12:00:00+02', '2026-11-23 12:00', '2026-11-23 12:00:00.000001+00',
       '1 year 2 mons 3 days 04:05:06.5', '00112233-4455-6677-8899-aabbccddeeff', '{"a":\n 1.50}', '{"b": [1, null]}',
       'ok', '{1,NULL,3}', '{{a,"b c"},{"\\"",NULL}}', '10.0.0.1/8', '[1,5)', '101', '<a/>', repeat('x', 10000))""",
    """INSERT INTO every (id, f8, n, d, ts, tstz, jb, ia) VALUES
       (2, '-Infinity', 'Infinity', 'infinity', '-infinity', '0044-03-15 00:00:00+00 BC', 'null', '[0:1]={7,8}')""",
    "UPDATE every SET t = NULL, i4 = 5 WHERE id = 1",  # `big` is not logged again
    "UPDATE every SET ia = '{}' WHERE id = 2",
    "DELETE FROM every WHERE id = 1",
    "TRUNCATE every",
]


def messages(data: bytes):
    """Delimited messages."""
    at = 0
    while at < len(data):
        size = shift = 0
        while True:
            byte = data[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
        assert at + size <= len(data)
        yield data[at:at + size]
        at += size


def record(tailrace, pg, encoding: str, *more):
    """Starts an agent that writes a file in this encoding; run, path."""
    path = tailrace.dir / f"out.{encoding}"
    run = tailrace.start("run", "--source", pg.url(), "--name", "src", "--tables", "public.*", "--sink.type", "file",
                         "--sink.path", path, "--encoding", encoding, "--state", tailrace.dir / encoding, "--slot", encoding,
                         *more)
    run.wait_for_log("streaming")
    return run, path


def test_change_and_json_say_the_same(pg, tailrace):
    pg.sql(TABLE)
    runs = [record(tailrace, pg, encoding) for encoding in ("change", "json")]
    for statement in ROWS:
        pg.sql(statement)
    for run, path in runs:
        run.wait_for_log("streaming")
        wait_for_truncate(run, path)
        assert run.terminate() == 0
    (_, binary), (_, lines) = runs
    shown = tailrace.run("tail", "--json", binary)
    assert shown.code == 0, shown.stderr
    assert shown.stdout == lines.read_text()
    expected = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [line["op"] for line in expected] == ["c", "c", "u", "u", "d", "t"]
    check_rows([change_pb.RowChange.FromString(m) for m in messages(binary.read_bytes())])
    check_protoc(next(messages(binary.read_bytes())))


def wait_for_truncate(run, path: Path) -> None:
    procs.wait_until(lambda: path.exists() and (b'"op":"t"' in path.read_bytes() or path.suffix == ".change" and
                                                len(list(whole(path))) == len(ROWS)), 30, "all rows in the file", 0.1)
    assert run.running


def whole(path: Path):
    try:
        yield from messages(path.read_bytes())
    except (AssertionError, IndexError):
        return


def check_rows(rows) -> None:
    """As a Python consumer sees them."""
    first = {c.name: c.value for c in rows[0].after}
    types = {c.name: c.type for c in rows[0].after}
    assert rows[0].source == "src" and rows[0].table == "every" and rows[0].op == change_pb.OP_CREATE
    assert [c.name for c in rows[0].key] == ["id"] and rows[0].key[0].value.int_value == 1
    assert len(rows[0].ord) == 24 and rows[0].HasField("commit_us")
    assert types["n2"] == "numeric(12,2)" and first["n2"].decimal == "12.50"
    assert first["i2"].int_value == -32768 and first["b"].bool_value is True
    assert first["t"].text.decode() == "Zo\u00eb \"x\" \\ \n" and first["by"].bytes_value == b"\0\xff"
    assert first["u"].uuid.hex() == "00112233445566778899aabbccddeeff"
    assert first["tstz"].timestamptz_us == 1795435200000001 and first["iv"].interval == "P1Y2M3DT4H5M6.5S"
    assert [i.WhichOneof("kind") for i in first["ia"].array.items] == ["int_value", "missing", "int_value"]
    assert first["ta"].array.items[1].array.items[0].text == b'"' and first["m"].enum_label == b"ok"
    second = {c.name: c.value for c in rows[1].after}
    assert second["d"].date_text == "infinity" and second["ia"].array_text == b"[0:1]={7,8}"
    assert second["t"].missing == change_pb.MISSING_NULL
    updated = {c.name: c.value for c in rows[2].after}
    assert updated["big"].missing == change_pb.MISSING_UNCHANGED and updated["i4"].int_value == 5
    assert rows[4].op == change_pb.OP_DELETE and not rows[4].after and rows[4].before[0].value.int_value == 1
    assert rows[5].op == change_pb.OP_TRUNCATE and not rows[5].key
    assert sorted(r.ord for r in rows) == [r.ord for r in rows]


def check_protoc(message: bytes) -> None:
    p = subprocess.run(["protoc", f"-I{ROOT / 'schemas'}", "--decode", "tailrace.v1.RowChange",
                        "tailrace/v1/change.proto"], input=message, stdout=subprocess.PIPE, check=True)
    text = p.stdout.decode()
    assert 'table: "every"' in text and 'decimal: "12.50"' in text and "op: OP_CREATE" in text


def test_customer_events(pg_latest, tailrace):
    pg = pg_latest
    pg.sql("CREATE TABLE people (no text PRIMARY KEY, full_name text, mail text, born date, limit_eur numeric(12,2))")
    path = tailrace.dir / "customers.bin"
    config = tailrace.config({
        "sources": {"crm": {"url": pg.url(), "tables": ["public.*"]}},
        "sink": {"type": "file", "path": str(path)},
        "encoding": "change",
        "state": str(tailrace.dir / "state"),
        "entities": {"customer": {"topic": "customer", "from": [
            {"table": "crm.public.people", "key": "no", "part": "profile",
             "fields": {"name": "full_name", "email": "mail", "birth_date": "born"}},
            {"table": "crm.public.people", "key": "no", "part": "financial", "fields": {"credit_limit": "limit_eur"}}]}},
    })
    run = tailrace.start("run", config)
    run.wait_for_log("streaming")
    pg.sql("INSERT INTO people VALUES ('1001', 'Anna Huber', NULL, '1990-02-28', 1000)")
    pg.sql("UPDATE people SET mail = 'anna@example.org' WHERE no = '1001'")
    pg.sql("INSERT INTO people VALUES ('1002', 'Gone Soon', NULL, NULL, NULL)")
    pg.sql("DELETE FROM people WHERE no = '1002'")
    procs.wait_until(lambda: path.exists() and len(list(whole(path))) >= 8, 30, "eight events in the file", 0.1)
    assert run.terminate() == 0
    events = [customer_pb.CustomerEvent.FromString(m) for m in messages(path.read_bytes())]
    first = events[0]
    assert (first.customer_key, first.source, first.table) == ("1001", "crm", "public.people")
    assert first.WhichOneof("part") == "profile" and first.profile.name == "Anna Huber"
    assert first.profile.birth_date == "1990-02-28" and not first.profile.HasField("email")
    assert list(first.null_fields) == ["email"]
    assert events[1].financial.credit_limit == "1000.00"
    assert [e.operation for e in events[-2:]] == [customer_pb.OPERATION_REMOVE] * 2
    assert len({e.id for e in events}) == len(events) == 8
    state = json.loads(tailrace.run("tail", "--fold", "1001", "--json", path).stdout)
    assert state["parts"]["profile"]["email"]["value"] == "anna@example.org"
    assert state["parts"]["financial"]["credit_limit"]["value"] == "1000.00"
    assert tailrace.run("tail", "--fold", "1002", path).stdout.count("nothing is known") == 1
