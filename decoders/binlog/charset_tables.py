#!/usr/bin/python3
"""Writes the tables of the character sets from what real servers say.

  decoders/binlog/charset_tables.py SOCKET...    the Unix sockets of a MySQL and a MariaDB, as root, no password

The servers must agree wherever more than one knows a character set or a collation: a difference ends the script.
  charset_ids.c       collation id → character set, as ranges
  charset_single.c    what the bytes of the 8-bit character sets stand for
  charset_multi_ids.c how the multi-byte ones differ from the C library's
The results are committed; nothing of this runs in a build.
"""

import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import pymysql

HERE = Path(__file__).resolve().parent
SINGLE = """armscii8 cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 dec8 geostd8 greek hebrew hp8 keybcs2 koi8r koi8u
    latin1 latin2 latin5 latin7 macce macroman swe7 tis620""".split()
NOPAD = 1024  # MariaDB: a collation's twin without padding
NOPAD_END = 2048
REPLACEMENT = 0xFFFD  # how the server shows the bytes that tis620 leaves free


def fail(text: str) -> None:
    sys.exit("charset_tables: " + text)


def hexa(n: int) -> str:
    return f"0x{n:04x}"


# ---- Asking -----------------------------------------------------------------------------------------------------

class Asked:
    """One server."""

    def __init__(self, socket: str):
        self.cursor = pymysql.connect(unix_socket=socket, user="root", charset="utf8mb4").cursor()
        self.version = self.rows("SELECT version()")[0][0]
        self.mariadb = "MariaDB" in self.version
        self.cursor.execute("CREATE TEMPORARY TABLE mysql.bytes (b BINARY(1) PRIMARY KEY)")
        self.cursor.executemany("INSERT INTO mysql.bytes VALUES (%s)", [(bytes([i]),) for i in range(256)])

    def rows(self, query: str) -> tuple:
        self.cursor.execute(query)
        return self.cursor.fetchall()

    def collations(self) -> Dict[int, str]:
        column, table = (("FULL_COLLATION_NAME", "COLLATION_CHARACTER_SET_APPLICABILITY") if self.mariadb else
                         ("COLLATION_NAME", "COLLATIONS"))
        found = self.rows(f"SELECT ID, CHARACTER_SET_NAME, {column} FROM information_schema.{table}")
        return {int(i): charset for i, charset, _ in found}

    def charsets(self) -> List[str]:
        return [name for name, in self.rows("SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS")]

    def single(self, charset: str) -> List[int]:
        """The code point of each byte, 0 for those that have none."""
        found = self.rows(f"SELECT b, HEX(CONVERT(CONVERT(b USING {charset}) USING utf32)) FROM mysql.bytes "
                          "ORDER BY b")
        return [code_point(byte, answer) for byte, answer in found]


def code_point(code: bytes, answer: Optional[str]) -> int:
    """What the server made of one character; it answers a question mark where there is none."""
    point = int(answer, 16) if answer else 0
    return 0 if point == REPLACEMENT or (point == ord("?") and code != b"?") else point


def agreed(what: str, servers: List[Asked], answers: list) -> object:
    for server, answer in zip(servers, answers):
        if answer != answers[0]:
            fail(f"{what}: {server.version} and {servers[0].version} differ")
    return answers[0]


# ---- Writing ----------------------------------------------------------------------------------------------------

def write(name: str, comment: str, body: str, servers: List[Asked]) -> None:
    path = HERE / name
    versions = ", ".join(s.version for s in servers)
    path.write_text(f"/*\n * {comment}\n *\n * Written by charset_tables.py from {versions}.\n */\n{body}")
    subprocess.run(["clang-format", "-i", str(path)], check=True)
    print(f"{name}: {len(path.read_text().splitlines())} lines")


def ranges(ids: Dict[int, str]) -> List[Tuple[int, int, str]]:
    """Neighbours with one character set become one range, also over ids that no server has."""
    out: List[Tuple[int, int, str]] = []
    for i in sorted(ids):
        if out and out[-1][2] == ids[i]:
            out[-1] = (out[-1][0], i, ids[i])
        else:
            out.append((i, i, ids[i]))
    return out


def write_ids(servers: List[Asked]) -> None:
    ids: Dict[int, str] = {}
    for server in servers:
        for i, charset in server.collations().items():
            if ids.setdefault(i, charset) != charset:
                fail(f"collation {i} is {ids[i]} and {charset}")
    for i in [i for i in ids if NOPAD < i < NOPAD_END]:
        if ids.setdefault(i - NOPAD, ids[i]) != ids[i]:
            fail(f"collation {i} is not of the character set of {i - NOPAD}")
        del ids[i]
    rows = "".join(f"{{{first}, {last}, CHARSET_{name.upper()}}}," for first, last, name in ranges(ids))
    write("charset_ids.c", "charset_ids: collation id → character set.",
          '#include "decoders/binlog/charset_tables.h"\n\n'
          f"const struct charset_range charset_ranges[] = {{{rows}}};\n\n"
          "const size_t charset_nranges = sizeof(charset_ranges) / sizeof(charset_ranges[0]);\n", servers)


def write_single(servers: List[Asked]) -> None:
    body = '#include "decoders/binlog/charset_tables.h"\n'
    for charset in SINGLE:
        points = agreed(charset, servers, [s.single(charset) for s in servers])
        if points[:128] != list(range(128)):
            body += f"\nconst uint16_t charset_{charset}_low[128] = {{{', '.join(map(hexa, points[:128]))}}};\n"
        if any(points[128:]):
            body += f"\nconst uint16_t charset_{charset}[128] = {{{', '.join(map(hexa, points[128:]))}}};\n"
    write("charset_single.c", "charset_single: the code points of the bytes from 0x80 (low: to 0x7f) of the 8-bit "
          "character sets; 0: none.", body, servers)


def main() -> None:
    servers = [Asked(socket) for socket in sys.argv[1:]]
    if not any(s.mariadb for s in servers) or all(s.mariadb for s in servers):
        fail("needs the sockets of a MySQL and of a MariaDB")
    write_ids(servers)
    write_single(servers)


if __name__ == "__main__":
    main()
