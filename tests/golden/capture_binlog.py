#!/usr/bin/python3
"""Captures what real MariaDB and MySQL servers log: tests/golden/binlog/NAME-FLAVOUR.events and .tables.

  tests/golden/capture_binlog.py                  every scenario on the servers it is written for
  tests/golden/capture_binlog.py numeric ddl      these only
  tests/golden/capture_binlog.py -f mysql-9.7     on this server only
  tests/golden/capture_binlog.py -o DIR numeric   somewhere else
  tests/golden/capture_binlog.py -i DIR -o DIR    other scenarios
  tests/golden/capture_binlog.py --show FILE.events   what mysqlbinlog or mariadb-binlog makes of a capture

A scenario is tests/golden/binlog/NAME.sql. Its first lines may say, behind "-- ":

  flavours: mariadb mysql    servers to run it on, by the beginning of their names (default: all)
  setting: binlog_row_image=MINIMAL   a variable of the server, of those that know it; mysql:NAME=VALUE for MySQL's only
  gtid: off                  MySQL without GTIDs
  max: 40000                 how large a capture may get, in bytes (default 20000)

Blocks are separated by empty lines and run one after the other on one connection, in database `golden`, each block as
one request. A block may begin with lines of its own:

  -- only: mysql             servers that this block is for
  -- error: 1062             the error that the block must end with
  -- do: rotate              instead of SQL: a new file of the log
  -- do: restart             instead of SQL: stop, start, connect again

NAME-FLAVOUR.events holds the events of all files of the log, in order: for each the length as four bytes, lowest first,
then the event as it is in the file, with its checksum. The clock of the session stands at 2023-11-14 22:13:20.123456
UTC, so that a new capture differs in few bytes.

NAME-FLAVOUR.tables holds what the tables contain in the end, in the server's own words: a line `table NAME`, a line
with the columns' names and types, a line for each row; fields are separated by tabs. NULL, 'text' and x'hex' for
binary columns are told apart; in text, \\ stands before \\, t, n and 0, and other control characters are \\uHEX. What
is longer than 4000 bytes is given as sha256:HEX:LENGTH of the text in UTF-8 or of the bytes.
"""

import argparse
import hashlib
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List

import pymysql

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness.mysql import FLAVOURS, Mysql, run, tool  # noqa: E402  (the path comes first)

MAGIC = b"\xfebin"
HEADER = struct.Struct("<IBIIIH")  # timestamp, type, server id, length, end position, flags
FORMAT_DESCRIPTION = 15
SESSION = "SET timestamp = 1700000000.123456, time_zone = '+00:00'"
LARGEST = 20000
LONGEST = 4000


class Scenario:
    def __init__(self, path: Path):
        self.name = path.stem
        self.flavours = FLAVOURS
        self.settings: List[str] = []
        self.gtid = True
        self.largest = LARGEST
        head, _, rest = path.read_text().partition("\n\n")
        if all(line.startswith("-- ") for line in head.splitlines()):
            for line in head.splitlines():
                self._header(line)
        else:
            rest = f"{head}\n\n{rest}"
        self.blocks = [b.strip() for b in rest.split("\n\n") if b.strip()]

    def _header(self, line: str) -> None:
        m = re.match(r"-- (flavours|setting|gtid|max): (.*)", line)
        if not m:
            return  # a remark
        word, value = m.groups()
        if word == "flavours":
            self.flavours = [f for f in FLAVOURS if f.startswith(tuple(value.split()))]
        elif word == "setting":
            self.settings.append(value)
        elif word == "gtid":
            self.gtid = value != "off"
        else:
            self.largest = int(value)

    def settings_for(self, flavour: str) -> Dict[str, str]:
        found = {}
        for setting in self.settings:
            only, colon, rest = setting.partition(":")
            if not colon or flavour.startswith(only):
                name, _, value = (rest if colon else setting).partition("=")
                found[name] = value
        return found


class Block:
    """One block's own lines and its SQL."""

    def __init__(self, block: str):
        lines = block.splitlines()
        remarks = [line for line in lines if line.startswith("-- ")]
        found = [re.match(r"-- (only|error|do): (.*)", line) for line in remarks]
        self.words: Dict[str, str] = {m.group(1): m.group(2) for m in found if m}
        self.sql = "\n".join(line for line in lines if line not in remarks)

    def is_for(self, flavour: str) -> bool:
        return flavour.startswith(tuple(self.words.get("only", "m").split()))


def connect(server: Mysql):
    connection = server.connect("golden")
    run(connection, SESSION)
    return connection


def perform(server: Mysql, scenario: Scenario) -> None:
    server.create_database("golden")
    connection = connect(server)
    for block in map(Block, scenario.blocks):
        if not block.is_for(server.flavour):
            continue
        action = block.words.get("do")
        if action == "rotate":
            server.rotate()
        elif action == "restart":
            connection.close()
            server.restart()
            connection = connect(server)
        elif block.sql:
            statement(connection, block)
    connection.close()


