"""The Kafka sink on a real broker: topics, outages, refusals, rights."""

import ctypes
import json
import re
import shutil
import time

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource

from harness import procs, rows

TABLE = "CREATE TABLE orders (id int PRIMARY KEY, note text)"


def insert(pg, first, last, note="x"):
    pg.sql("INSERT INTO orders SELECT i, %s FROM generate_series(%s, %s) i", (note, first, last))


def arguments(pg, bootstrap, state_dir, source="shop", *more):
    return ["run", "--source", pg.url(), "--tables", "public.*", "--name", source, "--state", state_dir,
            "--sink.brokers", bootstrap, *more]


@pytest.fixture
def shop(tailrace, pg_latest, kafka, state_dir):
    """shop(*options) starts an agent on the table `orders`; its source is named by the test's topic prefix."""
    pg_latest.sql(TABLE)

    def start(*options):
        return tailrace.start(*arguments(pg_latest, kafka.bootstrap, state_dir, kafka.prefix, *options))
    start.topic = kafka.topic("public.orders")
    start.run = lambda *options: tailrace.run(*arguments(pg_latest, kafka.bootstrap, state_dir, kafka.prefix, *options))
    return start


def ids(records):
    return [int(c.columns["id"]) for c in rows.Log(records).changes]


def alter_topic(server, topic, **settings):
    """Replaces all settings of the topic: records are kept for ever, and these."""
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config={
        "retention.ms": "-1", **{k.replace("_", "."): v for k, v in settings.items()}})
    server.admin.alter_configs([resource])[resource].result(30)


# ---- Topics -----------------------------------------------------------------------------------------------------

def test_topics_are_created_for_ever(shop, pg_latest, kafka):
    run = shop("--sink.partitions", "3", "--sink.topic_config.segment.ms", "3600000")
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 3)
    kafka.wait_for_records(shop.topic, 3)
    config = kafka.server.topic_config(shop.topic)
    assert (config["retention.ms"], config["retention.bytes"], config["segment.ms"]) == ("-1", "-1", "3600000")
    assert kafka.topics() == {shop.topic: 3}
    assert run.terminate() == 0


def test_a_configured_retention_is_used(shop, pg_latest, kafka):
    run = shop("--sink.topic_config.retention.ms", "86400000")
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 1)
    kafka.wait_for_records(shop.topic, 1)
    assert kafka.server.topic_config(shop.topic)["retention.ms"] == "86400000"
    assert "forgets records" not in run.log


def test_a_topic_that_forgets_is_a_warning(shop, pg_latest, kafka):
    kafka.create_topic(shop.topic, 1)
    run = shop()
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 1)
    run.wait_for_log(rf"topic {shop.topic} forgets records \(retention.ms=604800000.*kafka-configs.sh")
    assert run.terminate() == 0


def test_a_missing_topic_may_be_refused(shop, pg_latest, kafka):
    run = shop("--sink.create_topics=false")
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 1)
    assert run.wait() == 2
    assert f"topic {shop.topic} does not exist" in run.log and "--create --topic" in run.log
    assert kafka.topics() == {}


def entity_config(tailrace, pg, kafka, state_dir, **sink):
    return tailrace.config({
        "sources": {kafka.prefix: {"url": pg.url(), "tables": ["public.*"]}},
        "sink": {"brokers": [kafka.bootstrap], **sink},
        "state": str(state_dir),
        "entities": {"customer": {"topic": kafka.topic("customer"), "from": [
            {"table": f"{kafka.prefix}.public.people", "key": "id", "part": "profile", "fields": {"name": "name"}}]}},
    })


def test_a_compacted_topic_is_refused_for_entities(tailrace, pg_latest, kafka, state_dir):
    pg_latest.sql("CREATE TABLE people (id int PRIMARY KEY, name text)")
    kafka.create_topic(kafka.topic("customer"), 1, {"cleanup.policy": "compact"})
    done = tailrace.run("run", entity_config(tailrace, pg_latest, kafka, state_dir))
    assert done.code == 2
    assert f"topic {kafka.topic('customer')} is compacted" in done.stderr
    assert "cleanup.policy=delete" in done.stderr


