"""Customer events: what a consumer folds out of the stream is what the database holds."""

import random

import pytest

UNKNOWN = object()  # a large value that did not change and went along to another key

SCHEMA = """
    CREATE TABLE customers (no text PRIMARY KEY, name text, email text, doc text);
    ALTER TABLE customers ALTER doc SET STORAGE EXTERNAL;
    CREATE TABLE addresses (id int PRIMARY KEY, no character(4), city text, status text, doc text);
    ALTER TABLE addresses ALTER doc SET STORAGE EXTERNAL;
    ALTER TABLE addresses REPLICA IDENTITY FULL;
"""

MAPPINGS = [
    {"table": "shop.public.customers", "key": "no", "part": "profile",
     "fields": {"name": "name", "email": "email", "note": "doc", "kind": {"const": "person"}}},
    {"table": "shop.public.addresses", "key": "no", "part": "location", "item": "{id}", "rows": True,
     "when": "status = 'A' or status in ('B', 'C') and not city is null",
     "fields": {"city": "city", "line1": "doc"}},
]


def config(tailrace, pg, state_dir, mappings):
    return tailrace.config({
        "sources": {"shop": {"url": pg.url(), "tables": ["public.*"]}},
        "sink": {"type": "stdout"},
        "state": str(state_dir),
        "entities": {"customer": {"from": mappings}},
    })


class Writer:
    """Changes of every kind that can move a row between customers, or in and out of them."""

    def __init__(self, connection, seed):
        self.cursor = connection.cursor()
        self.random = random.Random(seed)

    def key(self):
        return f"C{self.random.randrange(12)}"

    def doc(self):
        return self.random.choice([None, "small", self.random.choice("xyz") * 3000])

    def step(self):
        r = self.random
        address = r.randrange(20)
        no = r.choice([None, "", self.key(), self.key(), self.key()])
        status = r.choice([None, "A", "B", "C", "D"])
        city = r.choice([None, "Bonn", "Köln"])
        sql, args = r.choice([
            ("INSERT INTO customers VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", (self.key(), city, status, self.doc())),
            ("UPDATE customers SET email = %s WHERE no = %s", (city, self.key())),
            ("UPDATE customers SET doc = %s WHERE no = %s", (self.doc(), self.key())),
            ("UPDATE customers c SET no = %s WHERE no = %s AND NOT EXISTS (SELECT FROM customers WHERE no = %s)",
             (renamed := self.key(), self.key(), renamed)),
            ("DELETE FROM customers WHERE no = %s", (self.key(),)),
            ("INSERT INTO addresses VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
             (address, no, city, status, self.doc())),
            ("UPDATE addresses SET no = %s WHERE id = %s", (no, address)),
            ("UPDATE addresses SET status = %s WHERE id = %s", (status, address)),
            ("UPDATE addresses SET city = %s, doc = %s WHERE id = %s", (city, self.doc(), address)),
            ("UPDATE addresses SET id = id + 100 WHERE id = %s AND NOT EXISTS (SELECT FROM addresses WHERE id = %s)",
             (address, address + 100)),
            ("DELETE FROM addresses WHERE id = %s", (address,)),
            ("DELETE FROM addresses WHERE id = %s", (address + 100,)),
        ])
        self.cursor.execute(sql, args)
        if r.random() < 0.003:
            self.cursor.execute("TRUNCATE addresses")


def fold(lines):
    """(part, key, item) → fields; as customer.proto tells a consumer to."""
    state = {}
    for line in lines:
        if "entity" not in line:
            continue
        at = (line["part"], line.get("key"), line.get("item"))
        if line["action"] == "clear":
            state = {k: v for k, v in state.items() if k[0] != line["part"]}
        elif line["action"] == "remove":
            del state[at]  # there must be one
        else:
            before = state.get(at, {})
            fields = dict(line.get("fields", {}))
            fields.update({name: None for name in line.get("null", [])})
            fields.update({name: before.get(name, UNKNOWN) for name in line.get("unchanged", [])})
            known = {name for name in fields if before.get(name, UNKNOWN) is not UNKNOWN and fields[name] != before[name]}
            if line.get("changes_known"):
                assert known == set(line.get("changed", [])), line
            state[at] = fields
    return state


