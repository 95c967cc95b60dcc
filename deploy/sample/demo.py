"""Runs the demo: see ../demo, which installs and builds what this needs."""

import argparse
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tests"))

from harness import procs  # noqa: E402  (the path comes first)
from harness.agent import binary  # noqa: E402
from harness.kafka import Kafka  # noqa: E402
from harness.postgres import Postgres  # noqa: E402

CUSTOMERS = 20_000
GIVEN = "Ada Bruno Chiara David Elif Farah Goran Hanna Ivo Jana Kofi Lena Mateo Nora Omar Pia Quentin Rosa Sami Tove"
FAMILY = "Almeida Berg Costa Dupont Eriksen Fischer Garcia Horvat Ito Jensen Kaya Lindqvist Moreau Novak Okafor Petrov"
CITIES = "Aarhus Basel Cork Dresden Espoo Firenze Gent Haarlem Innsbruck Jena Krakow Lyon Malaga Nantes Oporto Praha"

LOAD_SHOP = """
INSERT INTO customers (customer_no, full_name, email, phone, created_at)
SELECT 'C' || lpad(i::text, 6, '0'), g || ' ' || f, lower(g || '.' || f) || i || '@example.com',
       '+49 30 ' || (1000000 + i), now() - i * interval '1 minute'
FROM generate_series(1, %(n)s) i,
     LATERAL (SELECT (%(given)s)[1 + i %% 20] AS g, (%(family)s)[1 + i %% 16] AS f) names;
INSERT INTO addresses (customer_no, kind, street, postal_code, city, country)
SELECT 'C' || lpad(i::text, 6, '0'), 'delivery', 'Lindenstrasse ' || i %% 200, (10000 + i %% 80000)::text,
       (%(cities)s)[1 + i %% 16], 'DE'
FROM generate_series(1, %(n)s) i;
INSERT INTO orders (customer_no, total, status)
SELECT 'C' || lpad(i::text, 6, '0'), (i * 37 %% 50000) / 100.0, 'paid' FROM generate_series(1, %(n)s, 2) i;
"""
LOAD_CRM = """
INSERT INTO contacts (customer_no, display_name, segment, owner, credit_limit)
SELECT 'C' || lpad(i::text, 6, '0'), upper(f) || ', ' || g, (ARRAY['retail', 'wholesale', 'key account'])[1 + i %% 3],
       (ARRAY['north', 'south'])[1 + i %% 2], i %% 10 * 500
FROM generate_series(1, %(n)s) i,
     LATERAL (SELECT (%(given)s)[1 + i %% 20] AS g, (%(family)s)[1 + i %% 16] AS f) names;
INSERT INTO memberships (customer_no, programme, level, points)
SELECT 'C' || lpad(i::text, 6, '0'), 'bonus', 'silver', i %% 1000 FROM generate_series(1, %(n)s, 3) i;
"""
TRICKLE_SHOP = [
    "UPDATE customers SET phone = '+49 30 {r}' WHERE customer_no = '{c}'",
    "INSERT INTO orders (customer_no, total) VALUES ('{c}', {r} / 100.0)",
    "UPDATE orders SET status = 'shipped' WHERE order_no = {o}",
    "UPDATE addresses SET city = 'Wien', country = 'AT' WHERE customer_no = '{c}'",
]
TRICKLE_CRM = [
    "UPDATE contacts SET credit_limit = credit_limit + 250 WHERE customer_no = '{c}'",
    "UPDATE memberships SET points = points + 10 WHERE customer_no = '{c}'",
    "UPDATE contacts SET segment = 'key account' WHERE customer_no = '{c}'",
]


def say(text=""):
    print(text, flush=True)


def title(text):
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    say(f"\n{bold}== {text}{plain}")


