"""Writes some fifty tables of different shapes into a database of a MariaDB or MySQL: every type, every kind of key,
all row images, DDL between the rows, transactions of all kinds, several files of the log.

    tables = script.play(server, "witness")   # the database must exist; returns the names of the tables written to

Values and names of tables that contain one of `leave_out` are left out, for a reader that cannot go on after them.

It is the same each time, and for readers of the log that are compared with one another. BY_TYPE takes its columns from
tests/integration/oracle_types.py, each at its edges and at random.
"""

import random
import re
from contextlib import closing
from typing import Callable, List, NamedTuple, Sequence

from harness.mysql import Mysql, run
from oracle_types import columns

SEED = 20261123
RANDOM = 12  # rows on top of those with a type's edges
BIG = 3000   # rows of the large transaction
LONGEST = 3000  # of a literal: some edges of texts and documents are far larger
SESSION = ("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00', innodb_strict_mode = OFF,"
           " foreign_key_checks = ON")

# Table → the columns that it has beside its key, by a pattern of their names.
BY_TYPE = {
    "integers": "(tiny|small|medium|big)?int_", "unsigneds": r"u(tiny|small|medium|big)?int_|zeros_|flag_|year_",
    "decimals": "dec_.*", "floats": "f._.*", "bits": r"bit\d+_", "dates": "d_", "times": r"t\d_",
    "datetimes": r"dt\d_", "timestamps": r"ts\d_", "western": "c_(latin|ascii|cp|koi|utf8).*",
    "eastern": "c_(sjis|cp932|ujis|gbk|big5|euckr|gb18030)_", "unicode": "c_(ucs2|utf16|utf16le|utf32)_",
    "varchars": "vc_.*|c255_", "texts": "(tiny|medium|long)?text_", "binaries": "b_(var)?binary.*",
    "blobs": "b_(tiny|medium|long)?blob_", "enums": "e_|e300_", "sets": "s_|s64_", "documents": "j_", "shapes": "g_.*",
    "computed": "int_|vc_utf8mb4_|made_|stored_|hidden_", "others": "vec_|uuid_",
    "addresses": "inet._", "packed": "squeezed.*",
}


class Small(NamedTuple):
    """A table of few columns. Rows 1 to 12 are inserted two at a time, then come the other statements."""
    name: str
    columns: str
    row: Callable[[int], str] = lambda n: f"{n}, 'row {n}'"
    then: List[str] = ["UPDATE {t} SET v = 'changed' WHERE id < 4", "DELETE FROM {t} WHERE id % 5 = 0"]
    options: str = ""


def _numbered(value: str) -> Callable[[int], str]:
    """A row of a key made of its number, and the number."""
    return lambda n: f"{value.format(n=n)}, {n}"


V = ["UPDATE {t} SET v = -v WHERE v < 5", "DELETE FROM {t} WHERE v > 9"]
PLAIN = "id int PRIMARY KEY, v varchar(40)"