def test_compaction_is_not_configured_for_entities_either(tailrace, pg_latest, kafka, state_dir):
    pg_latest.sql("CREATE TABLE people (id int PRIMARY KEY, name text)")
    config = entity_config(tailrace, pg_latest, kafka, state_dir, topic_config={"cleanup.policy": "compact"})
    done = tailrace.run("run", config)
    assert done.code == 2 and "cleanup.policy=compact cannot be used" in done.stderr
    assert kafka.topic("customer") not in kafka.topics()


def test_a_truncate_into_a_compacted_topic(shop, pg_latest, kafka):
    """A compacted topic takes no record without a key."""
    pg_latest.sql("ALTER TABLE orders REPLICA IDENTITY FULL")
    kafka.create_topic(shop.topic, 2, {"retention.ms": "-1", "cleanup.policy": "compact"})
    run = shop("--sink.tombstones", "true")
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 4)
    pg_latest.sql("DELETE FROM orders WHERE id = 1; TRUNCATE orders")
    insert(pg_latest, 5, 5)
    records = kafka.wait_for_records(shop.topic, 9)
    assert run.terminate() == 0
    truncates = [r for r in records if r.key == b"{}"]
    assert sorted(r.partition for r in truncates) == [0, 1]
    assert all(json.loads(r.key) for r in records if r not in truncates)


def test_without_tombstones_a_truncate_into_a_compacted_topic_says_what_to_do(shop, pg_latest, kafka):
    pg_latest.sql("ALTER TABLE orders REPLICA IDENTITY FULL")
    kafka.create_topic(shop.topic, 1, {"retention.ms": "-1", "cleanup.policy": "compact"})
    run = shop()
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 1)
    pg_latest.sql("TRUNCATE orders")
    assert run.wait(timeout=30) in (1, 2)
    assert "sink.tombstones: true" in run.log


def test_new_partitions_are_noticed(shop, pg_latest, kafka):
    kafka.create_topic(shop.topic, 1, {"retention.ms": "-1"})
    run = shop("--sink.kafka.topic.metadata.refresh.interval.ms", "500")
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 10)
    kafka.wait_for_records(shop.topic, 10)
    kafka.server.add_partitions(shop.topic, 4)

    def growth():
        insert(pg_latest, growth.next, growth.next)
        growth.next += 1
        return "has 4 partitions now, had 1" in run.log
    growth.next = 11
    procs.wait_until(growth, 30, "the growth to be said", 0.2)
    insert(pg_latest, 1001, 1100)
    records = kafka.wait_for_records(shop.topic, growth.next - 1 + 100)
    assert {r.partition for r in records} == {0, 1, 2, 3}
    pg_latest.sql("TRUNCATE orders")
    records = kafka.wait_for_records(shop.topic, growth.next - 1 + 100 + 4)
    assert run.terminate() == 0
    truncates = [c for c in rows.Log(records).changes if not c.columns]
    assert sorted(c.partition for c in truncates) == [0, 1, 2, 3]


def test_a_topic_deleted_underneath_stops(shop, pg_latest, kafka):
    run = shop("--sink.kafka.topic.metadata.refresh.interval.ms", "500",
               "--sink.kafka.topic.metadata.propagation.max.ms", "3000")
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 10)
    kafka.wait_for_records(shop.topic, 10)
    kafka.server.delete_topic(shop.topic)
    time.sleep(2)
    insert(pg_latest, 11, 20)
    assert run.wait(60) == 2
    assert f"topic {shop.topic} is not there any more" in run.log
    assert kafka.topics() == {}
    run = shop()  # when that was meant: from where it stopped, in a new topic
    assert ids(kafka.wait_for_records(shop.topic, 10)) == list(range(11, 21))
    assert run.terminate() == 0


def test_two_sources_do_not_meet_in_a_topic(tailrace, pg_latest, kafka, state_dir):
    """Unless each of the tables is sent there by name. The other source goes on."""
    pg_latest.sql(TABLE)
    a, b, topic = kafka.prefix + "a", kafka.prefix + "b", kafka.topic("orders")
    config = {"sources": {s: {"url": pg_latest.url(), "tables": ["public.*"]} for s in (a, b)},
              "sink": {"brokers": [kafka.bootstrap]}, "state": str(state_dir), "topics": kafka.topic("{table}")}
    run = tailrace.start("run", tailrace.config(config))
    run.wait_for_log(f"would both go to topic {topic}")
    run.wait_for_log("the others go on")
    run.wait_for_log('msg="streaming"')
    assert f"table {a}.public.orders" in run.log and f"table {b}.public.orders" in run.log
    assert pg_latest.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()") == 1
    assert run.terminate() == 2

    config["overrides"] = [{"table": ["*.public.orders"], "topic": topic}]
    run = tailrace.start("run", tailrace.config(config))
    run.wait_for_log('msg="streaming"', count=2)
    insert(pg_latest, 1, 1)
    kafka.wait_for_records(topic, 2)
    assert run.terminate() == 0


