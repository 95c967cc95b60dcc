"""What a row topic says: its records in order of `ord`, folded by key into the table they describe.

    log = rows.Log(kafka.consume("shop.public.orders"))
    log.table()                 # {key: {column: text}}
    log.problems(expected_ids)  # [] when nothing is lost, out of order, or told in two ways
"""

import collections
import re
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence

from . import schema

KINDS = {"text": bytes.decode, "decimal": str, "int_value": str, "bool_value": lambda b: "true" if b else "false"}


class Change(NamedTuple):
    key: bytes
    partition: int
    offset: int
    op: int
    id: str
    ord: bytes
    content: bytes
    columns: Dict[str, Optional[str]]  # of the after image; unchanged ones are left out
    ddl: str


def _columns(image) -> Dict[str, Optional[str]]:
    columns = {}
    for column in image:
        kind = column.value.WhichOneof("kind")
        if kind in KINDS:
            columns[column.name] = KINDS[kind](getattr(column.value, kind))
        elif column.value.missing == 1:  # MISSING_NULL
            columns[column.name] = None
    return columns


def decode(record, apart_from: Sequence[str] = ()) -> Change:
    message = schema.load("tailrace/v1/change.proto").RowChange.FromString(record.value)
    columns = _columns(message.after)
    for field in apart_from:
        message.ClearField(field)
    content = message.SerializeToString(deterministic=True) if apart_from else record.value
    return Change(record.key, record.partition, record.offset, message.op, message.id, message.ord, content, columns,
                  message.ddl.decode())


ALTER = re.compile(r"ALTER TABLE \S+ (ADD|DROP|RENAME) COLUMN (\w+)(?: TO (\w+)|.* DEFAULT (\w+))?")


def _alter(rows: Iterable[dict], statement: str) -> None:
    """What ADD, RENAME or DROP COLUMN does to the rows that are there."""
    verb, name, to, default = ALTER.search(statement).groups()
    for row in rows:
        value = row.pop(name, default)
        if verb != "DROP":
            row[to or name] = value


class Log:
    """The records of a topic. Fields in which two tellings of one change may differ can be left apart."""

    def __init__(self, records: Iterable, apart_from: Sequence[str] = ()):
        self.changes: List[Change] = [decode(r, apart_from) for r in records if r.value is not None]

    def contents(self) -> Dict[str, bytes]:
        """id → the record's bytes, as told first."""
        found: Dict[str, bytes] = {}
        for c in self.changes:
            found.setdefault(c.id, c.content)
        return found

    def duplicates(self) -> int:
        return len(self.changes) - len({c.id for c in self.changes})

    def table(self) -> Dict[bytes, Dict[str, Optional[str]]]:
        """The state after the last change, by record key."""
        rows: Dict[bytes, Dict[str, Optional[str]]] = {}
        seen = set()
        for c in sorted(self.changes, key=lambda c: c.ord):
            if c.id in seen:
                continue
            seen.add(c.id)
            if c.op == 3:  # OP_DELETE
                rows.pop(c.key, None)
            elif c.op == 5:  # OP_TRUNCATE
                rows.clear()
            elif c.op == 8:  # OP_DDL
                _alter(rows.values(), c.ddl)
            else:
                rows.setdefault(c.key, {}).update(c.columns)
        return rows

    def problems(self, expected: Dict[str, bytes]) -> List[str]:
        """Compares with what an undisturbed run tells (id → bytes), and looks at the order per key."""
        found = [f"lost: {i}" for i in expected.keys() - {c.id for c in self.changes}]
        found += [f"never happened: {c.id}" for c in self.changes if c.id not in expected]
        found += [f"told in two ways: {c.id}" for c in self.changes if expected.get(c.id, c.content) != c.content]
        return found + self._disorder()

    def _disorder(self) -> List[str]:
        """A change that comes for the first time must be newer than every one of its key before it."""
        found, seen, newest = [], set(), collections.defaultdict(bytes)
        for c in sorted(self.changes, key=lambda c: (c.partition, c.offset)):
            if c.id in seen:
                continue
            seen.add(c.id)
            if c.ord <= newest[c.key]:
                found.append(f"out of order: {c.id} of key {c.key!r}")
            newest[c.key] = c.ord
        return found
