"""The character sets of the servers are still those that the tables of decoders/binlog were made from."""

import re
import sys
from pathlib import Path

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
