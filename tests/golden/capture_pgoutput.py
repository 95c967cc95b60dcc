#!/usr/bin/python3
"""Captures what real PostgreSQL servers send: tests/golden/pgoutput/NAME-VERSION.bin.

  tests/golden/capture_pgoutput.py                  every scenario on the versions it is written for
  tests/golden/capture_pgoutput.py toast ddl        these only
  tests/golden/capture_pgoutput.py -o DIR toast     somewhere else
  tests/golden/capture_pgoutput.py -i DIR -o DIR    other scenarios

A scenario is tests/golden/pgoutput/NAME.sql. Its first lines may say, behind "-- ":

  versions: 15 18            servers to run it on (default 15 18)
  encoding: SQL_ASCII        of the database (default UTF8)
  option: bytea_output=escape   a setting of the replication connection, beside the usual pins
  setting: work_mem=1MB      a setting of the server
  publication: FOR TABLE a   default FOR ALL TABLES; made behind the line "-- stream"
  plugin: messages=true      an option of pgoutput

What stands in front of the line "-- stream" runs before publication and slot are made. Statements are separated
by lines that are empty; each is one transaction unless it says BEGIN itself. The frames are in the layout of
tests/golden/frames.h, catalogue frames in that of decoders/pgoutput/catalog.h. Afterwards the text beside each
capture is made by  GOLDEN_UPDATE=1 build/unit/decoders/pgoutput/test_golden  and read by a person.
"""

import argparse
import re
import struct
import sys
from pathlib import Path
from typing import Dict, List, Set

import psycopg2
import psycopg2.extras

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness.postgres import Postgres  # noqa: E402  (the path comes first)

FRAME_DATA, FRAME_KEEPALIVE, FRAME_CATALOG = 1, 2, 3
PINS = {"DateStyle": "ISO", "TimeZone": "UTC", "IntervalStyle": "iso_8601", "extra_float_digits": "1",
        "bytea_output": "hex", "lc_monetary": "C", "xmlbinary": "base64", "client_encoding": "UTF8"}
FIRST_GENERATED_OID = 10000

TYPES = """
SELECT t.oid, t.typtype, CASE WHEN t.typinput = 'pg_catalog.array_in'::regproc THEN t.typelem ELSE 0 END,
       t.typbasetype, t.typtypmod, t.typdelim, n.nspname, t.typname
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = ANY (%s::oid[])"""

KEYS = """
SELECT a.attname FROM pg_catalog.pg_index i
 CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, n)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
 WHERE i.indrelid = %s AND i.indisprimary AND k.n <= i.indnkeyatts ORDER BY k.n"""


class Scenario:
    def __init__(self, path: Path):
        self.name = path.stem
        self.versions = [15, 18]
        self.encoding = "UTF8"
        self.publication = "FOR ALL TABLES"
        self.pins = dict(PINS)
        self.plugin: Dict[str, str] = {}
        self.settings: Dict[str, str] = {}
        before, _, after = path.read_text().partition("-- stream\n")
        if not after:
            before, after = "", before
        self.before, self.after = statements(before), statements(after)
        for line in path.read_text().splitlines():
            m = re.match(r"-- (\w+): (.*)", line)
            if m:
                self._header(*m.groups())

    def _header(self, word: str, rest: str) -> None:
        key, _, value = rest.partition("=")
        if word == "versions":
            self.versions = [int(v) for v in rest.split()]
        elif word == "encoding":
            self.encoding = rest
        elif word == "publication":
            self.publication = rest
        elif word == "option":
            self.pins[key] = value
        elif word == "setting":
            self.settings[key] = value
        elif word == "plugin":
            self.plugin[key] = value
        else:
            raise SystemExit(f"{self.name}: unknown header {word}")


def statements(text: str) -> List[str]:
    blocks = [b.strip() for b in text.split("\n\n")]
    return [b for b in blocks if re.sub(r"(?m)^--.*$", "", b).strip()]


def run(server: Postgres, blocks: List[str]) -> None:
    connection = server.connect(database="golden")
    try:
        with connection.cursor() as cursor:
            for block in blocks:
                cursor.execute(block)
    finally:
        connection.close()


def frame(kind: int, start: int, data: bytes) -> bytes:
    return struct.pack("!BQI", kind, start, len(data)) + data


def string(s: str) -> bytes:
    return s.encode("utf-8", "surrogateescape") + b"\0"