KEYS = [
    Small("key_bigint", "id bigint unsigned PRIMARY KEY, v int", lambda n: f"{2**64 - n}, {n}", V),
    Small("key_two", "a int, v int, b char(5), PRIMARY KEY (b, a)", lambda n: f"{n // 3}, {n}, 'k{n}'", V),
    Small("key_text", "k varchar(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v int", _numbered("'Schlüssel {n}'"),
          V + ["UPDATE {t} SET k = UPPER(k)"]),
    Small("key_latin1", "k char(20) CHARACTER SET latin1 PRIMARY KEY, v int", _numbered("'größe {n}'"), V),
    Small("key_bytes", "k binary(4) PRIMARY KEY, v int", _numbered("x'00ff{n:02x}'"), V),
    Small("key_decimal", "k decimal(20,3) PRIMARY KEY, v int", _numbered("{n}.50"), V),
    Small("key_moment", "k datetime(6) PRIMARY KEY, v int", _numbered("'2024-02-29 12:00:00.{n:06}'"), V),
    Small("key_prefix", "k varchar(40), v int, PRIMARY KEY (k(20))", _numbered("'{n:020}'"), V),
    Small("key_enum", "k enum('a','b','c','d','e','f','g','h','i','j','k','l') PRIMARY KEY, v int", _numbered("{n}"), V),
    Small("key_auto", "id int AUTO_INCREMENT PRIMARY KEY, v varchar(40) DEFAULT 'nothing'", lambda n: "NULL, DEFAULT"),
    Small("key_changes", PLAIN, then=[
        "UPDATE {t} SET id = id + 100 WHERE id < 4", "UPDATE {t} SET id = 1, v = 'back' WHERE id = 101",
        "UPDATE {t} SET id = -id", "DELETE FROM {t} WHERE id > -9"]),
    Small("no_key", "a int, v int", then=["INSERT INTO {t} SELECT * FROM {t}"] + V, row=lambda n: f"{n % 4}, {n}"),
    Small("unique_only", "a int NOT NULL, v int, UNIQUE (a)", _numbered("{n}"), V),
    Small("unique_null", "a int, v int, UNIQUE (a)", lambda n: f"NULLIF({n} % 2 * {n}, 0), {n}", V),
    Small("Größe", "`Schlüssel` int PRIMARY KEY, `ein Wert` varchar(40)",
          then=["UPDATE {t} SET `ein Wert` = 'ß' WHERE `Schlüssel` < 4", "DELETE FROM {t} WHERE `Schlüssel` = 2"]),
    Small("select", "`from` int PRIMARY KEY, `a.b` varchar(40)",
          then=["UPDATE {t} SET `a.b` = '' WHERE `from` < 4", "DELETE FROM {t} WHERE `from` = 2"]),
    Small("not_null", "id int PRIMARY KEY, d date NOT NULL, t datetime(6) NOT NULL, ts timestamp NOT NULL DEFAULT 0",
          lambda n: f"{n}, '{n % 3:04}-00-00', '0000-00-00', '2024-02-29 01:02:{n:02}'",
          ["UPDATE {t} SET d = '2024-02-29', t = d WHERE id < 3", "UPDATE {t} SET ts = 0", "DELETE FROM {t} WHERE id > 9"]),
    Small("in_myisam", PLAIN, options="ENGINE = MyISAM"),
    Small("in_parts", PLAIN, options="PARTITION BY HASH (id) PARTITIONS 4", then=["UPDATE {t} SET id = -id"]),
    Small("of_300", "id int PRIMARY KEY, " + ", ".join(f"c{i} int" for i in range(299)),
          lambda n: f"{n}" + "".join(f", {'NULL' if i % 3 else n * i}" for i in range(299)),
          ["UPDATE {t} SET c7 = 7, c298 = NULL", "DELETE FROM {t} WHERE id > 6"]),
]

IMAGES = "id int PRIMARY KEY, v varchar(40), t text, n int, UNIQUE (n)"
CHANGES = ["UPDATE {t} SET v = NULL WHERE id < 5", "UPDATE {t} SET t = 'more', id = id + 100 WHERE id < 3",
           "UPDATE {t} SET v = v WHERE id > 5", "DELETE FROM {t} WHERE id % 2 = 0"]

# A session's setting → tables written under it.
PARTIAL = {
    "binlog_row_image = 'MINIMAL'": [
        Small("minimal", IMAGES, lambda n: f"{n}, 'row {n}', REPEAT('x', {n * 100}), {n}", CHANGES),
        Small("minimal_no_key", "a int, v varchar(40), b int", lambda n: f"{n}, 'row {n}', {n}",
              ["UPDATE {t} SET v = 'x' WHERE a < 4", "DELETE FROM {t} WHERE a > 10"])],
    "binlog_row_image = 'NOBLOB'": [
        Small("noblob", IMAGES, lambda n: f"{n}, 'row {n}', REPEAT('x', {n * 100}), {n}", CHANGES)],
}

SQUEEZED = [Small("squeezed", PLAIN, lambda n: f"{n}, REPEAT('ab', {n})"),
            Small("squeezed_texts", "id int PRIMARY KEY, v text", lambda n: f"{n}, REPEAT('text ', {n * 50})")]

