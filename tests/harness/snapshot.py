"""What the consistency tests of snapshots share: a table that several writers change all the time, and what its topic
must say afterwards.

    table = snapshot.fill(database, "big", 60_000)
    writers = snapshot.start(database, ["big"])
    ...
    verdict = snapshot.Verdict(lines of the topic, in order)
    assert verdict.problems(rows of the table) == []

No id ever comes back after it was deleted or given up, and `v` of a row only grows. So a row that was read and is older
than what was told of it before is recognised at once, whatever came again after a kill.
"""

import json
import random
import threading
import time
from contextlib import closing
from typing import Dict, Iterable, List, Tuple

WRITERS = 4
APART = 10  # ids of the rows that are there at first; those between are the writers'
COLUMNS = "id bigint PRIMARY KEY, v bigint NOT NULL, name varchar(40), note text"


def fill(database, table: str, rows: int) -> None:
    """A table of so many rows at least, by doubling."""
    database.sql(f"CREATE TABLE {table} ({COLUMNS})")
    database.sql(f"INSERT INTO {table} VALUES ({APART}, 1, 'name', 'note')")
    count = 1
    while count < rows:
        more = min(count, rows - count)
        database.sql(f"INSERT INTO {table} SELECT id + {count * APART}, 1, concat('name-', id), 'a note of some length'"
                     f" FROM {table} WHERE id <= {more * APART}")
        count += more


class Writer(threading.Thread):
    """Inserts, updates, deletes and changes keys until told to stop."""

    def __init__(self, connect, gone: tuple, taken, tables: List[str], rows: int, seed: int, rate: float):
        super().__init__(daemon=True)
        self.connect, self.gone, self.taken = connect, gone, taken
        self.tables, self.rows, self.seed, self.rate = tables, rows, seed, rate
        self.random = random.Random(seed)
        self.made = 0
        self.statements = 0
        self.slowest = 0.0  # the longest transaction, in seconds
        self.error = None
        self.ending = threading.Event()

    def run(self):
        while not self.ending.is_set() and not self.error:
            try:
                with closing(self.connect()) as connection:
                    while not self.ending.is_set():
                        self.transaction(connection)
                        time.sleep(1 / self.rate)
            except self.gone:
                time.sleep(0.1)
            except Exception as e:  # shown by finish()
                self.error = e

    def transaction(self, connection):
        began = time.monotonic()
        try:
            with connection.cursor() as cursor:
                for _ in range(self.random.choice([1, 1, 1, 2, 5])):
                    self.step(cursor, self.random.choice(self.tables))
                    self.statements += 1
            connection.rollback() if self.random.random() < 0.05 else connection.commit()
        except Exception as e:
            if not self.taken(e):
                raise
            connection.rollback()
        self.slowest = max(self.slowest, time.monotonic() - began)

    def step(self, cursor, table: str):
        action = self.random.choices([self.insert, self.update, self.delete, self.move], [25, 50, 12, 13])[0]
        action(cursor, table)

    def new_id(self) -> int:
        """One that no row ever had, anywhere among the others."""
        self.made += 1
        return self.made * 7919 % self.rows * APART + self.seed

    def some_id(self) -> int:
        if self.made and self.random.random() < 0.3:
            return self.random.randint(1, self.made) * 7919 % self.rows * APART + self.seed
        return self.random.randint(1, self.rows) * APART

    def insert(self, cursor, table):
        note = "x" * self.random.choice([10, 100, 9000]) + str(self.random.random())
        cursor.execute(f"INSERT INTO {table} VALUES (%s, 1, %s, %s)", (self.new_id(), "näme", note))

    def update(self, cursor, table):
        cursor.execute(f"UPDATE {table} SET v = v + 1, name = concat('n', v) WHERE id = %s", (self.some_id(),))

    def delete(self, cursor, table):
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", (self.some_id(),))

    def move(self, cursor, table):
        cursor.execute(f"UPDATE {table} SET id = %s, v = v + 1 WHERE id = %s", (self.new_id(), self.some_id()))

    def finish(self):
        self.ending.set()
        self.join(60)
        if self.error:
            raise self.error


