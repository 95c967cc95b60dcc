"""Rows written all the time while the agent is killed, the log rotated and the server restarted: folded by key, the
stream is the table."""

import random
import threading
import time

import pymysql
import pytest

from test_mysql_source import VARIANTS, Shop, shop  # noqa: F401  (fixtures)

SECONDS = 20


class Writer(threading.Thread):
    """Small transactions at random, some rolled back, over as many connections as it takes."""

    def __init__(self, server, seed):
        super().__init__(daemon=True)
        self.server = server
        self.random = random.Random(seed)
        self.stop = threading.Event()
        self.transactions = 0
        self.failure = None

    def run(self):
        while not self.stop.is_set():
            try:
                connection = self.server.connect("shop", autocommit=False)
                while not self.stop.is_set():
                    self.transaction(connection)
            except pymysql.err.Error:
                time.sleep(0.1)  # the server is restarting
            except Exception as e:  # noqa: BLE001  (told to the test)
                self.failure = e
                return

    def transaction(self, connection):
        with connection.cursor() as cursor:
            for _ in range(self.random.randint(1, 8)):
                key, value = self.random.randint(1, 200), f"v{self.random.randint(0, 10**9)}"
                cursor.execute(self.random.choice([
                    "REPLACE INTO t VALUES (%(k)s, %(v)s)", "UPDATE t SET v = %(v)s WHERE id = %(k)s",
                    "DELETE FROM t WHERE id = %(k)s", "UPDATE t SET id = id + 1000 WHERE id = %(k)s",
                    "DELETE FROM t WHERE id = %(k)s + 1000",
                ]), {"k": key, "v": value})
        connection.rollback() if self.random.random() < 0.1 else connection.commit()
        self.transactions += 1


def fold(lines):
    """The last state by key. Repeats carry the same id, and change nothing that came later."""
    rows, newest = {}, ""
    for line in lines:
        if line["ord"] <= newest:
            continue
        newest = line["ord"]
        old = (line.get("before") or line.get("key") or {}).get("id")
        if line["op"] in "ud":
            rows.pop(old, None)
        if line["op"] in "cu":
            rows[line["after"]["id"]] = line["after"]["v"]
    return rows


@pytest.mark.timeout(240)
@pytest.mark.parametrize("shop", [*VARIANTS, "mariadb-11.4"], indirect=True)
def test_the_folded_stream_is_the_table(shop):  # noqa: F811
    shop.to_end()
    writer = Writer(shop.server, seed=7)
    writer.start()
    chance = random.Random(11)
    lines, end, restarts = [], time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        run = shop.durable()
        time.sleep(chance.uniform(0.5, 2.5))
        if chance.random() < 0.5:
            shop.server.rotate()
        if restarts < 2 and time.monotonic() > end - SECONDS * (2 - restarts) / 3:
            shop.server.restart()
            restarts += 1
        time.sleep(chance.uniform(0, 1))
        run.kill()
        lines += run.lines()
    writer.stop.set()
    writer.join(30)
    assert writer.failure is None and writer.transactions > 100
    lines += shop.to_end()
    assert fold(lines) == dict(shop.server.sql("SELECT id, v FROM shop.t"))
    first = {}
    for line in lines:
        assert first.setdefault(line["id"], line) == line  # what is repeated is the same