# ---- Sizes ------------------------------------------------------------------------------------------------------

def test_a_change_too_large_stops_with_its_name(shop, pg_latest, kafka):
    run = shop("--sink.topic_config.max.message.bytes", "1000000")
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 1)
    kafka.wait_for_records(shop.topic, 1)
    insert(pg_latest, 2, 2, "y" * 1100000)
    assert run.wait(30) == 2
    for word in ("public.orders", shop.topic, "max.message.bytes", "oversize"):
        assert word in run.log
    assert "yyyy" not in run.log
    alter_topic(kafka.server, shop.topic, max_message_bytes="2000000")
    run = shop()
    assert ids(kafka.wait_for_records(shop.topic, 2)) == [1, 2]
    assert run.terminate() == 0


def test_a_topic_for_small_batches_names_the_setting(shop, pg_latest, kafka):
    kafka.create_topic(shop.topic, 1, {"max.message.bytes": "10000"})
    run = shop()
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 1)
    assert run.wait() == 2 and "sink.kafka.batch.size" in run.log


def test_what_the_broker_refuses_is_not_overtaken(shop, pg_latest, kafka):
    run = shop("--sink.partitions", "1", "--sink.kafka.compression.type", "none", "--sink.kafka.batch.num.messages", "20")
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 100)
    kafka.wait_for_records(shop.topic, 100)
    alter_topic(kafka.server, shop.topic, max_message_bytes="50000")  # behind the agent's back
    pg_latest.sql("""DO $$ BEGIN FOR i IN 101..3000 LOOP
                       INSERT INTO orders VALUES (i, CASE WHEN i = 1500 THEN repeat('z', 60000) ELSE 'x' END);
                     END LOOP; END $$""")
    assert run.wait(60) == 2
    assert f"topic {shop.topic} refuses a record" in run.log and "max.message.bytes" in run.log
    before = ids(kafka.consume(shop.topic))
    assert before == list(range(1, len(before) + 1)) and len(before) < 1500
    alter_topic(kafka.server, shop.topic, max_message_bytes="1000000")
    run = shop("--sink.kafka.compression.type", "none")
    procs.wait_until(lambda: 3000 in ids(kafka.consume(shop.topic)), 60, "the last row", 0.5)
    assert run.terminate() == 0
    log = rows.Log(kafka.consume(shop.topic))
    firsts = list(dict.fromkeys(int(c.columns["id"]) for c in log.changes))
    assert firsts == list(range(1, 3001))


def test_batches_refused_for_a_while_are_all_sent_again_in_order(shop, pg_latest, kafka):
    """Few records come, so several small batches are under way when one is refused."""
    kafka.create_topic(shop.topic, 1)
    run = shop()
    run.wait_for_log("streaming")
    for begin in range(1, 1001, 100):
        alter_topic(kafka.server, shop.topic, min_insync_replicas="2")  # there is one
        for i in range(begin, begin + 50):
            insert(pg_latest, i, i)
        alter_topic(kafka.server, shop.topic, min_insync_replicas="1")
        for i in range(begin + 50, begin + 100):
            insert(pg_latest, i, i)
    procs.wait_until(lambda: 1000 in ids(kafka.consume(shop.topic)), 60, "the last row", 0.5)
    assert run.terminate() == 0
    assert ids(kafka.consume(shop.topic)) == list(range(1, 1001))


# ---- Outages ----------------------------------------------------------------------------------------------------