# ---- The verdict ------------------------------------------------------------------------------------------------

def _apply(state: Dict[int, dict], line: dict) -> None:
    op, key = line["op"], line["key"]["id"]
    if op == "d":
        state.pop(key, None)
        return
    row = dict(line["after"])
    if op == "u":
        old = line.get("before", {}).get("id", key)
        known = state.pop(old, None) if old != key else None
        for column in line.get("unchanged", []):
            known = known or state.get(key, {})
            if column in known:
                row[column] = known[column]
    state[key] = row


def fold(lines: Iterable[dict]) -> Dict[int, dict]:
    """The table, by the last word on each key."""
    state: Dict[int, dict] = {}
    for line in lines:
        _apply(state, line)
    return state


def fold_by_ord(lines: Iterable[dict]) -> Dict[int, dict]:
    """The table, by the highest `ord`; what came again is left out."""
    once = {line["id"]: line for line in lines}
    return fold(sorted(once.values(), key=lambda line: line["ord"]))


def stale(lines: Iterable[dict]) -> List[str]:
    """Rows that were read and are older than what was told before."""
    newest: Dict[int, int] = {}
    gone: set = set()
    found = []
    for line in lines:
        key = line["key"]["id"]
        if line["op"] == "r":
            if key in gone:
                found.append(f"read after it was gone: {key}, {line['id']}")
            elif line["after"]["v"] < newest.get(key, 0):
                found.append(f"read older than told before: {key}, {line['id']}")
        if line["op"] == "d":
            gone.add(key)
            continue
        old = line.get("before", {}).get("id", key) if line["op"] == "u" else key
        if old != key:
            gone.add(old)
        newest[key] = max(newest.get(key, 0), line["after"]["v"])
    return found


class Verdict:
    """All records of one table's topic, in their order."""

    def __init__(self, values: Iterable[bytes]):
        self.lines = [json.loads(v) for v in values]

    def problems(self, rows: List[tuple]) -> List[str]:
        """`rows` as the database has them: COLUMNS in order."""
        names = [c.split()[0] for c in COLUMNS.split(", ")]
        expected = {row[0]: dict(zip(names, row)) for row in rows}
        found = stale(self.lines)
        for how, folded in (("last record", fold(self.lines)), ("highest ord", fold_by_ord(self.lines))):
            found += [f"{how}: lost {i}" for i in expected.keys() - folded.keys()]
            found += [f"{how}: not in the table {i}" for i in folded.keys() - expected.keys()]
            found += [f"{how}: {i} is {expected[i]}, not {folded[i]}" for i in expected.keys() & folded.keys()
                      if expected[i] != folded[i]]
        return found

    def prove(self, rows: List[tuple]) -> None:
        """A row that is left out and a row that is read too late are noticed."""
        whole = self.lines
        told: Dict[int, int] = {}
        for line in whole:
            told[line["key"]["id"]] = told.get(line["key"]["id"], 0) + 1
        there = {row[0] for row in rows}
        only = next(n for n, line in enumerate(whole)
                    if line["op"] == "r" and told[line["key"]["id"]] == 1 and line["key"]["id"] in there)
        self.lines = whole[:only] + whole[only + 1:]
        assert len(self.problems(rows)) == 2
        read = {line["key"]["id"]: line for line in whole if line["op"] == "r"}
        late = next(line for line in reversed(whole) if line["op"] in "ud" and line["key"]["id"] in read)
        self.lines = [*whole, dict(read[late["key"]["id"]], id="planted")]
        assert any(p.startswith("read ") for p in self.problems(rows))
        self.lines = whole

    def figures(self) -> Tuple[int, int]:
        """How many rows were read, and how many of those again."""
        keys = [line["key"]["id"] for line in self.lines if line["op"] == "r"]
        return len(keys), len(keys) - len(set(keys))
