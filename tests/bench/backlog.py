"""The MySQL part of the benchmark: a backlog of rows in one server's binary log, read by binlog.c (which drops what it
reads), by tailrace into its null sink and by tailrace into a real Apache Kafka with lz4."""

import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from harness import procs  # noqa: E402
from harness.agent import binary  # noqa: E402
from harness.mysql import USER, Mysql  # noqa: E402

READER = ROOT / "build" / "bench" / "binlog"
PER_TRANSACTION = 100

TABLE = """
CREATE TABLE bench.bench(
  id bigint PRIMARY KEY, account_id int NOT NULL, branch smallint NOT NULL, amount decimal(12,2) NOT NULL, balance double,
  flag tinyint(1), name varchar(40), note text, created_at datetime(6), uid char(36))
"""
FILL = """
INSERT INTO bench WITH RECURSIVE s(i) AS (SELECT %s UNION ALL SELECT i + 1 FROM s WHERE i < %s)
SELECT i, i * 7919 %% 1000000, i %% 1000, (i * 31 %% 1000000) / 100, i * 0.37, i %% 2 = 0, concat('name-', i),
  concat('note text for row ', i, ' with a little padding......'), '2024-01-01' + INTERVAL i * 1000 MICROSECOND,
  '00000000-0000-4000-8000-000000000000' FROM s
"""


def load(server, rows):
    server.create_database("bench")
    server.sql(TABLE)
    file, begin = server.binlog_position()
    with server.connect("bench") as connection, connection.cursor() as cursor:
        for i in range(1, rows + 1, PER_TRANSACTION):
            cursor.execute(FILL, (i, min(i + PER_TRANSACTION - 1, rows)))
    last, end = server.binlog_position()
    if last != file:
        sys.exit(f"{rows} rows do not fit into one file of the log")
    return file, begin, end


def timed(argv, peak_of):
    """Runs a reader to its end: wall seconds, its CPU, its peak memory in MiB."""
    began, peak, ending = time.monotonic(), [0.0], threading.Event()
    process = subprocess.Popen([str(a) for a in argv], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def watch():
        while not ending.wait(0.02):
            peak[0] = max(peak[0], peak_of(process.pid) or 0.0)
    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    text = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    ending.set()
    watching.join()
    if status != 0:
        sys.exit(f"{argv[0]} ended with status {status}:\n{text.decode()[-3000:]}")
    return wall, usage.ru_utime + usage.ru_stime, peak[0]


def contenders(server, kafka, place, folder):
    file, begin, end = place

    def agent(topic, *more):
        state = folder / topic
        return [binary(), "run", "--source", server.url(), "--snapshot", "never", "--name", topic, "--tables", "bench.*",
                "--state", state, "--from",
                f"{file}:{begin}", "--encoding", "change", "--until", "end", *more]
    return {
        "raw reader": lambda name: [READER, "127.0.0.1", server.port, USER, server.password, file, begin, end],
        "tailrace null": lambda name: agent(name, "--sink.type", "null"),
        "tailrace kafka lz4": lambda name: agent(name, "--sink.type", "kafka", "--sink.brokers", kafka.bootstrap,
                                                 "--sink.kafka.compression.type", "lz4"),
    }


def run(flavour, rows, rounds, kafka, peak_of, check_topic):
    server = Mysql(flavour, settings={"max_binlog_size": "1G"})
    try:
        server.start()
        # A login over the socket is remembered by MySQL, so that the ones over TCP need no TLS.
        server.connect(user=USER, password=server.password).close()
        print(f"loading {rows} rows into {flavour} ...", flush=True)
        readers = contenders(server, kafka, load(server, rows), procs.subdir("bench-mysql"))
        results = {name: [] for name in readers}
        for number in range(rounds):
            for name, command in readers.items():
                tag = name.replace(" ", "_") + f"_{number}"
                if "kafka" in name:
                    kafka.create_topic(f"{tag}.bench.bench", 1)
                results[name].append(timed(command(tag), peak_of))
                if "kafka" in name:
                    check_topic(kafka, f"{tag}.bench.bench", rows)
        show(flavour, rows, {name: [statistics.median(c) for c in zip(*r)] for name, r in results.items()})
    finally:
        server.close()


def show(flavour, rows, medians):
    print(f"\n{flavour}, {rows} rows\n{'':20} {'rows/s':>9} {'ratio':>6} {'us/row':>7} {'peak MiB':>8}")
    base = medians["raw reader"][0]
    for name, (wall, cpu, peak) in medians.items():
        print(f"{name:20} {rows / wall:9.0f} {base / wall:6.2f} {cpu / rows * 1e6:7.2f} {peak:8.1f}", flush=True)
