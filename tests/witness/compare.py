"""Event by event, per table and key: what Debezium tells otherwise than we do, each difference by its kind.

    found = compare.differences(events, rows)      # lines.Event, envelope.Row
    found[0].kind                                   # the name of a rule, or "" when none knows it

RULES are the differences that are expected; DIFFERENCES.md says of each why.
"""

import collections
import json
import re
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from oracle_types import Invalid, Number, Single, parse

from .envelope import Row
from .lines import Event, JsonNull


class Difference(NamedTuple):
    table: str
    what: str              # "value", "missing", "extra", "op", "key", "column"
    name: str              # of the column
    kind: str              # Debezium's type of it
    ours: object
    theirs: object
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.table} {self.what} {self.name} {self.kind}: {self.ours!r:.150} here, {self.theirs!r:.150} there"


# ---- What is the same ---------------------------------------------------------------------------------------------

def same(ours: object, theirs: object, kind: str = "") -> bool:
    if kind == "float" and isinstance(ours, Number):
        return Single(ours, "f") == theirs
    if kind == "Json" and type(ours) is str and (type(theirs), theirs) != (str, ours):
        return _parsed_as(ours, theirs)
    if isinstance(ours, Number) and isinstance(theirs, Number):
        return ours == theirs or float(ours) == float(theirs) and not (_whole(ours) and _whole(theirs))
    if isinstance(ours, (list, dict)) and type(ours) is type(theirs) and len(ours) == len(theirs):
        pairs = zip(ours, theirs) if isinstance(ours, list) else ((ours[k], theirs.get(k, Difference)) for k in ours)
        return all(same(a, b) for a, b in pairs)
    if isinstance(ours, JsonNull):
        return theirs is None
    return ours == theirs and isinstance(ours, Number) == isinstance(theirs, Number) and not isinstance(ours, Invalid)


def _parsed_as(text: str, theirs: object) -> bool:
    """MariaDB's JSON is a text; Debezium parses it."""
    try:
        return same(parse(text), theirs)
    except ValueError:
        return False


def _whole(number: Number) -> bool:
    return re.fullmatch(r"-?\d+", number) is not None


# ---- Which events belong together ---------------------------------------------------------------------------------

class Step(NamedTuple):
    """An event of ours, or half of one that changes the key: Debezium makes two of it."""
    op: str
    before: Dict[str, object]
    after: Dict[str, object]
    event: Event


def _steps(event: Event) -> List[Step]:
    old = {name: event.before.get(name, value) for name, value in event.key.items()}
    if event.op == "u" and old != event.key:
        return [Step("d", event.before, {}, event), Step("c", {}, event.after, event)]
    return [Step(event.op, event.before, event.after, event)]


def _place(names, image: Dict[str, object]) -> str:
    return json.dumps([str(image.get(name)) for name in names])


def differences(events: List[Event], rows: List[Row]) -> List[Difference]:
    """Also those of rows that only one of the two tells."""
    keys: Dict[str, List[Tuple[str, ...]]] = collections.defaultdict(list)
    ours, theirs = collections.defaultdict(list), collections.defaultdict(list)
    found: List[Difference] = []
    for event in events:
        names = tuple(event.key)
        if names not in keys[event.table]:
            keys[event.table].append(names)
        steps = _steps(event)
        if len(steps) == 2:
            found.append(Difference(event.table, "split", ",".join(names), "", "u", "d, c"))
        for step in steps:
            ours[event.table, _place(names, step.after or step.before)].append(step)
    for row in rows:
        image = row.after or row.before
        names = next((k for k in keys[row.table] if set(k) <= set(image) and (row.key is None or set(k) == set(row.key))),
                     keys[row.table][0] if keys[row.table] else ())
        theirs[row.table, _place(names, image)].append(row)
    for place in {**ours, **theirs}:
        found += _sequence(place[0], ours.get(place, []), theirs.get(place, []))
    return [d._replace(rule=next((name for name, holds in RULES.items() if holds(d)), "")) for d in found]


