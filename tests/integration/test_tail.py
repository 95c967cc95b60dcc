"""`tailrace tail`: topics, files and standard input, in every encoding, for people, as JSON, and folded."""

import json
import os
import pty
import signal
import subprocess
import time

import pytest
from confluent_kafka import Producer

from harness import agent, sanitizers, schema

change_pb = schema.load("tailrace/v1/change.proto")
customer_pb = schema.load("tailrace/customer/v1/customer.proto")

TIME = 1795435200123456  # 2026-11-23T12:00:00.123456Z


def tail(*args, stdin=b"", env=None, timeout=60):
    """Runs `tailrace tail` with bytes on standard input; (code, stdout, stderr) as bytes."""
    p = subprocess.run([str(agent.binary()), "tail", *map(str, args)], input=stdin, timeout=timeout,
                       env=dict(os.environ, **sanitizers.OPTIONS, **(env or {})),
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert not agent.SANITIZER_REPORT.search(p.stderr.decode(errors="replace")), p.stderr.decode(errors="replace")
    return p.returncode, p.stdout, p.stderr


def ord_of(number: int, sub: int = 0) -> bytes:
    return number.to_bytes(22, "big") + sub.to_bytes(2, "big")


def value(**kind) -> "change_pb.Value":
    return change_pb.Value(**kind)


def column(name: str, type_name: str, v) -> "change_pb.Column":
    return change_pb.Column(name=name, type=type_name, value=v)


def row(number: int, op=change_pb.OP_CREATE, **lists) -> "change_pb.RowChange":
    r = change_pb.RowChange(version=1, source="shop", database="shop", schema="public", table="orders", op=op,
                            id=f"1:{number}", ord=ord_of(number), tx="734", pos="0/1A2B3C", commit_us=TIME)
    r.key.append(column("id", "bigint", value(int_value=number)))
    for name, columns in lists.items():
        getattr(r, name).extend(columns)
    return r


def customer(number: int, source: str = "crm", key: str = "1001", **members) -> "customer_pb.CustomerEvent":
    members.setdefault("operation", customer_pb.OPERATION_SET)
    members.setdefault("table", "public.customers")
    return customer_pb.CustomerEvent(id=f"{source}:{number}", version=1, ord=ord_of(number), source=source,
                                     pos="0/1", commit_us=TIME + number * 1000000, customer_key=key, **members)


def varint(n: int) -> bytes:
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def delimited(*messages) -> bytes:
    return b"".join(varint(m.ByteSize()) + m.SerializeToString() for m in messages)


def produce(kafka, topic: str, records, partitions: int = 1) -> None:
    """records: (key, value[, partition])."""
    if topic not in kafka.server.topics():
        kafka.create_topic(topic, partitions)
    p = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})
    for key, payload, *rest in records:
        p.produce(topic, payload, key, *rest)
    assert p.flush(30) == 0