def statement(connection, block: Block) -> None:
    expected = int(block.words.get("error", "0"))
    try:
        run(connection, block.sql)
    except pymysql.err.Error as e:
        if e.args[0] != expected:
            raise SystemExit(f"{e}: {block.sql}") from None
        return
    if expected:
        raise SystemExit(f"no error {expected}: {block.sql}")


def events(data: bytes) -> Iterator[bytes]:
    if data[:4] != MAGIC:
        raise SystemExit("not a binary log")
    at = 4
    while at < len(data):
        length = HEADER.unpack_from(data, at)[3]
        yield data[at:at + length]
        at += length


def quoted(value) -> str:
    if value is None:
        return "NULL"
    raw = value if isinstance(value, bytes) else value.encode()
    if len(raw) > LONGEST:
        return f"sha256:{hashlib.sha256(raw).hexdigest()}:{len(raw)}"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    return "'" + re.sub(r"[\\\x00-\x1f\x7f-\x9f\u2028\u2029]", escaped, value) + "'"


def escaped(found) -> str:
    character = found.group()
    return {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\0": "\\0"}.get(character, f"\\u{ord(character):04x}")


def identifier(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def selected(column: str, kind: str) -> str:
    """A column as PyMySQL can read it: it takes VECTOR for text."""
    return f"CAST({identifier(column)} AS BINARY)" if kind.startswith("vector") else identifier(column)


def tables(server: Mysql) -> str:
    """Every table of every database of the scenario."""
    connection = server.connect(conv={})
    found = run(connection, "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN"
                            " ('mysql', 'sys', 'information_schema', 'performance_schema')"
                            " AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1, 2")
    out = []
    for schema, table in found:
        name = f"{identifier(schema)}.{identifier(table)}"
        columns = run(connection, f"SHOW COLUMNS FROM {name}")
        wanted = ", ".join(selected(c[0], c[1]) for c in columns)  # not *, which leaves out invisible columns
        rows = run(connection, f"SELECT {wanted} FROM {name}")
        out.append("\n".join([f"table {name}", "\t".join(f"{c[0]} {c[1]}" for c in columns)] +
                             ["\t".join(map(quoted, row)) for row in rows]) + "\n")
    connection.close()
    return "\n".join(out)


def capture(scenario: Scenario, flavour: str, output: Path) -> None:
    server = Mysql(flavour, settings=scenario.settings_for(flavour), server_id=1, gtid=scenario.gtid).start()
    try:
        perform(server, scenario)
        found = [e for path in server.binlog_files() for e in events(path.read_bytes())]
        data = b"".join(struct.pack("<I", len(e)) + e for e in found)
        text = tables(server)
    finally:
        server.close()
    if len(data) > scenario.largest:
        raise SystemExit(f"{scenario.name}-{flavour}: {len(data)} bytes, more than {scenario.largest}")
    (output / f"{scenario.name}-{flavour}.events").write_bytes(data)
    (output / f"{scenario.name}-{flavour}.tables").write_text(text)
    print(f"{scenario.name}-{flavour}: {len(found)} events, {len(data)} bytes", flush=True)


def show(path: Path) -> None:
    """Turns a capture back into files of a log, and has the server's own program print them."""
    data, at, files = path.read_bytes(), 0, []
    while at < len(data):
        length = struct.unpack_from("<I", data, at)[0]
        event = data[at + 4:at + 4 + length]
        if event[4] == FORMAT_DESCRIPTION:
            files.append(MAGIC)
        files[-1] += event
        at += 4 + length
    program = "mariadb-binlog" if "-mariadb-" in path.name else tool("mysqlbinlog")
    with tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / f"binlog.{i + 1:06}" for i in range(len(files))]
        for log, content in zip(logs, files):
            log.write_bytes(content)
        subprocess.run([program, "--verify-binlog-checksum", "-vv", *logs], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=HERE / "binlog")
    parser.add_argument("-i", "--input", type=Path, default=HERE / "binlog")
    parser.add_argument("-f", "--flavour", action="append", choices=FLAVOURS, default=[])
    parser.add_argument("--show", type=Path, metavar="FILE")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.show:
        show(options.show)
        return
    paths = sorted(options.input.glob("*.sql"))
    for name in options.names:
        if name not in [p.stem for p in paths]:
            parser.error(f"no scenario {name}; there are: {' '.join(p.stem for p in paths)}")
    for path in paths:
        scenario = Scenario(path)
        if options.names and scenario.name not in options.names:
            continue
        for flavour in scenario.flavours:
            if not options.flavour or flavour in options.flavour:
                capture(scenario, flavour, options.output)


if __name__ == "__main__":
    main()