def _sequence(table: str, steps: List[Step], rows: List[Row]) -> List[Difference]:
    found = []
    for step in steps[len(rows):]:
        found.append(Difference(table, "missing", "", "", (step.op, step.before, step.after), None))
    for row in rows[len(steps):]:
        found.append(Difference(table, "extra", "", "", None, (row.op, row.before, row.after)))
    for step, row in zip(steps, rows):
        found += _event(table, step, row)
    return found


def _event(table: str, step: Step, row: Row) -> List[Difference]:
    if step.op != row.op:
        return [Difference(table, "op", "", "", step.op, row.op)]
    found = []
    if set(step.event.key) != set(row.key or {}):
        found.append(Difference(table, "key", "", "", sorted(step.event.key), sorted(row.key or {})))
    for ours, theirs in ((step.before, row.before), (step.after, row.after)):
        for name in {**ours, **theirs}:
            if name not in ours or name not in theirs:
                found.append(Difference(table, "column", name, row.kinds.get(name, ""), ours.get(name), theirs.get(name)))
            elif not same(ours[name], theirs[name], row.kinds[name]):
                found.append(Difference(table, "value", name, row.kinds[name], ours[name], theirs[name]))
    return found


# ---- What is expected to differ -----------------------------------------------------------------------------------

def _shape(value: object, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _inside(value: object) -> object:
    """The one element of a JSON array."""
    return value[0] if isinstance(value, list) and len(value) == 1 else None


def _hex(value: object) -> str:
    return str(value).replace("-", "")


def _temporal(d: Difference) -> bool:
    return d.what == "value" and d.kind in ("Date", "Timestamp", "MicroTimestamp") and isinstance(d.ours, Invalid)


def _in_json(d: Difference, ours: str, theirs: str) -> bool:
    return d.what == "value" and d.kind == "Json" and _shape(_inside(d.ours), ours) and _shape(_inside(d.theirs), theirs)


RULES: Dict[str, Callable[[Difference], bool]] = {
    "key change": lambda d: d.what == "split",
    "no such day": lambda d: _temporal(d) and d.ours.startswith("2024-02-31") and _shape(d.theirs, "1970-01-01(T00:00:00)?"),
    "zero date": lambda d: _temporal(d) and d.theirs is None,
    "zero date, not null": lambda d: _temporal(d) and _shape(d.theirs, "1970-01-01(T00:00:00)?"),
    "zero timestamp": lambda d: d.kind == "ZonedTimestamp" and _shape(d.ours, r"0000-00-00 00:00:00(\.0+)?")
        and d.theirs == "1970-01-01T00:00:00Z",
    "year 0": lambda d: d.kind == "Year" and (d.ours, d.theirs) == ("0", "1900"),
    "backslash of sjis": lambda d: d.what == "value" and d.name == "c_sjis_" and d.theirs == d.ours.replace("\\", "＼"),
    "cp932 of MariaDB": lambda d: d.what == "value" and d.name == "c_cp932_" and "\ufffd" in d.theirs,
    "bytes in JSON": lambda d: _in_json(d, r"base64:type\d+:.*", ".*") and _inside(d.ours).endswith(":" + _inside(d.theirs)),
    "time in JSON": lambda d: _in_json(d, r"-\d\d:\d\d:\d\d\.\d{6}", r"\d+:[0-9-]+:[0-9-]+\.[0-9-]+"),
    "fraction in JSON": lambda d: _in_json(d, r".*\.\d{6}", r".*\d") and _inside(d.ours).rstrip("0") == _inside(d.theirs),
    "partial JSON": lambda d: d.what == "missing" and d.table.endswith(".json_diffs") and d.ours[0] == "u",
    "uuid": lambda d: d.kind == "Uuid" and _hex(d.theirs).lstrip("0") == _hex(d.ours).rstrip("0").lstrip("0"),
    "compressed rows": lambda d: d.what == "missing" and d.table.endswith(".zipped"),
    "rolled-back savepoint": lambda d: d.what == "extra" and d.table.endswith(".transacted") and d.theirs[2]["v"] == "undone",
    "rolled-back XA": lambda d: d.what == "extra" and d.table.endswith(".in_xa") and d.theirs[2]["id"] in ("3", "13"),
}
