"""The agent is killed, MySQL and MariaDB are restarted, their log is rotated and a table gets a column; nothing may be
lost, reordered or told in two ways."""

import json
import random
import threading
import time

import pymysql
import pytest

KILLS = 12
WRITERS = 2
KEYS = {"items": ("id",), "pairs": ("a", "b")}
TABLES = {
    "items": "id bigint PRIMARY KEY, name varchar(60), qty int, price decimal(12,2), doc text",
    "pairs": "a int, b varchar(40), v bigint, PRIMARY KEY (a, b)",
}
TAKEN = (1062, 1213, 1205)  # a duplicate key, a deadlock, a lock held for too long: the other writer was there before


class Writer(threading.Thread):
    """Transactions over several tables until told to stop, on a new connection when the server went away."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server, self.random, self.next = server, random.Random(seed), seed
        self.rows, self.error, self.ending = 0, None, threading.Event()

    def run(self):
        while not self.ending.is_set() and not self.error:
            try:
                with self.server.connect("crash", autocommit=False) as connection:
                    while not self.ending.is_set():
                        self.transaction(connection)
                        time.sleep(0.05)
            except (pymysql.err.OperationalError, pymysql.err.InterfaceError):
                time.sleep(0.1)  # restarting
            except Exception as e:  # shown by the test
                self.error = e

    def transaction(self, connection):
        try:
            with connection.cursor() as cursor:
                for _ in range(self.random.randint(1, 15)):
                    self.random.choices([self.insert, self.update, self.delete, self.move], [4, 4, 1, 1])[0](cursor)
            connection.rollback() if self.random.random() < 0.1 else connection.commit()
        except pymysql.err.MySQLError as e:
            if e.args[0] not in TAKEN:
                raise
            connection.rollback()

    def finish(self):
        self.ending.set()
        self.join(60)
        if self.error:
            raise self.error

    def execute(self, cursor, sql, *args):
        self.rows += cursor.execute(sql, args)

    def some_id(self):
        return self.random.randint(1, max(self.next, 2))

    def new_id(self):
        self.next += WRITERS
        return self.next

    def insert(self, cursor):
        i = self.new_id()
        doc = "x" * self.random.choice([10, 10, 10, 100, 100, 9000])
        self.execute(cursor, "INSERT INTO items (id, name, qty, price, doc) VALUES (%s, %s, %s, %s, %s)", i,
                     f"näme \"{i}\"\n", i % 97, f"{i / 7:.2f}", doc + str(i))
        self.execute(cursor, "INSERT IGNORE INTO pairs VALUES (%s, %s, %s)", i % 100, f"b{i % 37}", i)

    def update(self, cursor):
        i = self.some_id()
        self.execute(cursor, "UPDATE items SET qty = qty + 1, name = NULL WHERE id BETWEEN %s AND %s", i, i + 3)
        self.execute(cursor, "UPDATE pairs SET v = v + 1 WHERE a = %s", i % 100)

    def delete(self, cursor):
        self.execute(cursor, "DELETE FROM items WHERE id = %s", self.some_id())

    def move(self, cursor):
        self.execute(cursor, "UPDATE items SET id = %s WHERE id = %s", self.new_id(), self.some_id())
        self.execute(cursor, "UPDATE pairs SET b = concat(b, '''') WHERE a = %s AND length(b) < 20", self.some_id() % 100)


def command(server, folder, name):
    return ["run", "--source", server.url(), "--name", "crash", "--tables", "crash.*", "--state", folder / name,
            "--sink.path", folder / f"{name}.jsonl"]


def read(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def once(lines):
    """Each event as told first, by id."""
    found = {}
    for line in lines:
        found.setdefault(line["id"], line)
    return found


def problems(lines, expected):
    """Against what an undisturbed run tells; a line that comes for the first time is newer than all before it."""
    told = once(lines)
    found = [f"lost: {i}" for i in expected.keys() - told.keys()]
    found += [f"never happened: {i}" for i in told.keys() - expected.keys()]
    found += [f"told in two ways: {x['id']}" for x in lines if expected.get(x["id"], x) != x]
    orders = [x["ord"] for x in told.values()]
    return found + [f"out of order: {b}" for a, b in zip(orders, orders[1:]) if a >= b]


def folded(lines):
    tables = {table: {} for table in TABLES}
    for line in sorted(once(lines).values(), key=lambda x: x["ord"]):
        if line["op"] not in "cud":
            continue
        rows, names = tables[line["table"]], KEYS[line["table"]]
        if line["op"] in "ud":
            rows.pop(tuple(line["before"][n] for n in names), None)
        if line["op"] in "cu":
            rows[tuple(line["after"][n] for n in names)] = texts(line["after"])
    return tables


def texts(row):
    """As text, without NULLs: rows from before ADD COLUMN have none for it."""
    return {name: str(value) for name, value in row.items() if value is not None}


def selected(server):
    found = {}
    with server.connect("crash", cursorclass=pymysql.cursors.DictCursor) as connection, connection.cursor() as cursor:
        for table, names in KEYS.items():
            cursor.execute(f"SELECT * FROM {table}")
            found[table] = {tuple(row[n] for n in names): texts(row) for row in cursor.fetchall()}
    return found


def disturb(server, tailrace, arguments, chance):
    """Kills the agent again and again, and does one more thing to the server at three of the times."""
    def restart():
        run.wait_for_log("streaming", 60)  # an agent that finds no server when it starts ends at once
        server.restart()

    events = {3: server.rotate, 5: restart,
              8: lambda: server.sql("ALTER TABLE crash.items ADD COLUMN extra int AFTER name;"
                                    "UPDATE crash.items SET extra = id WHERE id % 3 = 0")}
    run = tailrace.start(*arguments)
    for kill in range(KILLS):
        events.get(kill, lambda: None)()
        time.sleep(chance.uniform(0.3, 1.2))
        assert run.running, run.log[-3000:]
        run.kill()
        run = tailrace.start(*arguments)
    return run


@pytest.mark.timeout(240)
@pytest.mark.parametrize("flavour", ["mariadb-11.4", "mysql-9.7"])
def test_nothing_is_lost_over_kills_and_a_restart(own_mysql, tailrace, tmp_path, flavour):
    chance = random.Random(20261123)
    server = own_mysql(flavour, tls="on")
    server.create_database("crash")
    for table, columns in TABLES.items():
        server.sql(f"CREATE TABLE crash.{table} ({columns})")
    disturbed, calm = command(server, tmp_path, "disturbed"), command(server, tmp_path, "calm")
    for arguments in (disturbed, calm):
        assert tailrace.run(*arguments, "--until", "end").code == 0  # begins here, before the first row
    writers = [Writer(server, seed) for seed in range(1, WRITERS + 1)]
    for writer in writers:
        writer.start()
    run = disturb(server, tailrace, disturbed, chance)
    for writer in writers:
        writer.finish()
    run.wait_for_log("streaming", 60)
    assert run.terminate() == 0
    for arguments in (disturbed, calm):
        assert tailrace.run(*arguments, "--until", "end", timeout=100).code == 0

    lines, expected = read(tmp_path / "disturbed.jsonl"), once(read(tmp_path / "calm.jsonl"))
    print(f"{sum(w.rows for w in writers)} rows written, {len(expected)} events, {len(lines) - len(once(lines))} repeated")
    assert len(expected) > 500 and sum(x["op"] == "q" for x in expected.values()) == 1
    assert problems(lines, expected) == []
    assert folded(lines) == selected(server)
    prove_detector(lines, expected, selected(server))


def prove_detector(lines, expected, table):
    """One line taken out, one altered, two changed about: each must be seen."""
    last = max((x for x in lines if x["op"] == "c"), key=lambda x: x["ord"])
    lost = [x for x in lines if x["id"] != last["id"]]
    assert problems(lost, expected) == [f"lost: {last['id']}"]
    inserted = [x for x in lines if x["id"] in {y["id"] for y in lines if y["op"] == "c"}]
    assert folded([x for x in lines if x not in inserted]) != table
    assert any(p.startswith("told in two ways") for p in problems(lines + [dict(last, op="u")], expected))
    assert any(p.startswith("out of order") for p in problems(lines[::-1], expected))
