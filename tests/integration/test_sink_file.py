"""stdout and file: whole records only, whatever happens to the reader, the disk or the process."""

import json
import subprocess
import time

import pytest

from harness import procs, schema

TABLE = "CREATE TABLE orders (id int PRIMARY KEY, note text)"


def insert(pg, first, last, note="x"):
    pg.sql("INSERT INTO orders SELECT i, %s FROM generate_series(%s, %s) i", (note, first, last))


def start_to_file(tailrace, pg, state_dir, path):
    return tailrace.start("run", "--source", pg.url(), "--tables", "public.*", "--name", "shop", "--state", state_dir,
                          "--sink.path", path)


def ids(path):
    """The ids of the rows in a file whose every line must be whole."""
    content = path.read_bytes()
    assert content == b"" or content.endswith(b"\n")
    return [json.loads(line)["after"]["id"] for line in content.splitlines()]


def wait_for_ids(path, expected, timeout=30):
    def there():
        content = path.read_bytes() if path.exists() else b""
        return content.endswith(b"\n") and set(expected) <= set(ids(path))
    procs.wait_until(there, timeout, f"{len(expected)} rows in {path}")


@pytest.fixture
def streaming(tailrace, pg_latest, state_dir, tmp_path):
    """An agent that writes the table `orders` to a file: (run, path)."""
    pg_latest.sql(TABLE)
    path = tmp_path / "out.jsonl"
    run = start_to_file(tailrace, pg_latest, state_dir, path)
    run.wait_for_log("streaming")
    return run, path


def test_a_torn_line_is_removed_and_comes_again(streaming, tailrace, pg_latest, state_dir):
    run, path = streaming
    insert(pg_latest, 1, 10)
    wait_for_ids(path, range(1, 11))
    run.kill()
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"v":1,"source":"shop","database":"sh')
    insert(pg_latest, 11, 20)
    run = start_to_file(tailrace, pg_latest, state_dir, path)
    wait_for_ids(path, range(1, 21))
    assert run.terminate() == 0
    assert "removed a torn record of 37 bytes" in run.log
    assert path.read_bytes().startswith(whole)


def test_two_agents_do_not_write_one_file(streaming, tailrace, pg_latest, tmp_path):
    run, path = streaming
    pg_latest.sql("CREATE TABLE others (id int PRIMARY KEY)")
    second = tailrace.run("run", "--source", pg_latest.url(), "--tables", "public.others", "--name", "second",
                          "--state", tmp_path / "state2", "--sink.path", path)
    assert second.code == 4
    assert str(path) in second.stderr and "{source}" in second.stderr
    assert run.terminate() == 0
    tailrace.run("drop", "--source", pg_latest.url(), "--name", "second", "--state", tmp_path / "state2")


def confirmed(pg):
    return pg.value("SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = 'tailrace_shop'")


def set_file_limit(run, size):
    subprocess.run(["prlimit", "--pid", str(run.pid), f"--fsize={size}:unlimited"], check=True)


def test_a_full_disk_is_waited_for(streaming, pg_latest):
    run, path = streaming
    insert(pg_latest, 1, 5)
    wait_for_ids(path, range(1, 6))
    limit = path.stat().st_size + 100  # in the middle of the next record
    set_file_limit(run, limit)
    insert(pg_latest, 6, 10, "y" * 200)
    run.wait_for_log("no room for output")
    # What was written before is checkpointed and acknowledged meanwhile.
    before = procs.wait_until_settled(lambda: confirmed(pg_latest), "what is acknowledged")
    insert(pg_latest, 11, 15)
    time.sleep(1)
    assert path.stat().st_size == limit
    assert confirmed(pg_latest) == before
    set_file_limit(run, "unlimited")
    wait_for_ids(path, range(1, 16))
    assert ids(path) == list(range(1, 16))  # nothing twice, nothing torn
    run.wait_for_log("there is room again")
    assert run.log.count("no room for output") == 1
    assert run.terminate() == 0


def test_a_delimited_file_is_repaired_too(tailrace, pg_latest, state_dir, tmp_path):
    message = schema.load("tailrace/v1/change.proto").RowChange
    path = tmp_path / "out.bin"
    pg_latest.sql(TABLE)

    def start():
        return tailrace.start("run", "--source", pg_latest.url(), "--tables", "public.*", "--name", "shop", "--state",
                              state_dir, "--sink.path", path, "--encoding", "change")

    def records():
        """The ids of the records and how many bytes behind the last whole one."""
        content, at, found = path.read_bytes(), 0, []
        while at < len(content):
            length, shift, start_of = 0, 0, at
            while at < len(content):
                byte, at = content[at], at + 1
                length |= (byte & 0x7f) << shift
                shift += 7
                if byte < 0x80:
                    break
            if at + length > len(content):
                return found, len(content) - start_of
            found.append(int(message.FromString(content[at:at + length]).after[0].value.int_value))
            at += length
        return found, 0

    run = start()
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 10, "z" * 300)
    procs.wait_until(lambda: path.exists() and records() == (list(range(1, 11)), 0), 30, "ten records")
    run.kill()
    with open(path, "r+b") as f:
        f.truncate(path.stat().st_size - 7)
    insert(pg_latest, 11, 12)
    run = start()
    procs.wait_until(lambda: {11, 12} <= set(records()[0]), 30, "two more records")
    assert run.terminate() == 0
    found, torn = records()
    assert torn == 0 and found[:9] == list(range(1, 10))
    assert "removed a torn record" in run.log


def start_into(tailrace, pg, into, *more):
    run = tailrace.start("run", "--source", pg.url(), "--tables", "public.*", *more, into=into)
    run.wait_for_log("streaming")
    return run


def test_a_closed_pipe_is_a_quiet_exit(tailrace, pg_latest):
    pg_latest.sql(TABLE)
    run = start_into(tailrace, pg_latest, subprocess.PIPE)
    insert(pg_latest, 1, 3)
    assert json.loads(run.process.stdout.readline())["after"]["id"] == 1
    run.process.stdout.close()  # noticed without another row
    assert run.wait(20) == 1
    assert "level=error" not in run.log and "tailrace:" not in run.log


def test_a_slow_reader_gets_everything(tailrace, pg_latest):
    pg_latest.sql(TABLE)
    run = start_into(tailrace, pg_latest, subprocess.PIPE)
    insert(pg_latest, 1, 20000, "n" * 100)  # far more than a pipe holds
    time.sleep(1)
    got = [json.loads(run.process.stdout.readline())["after"]["id"] for _ in range(20000)]
    assert run.terminate(20) == 0
    assert got == list(range(1, 20001))


def test_a_full_device_is_waited_for(tailrace, pg_latest):
    pg_latest.sql(TABLE)
    with open("/dev/full", "wb") as full:
        run = start_into(tailrace, pg_latest, full, "--grace", "1s")
    insert(pg_latest, 1, 3)
    run.wait_for_log("no room for output")
    assert run.running
    assert run.terminate(20) in (0, 1)