@pytest.mark.timeout(180)
def test_a_broker_that_is_away_is_waited_for(tailrace, pg_latest, own_kafka, state_dir):
    kafka = own_kafka()
    pg_latest.sql(TABLE)
    run = tailrace.start(*arguments(pg_latest, kafka.bootstrap, state_dir, "shop", "--sink.partitions", "2"))
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 1000)
    kafka.wait_for_records("shop.public.orders", 1000)
    insert(pg_latest, 1001, 2000)
    kafka.stop()
    for first in range(2001, 12001, 2000):
        insert(pg_latest, first, first + 1999)
        time.sleep(1)
    run.wait_for_log("no Kafka broker is reachable: waiting")
    kafka.start()
    insert(pg_latest, 12001, 13000)
    records = kafka.wait_for_records("shop.public.orders", 13000)
    assert run.terminate() == 0
    log = rows.Log(records)
    for partition in (0, 1):
        seen = [int(c.columns["id"]) for c in log.changes if c.partition == partition]
        assert seen == sorted(seen)
    assert len(records) == 13000 and log.duplicates() == 0
    assert run.log.count("no Kafka broker is reachable: waiting") == 1
    assert run.log.count("Kafka is reachable again") == 1


def test_a_broker_may_come_later_than_the_agent(tailrace, pg_latest, own_kafka, state_dir):
    kafka = own_kafka()
    kafka.stop()
    pg_latest.sql(TABLE)
    run = tailrace.start(*arguments(pg_latest, kafka.bootstrap, state_dir))
    run.wait_for_log("no Kafka broker is reachable: waiting.*Connection refused")
    kafka.start()
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 10)
    assert ids(kafka.wait_for_records("shop.public.orders", 10)) == list(range(1, 11))
    assert run.terminate() == 0


def test_stopping_while_kafka_is_away(tailrace, pg_latest, own_kafka, state_dir):
    kafka = own_kafka()
    kafka.stop()
    pg_latest.sql(TABLE)
    run = tailrace.start(*arguments(pg_latest, kafka.bootstrap, state_dir))
    run.wait_for_log("no Kafka broker is reachable")
    assert run.terminate(20) == 0


def test_a_broken_producer_begins_at_the_checkpoint(tailrace, pg_latest, own_kafka, state_dir):
    """A broker that comes back with an older log does not know the sequence numbers that the producer has reached."""
    kafka = own_kafka()
    pg_latest.sql(TABLE)
    run = tailrace.start(*arguments(pg_latest, kafka.bootstrap, state_dir, "shop", "--sink.partitions", "1",
                                    "--checkpoint-interval", "1h"))
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 10)
    kafka.wait_for_records("shop.public.orders", 10)
    data, old = kafka.dir / "data", kafka.dir / "old"
    shutil.copytree(data / "shop.public.orders-0", old)
    insert(pg_latest, 11, 20)
    kafka.wait_for_records("shop.public.orders", 20)
    kafka.stop()
    shutil.rmtree(data / "shop.public.orders-0")
    old.rename(data / "shop.public.orders-0")
    (data / ".kafka_cleanshutdown").unlink()  # so that it reads who had written what
    kafka.start()
    insert(pg_latest, 21, 30)
    run.wait_for_log("starting again from the checkpoint.*sequence desynchronization")
    records = kafka.wait_for_records("shop.public.orders", 40)
    assert run.terminate() == 0
    assert run.log.count("starting again from the checkpoint") == 1
    assert ids(records) == [*range(1, 11), *range(1, 31)]
    log = rows.Log(records)
    assert log.problems(log.contents()) == []


# ---- Rights and secrets -----------------------------------------------------------------------------------------

SECURED = {
    "listener.security.protocol.map": "MAIN:PLAINTEXT,PROXIED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.proxied.plain.sasl.jaas.config":
        'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="s3cret";',
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}


def secured_arguments(pg, kafka, state_dir, password):
    path = state_dir / "password"
    path.write_text(password + "\n")
    path.chmod(0o600)
    return arguments(pg, kafka.proxied_bootstrap, state_dir, "shop", "--sink.kafka.security.protocol", "SASL_PLAINTEXT",
                     "--sink.kafka.sasl.mechanism", "PLAIN", "--sink.kafka.sasl.username", "alice",
                     "--sink.kafka.sasl.password_file", path)