class Catalogue:
    """Writes a catalogue frame for each Relation message, as the agent's reader does."""

    def __init__(self, cursor):
        self.cursor = cursor
        self.known: Set[int] = set()

    def frame_for(self, message: bytes) -> bytes:
        relid = struct.unpack_from("!I", message, 1)[0]
        out = self._types(relation_types(message))
        self.cursor.execute(KEYS, (relid,))
        keys = [r[0] for r in self.cursor.fetchall()]
        out += struct.pack("!cIH", b"r", relid, len(keys)) + b"".join(string(k) for k in keys)
        return frame(FRAME_CATALOG, 0, out)

    def _types(self, oids: List[int]) -> bytes:
        wanted = [o for o in set(oids) if o >= FIRST_GENERATED_OID and o not in self.known]
        if not wanted:
            return b""
        self.known.update(wanted)
        self.cursor.execute(TYPES, (wanted,))
        out, more = b"", []
        for oid, typtype, elem, base, mod, delim, schema, name in sorted(self.cursor.fetchall()):
            out += struct.pack("!cIcIIic", b"t", oid, typtype.encode(), elem, base, mod, delim.encode())
            out += string(schema) + string(name)
            more += [o for o in (elem, base) if o]
        return out + self._types(more)


def relation_types(message: bytes) -> List[int]:
    """The column type OIDs of a Relation message."""
    at = 5
    for _ in range(2):
        at = message.index(b"\0", at) + 1
    count = struct.unpack_from("!H", message, at + 1)[0]
    at += 3
    oids = []
    for _ in range(count):
        at = message.index(b"\0", at + 1) + 1
        oids.append(struct.unpack_from("!I", message, at)[0])
        at += 8
    return oids


def stream(server: Postgres, scenario: Scenario, end: int) -> bytes:
    options = " ".join(f"-c {k}={v}" for k, v in scenario.pins.items())
    connection = psycopg2.connect(host=str(server.dir), port=server.port, user="postgres", dbname="golden",
                                  options=options,
                                  connection_factory=psycopg2.extras.LogicalReplicationConnection)
    queries = server.connect(database="golden")
    queries.set_client_encoding("SQL_ASCII" if scenario.encoding == "SQL_ASCII" else "UTF8")
    out = []
    try:
        with connection.cursor() as cursor, queries.cursor() as catalogue_cursor:
            catalogue = Catalogue(catalogue_cursor)
            plugin = {"proto_version": "1", "publication_names": "golden", "messages": "true", **scenario.plugin}
            listed = ", ".join(f"\"{k}\" '{v}'" for k, v in plugin.items())
            cursor.start_replication_expert(f"START_REPLICATION SLOT golden LOGICAL 0/0 ({listed})", decode=False)
            while True:
                message = cursor.read_message()
                if message is None:
                    if cursor.wal_end >= end:
                        break
                    continue
                if message.payload[:1] == b"R":
                    out.append(catalogue.frame_for(message.payload))
                out.append(frame(FRAME_DATA, message.data_start, message.payload))
            out.append(frame(FRAME_KEEPALIVE, cursor.wal_end, b""))
    finally:
        connection.close()
        queries.close()
    return b"".join(out)


def capture(scenario: Scenario, version: int) -> bytes:
    server = Postgres(version, settings=scenario.settings, encoding=scenario.encoding).start()
    try:
        server.create_database("golden")
        run(server, scenario.before)
        server.sql(f"CREATE PUBLICATION golden {scenario.publication}", database="golden")
        server.sql("SELECT pg_create_logical_replication_slot('golden', 'pgoutput')", database="golden")
        run(server, scenario.after)
        end = server.value("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return stream(server, scenario, int(end))
    finally:
        server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=HERE / "pgoutput")
    parser.add_argument("-i", "--input", type=Path, default=HERE / "pgoutput")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    paths = sorted(options.input.glob("*.sql"))
    for name in options.names:
        if name not in [p.stem for p in paths]:
            parser.error(f"no scenario {name}; there are: {' '.join(p.stem for p in paths)}")
    for path in paths:
        scenario = Scenario(path)
        if options.names and scenario.name not in options.names:
            continue
        for version in scenario.versions:
            data = capture(scenario, version)
            target = options.output / f"{scenario.name}-{version}.bin"
            target.write_bytes(data)
            print(f"{target.name}: {len(data)} bytes", flush=True)


if __name__ == "__main__":
    main()
