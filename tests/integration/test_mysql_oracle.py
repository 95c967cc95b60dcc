"""What Tailrace emits is what the server answers to SELECT: every type at its edges and at random, rows inserted,
updated and deleted, whole and partial images, and however the log is written."""

import base64
import random

import pytest

from conftest import DEFAULT_FLAVOURS, next_name
from harness.mysql import Mysql
from oracle_types import Invalid, Number, Single, columns, parse

pytestmark = pytest.mark.xdist_group("oracle")  # one server of each flavour for all

SEED = 20261123
RANDOM_ROWS = 2000
# Zero dates, what does not fit and what does not convert: an ERP's table has it all.
ANYTHING = ("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00', innodb_strict_mode = OFF,"
            " group_concat_max_len = 1000000")


class Stream:
    """An agent that is run to the end of the log, again and again."""

    def __init__(self, tailrace, server, database, folder):
        self.tailrace, self.path, self.told = tailrace, folder / "oracle.jsonl", 0
        self.args = ["run", "--source", server.url(), "--name", "oracle", "--tables", f"{database}.*", "--state",
                     folder / "oracle.state", "--until", "end", "--sink.path", self.path]
        self.more()

    def more(self, *kinds):
        """The lines since the last time, parsed: rows, or the kinds asked for."""
        done = self.tailrace.run(*self.args, timeout=100)
        assert done.code == 0, done.stderr
        lines = self.path.read_bytes().splitlines() if self.path.exists() else []
        new, self.told = [parse(line) for line in lines[self.told:]], len(lines)
        return [line for line in new if line["op"] in (kinds or "cud")]


class Table:
    """A table with a column of every type."""

    def __init__(self, connection, name, flavour):
        self.cursor, self.name, self.columns = connection.cursor(), name, columns(flavour)
        self.written = [c for c in self.columns if c.random]
        definitions = ", ".join(f"`{c.name}` {c.definition}" for c in self.columns)
        self.cursor.execute(ANYTHING)
        self.cursor.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, {definitions}) CHARACTER SET utf8mb4")

    def edges(self):
        """Rows such that every edge of every column is in one; one of NULLs."""
        count = max(len(c.edges) for c in self.written)
        return [[c.edges[i % len(c.edges)] for c in self.written] for i in range(count)] + [["NULL"] * len(self.written)]

    def random(self, chance, count):
        return [["NULL" if chance.random() < 0.1 else c.random(chance) for c in self.written] for _ in range(count)]

    def put(self, rows, chunk=100):
        """Inserts rows as 1, 2, …, or gives the ones that are there these values."""
        names = ", ".join(f"`{c.name}`" for c in self.written)
        new = ", ".join(f"`{c.name}` = VALUES(`{c.name}`)" for c in self.written)
        for i in range(0, len(rows), chunk):
            values = ", ".join(f"({i + k + 1}, {', '.join(row)})" for k, row in enumerate(rows[i:i + chunk]))
            self.cursor.execute(f"INSERT INTO {self.name} (id, {names}) VALUES {values} ON DUPLICATE KEY UPDATE {new}")

    def answer(self):
        """id → {column: what a line must say}, in the server's words."""
        self.cursor.execute(f"SELECT id, {', '.join(c.select for c in self.columns)} FROM {self.name}")
        return {row[0]: {c.name: expected(c, value) for c, value in zip(self.columns, row[1:])}
                for row in self.cursor.fetchall()}


def expected(column, answer):
    if answer is None:
        return None
    return column.form(answer.decode() if isinstance(answer, bytes) else str(answer))


def image(line, member):
    """The columns of one member of a line, its invalid ones included."""
    found = dict(line.get(member, {}))
    for name, value in line.get("invalid", {}).get(member, {}).items():
        assert name not in found
        found[name] = Invalid(base64.b64decode(value["base64"]).decode("latin1") if isinstance(value, dict) else value)
    found.pop("id", None)
    return found


def differences(found, wanted):
    """[] when both hold the same columns with the same values of the same kind."""
    return [f"{name}: emitted {found.get(name, 'nothing')!r:.300}, the server says {wanted.get(name, 'nothing')!r:.300}"
            for name in {**wanted, **found} if name not in found or name not in wanted or not same(found[name], wanted[name])]


def same(found, wanted):
    """Nested values too; a number is not the same as its text."""
    if isinstance(found, (dict, list)) and type(found) is type(wanted):
        pairs = zip(found, wanted) if isinstance(found, list) else ((found.get(k, found), wanted[k]) for k in wanted)
        return len(found) == len(wanted) and all(same(a, b) for a, b in pairs)
    return wanted == found and (type(wanted) is type(found) or isinstance(wanted, Single))


def check(lines, op, member, answers):
    """Each row once, as the server says."""
    lines = [line for line in lines if line["op"] == op]
    assert sorted(int(line["key"]["id"]) for line in lines) == sorted(answers)
    wrong = {}
    for line in lines:
        for text in differences(image(line, member), answers[int(line["key"]["id"])]):
            wrong.setdefault(text.split(":")[0], f"row {line['key']['id']}: {text}")
    assert not wrong, f"{len(wrong)} columns differ\n" + "\n".join(wrong.values())


def fold(state, lines):
    for line in sorted(lines, key=lambda line: line["ord"]):
        row = int(line["key"]["id"])
        if line["op"] == "d":
            del state[row]
        else:
            state.setdefault(row, {}).update(image(line, "after"))
    return state