def expected(pg):
    state = {("profile", no, None): {"name": name, "email": email, "note": doc, "kind": "person"}
             for no, name, email, doc in pg.sql("SELECT * FROM customers")}
    for i, no, city, doc in pg.sql("SELECT id, no::text, city, doc FROM addresses WHERE no <> '' AND (status = 'A' OR "
                                   "status IN ('B', 'C') AND NOT city IS NULL)"):
        state["location", no, str(i)] = {"city": city, "line1": doc}
    return state


def compare(state, wanted):
    assert set(state) == set(wanted)
    unknown = 0
    for at, fields in wanted.items():
        assert set(state[at]) == set(fields)
        for name, value in fields.items():
            if state[at][name] is UNKNOWN:
                assert at[0] == "profile" and name == "note"  # FULL carries all
                unknown += 1
            else:
                assert state[at][name] == value, (at, name)
    return unknown


@pytest.mark.parametrize("seed", range(3))
def test_folded_state_equals_the_tables(pg, tailrace, state_dir, seed):
    pg.sql(SCHEMA)
    path = config(tailrace, pg, state_dir, MAPPINGS)
    lines = []
    assert tailrace.run("run", path, "--until", "end").code == 0
    with pg.connect() as connection:
        writer = Writer(connection, seed)
        for _ in range(3):
            for i in range(700):
                writer.step()
                if i % 7 == 0:
                    connection.commit()
            connection.commit()
            done = tailrace.run("run", path, "--until", "end")
            assert done.code == 0, done.stderr
            lines += done.lines
            compare(fold(lines), expected(pg))
    assert {line["table"] for line in lines if "entity" not in line} == {"addresses"}
    assert len({line["id"] for line in lines}) == len(lines)
    actions = {line["action"] for line in lines if "entity" in line}
    assert {"set", "remove"} <= actions


def test_refused_until_the_log_carries_the_key(pg, tailrace, state_dir):
    pg.sql(SCHEMA)
    pg.sql("ALTER TABLE addresses REPLICA IDENTITY DEFAULT")
    path = config(tailrace, pg, state_dir, MAPPINGS)
    refused = tailrace.run("run", path, "--until", "end")
    assert refused.code == 2
    cure = 'ALTER TABLE "public"."addresses" REPLICA IDENTITY FULL;'
    assert "customer.location from shop.public.addresses" in refused.stderr
    assert cure in refused.stderr.replace('\\"', '"')
    pg.sql(cure)
    assert tailrace.run("run", path, "--until", "end").code == 0


def test_quarantine_while_running(pg, tailrace, state_dir):
    pg.sql(SCHEMA)
    path = config(tailrace, pg, state_dir, MAPPINGS)
    run = tailrace.start("run", path)
    run.wait_for_log('msg="?streaming')
    pg.sql("INSERT INTO addresses VALUES (1, 'C1', 'Bonn', 'A')")
    run.wait_for_lines(1, where=lambda line: line.get("item") == "1")
    pg.sql("ALTER TABLE addresses RENAME status TO state")
    pg.sql("INSERT INTO addresses VALUES (2, 'C1', 'Bonn', 'A')")
    run.wait_for_log("the table has no column status: did you mean state.* in quarantine until then")
    pg.sql("INSERT INTO customers VALUES ('C1', 'Ann', NULL, NULL)")
    run.wait_for_lines(1, where=lambda line: line.get("part") == "profile")  # the others go on
    run.wait_for_lines(2, where=lambda line: line.get("table") == "addresses")  # and so do the rows
    pg.sql("ALTER TABLE addresses RENAME state TO status")
    pg.sql("INSERT INTO addresses VALUES (3, 'C1', 'Bonn', 'A')")
    run.wait_for_log("out of quarantine")
    run.wait_for_lines(1, where=lambda line: line.get("item") == "3")
    assert not [line for line in run.lines() if line.get("item") == "2"]
    assert run.terminate() == 0
