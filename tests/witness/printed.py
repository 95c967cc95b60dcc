"""The rows that mysqlbinlog or mariadb-binlog sees in a log: its pseudo-SQL, read back.

    printed = Printed(server)
    rows = printed.rows(files)               # committed ones, in the order of their commits
    printed.agrees(type, value, text)        # whether it prints what a value of a JSON line of ours says

A text of theirs cannot be read back in every case (mariadb-binlog escapes control characters, but not its own
backslash), nor does it hold all digits of a FLOAT. So values are compared as these programs print them:

    negative integers    with their unsigned reading behind: the programs do not look at signs
    FLOAT, VECTOR        six digits
    DATE                 2024:02:29
    TIMESTAMP            seconds since 1970, which are 0 for 0000-00-00 as well
    YEAR                 1900 for 0000
    fractions            all digits of the column; our lines leave out zeros at the end
    ENUM, SET, BIT       the label's number, the bits
    texts                the bytes in the column's character set, escaped
    BINARY               without zeros at the end, as in the log
    GEOMETRY             MariaDB: the bytes; mysqlbinlog loses the rest of the event, so such tables are not compared
    UUID, INET4, INET6   bytes: the log does not tell them from BINARY
    COMPRESSED columns   as they are stored, so only whether there is a value is compared
    JSON of MySQL        the document, unless it is a string: that one's text. Under PARTIAL_JSON the change, not what it gives
"""

import base64
import calendar
import collections
import ipaddress
import re
import struct
import subprocess
import time
import uuid
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from harness.mysql import Mysql, binaries
from oracle_types import Invalid, Number, parse

from .lines import Event, JsonNull

OPS = {b"INSERT INTO": "c", b"UPDATE": "u", b"DELETE FROM": "d"}
BITS = {"TINYINT": 8, "SMALLINT": 16, "MEDIUMINT": 24, "INT": 32, "BIGINT": 64}
# As Python calls what the servers call by other names.
CODECS = {"latin1": "cp1252", "utf8mb3": "utf-8", "utf8mb4": "utf-8", "ucs2": "utf-16-be", "utf16": "utf-16-be",
          "utf16le": "utf-16-le", "utf32": "utf-32-be", "sjis": "shift_jis", "ujis": "euc_jp", "koi8r": "koi8_r",
          "latin2": "iso8859_2", "euckr": "euc_kr"}


class Row(NamedTuple):
    table: str
    op: str
    types: Dict[str, str]          # of all columns, as the program shows the log's metadata
    before: Dict[str, bytes]       # as printed; columns that the image leaves out are not there
    after: Dict[str, bytes]


class Printed:
    def __init__(self, server: Mysql):
        self.mariadb = server.mariadb
        self.program = binaries("mariadb-11.8") / "bin/mariadb-binlog" if server.mariadb else \
            binaries(server.flavour) / "bin/mysqlbinlog"

    def text(self, files: List[Path]) -> bytes:
        done = subprocess.run([str(self.program), "--no-defaults", "--verify-binlog-checksum", "-v",
                               "--print-table-metadata", "--base64-output=DECODE-ROWS", *map(str, files)],
                              stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode != 0 or done.stderr:
            raise AssertionError(f"{self.program.name} ended with {done.returncode}: {done.stderr[-2000:]!r}")
        return done.stdout

    def rows(self, files: List[Path]) -> List[Row]:
        reader = _Reader()
        for line in self.text(files).split(b"\n"):
            reader.line(line)
        return reader.rows

    # ---- Values as they are printed ----

    def agrees(self, kind: str, value, text: bytes) -> bool:
        """kind as in Row.types; value from a JSON line, as lines.Event has it."""
        if isinstance(value, JsonNull):
            return text in (b"NULL", b"'null'")
        if value is None or text == b"NULL":
            return value is None and text == b"NULL"
        if kind.startswith("JSON"):
            return _document(value, text)
        return kind.startswith("INVALID_TYPE") or self._shown(kind, value) == text

    def _shown(self, kind: str, value) -> bytes:
        word = re.match(r"\w+", kind).group()
        if word in BITS:
            return _integer(int(value), BITS[word])
        if word in ("BIT", "SET"):
            return _bits(kind, value)
        simple = {"YEAR": lambda v: f"{int(v) or 1900:04d}", "DECIMAL": str, "FLOAT": lambda v: f"{_single(v):<20g}",
                  "DOUBLE": lambda v: f"{float(v):.20g}", "DATE": lambda v: f"'{v[:10].replace('-', ':')}'",
                  "TIME": lambda v: f"'{_padded(kind, v)}'", "DATETIME": lambda v: f"'{_padded(kind, v.replace('T', ' '))}'",
                  "TIMESTAMP": lambda v: _epoch(kind, v), "ENUM": lambda v: str(_enum(kind, v)),
                  "VECTOR": lambda v: "[" + ",".join(f"{_single(x):.5e}" for x in v) + "]"}
        return simple[word](value).encode() if word in simple else self._quoted(stored(kind, value))

    def _quoted(self, data: bytes) -> bytes:
        if self.mariadb:
            return b"'" + re.sub(rb"[\x00-\x1f]", lambda m: b"\\x%02x" % ord(m.group()), data) + b"'"
        return b"'" + re.sub(rb"[\x00-\x1f'\\]", lambda m: ESCAPES.get(m.group(), b"\\x%02x" % ord(m.group())), data) + b"'"


ESCAPES = {b"\b": b"\\b", b"\t": b"\\t", b"\n": b"\\n", b"\f": b"\\f", b"\r": b"\\r", b"'": b"\\'", b"\\": b"\\\\"}
UNESCAPED = {shown: plain for plain, shown in ESCAPES.items()}


def _document(value, text: bytes) -> bool:
    if text.startswith((b"JSON_", b"@")):
        return True
    plain = re.sub(rb"\\(x..|.)", lambda m: _unescaped(m.group()), text[1:-1]).decode()
    return plain == value if isinstance(value, str) and not isinstance(value, Number) else parse(plain) == value


def _unescaped(escape: bytes) -> bytes:
    if escape.startswith(b"\\x"):
        return bytes([int(escape[2:], 16)])
    return UNESCAPED.get(escape, escape[1:])


def _integer(value: int, bits: int) -> bytes:
    """The programs know no signs: a negative number stands beside its unsigned reading."""
    unsigned = value % 2 ** bits
    signed = unsigned - 2 ** bits if unsigned >= 2 ** (bits - 1) else unsigned
    return b"%d" % signed if signed >= 0 else b"%d (%d)" % (signed, unsigned)


def _single(value) -> float:
    return struct.unpack("f", struct.pack("f", float(value)))[0]


def _digits(kind: str) -> int:
    found = re.match(r"\w+\((\d+)\)", kind)
    return int(found.group(1)) if found else 0


def _padded(kind: str, value: str) -> str:
    """With all digits of the column's fraction, which our lines leave out where they are zeros."""
    whole, _, fraction = value.partition(".")
    return f"{whole}.{fraction:0<{_digits(kind)}}" if _digits(kind) else whole


def _epoch(kind: str, value: str) -> str:
    whole, _, fraction = value.rstrip("Z").partition(".")
    seconds = 0 if isinstance(value, Invalid) else calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))
    return _padded(kind, f"{seconds}.{fraction}")