def check_fold(state, answers):
    assert sorted(state) == sorted(answers)
    wrong = [f"row {row}: {text}" for row in answers for text in differences(state[row], answers[row])]
    assert not wrong, f"{len(wrong)} values differ\n" + "\n".join(wrong[:20])


def lived(stream, table, first, second):
    """Rows come, change and go."""
    table.put(first)
    inserted = table.answer()
    table.put(second)
    updated = table.answer()
    table.cursor.execute(f"DELETE FROM {table.name} WHERE id % 3 = 0")
    rest = table.answer()
    lines = stream.more()
    check(lines, "c", "after", inserted)
    check(lines, "u", "before", inserted)
    check(lines, "u", "after", updated)
    check(lines, "d", "before", {row: updated[row] for row in updated if row not in rest})
    check_fold(fold({}, lines), rest)


class Place:
    """A server for all tests here, with a database of the test's own."""

    def __init__(self, server, tailrace, folder):
        self.server, self.flavour, self.name = server, server.flavour, next_name("oracle")
        server.create_database(self.name)
        self.stream = Stream(tailrace, server, self.name, folder)

    def connect(self):
        return self.server.connect(self.name)


@pytest.fixture(scope="module", params=DEFAULT_FLAVOURS)
def server(request):
    made = Mysql(request.param, tls="on").start()
    yield made
    made.close()


@pytest.fixture
def place(server, tailrace, tmp_path):
    made = Place(server, tailrace, tmp_path)
    yield made
    server.drop_database(made.name)


def test_the_comparison_sees_differences():
    said = {"i": Number("1"), "t": "1", "j": [{"a": Number("1")}], "f": Number("0.1"), "n": None, "d": Invalid("0000-00-00")}
    assert differences(said, dict(said, f=Single("0.1", "f"))) == []
    for name, other in (("i", Number("2")), ("i", "1"), ("t", None), ("j", [{"a": "1"}]), ("j", [{"b": Number("1")}]), ("j", []),
                        ("f", Single("0.2", "d")), ("n", ""), ("d", "0000-00-00")):
        assert len(differences(said, dict(said, **{name: other}))) == 1, name
    assert differences({}, said) and differences(said, {})


def test_edges(place):
    with place.connect() as connection:
        table = Table(connection, "edges", place.flavour)
        rows = table.edges()
        lived(place.stream, table, rows, rows[1:] + rows[:1])


@pytest.mark.timeout(300)
def test_random_rows(place):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    with place.connect() as connection:
        table = Table(connection, "random", place.flavour)
        rows = table.random(chance, RANDOM_ROWS)
        lived(place.stream, table, rows, rows[1:] + rows[:1])


def test_minimal_images(place):
    """Of an update only what was set, of a delete only the key; the fold is the table all the same. MariaDB then leaves
    out virtual columns."""
    chance = random.Random(SEED)
    with place.connect() as connection:
        table = Table(connection, "minimal", place.flavour)
        table.cursor.execute("SET SESSION binlog_row_image = 'MINIMAL'")
        table.columns = [c for c in table.columns if place.flavour.startswith("mysql") or c.name != "made_"]
        table.put(table.random(chance, 60))
        inserted = table.answer()
        for i in range(1, 60, 2):
            column, other = chance.sample([c for c in table.written if c.edges], 2)
            table.cursor.execute(f"UPDATE minimal SET `{column.name}` = {column.random(chance)},"
                                 f" `{other.name}` = NULL WHERE id = %s", (i,))
        table.cursor.execute("DELETE FROM minimal WHERE id % 3 = 0")
        answer = table.answer()
    lines = place.stream.more()
    check(lines, "c", "after", inserted)
    for line in lines:
        if line["op"] == "u":
            assert len(image(line, "after")) <= 5 and not image(line, "before")
        if line["op"] == "d":
            assert not image(line, "before")
    check_fold(fold({}, lines), answer)


def small_life(place, name, *settings):
    chance = random.Random(SEED)
    with place.connect() as connection:
        table = Table(connection, name, place.flavour)
        for setting in settings:
            table.cursor.execute(f"SET SESSION {setting}")
        rows = table.edges() + table.random(chance, 100)
        lived(place.stream, table, rows, rows[1:] + rows[:1])


def test_compressed_log(place):
    if not place.server.mariadb:
        return small_life(place, "compressed", "binlog_transaction_compression = ON")
    place.server.configure(log_bin_compress="ON", log_bin_compress_min_len=10)
    small_life(place, "compressed")
    return place.server.configure(log_bin_compress="OFF")


def test_without_checksums(place):
    place.server.configure(binlog_checksum="NONE")  # begins another file
    small_life(place, "unchecked")
    place.server.configure(binlog_checksum="CRC32")
    small_life(place, "checked")


@pytest.mark.parametrize("server", [f for f in DEFAULT_FLAVOURS if f.startswith("mysql")], indirect=True)
def test_without_gtids(server, tailrace, tmp_path):  # MariaDB always has them
    for mode in ("ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF"):
        server.sql(f"SET GLOBAL gtid_mode = {mode}")
    place = Place(server, tailrace, tmp_path)
    small_life(place, "by_file")
    server.drop_database(place.name)
    for mode in ("OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"):
        server.sql(f"SET GLOBAL gtid_mode = {mode}")
