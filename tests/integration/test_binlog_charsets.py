"""Character sets: the tables of decoders/binlog are what the servers say, and the agent prints what they select."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINLOG = ROOT / "decoders/binlog"
sys.path.insert(0, str(BINLOG))

import charset_tables  # noqa: E402  (the path comes first)


def test_collations(my):
    asked = charset_tables.Asked(str(my.server.socket))
    ranges = [(int(first), int(last), name.lower()) for first, last, name in
              re.findall(r"\{(\d+), (\d+), CHARSET_(\w+)\}", (BINLOG / "charset_ids.c").read_text())]
    known = {i: name for first, last, name in ranges for i in range(first, last + 1)}
    for i, charset in asked.collations().items():
        nopad = charset_tables.NOPAD < i < charset_tables.NOPAD_END
        assert known.get(i - charset_tables.NOPAD if nopad else i) == charset, f"collation {i}"


def test_every_character(my_latest):
    """All bytes that could be a character of a set, converted by the server, have the checksum that the unit test of
    the decoder's conversion asks for."""
    asked = charset_tables.Asked(str(my_latest.server.socket))
    golden = (ROOT / "tests/golden/charsets.txt").read_text().splitlines(keepends=True)
    names = set(asked.charsets())
    unicode = {name for name in names if name.startswith(("utf", "ucs"))}
    compared = set()
    for line in golden:
        charset = line.split()[0]
        if charset in names:
            assert charset_tables.golden(charset, asked.points(charset)) == line
            compared.add(charset)
    assert compared == names - unicode - {"ascii", "binary"}


def texts():
    """All characters of the basic plane, a sample of each other plane, a thousand a row. Without U+FFFD: the server
    shows it for bytes of big5 and tis620 that are none of their characters, which the agent calls invalid."""
    points = [p for p in [*range(1, 0x10000), *range(0x10000, 0x110000, 16)] if not 0xd800 <= p < 0xe000 and p != 0xfffd]
    return ["".join(map(chr, points[i:i + 1000])) for i in range(0, len(points), 1000)]


@pytest.mark.parametrize("flavour", ["mariadb-11.4", "mysql-9.7"])
def test_streamed_text_is_what_the_server_selects(flavour, own_mysql, tailrace):
    """One column for each character set, each with all the characters that it has; question marks for the others."""
    server = own_mysql(flavour, tls="on")
    server.create_database("texts")
    sets = [name for name, in server.sql("SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS"
                                         " WHERE CHARACTER_SET_NAME <> 'binary' ORDER BY 1")]
    assert len(sets) >= 39
    columns = ", ".join(f"{name} text CHARACTER SET {name}" for name in sets)
    server.sql(f"CREATE TABLE texts.t (id int PRIMARY KEY, {columns})")
    run = tailrace.start("run", "--source", server.url(), "--name", "texts", "--tables", "texts.*")
    run.wait_for_log("streaming")
    rows = texts()
    connection = server.connect("texts")
    with connection.cursor() as cursor:
        for i, text in enumerate(rows):
            cursor.execute(f"INSERT IGNORE INTO t VALUES (%s{', %s' * len(sets)})", [i] + [text] * len(sets))
    lines = run.wait_for_lines(len(rows), timeout=100)
    assert not [line["id"] for line in lines if "invalid" in line]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM t ORDER BY id")
        for row, line in zip(cursor.fetchall(), lines):
            for name, text in zip(sets, row[1:]):
                assert line["after"][name] == text, f"{name}, row {row[0]}"
    connection.close()