class Trickle(threading.Thread):
    """A few changes a second in both databases."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.shop, self.crm = server.connect("shop"), server.connect("crm")
        self.ending = threading.Event()

    def run(self):
        chance = random.Random(7)
        self.ending.wait(1)
        self.crm.cursor().execute("UPDATE contacts SET credit_limit = 9000 WHERE customer_no = 'C000007'")
        self.shop.cursor().execute("INSERT INTO orders (customer_no, total) VALUES ('C000007', 149.90)")
        while not self.ending.wait(0.4):
            connection, statements = chance.choice([(self.shop, TRICKLE_SHOP), (self.crm, TRICKLE_CRM)])
            statement = chance.choice(statements).format(
                c=f"C{chance.randint(1, 50):06d}", o=chance.randint(1, CUSTOMERS // 2), r=chance.randint(1000, 99999))
            connection.cursor().execute(statement)

    def finish(self):
        self.ending.set()
        self.join()


class Demo:
    def __init__(self):
        self.server = Postgres(18)
        self.kafka = Kafka()
        self.agent = None
        self.directory = procs.subdir("demo")

    def start_servers(self):
        title("Starting a PostgreSQL and a Kafka of our own, on loopback")
        self.server.start()
        self.kafka.start()
        for name in ("shop", "crm"):
            self.server.create_database(name)
            self.server.sql((SAMPLE / f"{name}.sql").read_text(), database=name)
        say(f"shop   {self.server.url('shop')}\ncrm    {self.server.url('crm')}\nkafka  {self.kafka.bootstrap}")

    def start_agent(self):
        config = (SAMPLE / "tailrace.yaml").read_text()
        for name, value in {"shop_url": self.server.url("shop"), "crm_url": self.server.url("crm"),
                            "brokers": self.kafka.bootstrap, "state": self.directory / "state"}.items():
            config = config.replace("{{" + name + "}}", str(value))
        path = self.directory / "tailrace.yaml"
        path.write_text(config)
        title("The configuration: two databases, one stream of customers")
        say(config)
        self.log = self.directory / "tailrace.log"
        with open(self.log, "wb") as log:
            self.agent = subprocess.Popen([str(binary()), "run", str(path)], stderr=log)
        procs.wait_until(self.streaming, 60, "tailrace streaming")

    def streaming(self):
        text = self.log.read_text()
        if self.agent.poll() is not None:
            sys.exit(f"tailrace ended with {self.agent.returncode}:\n{text}")
        return text.count('msg=streaming') + text.count('msg="streaming"') >= 2

    def load(self):
        title(f"Loading {CUSTOMERS} customers into both")
        began = time.monotonic()
        arguments = {"n": CUSTOMERS, "given": GIVEN.split(), "family": FAMILY.split(), "cities": CITIES.split()}
        self.server.sql(LOAD_SHOP, arguments, "shop")
        self.server.sql(LOAD_CRM, arguments, "crm")
        loaded = time.monotonic()
        expected = CUSTOMERS * 3 + CUSTOMERS // 2 + CUSTOMERS + (CUSTOMERS + 2) // 3
        procs.wait_until(lambda: sum(self.kafka.end_offsets("customer").values()) >= expected, 120,
                         f"{expected} customer events", 0.05)
        say(f"{expected} events are in topic customer: {loaded - began:.1f} s to load the tables, "
            f"{time.monotonic() - loaded:.1f} s more until the last event was in Kafka.")

    def tail(self, *arguments, seconds=None):
        command = [str(binary()), "tail", "--brokers", self.kafka.bootstrap, *arguments]
        say("$ tailrace " + " ".join(command[1:]))
        process = subprocess.Popen(command)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()

    def show(self, seconds):
        title("One customer, folded out of the stream: who says what")
        self.tail("--fold", "C000007", "customer")
        title("Live: a few changes a second" + (" (Ctrl-C ends the demo)" if seconds is None else ""))
        trickle = Trickle(self.server)
        trickle.start()
        try:
            self.tail("--from", "end", "customer", seconds=seconds)
        except KeyboardInterrupt:
            say()
        trickle.finish()
        title("The same customer now")
        self.tail("--fold", "C000007", "customer")

    def close(self):
        if self.agent and self.agent.poll() is None:
            self.agent.terminate()
            self.agent.wait(30)
        self.server.close()
        self.kafka.close()


def what_next():
    title("What to try next")
    say("""Your own database (PostgreSQL 14 to 18 with wal_level = logical), changes as JSON lines, nothing left behind:
  build/tailrace run --source postgresql://USER@HOST/DATABASE --tables 'public.*'
Into your Kafka, resumable:
  build/tailrace run --source postgresql://USER@HOST/DATABASE --tables 'public.*' --state ./state \\
      --sink.type kafka --sink.brokers HOST:9092
Servers to play with:   tests/servers up postgres-18 kafka
All options:            docs/reference.md, or build/tailrace run --help
How to map a customer:  docs/entities.md
Everything the demo started is stopped; deploy/demo runs it again.""")


def main():
    parser = argparse.ArgumentParser(prog="deploy/demo")
    parser.add_argument("--seconds", type=float, help="how long the live part runs")
    options = parser.parse_args()
    seconds = options.seconds or (None if sys.stdout.isatty() else 10)
    demo = Demo()
    try:
        demo.start_servers()
        demo.start_agent()
        demo.load()
        demo.show(seconds)
    except KeyboardInterrupt:
        say()
    finally:
        demo.close()
    what_next()


if __name__ == "__main__":
    main()
