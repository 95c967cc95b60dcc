"""The snapshot part of the benchmark: the rows of one table, copied to /dev/null by the database's own tool (psql's
\\copy, mariadb-dump), and read by tailrace into its null sink and into a real Apache Kafka with lz4."""

import shutil
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import backlog  # noqa: E402  (beside this file)
from harness import procs  # noqa: E402
from harness.agent import binary  # noqa: E402
from harness.mysql import USER, Mysql  # noqa: E402
from harness.postgres import Postgres  # noqa: E402

POSTGRES = """
CREATE TABLE bench(
  id bigint PRIMARY KEY, account_id int NOT NULL, branch smallint NOT NULL, amount numeric(12,2) NOT NULL,
  balance double precision, flag boolean, name varchar(40), note text, created_at timestamptz, uid uuid);
INSERT INTO bench SELECT i, i * 7919 % 1000000, i % 1000, (i * 31 % 1000000) / 100.0, i * 0.37, i % 2 = 0, 'name-' || i,
  'note text for row ' || i || ' with a little padding......', '2024-01-01'::timestamptz + i * interval '1 ms',
  '00000000-0000-4000-8000-000000000000' FROM generate_series(1, {rows}::bigint) i;
VACUUM ANALYZE bench;
CHECKPOINT;
"""


def postgres(server, rows):
    """Fills it; the topic's second part and the command that copies."""
    for statement in POSTGRES.replace("{rows}", str(rows)).split(";\n"):
        if statement.strip():
            server.sql(statement)
    copy = ["psql", "-X", "-q", "-d", server.url(), "-c", "\\copy bench to '/dev/null'"]
    return server.url(), "public.bench", "\\copy", copy


def mysql(server, rows):
    server.connect(user=USER, password=server.password).close()
    backlog.load(server, rows)
    dump = shutil.which("mariadb-dump") or sys.exit("make bench compares with mariadb-dump: install mariadb-client")
    copy = [dump, "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", f"--port={server.port}", f"--user={USER}",
            f"--password={server.password}", "--ssl=OFF", "--single-transaction", "--quick", "--result-file=/dev/null",
            "bench", "bench"]
    return server.url("bench"), "bench.bench", "mariadb-dump", copy


def run(name, rows, rounds, kafka, peak_of, check_topic):
    kind, _, version = name.partition("-")
    server = Postgres(int(version), settings={"max_wal_size": "8GB"}) if kind == "postgres" else Mysql(
        name, settings={"max_binlog_size": "1G", "innodb_buffer_pool_size": "1G"})
    try:
        server.start()
        print(f"loading {rows} rows into {name} ...", flush=True)
        url, table, tool, copy = (postgres if kind == "postgres" else mysql)(server, rows)

        def agent(tag, *more):
            return [binary(), "run", "--source", url, "--name", tag, "--tables", table, "--snapshot", "only", "--encoding",
                    "change", *more]
        readers = {
            tool: lambda tag: copy,
            "tailrace null": lambda tag: agent(tag, "--sink.type", "null"),
            "tailrace kafka lz4": lambda tag: agent(tag, "--sink.type", "kafka", "--sink.brokers", kafka.bootstrap,
                                                    "--sink.kafka.compression.type", "lz4"),
        }
        results = {reader: [] for reader in readers}
        for number in range(rounds):
            for reader, command in readers.items():
                tag = reader.replace(" ", "_").strip("\\") + f"_{number}"
                if "kafka" in reader:
                    kafka.create_topic(f"{tag}.{table}", 1)
                results[reader].append(backlog.timed(command(tag), peak_of))
                if "kafka" in reader:
                    check_topic(kafka, f"{tag}.{table}", rows)
        show(name, rows, tool, {r: [statistics.median(c) for c in zip(*rs)] for r, rs in results.items()})
    finally:
        server.close()


def show(name, rows, tool, medians):
    print(f"\nsnapshot of {rows} rows, {name}\n{'':20} {'rows/s':>9} {'ratio':>6} {'us/row':>7} {'peak MiB':>8}")
    base = medians[tool][0]
    for reader, (wall, cpu, peak) in medians.items():
        print(f"{reader:20} {rows / wall:9.0f} {base / wall:6.2f} {cpu / rows * 1e6:7.2f} {peak:8.1f}", flush=True)