# Statements on tables of their own, one transaction each.
DDL = [
    "CREATE TABLE grows (id int PRIMARY KEY, v varchar(40))", "INSERT INTO grows VALUES (1, 'one'), (2, 'two')",
    "ALTER TABLE grows ADD COLUMN first_ int NOT NULL DEFAULT 7 FIRST, ADD COLUMN last_ date",
    "INSERT INTO grows VALUES (1, 3, 'three', '2024-02-29')", "UPDATE grows SET last_ = '2025-01-01' WHERE id < 3",
    "ALTER TABLE grows DROP COLUMN v", "UPDATE grows SET last_ = NULL", "DELETE FROM grows WHERE id = 2",
    "CREATE TABLE renames (id int PRIMARY KEY, old varchar(40))", "INSERT INTO renames VALUES (1, 'one')",
    "ALTER TABLE renames CHANGE old new varchar(50)", "UPDATE renames SET new = 'changed'",
    "RENAME TABLE renames TO renamed", "INSERT INTO renamed VALUES (2, 'two')",
    "CREATE TABLE retyped (id int PRIMARY KEY, v int, t varchar(20) CHARACTER SET latin1)",
    "INSERT INTO retyped VALUES (1, 1, 'größe')",
    "ALTER TABLE retyped MODIFY v bigint unsigned, MODIFY t varchar(20) CHARACTER SET utf8mb4",
    "INSERT INTO retyped VALUES (2, 18446744073709551615, 'größe')", "UPDATE retyped SET v = v - 1",
    "ALTER TABLE retyped MODIFY id bigint, DROP PRIMARY KEY, ADD PRIMARY KEY (v)", "DELETE FROM retyped WHERE id = 1",
    "CREATE TABLE emptied (id int PRIMARY KEY, v varchar(40))", "INSERT INTO emptied VALUES (1, 'one'), (2, 'two')",
    "TRUNCATE TABLE emptied", "INSERT INTO emptied VALUES (1, 'again')",
    "CREATE TABLE remade (id int PRIMARY KEY, v varchar(40))", "INSERT INTO remade VALUES (1, 'one')",
    "DROP TABLE remade", "CREATE TABLE remade (k char(3) PRIMARY KEY, id int)", "INSERT INTO remade VALUES ('one', 1)",
    "CREATE TABLE copied AS SELECT id, v FROM key_changes", "DELETE FROM copied WHERE id = -9",
    "CREATE TABLE swap_a (id int PRIMARY KEY, a int)", "CREATE TABLE swap_b (id int PRIMARY KEY, b varchar(9))",
    "INSERT INTO swap_a VALUES (1, 1)", "INSERT INTO swap_b VALUES (1, 'b')",
    "RENAME TABLE swap_a TO swap_c, swap_b TO swap_a, swap_c TO swap_b",
    "INSERT INTO swap_a VALUES (2, 'b')", "INSERT INTO swap_b VALUES (2, 2)",
    "CREATE TABLE parent (id int PRIMARY KEY)",
    "CREATE TABLE child (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE)",
    "INSERT INTO parent VALUES (1), (2)", "INSERT INTO child VALUES (1, 1), (2, 1), (3, 2)",
    "DELETE FROM parent WHERE id = 1",
    "CREATE TABLE audited (id int PRIMARY KEY, v int)", "CREATE TABLE audit (id int AUTO_INCREMENT PRIMARY KEY, was int)",
    "CREATE TRIGGER audits AFTER UPDATE ON audited FOR EACH ROW INSERT INTO audit (was) VALUES (OLD.v)",
    "INSERT INTO audited VALUES (1, 1), (2, 2)", "UPDATE audited SET v = v + 1",
]

TRANSACTIONS = [
    "CREATE TABLE transacted (id int PRIMARY KEY, v varchar(40))",
    "BEGIN", "INSERT INTO transacted VALUES (1, 'one')", "SAVEPOINT s", "INSERT INTO transacted VALUES (2, 'undone')",
    "INSERT INTO in_myisam VALUES (100, 'stays')", "ROLLBACK TO s", "INSERT INTO transacted VALUES (3, 'three')", "COMMIT",
    "BEGIN", "INSERT INTO transacted VALUES (4, 'undone')", "ROLLBACK",
    "BEGIN", "INSERT INTO transacted VALUES (5, 'undone')", "INSERT INTO in_myisam VALUES (101, 'stays')", "ROLLBACK",
]


