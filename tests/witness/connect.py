"""Debezium in Kafka Connect, as a process of its own: what it reads of a server's log, all in one topic.

    connect = Connect(kafka, server, "witness", "debezium")
    connect.start()                  # returns when it follows the log
    ...
    connect.wait_for_table("last")   # until an event of that table is in the topic
    connect.close()

Set up so that it loses as little as it can: what its defaults would lose on top of that says DIFFERENCES.md.
"""

import json
import shutil
import socket
import urllib.request
from pathlib import Path
from typing import Dict

from harness import fetch, procs
from harness.kafka import Kafka
from harness.mysql import USER, Mysql

HEAP = "512m"
CONNECTORS = {True: "io.debezium.connector.mariadb.MariaDbConnector", False: "io.debezium.connector.mysql.MySqlConnector"}


class Connect(procs.Server):
    def __init__(self, kafka: Kafka, server: Mysql, database: str, topic: str):
        super().__init__("Kafka Connect")
        self.libs = fetch.debezium()
        self.kafka, self.server, self.database, self.topic = kafka, server, database, topic
        self.port = procs.reserve_port()
        self.dir = procs.subdir("connect")
        self.log = self.dir / "log"

    def start(self, timeout: float = 180) -> "Connect":
        java = shutil.which("java")
        if java is None:
            raise procs.ServerError("Kafka Connect needs Java, and there is none. Run ./deploy/install-deps servers")
        self.process = procs.spawn(
            [java, f"-Xmx{HEAP}", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{self.libs}/*",
             "-Dorg.slf4j.simpleLogger.defaultLogLevel=info", "org.apache.kafka.connect.cli.ConnectStandalone",
             str(self._properties("worker", self._worker())), str(self._properties("connector", self._connector()))], self.log)
        self.wait_ready(self._follows, timeout)
        return self

    def close(self) -> None:
        super().close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def wait_for_table(self, table: str, timeout: float = 180) -> None:
        """Waits until the last record is one of that table."""
        seen = {0: 0}

        def there() -> bool:
            self.check()
            records = self.kafka.consume(self.topic, start=dict(seen))
            if records:
                seen[0] = records[-1].offset + 1
            return any(r.value and f'"table":"{table}"'.encode() in r.value and b'"op":"c"' in r.value for r in records)
        procs.wait_until(there, timeout, f"an event of {table} from Debezium", 1)

    def check(self) -> None:
        """Complains when the connector has stopped."""
        status = self._ask("/connectors/witness/status")
        for task in status.get("tasks", []):
            if task["state"] == "FAILED":
                raise self.fail(f"the connector has failed: {task['trace'][:3000]}")

    def _follows(self) -> bool:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
        return "Keepalive thread is running" in self.log_text() or "Connected to binlog" in self.log_text()

    def _ask(self, path: str) -> dict:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return json.load(answer)

    def _properties(self, name: str, properties: Dict[str, object]) -> Path:
        path = self.dir / f"{name}.properties"
        path.touch(mode=0o600)
        path.write_text("".join(f"{k}={v}\n" for k, v in properties.items()))
        return path

    def _worker(self) -> Dict[str, object]:
        converter = "org.apache.kafka.connect.json.JsonConverter"
        return {"bootstrap.servers": self.kafka.bootstrap, "listeners": f"http://127.0.0.1:{self.port}",
                "key.converter": converter, "value.converter": converter, "plugin.discovery": "only_scan",
                "offset.storage.file.filename": self.dir / "offsets", "offset.flush.interval.ms": 5000}

    def _connector(self) -> Dict[str, object]:
        return {
            "name": "witness", "connector.class": CONNECTORS[self.server.mariadb], "tasks.max": 1,
            "database.hostname": "127.0.0.1", "database.port": self.server.port, "database.user": USER,
            "database.password": self.server.password, "database.server.id": self.server.server_id + 100000,
            "driver.allowPublicKeyRetrieval": "true",
            "topic.prefix": "d", "database.include.list": self.database, "snapshot.mode": "no_data",
            "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory",
            "schema.history.internal.file.filename": self.dir / "history",
            "event.processing.failure.handling.mode": "warn", "skipped.operations": "none",
            "enable.time.adjuster": "false", "decimal.handling.mode": "string",
            "bigint.unsigned.handling.mode": "precise", "binary.handling.mode": "base64",
            "transforms": "one", "transforms.one.type": "org.apache.kafka.connect.transforms.RegexRouter",
            "transforms.one.regex": ".*", "transforms.one.replacement": self.topic,
        }
