"""`tailrace snapshot`: a running agent is asked to read tables again, how far it is, and to pause, go on and give up."""

import json
import subprocess


def config_of(database, tmp_path, snapshot="initial", **more):
    return {"sources": {"shop": dict({"url": database.url(), "tables": ["public.*"], "snapshot": snapshot}, **more)},
            "state": str(tmp_path / "state"), "encoding": "json", "sink": {"type": "file", "path": str(tmp_path / "out")}}


def read(tmp_path, table):
    """Ids that were read, in the order of the file."""
    path = tmp_path / "out"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line["after"]["id"] for line in lines if line["op"] == "r" and line["table"] == table]


def ask(tailrace, tmp_path, *arguments):
    return tailrace.run("snapshot", "--state", tmp_path / "state", *arguments)


def test_a_table_is_read_once_more(pg_latest, tailrace, tmp_path):
    pg_latest.sql("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 3)")
    pg_latest.sql("CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1)")
    run = tailrace.start("run", tailrace.config(config_of(pg_latest, tmp_path)))
    run.wait_for_log("snapshot taken")
    listed = ask(tailrace, tmp_path, "--list")
    assert listed.code == 0 and listed.stdout.splitlines() == ["public.a\tread\t3 rows", "public.b\tread\t1 rows"]

    assert ask(tailrace, tmp_path, "shop.public.a").stdout == "1 table(s)\n"
    run.wait_for_log("snapshot taken", count=2)
    run._wait(lambda: read(tmp_path, "a") == [1, 2, 3] * 2, 30, "the rows of a twice in the file")
    assert read(tmp_path, "b") == [1]
    assert run.terminate() == 0
    assert tailrace.run("run", tailrace.config(config_of(pg_latest, tmp_path)), "--until", "end").code == 0
    assert read(tmp_path, "a") == [1, 2, 3] * 2  # it is kept that this was done


def test_a_source_that_takes_no_snapshot_reads_what_it_is_asked_for(pg_latest, tailrace, tmp_path):
    for table in ("a", "b"):
        pg_latest.sql(f"CREATE TABLE {table} (id int PRIMARY KEY); INSERT INTO {table} VALUES (1)")
    run = tailrace.start("run", tailrace.config(config_of(pg_latest, tmp_path, "never")))
    run.wait_for_log("streaming")
    assert ask(tailrace, tmp_path, "shop.public.b").code == 0
    run._wait(lambda: read(tmp_path, "b") == [1], 30, "the row of b in the file")
    run.wait_for_log("snapshot taken")
    assert run.terminate() == 0
    assert tailrace.run("run", tailrace.config(config_of(pg_latest, tmp_path, "never")), "--until", "end").code == 0
    assert read(tmp_path, "a") == [] and read(tmp_path, "b") == [1]


def test_pause_resume_cancel(pg_latest, tailrace, tmp_path):
    pg_latest.sql("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 5000)")
    config = tailrace.config(config_of(pg_latest, tmp_path, snapshot_rate=500))
    run = tailrace.start("run", config)
    run._wait(lambda: read(tmp_path, "a"), 30, "a first row")
    assert ask(tailrace, tmp_path, "--pause", "shop").code == 0
    assert "\tpaused\t" in ask(tailrace, tmp_path, "--list", "shop").stdout
    # One chunk may have been under way; behind it nothing comes. The stream goes on meanwhile.
    pg_latest.sql("INSERT INTO a VALUES (5001)")
    run._wait(lambda: '"op":"c"' in (tmp_path / "out").read_text(), 30, "the insert in the file")
    before = ask(tailrace, tmp_path, "--list").stdout
    pg_latest.sql("INSERT INTO a VALUES (5002)")
    run._wait(lambda: (tmp_path / "out").read_text().count('"op":"c"') == 2, 30, "another insert in the file")
    assert ask(tailrace, tmp_path, "--list").stdout == before
    rows = len(read(tmp_path, "a"))
    assert rows < 5000
    assert ask(tailrace, tmp_path, "--resume", "shop.public.a").code == 0
    run._wait(lambda: len(read(tmp_path, "a")) > rows, 30, "more rows")
    again = ask(tailrace, tmp_path, "shop.public.a")
    assert again.code == 2 and "is being read already" in again.stderr
    assert ask(tailrace, tmp_path, "--cancel", "shop.public.a").code == 0
    run._wait(lambda: "\tnot read\t" in ask(tailrace, tmp_path, "--list").stdout, 30, "the end of it")
    assert run.terminate() == 0
    assert len(read(tmp_path, "a")) < 5000
    rows = len(read(tmp_path, "a"))
    assert tailrace.run("run", config, "--until", "end").code == 0
    assert len(read(tmp_path, "a")) == rows


def test_wrong_requests_change_nothing(pg_latest, tailrace, tmp_path):
    pg_latest.sql("CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)")
    pg_latest.sql("CREATE TABLE keyless (id int)")
    nobody = tailrace.run("snapshot", "--state", tmp_path, "shop.public.a")
    assert nobody.code == 2 and "no agent of shop runs" in nobody.stderr
    run = tailrace.start("run", tailrace.config(config_of(pg_latest, tmp_path)))
    run.wait_for_log("snapshot taken")
    for arguments, text in ((["shop.public.nowhere"], "table public.nowhere is not streamed"),
                            (["shop.public.a", "shop.public.keyless"], "table public.keyless cannot be read"),
                            (["--pause", "shop.public.nowhere"], "none of those that are read"),
                            (["shop.public.a", "crm.public.a"], "one source at a time"), ([], "which tables"),
                            (["--pause"], "--pause of what"), (["--where"], "unknown option --where")):
        wrong = ask(tailrace, tmp_path, *arguments)
        assert wrong.code == 2 and text in wrong.stderr, (arguments, wrong)
    assert read(tmp_path, "a") == [1]
    mode = subprocess.run(["stat", "-c", "%a", tmp_path / "state" / "shop.control"], capture_output=True, text=True)
    assert mode.stdout.strip() == "600"
    assert run.terminate() == 0
    assert not (tmp_path / "state" / "shop.control").exists()