def play(server: Mysql, database: str, leave_out: Sequence[str] = ()) -> List[str]:
    with closing(server.connect(database)) as connection:
        run(connection, SESSION)
        _by_type(connection, server.flavour, leave_out)
        _smalls(connection, KEYS)
        server.rotate()
        _partial(connection, server.mariadb, leave_out)
        for statement in DDL + TRANSACTIONS:
            if server.mariadb or "in_myisam" not in statement:  # MySQL with GTIDs keeps the engines apart
                run(connection, statement)
        server.rotate()
        _xa(server, database)
        _big(connection)
        _compressed(server, connection, leave_out)
    found = server.sql(f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{database}'")
    return sorted(row[0] for row in found)


def _holds(text: str, parts: Sequence[str]) -> bool:
    return any(part in text for part in parts)


def _by_type(connection, flavour: str, leave_out: Sequence[str]) -> None:
    """Each edge and some random values inserted, then exchanged between the rows, then every third row deleted."""
    chance = random.Random(SEED)
    everything = columns(flavour)
    for name, pattern in BY_TYPE.items():
        chosen = [c for c in everything if re.fullmatch(pattern, c.name)]
        if not chosen or _holds(name, leave_out):
            continue
        written = [c for c in chosen if c.random]
        run(connection, f"CREATE TABLE {name} (id int PRIMARY KEY, "
            + ", ".join(f"`{c.name}` {c.definition}" for c in chosen) + ") CHARACTER SET utf8mb4")
        edges = [[e for e in c.edges if len(e) < LONGEST and not _holds(e, leave_out)] for c in written]
        rows = [[e[i % len(e)] for e in edges] for i in range(max(map(len, edges)))] + [["NULL"] * len(written)]
        rows += [["NULL" if chance.random() < 0.1 else c.random(chance) for c in written] for _ in range(RANDOM)]
        for turn in (rows, rows[1:] + rows[:1]):
            names = [f"`{c.name}`" for c in written]
            values = ", ".join(f"({i}, {', '.join(row)})" for i, row in enumerate(turn))
            run(connection, f"INSERT INTO {name} (id, {', '.join(names)}) VALUES {values} ON DUPLICATE KEY UPDATE "
                + ", ".join(f"{n} = VALUES({n})" for n in names))
        run(connection, f"DELETE FROM {name} WHERE id % 3 = 0")


def _smalls(connection, tables: List[Small]) -> None:
    for table in tables:
        name = f"`{table.name}`"
        run(connection, f"CREATE TABLE {name} ({table.columns}) {table.options}")
        for n in range(1, 13, 2):
            run(connection, f"INSERT INTO {name} VALUES ({table.row(n)}), ({table.row(n + 1)})")
        for statement in table.then:
            run(connection, statement.replace("{t}", name))


def _partial(connection, mariadb: bool, leave_out: Sequence[str]) -> None:
    for setting, tables in PARTIAL.items():
        run(connection, f"SET SESSION {setting}")
        _smalls(connection, [table for table in tables if not _holds(table.name, leave_out)])
    run(connection, "SET SESSION binlog_row_image = 'FULL'")
    if not mariadb and not _holds("json_diffs", leave_out):
        _json_diffs(connection)


def _json_diffs(connection) -> None:
    """Updates of JSON that are logged as what differs."""
    run(connection, "CREATE TABLE json_diffs (id int PRIMARY KEY, j json, v int);"
        "INSERT INTO json_diffs VALUES (1, JSON_OBJECT('a', 1, 'b', JSON_ARRAY(1, 2, REPEAT('x', 500))), 1),"
        " (2, JSON_ARRAY(1, 2, 3), 2);"
        "SET SESSION binlog_row_value_options = PARTIAL_JSON;"
        "UPDATE json_diffs SET j = JSON_SET(j, '$.a', 'text');"
        "UPDATE json_diffs SET j = JSON_REMOVE(j, '$.b[1]'), v = 3 WHERE id = 1;"
        "UPDATE json_diffs SET j = JSON_REPLACE(j, '$[1]', JSON_OBJECT('k', NULL)) WHERE id = 2;"
        "UPDATE json_diffs SET v = 4; SET SESSION binlog_row_value_options = ''")


def _xa(server: Mysql, database: str) -> None:
    """Prepared in one order, committed in the other, and one rolled back; others write between."""
    with closing(server.connect(database)) as a, closing(server.connect(database)) as b, \
            closing(server.connect(database)) as c:
        run(a, "CREATE TABLE in_xa (id int PRIMARY KEY, v varchar(40))")
        for connection, name, row in ((a, "a", 1), (b, "b", 2), (c, "c", 3)):
            run(connection, f"XA START '{name}'; INSERT INTO in_xa VALUES ({row}, '{name}'), ({row + 10}, '{name}');"
                f"UPDATE in_xa SET v = 'changed' WHERE id = {row}; XA END '{name}'; XA PREPARE '{name}'")
        server.sql("INSERT INTO in_xa VALUES (20, 'between')", database=database)
        run(b, "XA COMMIT 'b'")
        run(c, "XA ROLLBACK 'c'")
        run(a, "XA COMMIT 'a'")
        run(c, "XA START 'once'; INSERT INTO in_xa VALUES (30, 'one phase'); XA END 'once'; XA COMMIT 'once' ONE PHASE")


def _big(connection) -> None:
    run(connection, "CREATE TABLE big (id int PRIMARY KEY, v varchar(400), n decimal(12,2)); BEGIN")
    for first in range(0, BIG, 500):
        run(connection, "INSERT INTO big VALUES "
            + ", ".join(f"({i}, REPEAT('{i % 10}', 300), {i}.25)" for i in range(first, first + 500)))
    run(connection, "UPDATE big SET n = -n WHERE id % 3 = 0; DELETE FROM big WHERE id % 7 = 0; COMMIT")


def _compressed(server: Mysql, connection, leave_out: Sequence[str]) -> None:
    """MySQL compresses transactions, MariaDB events, those of statements too."""
    run(connection, f"CREATE TABLE zipped ({PLAIN})")
    if server.mariadb:
        server.configure(log_bin_compress="ON", log_bin_compress_min_len=10)
    else:
        run(connection, "SET SESSION binlog_transaction_compression = ON")
    run(connection, "BEGIN; INSERT INTO zipped SELECT id, LEFT(v, 40) FROM big WHERE id < 200;"
        "UPDATE zipped SET v = CONCAT('!', v) WHERE id > 150; DELETE FROM zipped WHERE id < 20; COMMIT")
    _smalls(connection, [table for table in SQUEEZED if not _holds(table.name, leave_out)])
    if server.mariadb:
        server.configure(log_bin_compress="OFF")