def grant_write(kafka, topic):
    """Lets alice write to the topic, and nothing more. The Python client of Debian 12 cannot; its library can."""
    lib = ctypes.CDLL("librdkafka.so.1")
    for name in ("conf_new", "new", "AclBinding_new", "queue_new", "queue_poll", "event_CreateAcls_result",
                 "CreateAcls_result_acls", "acl_result_error"):
        getattr(lib, "rd_kafka_" + name).restype = ctypes.c_void_p
    why, count = ctypes.create_string_buffer(256), ctypes.c_size_t()
    conf = ctypes.c_void_p(lib.rd_kafka_conf_new())
    lib.rd_kafka_conf_set(conf, b"bootstrap.servers", kafka.bootstrap.encode(), why, 256)
    client = ctypes.c_void_p(lib.rd_kafka_new(0, conf, why, ctypes.c_size_t(256)))
    queue = ctypes.c_void_p(lib.rd_kafka_queue_new(client))
    resource_topic, literal, write, allow = 2, 3, 4, 3
    acl = ctypes.c_void_p(lib.rd_kafka_AclBinding_new(resource_topic, topic.encode(), literal, b"User:alice", b"*", write,
                                                      allow, why, ctypes.c_size_t(256)))
    lib.rd_kafka_CreateAcls(client, ctypes.byref(acl), ctypes.c_size_t(1), None, queue)
    event = ctypes.c_void_p(lib.rd_kafka_queue_poll(queue, 30000))
    result = ctypes.c_void_p(lib.rd_kafka_event_CreateAcls_result(event))
    results = ctypes.cast(lib.rd_kafka_CreateAcls_result_acls(result, ctypes.byref(count)), ctypes.POINTER(ctypes.c_void_p))
    assert count.value == 1 and lib.rd_kafka_acl_result_error(ctypes.c_void_p(results[0])) is None
    lib.rd_kafka_event_destroy(event)
    lib.rd_kafka_AclBinding_destroy(acl)
    lib.rd_kafka_queue_destroy(queue)
    lib.rd_kafka_destroy(client)


@pytest.mark.timeout(180)
def test_rights_and_passwords(tailrace, pg_latest, own_kafka, state_dir):
    kafka = own_kafka(settings=SECURED, proxied=True)
    pg_latest.sql(TABLE)
    topic = "shop.public.orders"

    wrong = tailrace.run(*secured_arguments(pg_latest, kafka, state_dir, "wr0ng"))
    assert wrong.code == 2 and "Kafka does not let us in" in wrong.stderr

    right = secured_arguments(pg_latest, kafka, state_dir, "s3cret")
    refused = tailrace.run(*right)
    assert refused.code == 2 and "IdempotentWrite" in refused.stderr

    # Only what writing needs: the topic exists, its settings may not be read.
    kafka.create_topic(topic, 1)
    grant_write(kafka, topic)
    procs.wait_until(lambda: tailrace.run(*right, "--until", "end").code == 0, 30, "the rights to be in force")
    run = tailrace.start(*right)
    run.wait_for_log("streaming")
    insert(pg_latest, 1, 10)
    run.wait_for_log(f"settings of topic {topic} cannot be read")
    assert ids(kafka.wait_for_records(topic, 10)) == list(range(1, 11))
    assert run.terminate() == 0
    assert all("s3cret" not in r.log and "wr0ng" not in r.log for r in tailrace.runs)


def test_properties_that_are_refused(shop):
    for name, value, text in [("acks", "1", "acks"), ("compresion.type", "lz4", "No such configuration property"),
                              ("compression.type", "lz5", "Invalid value"), ("linger.ms", "-1", "linger.ms")]:
        done = shop.run(f"--sink.kafka.{name}", value)
        assert done.code == 2 and text in done.stderr, json.dumps([name, done.stderr])


def test_oidc_needs_a_librdkafka_that_has_it(shop, pg_latest):
    """The client of these tests uses the same library as the agent. Debian 12's lacks it."""
    done = shop.run("--until", "end", "--sink.kafka.sasl.oauthbearer.method", "oidc")
    try:
        AdminClient({"sasl.oauthbearer.method": "oidc"})
        assert done.code == 0, done.stderr
    except KafkaException:
        assert done.code == 2
        assert re.search(r"sink.kafka.sasl.oauthbearer.method: the librdkafka of this system \(\S+\) was built without",
                         done.stderr)
        assert pg_latest.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()") == 0