def _labels(kind: str) -> List[str]:
    return [re.sub(r"\\(.)", r"\1", found) for found in re.findall(r"'((?:[^'\\]|\\.)*)'", kind)]


def _enum(kind: str, value: str) -> int:
    return _labels(kind).index(value) + 1 if value else 0


def _bits(kind: str, value) -> bytes:
    if kind.startswith("BIT"):
        return b"b'%s'" % f"{int(value):0{_digits(kind)}b}".encode()
    labels = _labels(kind)
    chosen = sum(1 << labels.index(label) for label in value.split(",") if label)
    size = next(n for n in (1, 2, 3, 4, 8) if n * 8 >= len(labels))
    return b"b'%s'" % "".join(f"{byte:08b}" for byte in chosen.to_bytes(size, "little")).encode()


def stored(kind: str, value) -> bytes:
    """The bytes of a string in the log, from its value in a JSON line."""
    if isinstance(value, dict):  # a geometry
        return struct.pack("<I", int(value["srid"])) + base64.b64decode(value["wkb"])
    charset = re.search(r" CHARSET (\w+)", kind)
    if charset:
        name = charset.group(1)
        if name == "sjis":  # it has no backslash of one byte
            value = value.replace("\\", "\uff3c")
        return value.encode(CODECS.get(name, name))
    if isinstance(value, Invalid):
        return value.encode("latin1")
    data = address(value) or base64.b64decode(value)
    # The log leaves out the zeros at the end of BINARY.
    return data.rstrip(b"\0") if kind.startswith("BINARY") else data


def address(value: str) -> Optional[bytes]:
    """The bytes of MariaDB's UUID, INET4 and INET6, which are shown as BINARY."""
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        return uuid.UUID(value).bytes
    return ipaddress.ip_address(value).packed if re.fullmatch(r"[0-9a-f]*[.:][0-9a-f.:]*", value) else None


# ---- Comparing ----------------------------------------------------------------------------------------------------

def differences(printed: Printed, events: List[Event], rows: List[Row]) -> List[str]:
    """What the two tell differently: [] when there are the same changes in the same order in each table."""
    theirs, ours = {}, {}
    for row in rows:
        theirs.setdefault(row.table, []).append(row)
    for event in events:
        ours.setdefault(event.table, []).append(event)
    found = []
    for table in sorted({*ours, *theirs}):
        there, here = theirs.get(table, []), ours.get(table, [])
        if not printed.mariadb and any("GEOM" in kind for row in there for kind in row.types.values()):
            continue
        counts = [collections.Counter(one.op for one in side) for side in (here, there)]
        if counts[0] != counts[1]:
            found.append(f"{table}: {dict(counts[0])} streamed, {dict(counts[1])} printed")
        for event, row in zip(here, there):
            found += [f"{table} {event.line['id']}: {text}" for text in _row(printed, event, row)]
    return found


