"""Runs the demo: see ../demo, which installs and builds what this needs."""

import argparse
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from company import CUSTOMER, STORY, TRICKLE, Company  # noqa: E402  (the path comes first)
from harness import procs  # noqa: E402
from harness.agent import binary  # noqa: E402
from harness.kafka import Kafka  # noqa: E402
from harness.mysql import Mysql  # noqa: E402
from harness.postgres import Postgres  # noqa: E402

CUSTOMERS = 20_000
MARIADB = "mariadb-11.4"


def say(text=""):
    print(text, flush=True)


def title(text):
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    say(f"\n{bold}== {text}{plain}")


class Trickle(threading.Thread):
    """A few changes a second in all three systems."""

    def __init__(self, company):
        super().__init__(daemon=True)
        self.connections = {system: company.connect(system) for system in TRICKLE}
        self.ending = threading.Event()

    def execute(self, system, statement):
        with self.connections[system].cursor() as cursor:
            cursor.execute(statement)

    def run(self):
        chance = random.Random(7)
        self.ending.wait(1)
        for system, statement in STORY:
            self.execute(system, statement)
        while not self.ending.wait(0.4):
            system = chance.choice(list(TRICKLE))
            customer = chance.randint(1, 50)
            self.execute(system, chance.choice(TRICKLE[system]).format(
                c=f"C{customer:06d}", k=f"{customer:06d}", o=chance.randint(1, CUSTOMERS // 2),
                r=chance.randint(1000, 99999)))

    def finish(self):
        self.ending.set()
        self.join()


class Demo:
    def __init__(self):
        self.servers = []
        self.agent = None
        self.directory = procs.subdir("demo")

    def start_servers(self):
        title("Starting a PostgreSQL, a MariaDB and a Kafka of our own, on loopback")
        for make in (lambda: Postgres(18), lambda: Mysql(MARIADB), Kafka):
            self.servers.append(make())
            self.servers[-1].start()
        postgres, mariadb, self.kafka = self.servers
        self.company = Company(postgres, mariadb)
        self.company.create()
        for system in ("shop", "crm", "erp"):
            say(f"{system:<6} {self.company.url(system)}")
        say(f"kafka  {self.kafka.bootstrap}")

    def start_agent(self):
        config = self.company.config(self.directory, self.kafka.bootstrap)
        path = self.directory / "tailrace.yaml"
        path.write_text(config)
        title("The configuration: three databases, one stream of customers")
        say(config.rstrip())
        self.log = self.directory / "tailrace.log"
        with open(self.log, "wb") as log:
            self.agent = subprocess.Popen([str(binary()), "run", str(path)], stderr=log)
        procs.wait_until(self.streaming, 60, "tailrace streaming")

    def streaming(self):
        text = self.log.read_text()
        if self.agent.poll() is not None:
            sys.exit(f"tailrace ended with {self.agent.returncode}:\n{text}")
        return text.count('msg=streaming') + text.count('msg="streaming"') >= len(TRICKLE)

    def load(self):
        title(f"Loading {CUSTOMERS} customers into each of the three, before Tailrace is there")
        began = time.monotonic()
        self.company.load(CUSTOMERS)
        say(f"{time.monotonic() - began:.1f} s")

    def read_what_is_there(self):
        """Tailrace's snapshot of the three, as its topic shows it."""
        title("Tailrace reads the rows that are there, beside the stream")
        expected, began, said = self.company.events(CUSTOMERS), time.monotonic(), [0.0]

        def progress():
            self.streaming()
            found, now = sum(self.kafka.end_offsets("customer").values()), time.monotonic()
            if found >= expected or now - said[0] >= 0.5:
                said[0] = now
                say(f"{found:7} of {expected} events, {100 * found // expected:3} %, {now - began:4.1f} s")
            return found >= expected
        procs.wait_until(progress, 180, f"{expected} customer events", 0.05)
        self.company.invoice(CUSTOMERS)
        expected += (CUSTOMERS + 1) // 2
        procs.wait_until(lambda: sum(self.kafka.end_offsets("customer").values()) >= expected, 120, "the open items", 0.05)
        say("The ERP's open items have no key, so they are not read; they came just now, by its log.")

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
        self.tail("--fold", CUSTOMER, "customer")
        title("Live: a few changes a second" + (" (Ctrl-C ends the demo)" if seconds is None else ""))
        trickle = Trickle(self.company)
        trickle.start()
        try:
            self.tail("--from", "end", "customer", seconds=seconds)
        except KeyboardInterrupt:
            say()
        trickle.finish()
        title("The same customer now")
        self.tail("--fold", CUSTOMER, "customer")

    def close(self):
        if self.agent and self.agent.poll() is None:
            self.agent.terminate()
            self.agent.wait(30)
        for server in self.servers:
            server.close()


def what_next():
    title("What to try next")
    say("""Your own database, changes as JSON lines, nothing left behind (PostgreSQL 14 to 18 with
wal_level = logical; MySQL 8 and later, MariaDB 10.5 and later as docs/mysql.md says):
  build/tailrace run --source postgresql://USER@HOST/DATABASE --tables 'public.*'
  build/tailrace run --source mysql://USER@HOST/DATABASE
Into your Kafka, resumable:
  build/tailrace run --source postgresql://USER@HOST/DATABASE --tables 'public.*' --state ./state \\
      --sink.type kafka --sink.brokers HOST:9092
Servers to play with:   tests/servers up postgres-18 mariadb-11.4 kafka
All options:            docs/reference.md, or build/tailrace run --help
How to map a customer:  docs/entities.md; what old columns really hold: docs/legacy.md
Everything the demo started is stopped; deploy/demo runs it again.""")


def main():
    parser = argparse.ArgumentParser(prog="deploy/demo")
    parser.add_argument("--seconds", type=float, help="how long the live part runs")
    options = parser.parse_args()
    seconds = options.seconds or (None if sys.stdout.isatty() else 10)
    demo = Demo()
    try:
        demo.start_servers()
        demo.load()
        demo.start_agent()
        demo.read_what_is_there()
        demo.show(seconds)
    except KeyboardInterrupt:
        say()
    finally:
        demo.close()
    what_next()


if __name__ == "__main__":
    main()
