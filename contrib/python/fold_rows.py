#!/usr/bin/env python3
"""Folds a row topic into the table as it is now, one JSON object a line. A starting point for a consumer of your own.

    protoc -Ischemas --python_out=. tailrace/v1/change.proto
    fold_rows.py 127.0.0.1:9092 shop.public.orders

Needs the packages confluent-kafka and protobuf, and the classes that protoc makes from Tailrace's schema.
"""

import json
import sys

from confluent_kafka import Consumer, TopicPartition

from tailrace.v1 import change_pb2 as change


def text(value):
    """One value, None for null. Bytes of texts are UTF-8."""
    kind = value.WhichOneof("kind")
    if kind == "missing":
        return None
    found = getattr(value, kind)
    return found.decode("utf-8", "backslashreplace") if isinstance(found, bytes) else str(found)


def is_known(value):
    """False for what the log did not carry: the row keeps the value it had."""
    return value.WhichOneof("kind") != "missing" or value.missing == change.MISSING_NULL


class Table:
    def __init__(self):
        self.rows = {}
        self.newest = {}  # key → the largest ord so far: whatever is not larger is a replay

    def apply(self, key, c):
        if c.op == change.OP_TRUNCATE:
            # Sent to every partition; what came after it in another one has a larger ord, and stays.
            for old in [k for k in self.rows if self.newest[k] < c.ord]:
                del self.rows[old]
            return
        if c.ord <= self.newest.get(key, b""):
            return
        self.newest[key] = c.ord
        if c.op == change.OP_DELETE:
            self.rows.pop(key, None)
        else:
            row = self.rows.setdefault(key, {})
            row.update((column.name, text(column.value)) for column in c.after if is_known(column.value))


def read(brokers, topic):
    """Every record that is in the topic now."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "fold_rows", "enable.auto.commit": False})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    ends = {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10) for p in partitions}
    left = {p for p, (low, high) in ends.items() if low < high}
    consumer.assign([TopicPartition(topic, p, low) for p, (low, high) in ends.items() if p in left])
    while left:
        record = consumer.poll(1.0)
        if record is None or record.error():
            continue
        yield record
        if record.offset() + 1 >= ends[record.partition()][1]:
            left.discard(record.partition())
    consumer.close()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    table = Table()
    for record in read(*sys.argv[1:]):
        if record.value() is not None:  # a tombstone says nothing new
            table.apply(record.key(), change.RowChange.FromString(record.value()))
    for _, row in sorted(table.rows.items()):
        print(json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
