#!/usr/bin/python3
"""Asks a real MySQL how it stores and prints JSON: tests/golden/json/documents.txt and diffs.txt.

  tests/golden/capture_json.py            writes both
  tests/golden/capture_json.py -n 5000    more documents, for a check by hand: -o DIR, then
                                          build/unit/decoders/binlog/test_json_binary DIR/documents.txt

A line of documents.txt: the document as it is in the binary log, in hexadecimal; a tab; what CAST(… AS CHAR) says. A line
of diffs.txt: the document before an UPDATE, the diffs that the log carries of it, and the text of the document after it.
Documents are made at random, always the same ones, besides those written below.
"""

import argparse
import json
import random
import struct
import sys
from pathlib import Path
from typing import Iterator, List, Tuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness.mysql import Mysql, text  # noqa: E402  (the path comes first)

WRITE_ROWS, UPDATE_ROWS, PARTIAL_UPDATE_ROWS = 30, 31, 39
SETTINGS = {"binlog_row_value_options": "PARTIAL_JSON", "binlog_checksum": "NONE", "binlog_row_metadata": "MINIMAL"}

# SQL expressions of documents at the edges.
EDGES = [
    "CAST('[]' AS JSON)", "CAST('{}' AS JSON)", "CAST('null' AS JSON)", "CAST('true' AS JSON)",
    "CAST('\"\"' AS JSON)", "CAST('0' AS JSON)", "CAST('-1' AS JSON)", "CAST('[true, false, null]' AS JSON)",
    "CAST('[32767, 32768, -32768, -32769, 65535, 65536, 2147483647, 2147483648, -2147483648, -2147483649]' AS JSON)",
    "CAST('[4294967295, 4294967296, 9223372036854775807, 9223372036854775808, -9223372036854775808]' AS JSON)",
    "CAST('[18446744073709551615, 18446744073709551616, 1.0, -0.0, 0.0, 1e15, 1e14, 1e16, 1e-14, 1e-15]' AS JSON)",
    "CAST('[1e20, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, 1e23, 2e23, 123456789012345678e3]' AS JSON)",
    "CAST('[0.1, 1e-5, 1234567890123456.7, 123456789012345.6, 5.684341886080802e-14, 9.5367431640625e-7]' AS JSON)",
    "CAST('{\"\": 1, \"a\": 2, \"B\": 3, \"aa\": 4, \"\\\\u0000\": 5, \"ä\": 6}' AS JSON)",
    "CAST('\"\\\\u0000\\\\u0001\\\\b\\\\t\\\\n\\\\f\\\\r\\\\u001f\\\\\"\\\\\\\\/\\\\u007f\\\\u0080\\\\u2028\\\\ud83d\\\\ude00\"' AS JSON)",
    "CAST(CONCAT(REPEAT('[', 100), REPEAT(']', 100)) AS JSON)",
    "CAST(CONCAT(REPEAT('{\"a\":', 99), '[1]', REPEAT('}', 99)) AS JSON)",
    "JSON_ARRAY(REPEAT('x', 127), REPEAT('y', 128))",
    "JSON_ARRAY(CAST(0 AS DECIMAL(5,2)), CAST(-0.001 AS DECIMAL(10,3)), CAST(0.5 AS DECIMAL(30,30)))",
    "JSON_ARRAY(CAST('99999999999999999999999999999999999.999999999999999999999999999999' AS DECIMAL(65,30)))",
    "JSON_ARRAY(CAST('-12345678901234567890123456789012345678901234567890123456789012345' AS DECIMAL(65,0)))",
    "JSON_ARRAY(DATE'2024-02-29', DATE'0001-01-01', DATE'9999-12-31')",
    "JSON_ARRAY(TIME'838:59:59', TIME'-838:59:59', TIME'00:00:00', TIME'-00:00:00.5', TIME'12:34:56.123456')",
    "JSON_ARRAY(TIMESTAMP'2024-01-01 10:00:00', TIMESTAMP'9999-12-31 23:59:59.999999')",
    "JSON_ARRAY(FROM_UNIXTIME(1700000000.25), (SELECT ts FROM typed), (SELECT y FROM typed), (SELECT b FROM typed))",
    "JSON_ARRAY((SELECT bin FROM typed), (SELECT blb FROM typed), (SELECT e FROM typed), (SELECT s FROM typed))",
    "JSON_ARRAY((SELECT f FROM typed), (SELECT d FROM typed), (SELECT l FROM typed), (SELECT g FROM typed))",
    "JSON_OBJECT('raw', CAST(g AS BINARY), 'x', x'00ff')" .replace("CAST(g AS BINARY)", "(SELECT CAST(g AS BINARY) FROM typed)"),
    "JSON_ARRAY(REPEAT(x'00', 56), REPEAT(x'01', 57), REPEAT(x'02', 58), REPEAT(x'ff', 200), x'')",
    "JSON_ARRAY(CAST(1 AS UNSIGNED), CAST(-1 AS SIGNED), 1 = 1, 1.5, 1.5e0, NULL)",
]
TYPED = """CREATE TABLE typed (ts timestamp(6), y year, b bit(20), bin binary(4), blb blob, e enum('ä', 'b'),
    s set('x', 'y'), f float, d double, l bigint unsigned, g geometry);
    INSERT INTO typed VALUES ('2024-05-06 07:08:09.5', 2024, b'10000000000000000001', 'ab', 'blob', 'ä', 'x,y', 1.1, 0.1,
    18446744073709551615, ST_GeomFromText('POINT(1 2)'))"""


