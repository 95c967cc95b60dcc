"""One column for every type of MySQL and MariaDB, with values at its edges, random ones, and how to ask the server for
them: what the agent must say comes from the server's own answer, brought into the form that docs/events.md gives.

    for column in columns("mysql-9.7"):
        column.name, column.definition      # a column of CREATE TABLE
        column.edges                        # SQL literals
        column.random(chance)               # another one
        column.select                       # an SQL expression; its answer is text
        column.form(answer)                 # what stands in the JSON line, or an Invalid
"""

import base64
import datetime
import json
import math
import random
import re
import struct
import unicodedata
from typing import Callable, List, NamedTuple

from harness.mysql import OLD


class Number(str):
    """A number as it is written in a JSON line: 64 bits and all digits are kept."""


class Invalid(str):
    """A value that its type does not allow, as the server shows it."""


class Column(NamedTuple):
    name: str
    definition: str
    select: str
    form: Callable
    edges: List[str]
    random: Callable  # random.Random → SQL literal; None: the server makes the value


# ---- Forms --------------------------------------------------------------------------------------------------------

class Single:
    """A float of some width, equal to every text that reads back as it. -0 is 0: the server answers so at times."""

    def __init__(self, text, width):
        self.value, self.width = self.rounded(text, width), width

    @staticmethod
    def rounded(text, width):
        return float(text) if width == "d" else struct.unpack("f", struct.pack("f", float(text)))[0]

    def __eq__(self, other):
        return isinstance(other, Number) and self.rounded(other, self.width) == self.value

    def __repr__(self):
        return f"{self.value!r} ({self.width})"


def integer(text):
    return Number(int(text))


def single(text):
    return Single(text, "f")


def double(text):
    return Single(text, "d")


def characters(text):
    return bytes.fromhex(text).decode()


def octets(text):
    return base64.b64encode(bytes.fromhex(text)).decode()


def document(text):
    return parse(bytes.fromhex(text))


def parse(line):
    return json.loads(line, parse_int=Number, parse_float=Number)


def shorter(text):
    """Without zeros at the end of the fraction."""
    return re.sub(r"\.?0*$", "", text) if "." in text else text


def moment(text, zone=""):
    try:
        datetime.date(*map(int, text[:10].split("-")))
    except ValueError:
        return Invalid(text)
    return shorter(text).replace(" ", "T") + (zone if len(text) > 10 else "")


def moment_utc(text):
    return moment(text, "Z")


def geometry(text):
    srid, wkb = text.split(":")
    return {"srid": Number(srid), "wkb": octets(wkb)}


def vector(text):
    return [Single(v[0], "f") for v in struct.iter_unpack("<f", bytes.fromhex(text))]


AS_DOUBLE = "{}+0e0"  # all digits; CAST AS CHAR would leave some out
AS_IS, AS_HEX, AS_UTF8 = "CAST({} AS CHAR)", "HEX({})", "HEX(CONVERT({} USING utf8mb4))"


# ---- Values -------------------------------------------------------------------------------------------------------

def text(value: str) -> str:
    return f"_utf8mb4 X'{value.encode().hex()}'"


def raw(value: bytes) -> str:
    return f"X'{value.hex()}'"


def numbers(low, high):
    return [str(low), str(high), "0", "1", str(high - 1), str(low // 2)], lambda chance: str(chance.choice([
        chance.randint(low, high), max(low, min(high, chance.randint(-300, 300)))]))


