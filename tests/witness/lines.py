"""Our JSON lines as a witness's rows are: of each table what happened, with whole images.

    events = lines.events(text)
    events[0].table, .op, .key, .before, .after
"""

import base64
from typing import Dict, List, NamedTuple

from oracle_types import Invalid, parse


class JsonNull:
    """The JSON literal null, or SQL's NULL: a line says of which columns, not of which image."""

    def __eq__(self, other):
        return isinstance(other, JsonNull)

    def __repr__(self):
        return "null in JSON"


class Event(NamedTuple):
    table: str
    op: str
    key: Dict[str, object]
    before: Dict[str, object]  # invalid values are an Invalid
    after: Dict[str, object]
    line: dict


def _image(line: dict, member: str) -> Dict[str, object]:
    found = dict(line.get(member, {}))
    for name in line.get("json_null", []):
        if name in found and found[name] is None:
            found[name] = JsonNull()
    for name, value in line.get("invalid", {}).get(member, {}).items():
        if name in found:
            raise AssertionError(f"{name} is valid and invalid: {line}")
        found[name] = Invalid(base64.b64decode(value["base64"]).decode("latin1") if isinstance(value, dict) else value)
    return found


def event(line: dict) -> Event:
    return Event(f"{line['database']}.{line.get('table', '')}", line["op"], _image(line, "key"), _image(line, "before"),
                 _image(line, "after"), line)


def events(text: str) -> List[Event]:
    return [event(parse(line)) for line in text.split("\n") if line]
