#!/usr/bin/python3
"""Writes the tables of the character sets from what real servers say.

  decoders/binlog/charset_tables.py SOCKET...    the Unix sockets of a MySQL and a MariaDB, as root, no password

The servers must agree wherever more than one knows a character set or a collation: a difference ends the script.
  charset_ids.c      collation id → character set, as ranges
  charset_single.c   what the bytes of the 8-bit character sets stand for
  charset_patches.c  where the multi-byte ones differ from the C library's, and a checksum of the whole
  tests/golden/charsets.txt  a checksum of all characters of each, for the unit test
The results are committed; nothing of this runs in a build. Takes about a minute.
"""

import ctypes
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional, Tuple

import pymysql

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parents[1] / "tests/golden/charsets.txt"
SINGLE = """armscii8 cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 dec8 geostd8 greek hebrew hp8 keybcs2 koi8r koi8u
    latin1 latin2 latin5 latin7 macce macroman swe7 tis620""".split()
# Of the multi-byte ones: what the C library calls the nearest of its own.
MULTI = {"big5": "BIG5", "cp932": "CP932", "eucjpms": "EUC-JP-MS", "euckr": "CP949", "gb18030": "GB18030",
         "gb2312": "EUC-CN", "gbk": "GBK", "sjis": "SJIS", "ujis": "EUC-JP-MS"}
TRIPLES = ("eucjpms", "ujis")  # 0x8f and two more bytes
QUADS = ("gb18030",)
# Versions of the C library disagree about these: patched whether this one needs it or not.
UNSETTLED = {"gb18030": [(0xa6d9, 0xa6df), (0xa6ec, 0xa6ed), (0xa6f3, 0xa6f3), (0xa8bc, 0xa8bc), (0xa8bf, 0xa8bf),
                         (0xa989, 0xa995), (0xfe50, 0xfea0), (0x8135f437, 0x8135f437), (0x82359037, 0x82359134),
                         (0x84318236, 0x84318335)]}
# The table of one of them (charset_tables.h): single bytes, pairs, then triples or quads.
PAIRS, THIRD = 128, 128 + 128 * 256
NTRIPLES, NQUADS = 128 * 128, 39420
SUPPLEMENTARY = 189000  # the quad of U+10000, counted from the first one; beyond, the code points follow one another
NOPAD = 1024  # MariaDB: a collation's twin without padding
NOPAD_END = 2048
UCA1400, BLOCK = 2048, 256  # MariaDB: from here on each character set has a block of ids, more than it uses
REPLACEMENT = 0xFFFD  # how the server shows what tis620 and big5 leave free; a character of its own in gb18030


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
        for table in ("bytes", "more"):
            self.cursor.execute(f"CREATE TEMPORARY TABLE mysql.{table} (b BINARY(1) PRIMARY KEY)")
            self.cursor.executemany(f"INSERT INTO mysql.{table} VALUES (%s)", [(bytes([i]),) for i in range(256)])

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

    def points(self, charset: str) -> Dict[bytes, int]:
        """The code point of each character beyond ASCII."""
        found = {bytes([b]): point for b, point in enumerate(self.single(charset)) if b >= 0x80}
        pair = "CONCAT(x'{}', bytes.b, more.b)"
        found.update(self.convert(charset, pair.format(""), "bytes.b >= x'80'"))
        if charset in TRIPLES:
            found.update(self.convert(charset, pair.format("8f"), "bytes.b >= x'80' AND more.b >= x'80'"))
        for lead in range(0x8130, 0xff00) if charset in QUADS else ():
            if 0x30 <= lead & 0xff <= 0x39:
                found.update(self.convert(charset, pair.format(f"{lead:04x}"),
                                          "bytes.b >= x'81' AND more.b BETWEEN x'30' AND x'39'"))
        return {code: point for code, point in found.items() if point}

    def convert(self, charset: str, code: str, where: str) -> Dict[bytes, int]:
        """The same for many codes; what the server takes for more than one character is left out."""
        found = self.rows(f"SELECT {code}, HEX(CONVERT(CONVERT({code} USING {charset}) USING utf32)) "
                          f"FROM mysql.bytes, mysql.more WHERE {where}")
        return {code: code_point(code, answer) for code, answer in found if answer and len(answer) == 8}