def decimals(precision, scale):
    top = 10 ** precision - 1

    def written(n):
        digits = f"{abs(n):0{scale + 1}d}"
        return ("-" if n < 0 else "") + digits[:len(digits) - scale] + ("." + digits[-scale:] if scale else "")
    edges = [written(n) for n in (0, 1, -1, top, -top, top // 7, -(top // 3), 10 ** scale % (top + 1))]
    return edges, lambda chance: written(chance.randint(-1, 1) * chance.randint(0, 10 ** chance.randint(1, precision) - 1))


def floats(largest, tiny, pack):
    edges = ["0", "-0e0", "1.5", "-0.1", "1e-5", "123456789.125", "16777217", str(largest), f"-{largest}", str(tiny),
             "3.141592653589793", "1e15", "1e16", "123456.7", "0.3e0", "9007199254740993"]

    def made(chance):
        while True:
            value = struct.unpack("<" + pack, chance.randbytes(struct.calcsize(pack)))[0]
            value = chance.choice([value, round(chance.uniform(-1e6, 1e6), chance.randint(0, 6))])
            if math.isfinite(value) and (value == 0 or abs(value) > tiny):
                return repr(value) if "e" in repr(value) else repr(value) + "e0"
    return edges, made


def strings(alphabet, longest, extra=()):
    edges = ["", " ", "a", "a" * longest, alphabet[:longest], "trailing "[:longest], "'\"\\\n\t\0%"[:longest], *extra]

    def made(chance):
        length = chance.randint(0, longest if chance.random() < 0.1 else min(longest, 12))
        return text("".join(chance.choices(alphabet, k=length)))
    return [text(e) for e in edges], made


def blobs(longest):
    edges = [b"", b"\0", b" ", b"a\0\0", bytes(range(256))[:longest], b"\xff" * longest, b"x" * min(longest, 256)]
    return [raw(e) for e in edges], lambda chance: raw(chance.randbytes(chance.randint(0, min(longest, chance.choice([12, 12, 12, 400])))))


def fraction(chance, digits):
    return f".{chance.randrange(10 ** digits):0{digits}d}" if digits else ""


def times(digits):
    dot = "." + "9" * digits if digits else ""
    edges = ["00:00:00", "-00:00:01", "23:59:59" + dot, "-838:59:59", "838:59:59", "-00:00:00" + dot, "-12:30:15" + dot,
             "100:00:00", "-01:00:00" + (".1" if digits else "")]
    return [f"'{e}'" for e in edges], lambda chance: (
        f"'{chance.choice(['', '-'])}{chance.randint(0, 837)}:{chance.randint(0, 59)}:{chance.randint(0, 59)}"
        f"{fraction(chance, digits)}'")


def datetimes(digits):
    dot = "." + "9" * digits if digits else ""
    edges = ["0000-00-00 00:00:00", "1000-01-01 00:00:00", "9999-12-31 23:59:59" + dot, "2024-02-29 12:00:00" + dot,
             "2024-00-00 00:00:00", "2024-05-00 01:02:03", "0000-01-01 00:00:00", "1969-12-31 23:59:59" + dot,
             "2024-02-31 10:00:00", "0001-01-01 00:00:00"]
    return [f"'{e}'" for e in edges], lambda chance: (
        f"'{chance.randint(1, 9999):04d}-{chance.randint(1, 12)}-{chance.randint(1, 28)} {chance.randint(0, 23)}:"
        f"{chance.randint(0, 59)}:{chance.randint(0, 59)}{fraction(chance, digits)}'")


def timestamps(digits):
    dot = "." + "9" * digits if digits else ""
    edges = ["0000-00-00 00:00:00", "1970-01-01 00:00:01", "2038-01-19 03:14:07" + dot, "2001-09-09 01:46:40",
             "2024-02-29 23:59:59" + dot]

    def made(chance):
        seconds = datetime.datetime(1970, 1, 2) + datetime.timedelta(seconds=chance.randrange(2 ** 31 - 200000))
        return f"'{seconds:%Y-%m-%d %H:%M:%S}{fraction(chance, digits)}'"
    return [f"'{e}'" for e in edges], made


def dates():
    edges, made = datetimes(0)
    return [e[:11] + "'" for e in edges], lambda chance: made(chance).split()[0] + "'"


def labels(names, is_set=False):
    if not is_set:
        return [text(names[0]), text(names[-1]), "'no such label'", "''"], lambda chance: text(chance.choice(names))
    return ["''", text(names[0]), text(names[-1]), text(",".join(names)), "'no such label'"], \
        lambda chance: text(",".join(chance.sample(names, chance.randint(0, len(names)))))


def random_json(chance, depth=0):
    def word():
        return "".join(chance.choices(WIDE + "\"\\/\n\b", k=chance.choice([0, 1, 5, 5, 5, 5, 5, 5, 200])))
    kind = chance.randrange(11 if depth < 4 else 8)
    if kind < 8:
        return [None, True, chance.randint(-2 ** 63, 2 ** 64 - 1), chance.randint(-40000, 70000), chance.uniform(-1, 1),
                chance.uniform(-1e300, 1e300), word(), word()][kind]
    if kind == 8:
        return [random_json(chance, depth + 1) for _ in range(chance.randint(0, 6))]
    return {word(): random_json(chance, depth + 1) for _ in range(chance.randint(0, 6))}


def documents(mysql):
    nesting = 90 if mysql else 30
    edges = ["null", "true", "[]", "{}", '""', "0", "-1", "18446744073709551615", "-9223372036854775808", "1.5", "1e300",
             '{"b": 1, "a": {"c": [1, 2, {"d": null}]}, "": ""}', json.dumps(["x" * 70000, 1]),
             json.dumps({f"k{i}": i for i in range(3000)}), "[" * nesting + "]" * nesting, '"\\u0000\\u001f\\ud83d\\ude86\\u2028"']
    literals = [text(e) for e in edges]
    if mysql:  # what only lives inside
        literals += [f"JSON_ARRAY({v})" for v in (
            "CAST('12.50' AS DECIMAL(10,2))", "CAST('2024-02-29' AS DATE)", "CAST('-10:11:12.5' AS TIME(6))",
            "CAST('2024-02-29 01:02:03.25' AS DATETIME(6))", "b'1010'", "X'00ff'", "ST_GeomFromText('POINT(1 2)')",
            "CAST(1.0 AS DOUBLE)", "1e16", "1e-7", "-0e0", "CAST('-0.000001' AS DECIMAL(30,20))")]
    return literals, lambda chance: text(json.dumps(random_json(chance), ensure_ascii=chance.random() < 0.3))


SHAPES = ["POINT(1 2)", "LINESTRING(0 0,1 1,2 5)", "POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 2,1 1))",
          "MULTIPOINT(0 0,1 1)", "MULTILINESTRING((0 0,1 1),(2 2,3 3))", "MULTIPOLYGON(((0 0,1 0,1 1,0 1,0 0)))",
          "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))"]


def geometries(kind, mysql):
    shapes = [s for s in SHAPES if kind == "GEOMETRY" or s.startswith(kind + "(")]
    edges = [f"ST_GeomFromText('{s}', {srid})" for s in shapes for srid in (0, 4326)]
    if mysql and kind == "GEOMETRY":
        edges.append("ST_GeomFromText('GEOMETRYCOLLECTION EMPTY')")

    def made(chance):
        shape = re.sub(r"\d+", lambda n: f"{n.group()}.{chance.randint(0, 5)}", chance.choice(shapes[:2]))
        shape = shape if "POLYGON" not in shape else shapes[0]
        return f"ST_GeomFromText('{shape}', {chance.choice([0, 4326, 3857])})"
    return edges, made


def vectors():
    def made(chance):
        return "STRING_TO_VECTOR('[" + ",".join(f"{chance.uniform(-9, 9):.6g}" for _ in range(3)) + "]')"
    return ["STRING_TO_VECTOR('[0,-1,3.4e38]')", "STRING_TO_VECTOR('[0.1,-0.5,16777217]')"], made


def from_list(*values):
    return [f"'{v}'" for v in values]


# ---- Columns ------------------------------------------------------------------------------------------------------

ASCII = "".join(map(chr, range(32, 127)))
LATIN1 = ASCII + "".join(map(chr, range(0xa0, 0x100))) + "€„†Ÿ"
JAPANESE = ASCII + "日本語カタカナひらがなｶﾅ表ソ能"
PLANE0 = LATIN1 + JAPANESE + "ЖЩфقהไ한Ω"
WIDE = PLANE0 + "🚆𝔄𠀋" + unicodedata.normalize("NFD", "é")
CHARSETS = {"latin1": LATIN1, "ascii": ASCII, "utf8mb3": PLANE0, "utf8mb4": WIDE, "ucs2": PLANE0, "utf16": WIDE,
            "utf16le": WIDE, "utf32": WIDE, "sjis": JAPANESE, "cp932": JAPANESE, "ujis": ASCII + "日本語", "gbk": ASCII + "汉字",
            "big5": ASCII + "漢字", "koi8r": ASCII + "ЖЩф", "cp1251": ASCII + "ЖЩф€", "latin2": ASCII + "ąęłž",
            "euckr": ASCII + "한국", "cp850": ASCII + "äöü"}
ENUM = ["small", "Größe", "日本", "it's", "a b"]
MANY = [f"label {i}" for i in range(300)]
MEMBERS = [f"m{i}" for i in range(64)]


def quoted(names):
    return ",".join("'" + n.replace("'", "''") + "'" for n in names)


def _numeric():
    for name, bits in (("tinyint", 8), ("smallint", 16), ("mediumint", 24), ("int", 32), ("bigint", 64)):
        yield name, name, AS_IS, integer, *numbers(-2 ** (bits - 1), 2 ** (bits - 1) - 1)
        yield f"u{name}", f"{name} UNSIGNED", AS_IS, integer, *numbers(0, 2 ** bits - 1)
    yield "zeros", "int(8) ZEROFILL", AS_IS, integer, *numbers(0, 2 ** 32 - 1)
    yield "flag", "boolean", AS_IS, integer, *numbers(0, 1)
    yield "year", "year", AS_IS, integer, from_list("0000", 1901, 2155, 2024), lambda c: str(c.randint(1901, 2155))
    for precision, scale in ((65, 30), (65, 0), (30, 30), (10, 0), (12, 2), (1, 1), (9, 9), (18, 9), (19, 10), (38, 18)):
        yield f"dec_{precision}_{scale}", f"decimal({precision},{scale})", AS_IS, str, *decimals(precision, scale)
    for bits in (1, 7, 8, 9, 33, 64):
        yield f"bit{bits}", f"bit({bits})", "CAST({}+0 AS CHAR)", integer, *numbers(0, 2 ** bits - 1)
    yield "f4", "float", AS_DOUBLE, single, *floats(3.4028234e38, 1.2e-38, "f")
    yield "f8", "double", AS_DOUBLE, double, *floats(1.7976931348623157e308, 2.3e-308, "d")
    # What is stored, not what is shown: a server holds -0.010000000000000009 for -0.01, and so says the log.
    yield "f8_2", "double(12,2)", AS_DOUBLE, double, ["1.25", "-0.01", "9999999999.99"], lambda c: f"{c.uniform(-1e9, 1e9):.2f}"


def _temporal():
    yield "d", "date", AS_IS, moment, *dates()
    for digits in range(7):
        yield f"t{digits}", f"time({digits})", AS_IS, shorter, *times(digits)
        yield f"dt{digits}", f"datetime({digits})", AS_IS, moment, *datetimes(digits)
        yield f"ts{digits}", f"timestamp({digits}) NULL", AS_IS, moment_utc, *timestamps(digits)


def _strings(mysql):
    for charset, alphabet in CHARSETS.items():
        yield f"c_{charset}", f"char(20) CHARACTER SET {charset}", AS_UTF8, characters, *strings(alphabet, 20)
    yield "vc_latin1", "varchar(300) CHARACTER SET latin1", AS_UTF8, characters, *strings(LATIN1, 300)
    yield "vc_utf8mb4", "varchar(255)", AS_UTF8, characters, *strings(WIDE, 255)
    yield "c255", "char(255)", AS_UTF8, characters, *strings(WIDE, 255)
    if mysql:
        yield "c_gb18030", "char(20) CHARACTER SET gb18030", AS_UTF8, characters, *strings(WIDE, 20)
    for name, length in (("tinytext", 60), ("text", 4000), ("mediumtext", 70000), ("longtext", 70000)):
        yield name, name, AS_UTF8, characters, *strings(WIDE, length if length < 5000 else 300, ["x" * length])
    for name, length in (("binary(8)", 8), ("binary(255)", 255), ("varbinary(300)", 300), ("tinyblob", 255),
                         ("blob", 60000), ("mediumblob", 70000), ("longblob", 70000)):
        yield "b_" + re.sub(r"\W", "", name), name, AS_HEX, octets, *blobs(length)
    yield "e", f"enum({quoted(ENUM)})", AS_UTF8, characters, *labels(ENUM)
    yield "e300", f"enum({quoted(MANY)}) CHARACTER SET latin1", AS_UTF8, characters, *labels(MANY)
    yield "s", f"set({quoted(ENUM)})", AS_UTF8, characters, *labels(ENUM, True)
    yield "s64", f"set({quoted(MEMBERS)})", AS_UTF8, characters, *labels(MEMBERS, True)


def _documents(mysql):
    # MariaDB's JSON is a LONGTEXT with a check.
    yield "j", "json", AS_UTF8, document if mysql else characters, *documents(mysql)
    bytes_of = "CONCAT(ST_SRID({0}), ':', HEX(ST_AsBinary({0}" + (", 'axis-order=long-lat')))" if mysql else ")))")
    for kind in ("GEOMETRY", *(s.split("(")[0] for s in SHAPES)):
        yield f"g_{kind.lower()}", kind, bytes_of, geometry, *geometries(kind, mysql)


def _of_mysql():
    yield "vec", "vector(3)", AS_HEX, vector, *vectors()


def _of_mariadb():
    """The log does not tell UUID, INET4 and INET6 from BINARY: the catalogue does, when the agent starts."""
    yield "inet4", "inet4", AS_IS, str, \
        from_list("0.0.0.0", "255.255.255.255", "192.168.0.1"), \
        lambda c: "'" + ".".join(str(c.randint(0, 255)) for _ in range(4)) + "'"
    yield "inet6", "inet6", AS_IS, str, \
        from_list("::", "::1", "2001:db8::ff00:42:8329", "::ffff:192.0.2.128", "fe80::"), \
        lambda c: "'" + ":".join(f"{c.choice([0, c.randint(0, 65535)]):x}" for _ in range(8)) + "'"
    yield "uuid", "uuid", AS_IS, str, \
        from_list("00000000-0000-0000-0000-000000000000", "123e4567-e89b-12d3-a456-426655440000"), \
        lambda c: f"'{c.randbytes(16).hex()}'"
    yield "squeezed", "text COMPRESSED", AS_UTF8, characters, *strings(WIDE, 2000)
    yield "squeezed_v", "varchar(500) COMPRESSED", AS_UTF8, characters, *strings(WIDE, 500)
    yield "squeezed_b", "blob COMPRESSED", AS_HEX, octets, *blobs(2000)


def _made():
    yield "made", "bigint AS (int_ + 1) VIRTUAL", AS_IS, integer, [], None
    yield "stored", "varchar(300) AS (concat('<', vc_utf8mb4_, '>')) STORED", AS_UTF8, characters, [], None
    yield "hidden", "int INVISIBLE", AS_IS, integer, *numbers(-2 ** 31, 2 ** 31 - 1)


def _of_old(mysql):
    """MySQL 5.6 and MariaDB 10.2: what they have of it, under the names they know."""
    for name, definition, select, *rest in [*_numeric(), *_temporal(), *_strings(False), *_documents(False), *_made()]:
        generated = " AS (" in definition
        if definition.endswith("INVISIBLE") or (mysql and (definition == "json" or generated)):
            continue
        yield name, definition.replace("utf8mb3", "utf8"), select.replace("ST_SRID", "SRID" if mysql else "ST_SRID"), *rest


def columns(flavour: str) -> List[Column]:
    mysql = flavour.startswith("mysql")
    found = _of_old(mysql) if flavour in OLD else \
        [*_numeric(), *_temporal(), *_strings(mysql), *_documents(mysql),
         *(_of_mysql() if mysql else _of_mariadb()), *_made()]
    return [Column(f"{name}_", definition, select.format(f"`{name}_`"), form, edges, made)
            for name, definition, select, form, edges, made in found]
