"""JSON of MySQL, streamed: documents made at random, then changed in places, so that the log carries differences. Each
line holds the text that the server itself gives for the document at that moment, to the byte."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))

import capture_json  # noqa: E402  (the path comes first)

SEED = 7
DOCUMENTS = 150
ROUNDS = 2


def select(cursor, i):
    cursor.execute(f"SELECT CAST(j AS CHAR) FROM docs WHERE id = {i}")
    return cursor.fetchone()[0]


def test_documents_and_differences(own_mysql, tailrace):
    server = own_mysql("mysql-9.7", tls="on", settings={"binlog_row_value_options": "PARTIAL_JSON"})
    server.create_database("papers")
    server.sql(capture_json.TYPED, database="papers")
    server.sql("CREATE TABLE papers.docs (id int PRIMARY KEY, j json)")
    run = tailrace.start("run", "--source", server.url(), "--name", "papers", "--tables", "papers.docs")
    run.wait_for_log("streaming")
    r = random.Random(SEED)
    makers = capture_json.EDGES + [f"CAST({capture_json.text(capture_json.document(r, 0))} AS JSON)"
                                   for _ in range(DOCUMENTS)]
    expected = []
    with server.connect("papers") as connection, connection.cursor() as cursor:
        for i, maker in enumerate(makers):
            cursor.execute(f"INSERT INTO docs SELECT {i}, {maker}")
            expected.append((i, select(cursor, i)))
        for i in list(range(len(capture_json.EDGES), len(makers))) * ROUNDS:
            update = capture_json.update(r, select(cursor, i))
            if cursor.execute(f"UPDATE docs SET j = {update} WHERE id = {i}"):
                expected.append((i, select(cursor, i)))
    assert len(expected) > len(makers) + 20
    run.wait_for_lines(len(expected))
    for line, (i, text) in zip(run.stdout.read_text().split("\n"), expected):
        assert f'"after":{{"id":{i},"j":{text}}}' in line
    partial = 39  # PARTIAL_UPDATE_ROWS
    kinds = [kind for path in server.binlog_files() for kind, _ in capture_json.events(path.read_bytes())]
    assert kinds.count(partial) > 20