class Iconv:
    """The C library's own."""

    def __init__(self, name: str):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.iconv_open.restype = ctypes.c_void_p
        self.libc.iconv.argtypes = [ctypes.c_void_p] * 5
        self.libc.iconv.restype = ctypes.c_size_t
        self.handle = self.libc.iconv_open(b"UCS-4LE", name.encode())
        if self.handle in (None, ctypes.c_void_p(-1).value):
            fail(f"the C library has no {name}")

    def point(self, code: bytes) -> int:
        """The code point, 0 when it is not exactly one."""
        source, target = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(16)
        at, left = ctypes.c_void_p(ctypes.addressof(source)), ctypes.c_size_t(len(code))
        to, room = ctypes.c_void_p(ctypes.addressof(target)), ctypes.c_size_t(len(target))
        self.libc.iconv(self.handle, None, None, None, None)
        lost = self.libc.iconv(self.handle, *map(ctypes.byref, (at, left, to, room)))
        self.libc.iconv(self.handle, None, None, ctypes.byref(to), ctypes.byref(room))
        whole = lost == 0 and left.value == 0 and room.value == len(target) - 4
        return int.from_bytes(target.raw[:4], "little") if whole else 0


def code_point(code: bytes, answer: Optional[str]) -> int:
    """What the server made of one character; it answers a question mark where there is none."""
    point = int(answer, 16) if answer else 0
    return 0 if (point == REPLACEMENT and len(code) < 4) or (point == ord("?") and code != b"?") else point


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
    for i in [i for i in ids if i >= UCA1400]:
        for neighbour in range(i // BLOCK * BLOCK, (i // BLOCK + 1) * BLOCK):
            if ids.setdefault(neighbour, ids[i]) != ids[i]:
                fail(f"collations {i} and {neighbour} are of different character sets")
    rows = "".join(f"{{{first}, {last}, CHARSET_{name.upper()}}}," for first, last, name in ranges(ids))
    write("charset_ids.c", "charset_ids: collation id → character set.",
          '#include "decoders/binlog/charset_tables.h"\n\n'
          f"const struct charset_range charset_ranges[] = {{{rows}}};\n\n"
          "const size_t charset_nranges = sizeof(charset_ranges) / sizeof(charset_ranges[0]);\n", servers)


def write_single(servers: List[Asked]) -> str:
    goldens, body = "", '#include "decoders/binlog/charset_tables.h"\n'
    for charset in SINGLE:
        points = agreed(charset, servers, [s.single(charset) for s in servers])
        goldens += golden(charset, {bytes([b]): points[b] for b in range(128, 256) if points[b]})
        if points[:128] != list(range(128)):
            body += f"\nconst uint16_t charset_{charset}_low[128] = {{{', '.join(map(hexa, points[:128]))}}};\n"
        if any(points[128:]):
            body += f"\nconst uint16_t charset_{charset}[128] = {{{', '.join(map(hexa, points[128:]))}}};\n"
    write("charset_single.c", "charset_single: the code points of the bytes from 0x80 (low: to 0x7f) of the 8-bit "
          "character sets; 0: none.", body, servers)
    return goldens


def codes(charset: str) -> Iterator[bytes]:
    """All that could be characters, in the order of the table."""
    for lead in range(0x80, 0x100):
        yield bytes([lead])
    for lead in range(0x80, 0x100):
        for second in range(256):
            yield bytes([lead, second])
    if charset in TRIPLES:
        for second in range(0x80, 0x100):
            for third in range(0x80, 0x100):
                yield bytes([0x8f, second, third])
    if charset in QUADS:
        for quad in range(NQUADS):
            yield quad_code(quad)


def quad_code(quad: int) -> bytes:
    return bytes([0x81 + quad // 12600, 0x30 + quad // 1260 % 10, 0x81 + quad // 10 % 126, 0x30 + quad % 10])


def checksum(units: Iterable[int]) -> int:
    """FNV-1a over bytes or 16-bit units."""
    h = 0xcbf29ce484222325
    for unit in units:
        h = (h ^ unit) * 0x100000001b3 % 2**64
    return h


def golden(charset: str, found: Dict[bytes, int]) -> str:
    """Charset, how many characters beyond ASCII, checksum over each one's bytes and its UTF-8."""
    pairs = b"".join(code + chr(found[code]).encode() for code in sorted(found, key=lambda code: (len(code), code)))
    return f"{charset} {len(found)} {checksum(pairs):016x}\n"


def check_supplementary(points: Dict[bytes, int]) -> None:
    """Beyond the table the code points of quads follow one another, with nothing else between."""
    rest = {code: point for code, point in points.items() if point > 0xffff}
    want = {quad_code(SUPPLEMENTARY + i): 0x10000 + i for i in range(0x100000)}
    if rest != want:
        fail("gb18030: the supplementary planes are not in order")


def patches(charset: str, points: List[int]) -> List[Tuple[int, int, int]]:
    """(place in the table, how many, first code point or 0): rows that follow one another are one."""
    library = Iconv(MULTI[charset])
    unsettled = UNSETTLED.get(charset, [])
    out: List[Tuple[int, int, int]] = []
    for place, code in enumerate(codes(charset)):
        known = any(first <= int.from_bytes(code, "big") <= last for first, last in unsettled)
        if library.point(code) == points[place] and not known:
            continue
        if out:
            at, count, first = out[-1]
            if at + count == place and points[place] == (first + count if first else 0):
                out[-1] = (at, count + 1, first)
                continue
        out.append((place, 1, points[place]))
    return out


def write_patches(servers: List[Asked]) -> str:
    goldens, body = "", '#include "decoders/binlog/charset_tables.h"\n'
    for charset, library in MULTI.items():
        knowing = [s for s in servers if charset in s.charsets()]
        found = agreed(charset, knowing, [s.points(charset) for s in knowing])
        if charset in QUADS:
            check_supplementary(found)
        goldens += golden(charset, found)
        points = [found.get(code, 0) for code in codes(charset)]
        found_here = sum(1 for point in points if point)
        if max(points) > 0xffff or found_here + (0x100000 if charset in QUADS else 0) != len(found):
            fail(f"{charset}: characters that the table has no place for")
        rows = "".join(f"{{{at}, {count}, {hexa(first)}}}," for at, count, first in patches(charset, points))
        third = "TRIPLES" if charset in TRIPLES else "QUADS" if charset in QUADS else "PAIRS"
        name = f"{charset}_patches" if rows else "NULL"
        if rows:
            body += f"\nstatic const struct charset_patch {name}[] = {{{rows}}};\n"
        length = f"sizeof({name}) / sizeof({name}[0])" if rows else "0"
        body += (f"\n/* {len(found)} characters. */\nconst struct charset_multi charset_{charset} = {{\"{library}\", "
                 f"CHARSET_{third}, UINT64_C({checksum(points):#018x}), {name}, {length}}};\n")
    write("charset_patches.c", "charset_patches: where the servers' multi-byte character sets differ from the C "
          "library's.", body, servers)
    return goldens


def main() -> None:
    servers = [Asked(socket) for socket in sys.argv[1:]]
    if not any(s.mariadb for s in servers) or all(s.mariadb for s in servers):
        fail("needs the sockets of a MySQL and of a MariaDB")
    write_ids(servers)
    GOLDEN.write_text(write_single(servers) + write_patches(servers))


if __name__ == "__main__":
    main()