def _row(printed: Printed, event: Event, row: Row) -> List[str]:
    if event.op != row.op:
        return [f"op {event.op} streamed, {row.op} printed"]
    return _images(printed, row.types, event.before, row.before) + _images(
        printed, row.types, {k: v for k, v in event.after.items() if k in row.after or not _taken_over(k, event)}, row.after)


def _taken_over(name: str, event: Event) -> bool:
    """A MINIMAL image has only what was set; ours adds what the image before tells of the others."""
    return name in event.before and event.before[name] == event.after[name]


def _images(printed: Printed, types: Dict[str, str], ours: Dict[str, object], theirs: Dict[str, bytes]) -> List[str]:
    found = [f"{name} only {'streamed' if name in ours else 'printed'}" for name in sorted(ours.keys() ^ theirs.keys())]
    return found + [f"{name} {types[name]:.40}: {ours[name]!r:.200} streamed, {theirs[name]!r:.200} printed"
                    for name in theirs if name in ours and not printed.agrees(types[name], ours[name], theirs[name])]


# ---- Reading what is printed --------------------------------------------------------------------------------------

NAME = r"`((?:[^`]|``)+)`"
HEAD = re.compile(rb"### (INSERT INTO|UPDATE|DELETE FROM) `(.+)`\.`(.+)`$")
VALUE = re.compile(rb"###   @(\d+)=(.*)$")
MAP = re.compile(rb".*Table_map: `(.+)`\.`(.+)` mapped to number")
XA = re.compile(rb"XA (PREPARE|COMMIT|ROLLBACK) (X'[0-9a-f]*',X'[0-9a-f]*',\d+)$")
SAVEPOINT = re.compile(rb"(SAVEPOINT|ROLLBACK TO) `(.+?)`")


class _Reader:
    """Rows of a transaction are taken back when it is, and XA transactions wait for their commit."""

    def __init__(self):
        self.rows: List[Row] = []
        self.shapes: Dict[str, List[Tuple[str, str]]] = {}
        self.table = ""
        self.image: Optional[Dict[str, bytes]] = None
        self.begin = 0
        self.savepoints: Dict[bytes, int] = {}
        self.prepared: Dict[bytes, List[Row]] = {}
        self.describing = False

    def line(self, line: bytes) -> None:
        if line.startswith(b"#"):
            self._comment(line)
        elif line.startswith(b"XA "):
            self._xa(line)
        elif line.startswith((b"SAVEPOINT", b"ROLLBACK TO")):
            self._savepoint(*SAVEPOINT.match(line).groups())
        elif line == b"ROLLBACK":
            del self.rows[self.begin:]

    def _comment(self, line: bytes) -> None:
        if line.startswith(b"###   @"):
            self._value(*VALUE.match(line).groups())
        elif line.startswith(b"### "):
            self._head(line)
        elif line.startswith(b"# Columns("):
            self.shapes[self.table] = []
            self._column(line[len(b"# Columns("):])
        elif line.startswith(b"#         `"):
            self._column(line[len(b"#         "):])
        elif b"Table_map: " in line:
            self.table = ".".join(name.decode() for name in MAP.match(line).groups())
        elif re.match(rb"#\d{6} .*\tGTID", line):
            self.begin, self.savepoints = len(self.rows), {}

    def _column(self, line: bytes) -> None:
        # Between columns of types that it does not know mariadb-binlog forgets the comma.
        for one in re.sub(rb"(INVALID_TYPE\(\d+\))(?=`)", rb"\1,\n", line).split(b"\n"):
            name, kind = re.match(NAME + r" (.*?)[,)]?$", one.decode(errors="surrogateescape")).groups()
            self.shapes[self.table].append((name, kind + ")" * (kind.count("(") - kind.count(")"))))

    def _head(self, line: bytes) -> None:
        found = HEAD.match(line)
        if found:
            op, table = OPS[found.group(1)], b".".join(found.groups()[1:]).decode()
            self.rows.append(Row(table, op, dict(self.shapes[table]), {}, {}))
        elif line in (b"### SET", b"### WHERE"):
            self.image = self.rows[-1].after if line == b"### SET" else self.rows[-1].before

    def _value(self, number: bytes, text: bytes) -> None:
        self.image[self.shapes[self.rows[-1].table][int(number) - 1][0]] = text

    def _xa(self, line: bytes) -> None:
        found = XA.match(line)
        if found is None:
            return
        verb, name = found.groups()
        if verb == b"PREPARE":
            self.prepared[name] = self.rows[self.begin:]
            del self.rows[self.begin:]
        else:
            self.rows += self.prepared.pop(name) if verb == b"COMMIT" else []

    def _savepoint(self, verb: bytes, name: bytes) -> None:
        if verb == b"SAVEPOINT":
            self.savepoints[name] = len(self.rows)
        else:
            del self.rows[self.savepoints[name]:]
