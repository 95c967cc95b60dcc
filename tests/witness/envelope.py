"""Debezium's records as our events are: values in the form of our JSON lines, as far as its types tell.

    theirs = envelope.events(records)     # of one topic; schema changes and tombstones are counted only
    theirs.rows[0].table, .op, .key, .before, .after
    theirs.tombstones, theirs.statements

What is made equal here, by the semantic type that Debezium gives a field:

    integers, Year                 numbers; a boolean (TINYINT(1), BIT(1)) is 0 or 1
    Decimal of scale 0             BIGINT UNSIGNED as bytes: a number
    Bits                           bytes, the lowest first: a number
    float32, double                by what they read back as
    Date                           days since 1970: 2024-02-29
    Time, MicroTime                milliseconds, microseconds: 12:00:00.5
    Timestamp, MicroTimestamp      the same since 1970: 2024-02-29T12:00:00.5
    ZonedTimestamp                 without zeros at the end of the fraction
    Json                           the document
    Geometry, Point                srid (null is 0) and wkb, without a point's x and y
    FloatVector                    a list
"""

import base64
import datetime
import json
import re
from typing import Callable, Dict, List, NamedTuple, Optional

from harness.kafka import Record
from oracle_types import Number, parse, shorter


class Row(NamedTuple):
    table: str
    op: str
    key: Optional[Dict[str, object]]
    before: Dict[str, object]
    after: Dict[str, object]
    kinds: Dict[str, str]  # the semantic type of each column, or the plain one


class Read(NamedTuple):
    rows: List[Row]
    tombstones: int
    statements: List[str]


def _unsigned(text: str) -> Number:
    return Number(int.from_bytes(base64.b64decode(text), "big", signed=True))


def _bits(text: str) -> Number:
    return Number(int.from_bytes(base64.b64decode(text), "little"))


def _clock(micros: int) -> str:
    seconds, fraction = divmod(abs(micros), 10 ** 6)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:06d}"
    return ("-" if micros < 0 else "") + shorter(text)


def _moment(micros: int) -> str:
    """A proleptic Gregorian date as Java has it; Python's ends at the year 1, so a year beyond is told as it is."""
    try:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
    except OverflowError:
        return f"{micros} µs"
    return shorter(f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S.%f}")


def _date(days: int) -> str:
    return _moment(days * 86400 * 10 ** 6)[:10]


FORMS: Dict[str, Callable] = {
    "boolean": lambda v: Number(int(v)),
    "org.apache.kafka.connect.data.Decimal": _unsigned,
    "io.debezium.data.Bits": _bits,
    "io.debezium.time.Date": lambda v: _date(int(v)),
    "io.debezium.time.Time": lambda v: _clock(int(v) * 1000),
    "io.debezium.time.MicroTime": lambda v: _clock(int(v)),
    "io.debezium.time.Timestamp": lambda v: _moment(int(v) * 1000),
    "io.debezium.time.MicroTimestamp": lambda v: _moment(int(v)),
    "io.debezium.time.ZonedTimestamp": lambda v: shorter(v.rstrip("Z")) + "Z",
    "io.debezium.data.Json": parse,
    "io.debezium.data.geometry.Geometry": lambda v: _geometry(v),
    "io.debezium.data.geometry.Point": lambda v: _geometry(v),
}


def _geometry(value: dict) -> dict:
    return {"srid": value["srid"] if value["srid"] is not None else Number(0), "wkb": value["wkb"]}


def _image(schema: dict, payload: Optional[dict]) -> Dict[str, object]:
    return {} if payload is None else {
        field["field"]: None if payload[field["field"]] is None else
        FORMS.get(_kind(field), lambda v: v)(payload[field["field"]]) for field in schema["fields"]}


def _kind(field: dict) -> str:
    return field.get("name") or field["type"]


def _row(key: Optional[bytes], message: dict) -> Row:
    parts = {field["field"]: field for field in message["schema"]["fields"]}
    payload = message["payload"]
    told = json.loads(key) if key else None
    identity = _image(told["schema"], parse(key)["payload"]) if told and told["schema"] else None
    source = payload["source"]
    return Row(f"{source['db']}.{source['table']}", payload["op"], identity,
               _image(parts["before"], payload["before"]), _image(parts["after"], payload["after"]),
               {field["field"]: re.sub(r"^io\.debezium\.\w+\.", "", _kind(field)) for field in parts["after"]["fields"]})


def events(records: List[Record]) -> Read:
    read = Read([], sum(record.value is None for record in records), [])
    for record in records:
        message = parse(record.value) if record.value is not None else {"payload": {}}
        if "op" in message["payload"]:
            read.rows.append(_row(record.key, message))
        elif "ddl" in message["payload"]:
            read.statements.append(message["payload"]["ddl"])
    return read