# ---- Documents --------------------------------------------------------------------------------------------------

def number(r: random.Random) -> str:
    kind = r.randrange(6)
    if kind == 0:
        return str(r.randrange(-100, 100))
    if kind == 1:
        return str(r.randrange(-2**r.randrange(1, 64), 2**r.randrange(1, 65)))
    if kind == 2:
        return repr(r.randrange(10**r.randrange(1, 18)) / 10**r.randrange(18))
    if kind == 3:
        return repr(2.0**r.randrange(-300, 300))
    while True:
        d = struct.unpack("<d", r.randbytes(8))[0]
        if d == d and abs(d) < 1e308:
            return repr(d)


def word(r: random.Random, longest: int) -> str:
    alphabet = "abcxyz_ 019.\"\\\n\täöß€漢😀\x01\x1f/$[]*" if r.random() < 0.5 else "abc"
    return "".join(r.choice(alphabet) for _ in range(r.randrange(longest)))


def document(r: random.Random, depth: int) -> str:
    kind = r.randrange(4 if depth < 4 else 2)
    if kind == 0:
        return number(r)
    if kind == 1:
        return r.choice(["null", "true", "false", json.dumps(word(r, r.choice([3, 20, 200])), ensure_ascii=False)])
    items = [document(r, depth + 1) for _ in range(r.randrange(7))]
    if kind == 2:
        return "[" + ",".join(items) + "]"
    return "{" + ",".join(json.dumps(word(r, 12), ensure_ascii=False) + ":" + item for item in items) + "}"


def change(r: random.Random, value, path: str = "$") -> Tuple[str, str]:
    """A path to something in a document, or just beside it, and a function that changes a document there."""
    if isinstance(value, dict) and r.random() < 0.9:
        key = r.choice(sorted(value)) if value and r.random() < 0.8 else word(r, 6)
        path += "." + json.dumps(key, ensure_ascii=False)
        value = value.get(key)
    elif isinstance(value, list) and r.random() < 0.9:
        i = r.randrange(len(value) + 1)
        path += r.choice([f"[{i}]", f"[last-{len(value) - i - 1}]" if i < len(value) else f"[{i}]"])
        value = value[i] if i < len(value) else None
    else:
        return path, r.choice(["JSON_SET", "JSON_REPLACE", "JSON_REMOVE"])
    return change(r, value, path) if r.random() < 0.6 else (path, r.choice(["JSON_SET", "JSON_SET", "JSON_REMOVE"]))