EVERY_VALUE = [
    ("b", value(bool_value=True), True),
    ("i", value(int_value=-(1 << 63)), -(1 << 63)),
    ("ui", value(uint_value=(1 << 64) - 1), (1 << 64) - 1),
    ("f", value(float_value=0.5), 0.5),
    ("d", value(double_value=0.1), 0.1),
    ("nan", value(double_value=float("nan")), "NaN"),
    ("dec", value(decimal="12345678901234567890.10"), "12345678901234567890.10"),
    ("t", value(text="Zoë\n\"x\"\0".encode()), "Zoë\n\"x\"\0"),
    ("by", value(bytes_value=b"\0\xff"), "AP8="),
    ("da", value(date_days=20780), "2026-11-23"),
    ("ti", value(time_us=43200500000), "12:00:00.5"),
    ("ts", value(timestamp_us=TIME), "2026-11-23T12:00:00.123456"),
    ("tz", value(timestamptz_us=TIME), "2026-11-23T12:00:00.123456Z"),
    ("inf", value(timestamptz_text="infinity"), "infinity"),
    ("tt", value(timetz="12:00:00+02"), "12:00:00+02"),
    ("iv", value(interval="P1D"), "P1D"),
    ("u", value(uuid=bytes(range(16))), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
    ("j", value(json=b'{"a":\n[1.50]}'), {"a": [1.5]}),
    ("e", value(enum_label=b"open"), "open"),
    ("a", value(array=change_pb.Array(items=[value(array=change_pb.Array(items=[value(int_value=1)])),
                                             value(array=change_pb.Array(items=[value(missing=1)]))])), [[1], [None]]),
    ("ea", value(array=change_pb.Array()), []),
    ("at", value(array_text=b"[0:0]={1}"), "[0:0]={1}"),
    ("g", value(geometry=change_pb.Geometry(srid=4326, wkb=b"\1")), {"srid": 4326, "wkb": "AQ=="}),
    ("g0", value(geometry=change_pb.Geometry()), {"srid": 0, "wkb": ""}),
    ("o", value(other=b"(1,2)"), "(1,2)"),
    ("null", value(missing=change_pb.MISSING_NULL), None),
]


def test_every_value_of_a_foreign_writer(tmp_path):
    after = [column("id", "bigint", value(int_value=1))]
    after += [column(name, "x", v) for name, v, _ in EVERY_VALUE]
    after += [column("gone", "x", value(missing=change_pb.MISSING_UNCHANGED)),
              column("large", "x", value(missing=change_pb.MISSING_OMITTED)),
              column("secret", "x", value(missing=change_pb.MISSING_MASKED)),
              column("bad", "x", value(invalid=b"\xff")), column("nil", "x", value(json=b"null"))]
    path = tmp_path / "rows.bin"
    path.write_bytes(delimited(row(1, after=after)))
    code, out, err = tail("--json", path)
    assert (code, err) == (0, b"")
    line = json.loads(out)
    expected = {"id": 1, "nil": None, **{name: v for name, _, v in EVERY_VALUE}}
    assert line.pop("after") == expected
    assert line == {"v": 1, "source": "shop", "database": "shop", "schema": "public", "table": "orders", "op": "c",
                    "key": {"id": 1}, "unchanged": ["gone"], "omitted": ["large"],
                    "invalid": {"after": {"bad": {"base64": "/w=="}}}, "masked": ["secret"], "json_null": ["nil"],
                    "id": "1:1", "ord": ord_of(1).hex(), "tx": "734", "pos": "0/1A2B3C",
                    "ts": "2026-11-23T12:00:00.123456Z"}


def test_rows_for_people():
    rows = [
        row(1, after=[column("id", "bigint", value(int_value=1)), column("status", "text", value(text=b"open"))]),
        row(1, change_pb.OP_UPDATE,
            before=[column("id", "bigint", value(int_value=1)), column("status", "text", value(text=b"open")),
                    column("total", "numeric", value(decimal="1.00"))],
            after=[column("id", "bigint", value(int_value=1)), column("status", "text", value(text=b"paid")),
                   column("total", "numeric", value(decimal="1.00"))]),
        row(1, change_pb.OP_DELETE, before=[column("id", "bigint", value(int_value=1))]),
    ]
    code, out, _ = tail(stdin=delimited(*rows))
    assert code == 0
    assert out.decode().splitlines() == [
        "2026-11-23 12:00:00.123  shop.public.orders  insert  id=1  status=\"open\"",
        "2026-11-23 12:00:00.123  shop.public.orders  update  id=1  status=\"paid\" (was \"open\")",
        "2026-11-23 12:00:00.123  shop.public.orders  delete  id=1",
    ]


def test_json_lines_pass_as_they_are(tmp_path):
    lines = [b'{"v":1,"op":"c","after":{"n":12345678901234567890.50}}', b'{"something":"else"}']
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n\n".join(lines))  # no line break at the end, an empty line between
    code, out, _ = tail("--json", path)
    assert (code, out.splitlines()) == (0, lines)
    code, out, _ = tail(path)
    assert code == 0 and b"n=12345678901234567890.50" in out and b'{"something":"else"}' in out


def test_nothing_reaches_the_terminal_raw():
    nasty = "\x1b[31m\x07\x7f\x9b2J\u202e\u2066\r\n\x08evil"
    r = row(1, after=[column("id", "bigint", value(int_value=1)), column(nasty, "text", value(text=nasty.encode()))])
    r.table = nasty
    c = customer(2, source=nasty, key=nasty, profile=customer_pb.Profile(name=nasty))
    code, out, _ = tail(stdin=delimited(r, c))
    assert code == 0 and len(out.splitlines()) == 2
    _, folded, _ = tail("--fold", "k", stdin=delimited(customer(2, source=nasty, key="k",
                                                               profile=customer_pb.Profile(name=nasty))))
    for text in (out.decode(), folded.decode()):
        assert not [c for c in text if c != "\n" and (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066")]
        assert "evil" in text


def on_terminal(*args, env=None) -> str:
    main, other = pty.openpty()
    p = subprocess.Popen([str(agent.binary()), "tail", *map(str, args)], stdin=subprocess.DEVNULL, stdout=other,
                         env=dict({k: v for k, v in os.environ.items() if k != "NO_COLOR"}, **(env or {})))
    os.close(other)
    out = b""
    while True:
        try:
            data = os.read(main, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
    os.close(main)
    assert p.wait(30) == 0
    return out.decode()


def test_colours_only_on_a_terminal(tmp_path):
    path = tmp_path / "rows.bin"
    path.write_bytes(delimited(row(1, after=[column("t", "text", value(text="\x9b".encode()))])))
    assert "\033[32minsert" in on_terminal(path)
    assert "\033" not in on_terminal(path, env={"NO_COLOR": "1"})
    assert b"\033" not in tail(path)[1]
    shown = on_terminal("--json", path)
    assert "\x9b" not in shown and json.loads(shown)["after"] == {"t": "\x9b"}


@pytest.mark.parametrize("stdin", [
    b"\x05\x08\x01abc",                                    # a RowChange that is none
    delimited(row(1))[:-3],                                # the file ends inside
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",       # no length
    b"\x80\x80\x80\x80\x80\x01",                           # 32 GiB
    b"{\"v\":1,",                                          # half a line
    delimited(change_pb.RowChange(version=2, id="1", op=1, ord=ord_of(1))),
])
def test_what_is_not_understood_is_said(stdin):
    code, out, err = tail("--json", stdin=stdin)
    assert code == 5 and err.startswith(b"tailrace: standard input") and out == b""


def test_one_bad_record_does_not_hide_the_others():
    good = delimited(row(1))
    code, out, err = tail("--json", stdin=good + b"\x03\x08\x01\xff" + good)
    assert code == 5 and len(out.splitlines()) == 2 and b"record 2" in err


def test_usage():
    for args in (["--what"], ["-b", "x"], ["--from", "end"], ["-b", "x", "--from", "-0", "t"], ["--as", "xml"],
                 ["--count"], ["-b", "127.0.0.1:1", "-X", "no.such=1", "t"], ["/no/such/file"]):
        code, _, err = tail(*args)
        assert code == 2 and err.startswith(b"tailrace: "), args
    assert tail("--brokres", "x")[2].count(b"did you mean --brokers") == 1
    code, out, _ = tail("--help")
    assert code == 0 and b"--fold KEY" in out


def test_a_closed_pipe_is_quiet(tmp_path):
    path = tmp_path / "many.bin"
    path.write_bytes(delimited(*[row(n) for n in range(1, 2000)]) * 20)
    p = subprocess.Popen([str(agent.binary()), "tail", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert p.stdout.readline()
    p.stdout.close()
    assert p.wait(30) == 1 and p.stderr.read() == b""


# ---- Topics ----

def test_topics(kafka):
    topic = kafka.topic("orders")
    rows = [row(n, after=[column("id", "bigint", value(int_value=n))]) for n in range(1, 31)]
    produce(kafka, topic, [(f'{{"id":{n + 1}}}', r.SerializeToString(), n % 3) for n, r in enumerate(rows)], 3)
    produce(kafka, topic, [('{"id":1}', None, 0)])
    code, out, err = tail("-b", kafka.bootstrap, "-e", "--json", topic)
    assert (code, err) == (0, b"")
    seen = [json.loads(line)["after"]["id"] for line in out.splitlines()]
    assert sorted(seen) == list(range(1, 31))
    assert [n for n in seen if n % 3 == 1] == sorted(n for n in seen if n % 3 == 1)  # in order within a partition
    people = tail("-b", kafka.bootstrap, "--until", "end", topic)[1].decode().splitlines()
    assert len(people) == 31 and sum("tombstone" in line for line in people) == 1
    last = tail("-b", kafka.bootstrap, "-e", "--json", "--from", "-2", topic)[1].splitlines()
    assert sorted(json.loads(line)["after"]["id"] for line in last) == [26, 27, 28, 29, 30]  # the tombstone is the 6th
    assert len(tail("-b", kafka.bootstrap, "-n", "4", "--json", topic)[1].splitlines()) == 4
    assert tail("-b", kafka.bootstrap, "-e", "--from", "end", topic) == (0, b"", b"")


def test_topics_are_followed(kafka, tailrace):
    topic = kafka.topic("followed")
    kafka.create_topic(topic, 2)
    run = tailrace.start("tail", "-b", kafka.bootstrap, "--from", "end", "--json", topic)
    number = 0

    def seen():
        nonlocal number  # until the first arrives: reading from the end begins at some moment we do not know
        number += 1
        produce(kafka, topic, [("k", row(number).SerializeToString(), number % 2)])
        return run.lines()
    deadline = time.monotonic() + 30
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    before = len(run.lines())
    produce(kafka, topic, [("k", json.dumps({"op": "c", "n": n}), 1) for n in range(5)])
    lines = run.wait_for_lines(5, where=lambda line: "n" in line)
    assert [line["n"] for line in lines] == list(range(5))
    assert before >= 1 and run.running
    run.signal(signal.SIGTERM)
    assert run.wait() == -signal.SIGTERM


def test_what_is_wrong_with_a_topic(kafka):
    code, _, err = tail("-b", kafka.bootstrap, "-e", kafka.topic("missing"))
    assert code == 2 and b"there is no topic" in err
    code, _, err = tail("-b", "127.0.0.1:1", "-e", "t")
    assert code == 1 and b"no Kafka broker answers" in err and b"Connection refused" in err


def test_uncommitted_transactions_are_not_shown(kafka):
    topic = kafka.topic("transactions")
    kafka.create_topic(topic)
    p = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": topic})
    p.init_transactions(30)
    for number, end in ((1, p.commit_transaction), (2, p.abort_transaction)):
        p.begin_transaction()
        p.produce(topic, row(number).SerializeToString(), "k")
        p.flush(30)
        end(30)
    code, out, _ = tail("-b", kafka.bootstrap, "-e", "--json", topic)  # the last offset is a marker: it still ends
    assert code == 0 and [json.loads(line)["id"] for line in out.splitlines()] == ["1:1"]


# ---- Fold ----

CRM, SHOP = "crm", "shop"


def story():
    """A customer of two systems, with replays, a removed order and another customer in between."""
    both = dict(truth=[CRM, SHOP])
    return [
        customer(1, SHOP, profile=customer_pb.Profile(name="A. Huber", email="a@shop.example"), **both),
        customer(1, CRM, profile=customer_pb.Profile(name="Anna Huber"), null_fields=["phone"], **both),
        customer(2, CRM, key="1002", profile=customer_pb.Profile(name="Somebody Else"), **both),
        customer(2, SHOP, item_id="A1", purchase=customer_pb.Purchase(total="12.50", item_count=2, paid=False)),
        customer(3, SHOP, item_id="A2", purchase=customer_pb.Purchase(total="7.00")),
        customer(4, SHOP, item_id="A1", purchase=customer_pb.Purchase(total="12.50", item_count=2, paid=True)),
        customer(2, SHOP, item_id="A1", purchase=customer_pb.Purchase(total="12.50", item_count=2, paid=False)),
        customer(5, SHOP, item_id="A2", operation=customer_pb.OPERATION_REMOVE, purchase=customer_pb.Purchase()),
        customer(6, SHOP, attributes=customer_pb.Attributes(values={"tags": value(json=b'["vip"]')})),
        customer(1, SHOP, profile=customer_pb.Profile(name="A. Huber", email="a@shop.example"), **both),
    ]


def check_story(out: bytes) -> None:
    state = json.loads(out)
    assert state["key"] == "1001" and state["entity"] == "customer" and state["replays"] == 2
    parts = state["parts"]
    assert {k: v.get("value") for k, v in parts["profile"].items()} == {
        "name": "Anna Huber", "email": "a@shop.example", "phone": None}
    assert parts["profile"]["name"]["source"] == CRM and parts["profile"]["email"]["source"] == SHOP
    assert [(other["source"], other["value"]) for other in parts["profile"]["name"]["others"]] == [(SHOP, "A. Huber")]
    assert "others" not in parts["profile"]["email"]  # the CRM says nothing about it
    assert parts["profile"]["email"]["ts"] == "2026-11-23T12:00:01.123456Z"
    assert parts["profile"]["phone"]["state"] == "null"
    assert set(parts["purchase"]) == {"A1"}
    assert {k: v["value"] for k, v in parts["purchase"]["A1"].items()} == {
        "total": "12.50", "item_count": 2, "paid": True}
    assert parts["attributes"]["tags"]["value"] == ["vip"]


def test_fold_of_a_file():
    code, out, err = tail("--fold", "1001", "--json", stdin=delimited(*story()))
    assert (code, err) == (0, b"")
    check_story(out)
    page = tail("--fold", "1001", stdin=delimited(*story()))[1].decode()
    assert page.startswith("customer 1001\n  profile\n")
    lines = [line.split() for line in page.splitlines()]
    name = next(i for i, words in enumerate(lines) if words[0] == "name")
    assert lines[name][1:4] == ['"Anna', 'Huber"', "crm"]
    assert lines[name + 1][:5] == ["not", "believed", '"A.', 'Huber"', "shop"]
    assert page.count("not believed") == 1 and "A2" not in page


def test_fold_of_json_lines():
    lines = tail("--json", stdin=delimited(*story()))[1]
    code, out, _ = tail("--fold", "1001", "--json", stdin=lines)
    assert code == 0
    check_story(out)


def test_fold_of_a_topic(kafka):
    topic = kafka.topic("customer")
    records = [(c.customer_key, c.SerializeToString(), 1) for c in story()]
    clear = customer(9, SHOP, key="", operation=customer_pb.OPERATION_CLEAR, purchase=customer_pb.Purchase(),
                     table="public.customers").SerializeToString()
    produce(kafka, topic, records + [(None, clear, 0)], 2)  # the copy of the other partition does not count
    code, out, err = tail("-b", kafka.bootstrap, topic, "--fold", "1001", "--json")
    assert (code, err) == (0, b"")
    check_story(out)
    produce(kafka, topic, [(None, clear, 1)])
    parts = json.loads(tail("-b", kafka.bootstrap, topic, "--fold", "1001", "--json")[1])["parts"]
    assert "purchase" not in parts and "profile" in parts
    code, out, err = tail("-b", kafka.bootstrap, topic, "--fold", "9999")
    assert code == 1 and out == b"" and b"9999" in err
