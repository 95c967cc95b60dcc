"""What lies in contrib/ works as its texts say."""

import json
import os
import subprocess
import sys

from harness.fetch import ROOT


def test_fold_rows_shows_the_table(pg_latest, kafka, tailrace, tmp_path):
    pg_latest.sql("CREATE TABLE t (id int PRIMARY KEY, name text, v numeric)")
    kafka.create_topic(kafka.topic("public.t"), 3)
    arguments = ["run", "--source", pg_latest.url(), "--name", kafka.prefix, "--tables", "public.t", "--state",
                 tmp_path / "state", "--sink.type", "kafka", "--sink.brokers", kafka.bootstrap, "--until", "end"]
    assert tailrace.run(*arguments).code == 0
    pg_latest.sql("INSERT INTO t VALUES (99, 'before', 1)")
    pg_latest.sql("TRUNCATE t")
    pg_latest.sql("INSERT INTO t SELECT i, 'n' || i, i / 4.0 FROM generate_series(1, 20) i")
    pg_latest.sql("UPDATE t SET v = NULL WHERE id % 3 = 0")
    pg_latest.sql("UPDATE t SET id = id + 100 WHERE id % 5 = 0")
    pg_latest.sql("DELETE FROM t WHERE id = 7")
    assert tailrace.run(*arguments).code == 0
    subprocess.run(["protoc", f"-I{ROOT / 'schemas'}", f"--python_out={tmp_path}", "tailrace/v1/change.proto"], check=True)
    shown = subprocess.run([sys.executable, ROOT / "contrib/python/fold_rows.py", kafka.bootstrap,
                            kafka.topic("public.t")], check=True, capture_output=True, text=True, timeout=60,
                           env=dict(os.environ, PYTHONPATH=str(tmp_path)))
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    expected = [dict(zip(("id", "name", "v"), row)) for row in pg_latest.sql("SELECT id::text, name, v::text FROM t")]
    assert sorted(rows, key=str) == sorted(expected, key=str) and len(rows) == 19