def update(r: random.Random, before: str) -> str:
    """An expression that changes column j in one to three places."""
    expression = "j"
    for _ in range(r.randrange(1, 4)):
        path, function = change(r, json.loads(before))
        if path == "$":
            continue
        new = "" if function == "JSON_REMOVE" else f", CAST({text(document(r, 3))} AS JSON)"
        expression = f"{function}({expression}, {text(path)}{new})"
    return expression


# ---- The log ----------------------------------------------------------------------------------------------------

def events(log: bytes) -> Iterator[Tuple[int, bytes]]:
    at = 4
    while at < len(log):
        kind, size = log[at + 4], struct.unpack_from("<I", log, at + 9)[0]
        yield kind, log[at + 19:at + size]
        at += size


def cells(row: bytes, images: int, partial: bool) -> Iterator[bytes]:
    """Column j of each image of one row of t (id int, j json); the diffs of a partial image."""
    at = 0
    for image in range(images):
        last = partial and image == images - 1
        diffs = False
        if last:  # value options, and a bitmap of the partial columns when these say so
            diffs = row[at] == 1 and row[at + 1] == 1
            at += 2 if row[at] == 1 else 1
        at += 1 + 4  # null bitmap, id
        length, = struct.unpack_from("<I", row, at)
        yield row[at + 4:at + 4 + length] if not last or diffs else b""
        at += 4 + length


def logged(server: Mysql) -> Iterator[List[bytes]]:
    """Column j in the images of each row that was written."""
    for path in server.binlog_files():
        for kind, body in events(path.read_bytes()):
            if kind not in (WRITE_ROWS, UPDATE_ROWS, PARTIAL_UPDATE_ROWS):
                continue
            images = 1 if kind == WRITE_ROWS else 2
            extra, = struct.unpack_from("<H", body, 8)
            yield list(cells(body[8 + extra + 1 + images:], images, kind == PARTIAL_UPDATE_ROWS))


def capture(server: Mysql, count: int, folder: Path) -> None:
    r = random.Random(20240229)
    documents, diffs = [], []
    db = server.connect("golden")
    cursor = db.cursor()
    cursor.execute("CREATE TABLE t (id int PRIMARY KEY, j json)")
    makers = EDGES + [f"CAST({text(document(r, 0))} AS JSON)" for _ in range(count)]
    server.reset_binlog()
    for i, maker in enumerate(makers):
        cursor.execute(f"INSERT INTO t SELECT {i}, {maker}")
    cursor.execute("SELECT CAST(j AS CHAR) FROM t ORDER BY id")
    texts = [row[0] for row in cursor.fetchall()]
    for (image,), printed in zip(logged(server), texts):
        documents.append(f"{image.hex()}\t{printed}\n")
    server.reset_binlog()
    afters = []
    for i in range(len(EDGES), len(makers)):
        if cursor.execute(f"UPDATE t SET j = {update(r, texts[i])} WHERE id = {i}"):
            cursor.execute(f"SELECT CAST(j AS CHAR) FROM t WHERE id = {i}")
            afters.append(cursor.fetchone()[0])
    for (before, change_of, *_), printed in zip(logged(server), afters):
        if change_of:
            diffs.append(f"{before.hex()}\t{change_of.hex()}\t{printed}\n")
    folder.mkdir(exist_ok=True)
    (folder / "documents.txt").write_text("".join(documents), encoding="utf-8")
    (folder / "diffs.txt").write_text("".join(diffs), encoding="utf-8")
    print(f"{len(documents)} documents, {len(diffs)} diffs")


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/golden/capture_json.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=300, metavar="COUNT", help="random documents (default %(default)s)")
    parser.add_argument("-o", type=Path, default=HERE / "json", metavar="DIR", help="where to write")
    options = parser.parse_args()
    server = Mysql("mysql-9.7", settings=SETTINGS).start()
    try:
        server.create_database("golden")
        server.sql(TYPED, database="golden")
        capture(server, options.n, options.o)
    finally:
        server.close()


if __name__ == "__main__":
    main()
