"""A real Apache Kafka (one KRaft node), private to the test that asked for it.

    kafka = Kafka().start()
    kafka.create_topic("t", partitions=3, config={"cleanup.policy": "compact"})
    kafka.bootstrap               # 127.0.0.1:23456
    kafka.stop(); kafka.start()   # same port, same data
    for r in kafka.consume("t"): r.partition, r.offset, r.key, r.value, r.timestamp

With proxied=True the broker has a second listener that is only reachable through `kafka.proxy` (see proxy.py), at
`kafka.proxied_bootstrap`: cut and stall that connection while the test itself still talks to the broker. With
tls="DNS:localhost" that listener speaks TLS, with a certificate for these names that `kafka.ca` vouches for.
"""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

from . import certificates, fetch, procs
from .proxy import Proxy

HEAP = "512m"
_lock = threading.Lock()
_storage: List[Path] = []  # as it was when just formatted
# Errors of a broker that has just come back, or just heard of the topic.
PASSING = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError._TIMED_OUT,
           KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError.UNKNOWN_TOPIC_OR_PART,
           KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)


class Record(NamedTuple):
    partition: int
    offset: int
    key: Optional[bytes]
    value: Optional[bytes]
    timestamp: int  # milliseconds since 1970
    headers: Tuple[Tuple[str, bytes], ...]


