"""SIGHUP: the configuration is read again, and what it changes takes effect where the stream stands."""

import json
import signal


def config_of(pg, tmp_path, tables, **more):
    return {"sources": {"shop": dict({"url": pg.url(), "tables": tables, "snapshot": "never"}, **more)},
            "state": str(tmp_path / "state"), "encoding": "json", "sink": {"type": "file", "path": str(tmp_path / "out")}}


def rows(tmp_path):
    path = tmp_path / "out"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(line["table"], line["after"]["id"]) for line in map(json.loads, lines)]


def wait_for_rows(run, tmp_path, expected):
    run._wait(lambda: rows(tmp_path) == expected, 30, f"{expected} in the file")


def test_a_table_is_added_while_it_runs(pg_latest, tailrace, tmp_path):
    for table in ("a", "b"):
        pg_latest.sql(f"CREATE TABLE {table} (id int PRIMARY KEY)")
    run = tailrace.start("run", tailrace.config(config_of(pg_latest, tmp_path, ["public.a"])))
    run.wait_for_log("streaming")
    pg_latest.sql("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)")
    wait_for_rows(run, tmp_path, [("a", 1)])

    tailrace.config(config_of(pg_latest, tmp_path, ["public.a", "public.b"]))
    run.signal(signal.SIGHUP)
    run.wait_for_log("streaming", count=2)
    pg_latest.sql("INSERT INTO a VALUES (2); INSERT INTO b VALUES (2)")
    wait_for_rows(run, tmp_path, [("a", 1), ("a", 2), ("b", 2)])
    assert run.terminate() == 0


def test_a_wrong_configuration_changes_nothing(pg_latest, tailrace, tmp_path):
    pg_latest.sql("CREATE TABLE a (id int PRIMARY KEY)")
    run = tailrace.start("run", tailrace.config(config_of(pg_latest, tmp_path, ["public.a"])))
    run.wait_for_log("streaming")
    for wrong, text in ((dict(tabels=["public.b"]), "tabels"), (None, "state directory is .*/state and stays")):
        config = config_of(pg_latest, tmp_path, ["public.a"], **(wrong or {}))
        if wrong is None:
            config["state"] = str(tmp_path / "elsewhere")
        tailrace.config(config)
        run.signal(signal.SIGHUP)
        run.wait_for_log(f"not read again, everything goes on as before.*{text}")
    pg_latest.sql("INSERT INTO a VALUES (1)")
    wait_for_rows(run, tmp_path, [("a", 1)])
    assert run.log.count("streaming") == 1
    assert run.terminate() == 0


def test_without_a_file_there_is_nothing_to_read(pg_latest, tailrace, tmp_path):
    pg_latest.sql("CREATE TABLE a (id int PRIMARY KEY)")
    run = tailrace.start("run", "--source", pg_latest.url(), "--tables", "public.a", "--state", tmp_path / "state")
    run.wait_for_log("streaming")
    run.signal(signal.SIGHUP)
    run.wait_for_log("there is no file to read again")
    assert run.terminate() == 0