class Kafka(procs.Server):
    """settings: properties of the broker, on top of those of a single node."""

    def __init__(self, settings: Optional[Dict[str, str]] = None, proxied: bool = False, tls: str = ""):
        super().__init__("Kafka")
        self.libs = fetch.kafka()
        self.port = procs.reserve_port()
        self.controller_port = procs.reserve_port()
        self.dir = procs.subdir("kafka")
        self.log = self.dir / "log"
        self.settings = settings or {}
        self.proxy: Optional[Proxy] = Proxy(procs.reserve_port()) if proxied or tls else None
        self.tls = tls
        self.ca = self.dir / "ca.crt"
        self._admin: Optional[AdminClient] = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def proxied_bootstrap(self) -> str:
        if self.proxy is None:
            raise procs.ServerError("this Kafka was not made with proxied=True")
        return f"{self._proxied_host}:{self.proxy.port}"

    # ---- Life ----

    def start(self, timeout: float = 90) -> "Kafka":
        """Starts the broker, formatting its storage the first time, and waits until it answers."""
        if self.running:
            return self
        if not (self.dir / "data").exists():
            self._format()
        self.process = procs.spawn(self._java("kafka.Kafka", self._properties()), self.log)
        self.wait_ready(self._answers, timeout)
        return self

    def stop(self, timeout: float = 60) -> None:
        """A clean shutdown."""
        self.signal_and_wait(signal.SIGTERM, timeout)

    def restart(self) -> "Kafka":
        self.stop()
        return self.start()

    def close(self) -> None:
        super().close()
        if self.proxy:
            self.proxy.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    # ---- Topics ----

    @property
    def admin(self) -> AdminClient:
        if self._admin is None:
            self._admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        return self._admin

    def create_topic(self, name: str, partitions: int = 1, config: Optional[Dict[str, str]] = None) -> None:
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=config or {})
        self.admin.create_topics([topic], operation_timeout=20)[name].result(30)
        procs.wait_until(lambda: name in self.topics(), 20, f"topic {name} to appear")

    def delete_topic(self, name: str) -> None:
        self.admin.delete_topics([name], operation_timeout=20)[name].result(30)
        procs.wait_until(lambda: name not in self.topics(), 20, f"topic {name} to go")

    def add_partitions(self, name: str, total: int) -> None:
        self.admin.create_partitions([NewPartitions(name, total)])[name].result(30)
        procs.wait_until(lambda: self.topics().get(name) == total, 20, f"topic {name} to have {total} partitions")

    def topics(self) -> Dict[str, int]:
        """Topic names with their number of partitions, without Kafka's own."""
        listed = self.admin.list_topics(timeout=20).topics
        return {n: len(t.partitions) for n, t in listed.items() if not n.startswith("__")}

    def topic_config(self, name: str) -> Dict[str, str]:
        resource = ConfigResource(ConfigResource.Type.TOPIC, name)
        entries = self.admin.describe_configs([resource])[resource].result(30)
        return {k: e.value for k, e in entries.items()}

    # ---- Records ----

    def end_offsets(self, topic: str, isolation: str = "read_committed") -> Dict[int, int]:
        consumer = self._consumer(isolation)
        try:
            return procs.wait_until(lambda: self._end_offsets(consumer, topic), 30, f"the end of topic {topic}", 0.2)[0]
        finally:
            consumer.close()

    def consume(self, topic: str, start: Optional[Dict[int, int]] = None, timeout: float = 60,
                isolation: str = "read_committed") -> List[Record]:
        """Every record that is in the topic now (from the offsets in start, by partition), by partition and offset.
        An absent topic has none."""
        ends = self.end_offsets(topic, isolation)
        begin = start or {}
        todo = {p: end for p, end in ends.items() if end > begin.get(p, 0)}
        consumer = self._consumer(isolation)
        records: List[Record] = []
        deadline = time.monotonic() + timeout
        try:
            consumer.assign([TopicPartition(topic, p, begin.get(p, 0)) for p in todo])
            while todo:
                left = sum(end - begin.get(p, 0) for p, end in todo.items())
                for m in consumer.consume(min(left, 10000), 0.2):
                    if m.error() and m.error().code() not in PASSING:
                        raise KafkaException(m.error())
                    if not m.error() and m.partition() in todo and m.offset() < todo[m.partition()]:
                        records.append(Record(m.partition(), m.offset(), m.key(), m.value(), m.timestamp()[1],
                                              tuple(m.headers() or ())))
                todo = {t.partition: todo[t.partition] for t in consumer.position([TopicPartition(topic, p) for p in todo])
                        if t.offset < todo[t.partition]}
                if time.monotonic() > deadline:
                    raise procs.ServerError(f"topic {topic} not read to its end within {timeout:g} s, missing {todo}")
        finally:
            consumer.close()
        return sorted(records)

    def wait_for_records(self, topic: str, count: int, timeout: float = 60) -> List[Record]:
        """Waits until the topic holds at least count records, and returns all there are."""
        procs.wait_until(lambda: sum(self.end_offsets(topic).values()) >= count, timeout,
                         f"{count} records in topic {topic}", 0.1)
        return self.consume(topic)

    # ---- Inside ----

    def _end_offsets(self, consumer: Consumer, topic: str) -> Optional[Tuple[Dict[int, int]]]:
        """None while a broker that has just come back does not lead its partitions yet, or does not know the topic."""
        try:
            return ({p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=20)[1]
                     for p in range(self.topics().get(topic, 0))},)
        except KafkaException as e:
            if e.args[0].code() in PASSING:
                return None
            raise

    def _consumer(self, isolation: str) -> Consumer:
        return Consumer({"bootstrap.servers": self.bootstrap, "group.id": "tests", "enable.auto.commit": False,
                         "auto.offset.reset": "earliest", "isolation.level": isolation, "log_level": 0,
                         "fetch.message.max.bytes": 64 << 20, "receive.message.max.bytes": 128 << 20})

    def _java(self, main: str, *args) -> List[str]:
        java = shutil.which("java")
        if java is None:
            raise procs.ServerError("Kafka needs Java, and there is none. Run ./deploy/install-deps servers")
        # Neither lz4's library nor counters of the JVM may stay behind in /tmp.
        return [java, f"-Xmx{HEAP}", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData",
                f"-Djava.io.tmpdir={self.dir}", "-Dorg.slf4j.simpleLogger.showDateTime=true", "-cp", f"{self.libs}/*", main, *map(str, args)]

    def _properties(self) -> Path:
        listeners = {"MAIN": (self.port, self.bootstrap)}
        if self.proxy is not None:
            self.proxy.target_port = self.proxy.target_port or procs.reserve_port()
            listeners["PROXIED"] = (self.proxy.target_port, self.proxied_bootstrap)
        listen = [f"{n}://127.0.0.1:{p}" for n, (p, _) in listeners.items()]
        secured = {"PROXIED": "SSL"} if self.tls else {}
        properties = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "MAIN",
            "listeners": ",".join(listen + [f"CONTROLLER://127.0.0.1:{self.controller_port}"]),
            "advertised.listeners": ",".join(f"{n}://{a}" for n, (_, a) in listeners.items()),
            "listener.security.protocol.map": ",".join(f"{n}:{secured.get(n, 'PLAINTEXT')}"
                                                       for n in [*listeners, "CONTROLLER"]),
            "log.dirs": self.dir / "data",
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "broker.heartbeat.interval.ms": 1000,
            "broker.session.timeout.ms": 4000,  # how long a killed broker must wait to come back
            "log.cleaner.dedupe.buffer.size": 16 << 20,
            "auto.create.topics.enable": "false",
        }
        if self.tls:
            properties.update(self._certificate())
        properties.update(self.settings)
        path = self.dir / "server.properties"
        path.write_text("".join(f"{k}={v}\n" for k, v in properties.items()))
        return path

    @property
    def _proxied_host(self) -> str:
        return "localhost" if self.tls else "127.0.0.1"

    def _certificate(self) -> Dict[str, str]:
        """Properties of the listener with TLS."""
        store = self.dir / "server.pem"
        if not store.exists():
            certificates.make(self.dir, self.tls)
            store.write_text((self.dir / "server.key").read_text() + (self.dir / "server.crt").read_text())
        return {"listener.name.proxied.ssl.keystore.type": "PEM", "listener.name.proxied.ssl.keystore.location": str(store)}

    def _format(self) -> None:
        """Storage without a topic. Java takes seconds to make it, and it is the same for every broker here."""
        with _lock:
            if not _storage:
                self._make_storage()
                _storage.append(procs.subdir("kafka-new") / "data")
                shutil.copytree(self.dir / "data", _storage[0])
                return
        shutil.copytree(_storage[0], self.dir / "data")

    def _make_storage(self) -> None:
        command = self._java("kafka.tools.StorageTool", "format", "-t", "dGFpbHJhY2UtdGVzdHMhIQ", "-c",
                             self._properties())
        p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, errors="replace", cwd="/")
        if p.returncode != 0:
            raise procs.ServerError(f"Kafka: formatting its storage failed:\n{p.stdout}")

    def _answers(self) -> bool:
        """Whether the broker serves requests: the port opens long before that."""
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
        client = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0, "socket.timeout.ms": 3000})
        try:
            return bool(client.list_topics(timeout=3).brokers)
        except KafkaException:
            return False
