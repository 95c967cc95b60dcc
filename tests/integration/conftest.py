"""Fixtures of the integration tests: real servers, a fresh database and topic prefix per test, the agent.

  pg            a fresh database on each default version (15 and 18): the test runs once per version
  pg_latest     a fresh database on the newest version only, for what does not depend on it
  pg_other      a fresh database on each of the remaining versions: for one smoke test
  own_postgres  makes a PostgreSQL of the test's own, to be stopped, killed and configured at will
  my            a fresh database on MariaDB 10.11, MariaDB 11.4 and MySQL 9: the test runs once on each
  my_latest     a fresh database on the newest MariaDB and on MySQL, for what does not depend on the version
  mariadb       a fresh database on the newest MariaDB only
  mysql         a fresh database on MySQL only
  own_mysql     makes a MariaDB or MySQL of the test's own
  kafka         the shared broker, with a topic prefix of the test's own
  own_kafka     makes a broker of the test's own
  proxy         makes a TCP proxy in front of a port
  tailrace      runs the binary (build/tailrace, or $TAILRACE_BIN)
  state_dir     a fresh directory for --state

Servers start at their first use and are shared by the whole run. $TAILRACE_TEST_POSTGRES="14,15,16,17,18" changes
the default versions, $TAILRACE_TEST_MYSQL="mariadb-11.4,mysql-9.7" those of `my`. Each phase of a test has 120 s, or
what @pytest.mark.timeout(SECONDS) says.

With -n 2 (tests/check does that) two processes share the tests, each with servers of its own. A file whose tests
share more than that stays together: pytestmark = pytest.mark.xdist_group("its name"). What must not have another
test beside it is @pytest.mark.alone; it comes last.
"""

import faulthandler
import fcntl
import os
import signal
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Dict, List, Optional

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import agent, procs  # noqa: E402  (the path comes first)
from harness.kafka import Kafka, Record  # noqa: E402
from harness.mysql import FLAVOURS, Mysql  # noqa: E402
from harness.postgres import VERSIONS, Postgres  # noqa: E402
from harness.proxy import Proxy  # noqa: E402

DEFAULT_VERSIONS = [int(v) for v in os.environ.get("TAILRACE_TEST_POSTGRES", "15,18").split(",")]
OTHER_VERSIONS = [v for v in VERSIONS if v not in DEFAULT_VERSIONS]
DEFAULT_FLAVOURS = os.environ.get("TAILRACE_TEST_MYSQL", ",".join(FLAVOURS)).split(",")
NEWEST_MARIADB = [f for f in FLAVOURS if f.startswith("mariadb")][-1]
MYSQL = [f for f in FLAVOURS if f.startswith("mysql")][-1]
TIMEOUT = 120


# ---- Nothing hangs ----------------------------------------------------------------------------------------------

class TestTimeout(BaseException):
    """Not an Exception, so that no test's own handler swallows it."""

    __test__ = False


@contextmanager
def time_limit(item):
    marker = item.get_closest_marker("timeout")
    seconds = int(marker.args[0]) if marker else TIMEOUT

    def late(_signum, _frame):
        raise TestTimeout(f"{item.nodeid}: not done after {seconds} s")
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    faulthandler.dump_traceback_later(seconds + 60, exit=True)  # when even the exception does not get through
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_setup(item):
    with time_limit(item):
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    with time_limit(item):
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item):
    with time_limit(item):
        yield


def pytest_configure(config):
    config.addinivalue_line("markers", "timeout(seconds): how long each phase of this test may take")
    config.addinivalue_line("markers", "alone: no other test may run beside this one")
    config.addinivalue_line("markers", "xdist_group(name): with -n, these tests run in one process")
    signal.signal(signal.SIGTERM, _terminated)


def _terminated(_signum, _frame):
    """Lets pytest end in order, and the servers with it; with -n, in the processes that have them too."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for child in procs.children(os.getpid()) if _leader else []:
        os.kill(child, signal.SIGTERM)
    raise KeyboardInterrupt


# ---- Several processes ------------------------------------------------------------------------------------------

_leader = False  # whether this process only hands out tests (-n)
_DOOR, _ROOM = "door", "room"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Tells a process that is to run tests where the locks are that all of them share."""
    global _leader
    _leader = True
    node.workerinput["locks"] = str(procs.workdir())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What runs alone comes last, in one process."""
    for item in items:
        if item.get_closest_marker("alone"):
            item.add_marker(pytest.mark.xdist_group("alone"))
    items.sort(key=lambda item: item.get_closest_marker("alone") is not None)


@contextmanager
def held(path: str, how: int):
    with open(path, "w") as f:
        fcntl.flock(f, how)
        yield


@contextmanager
def turn(item):
    """The right to run now. Whoever wants in stands at the door, so that one who waits for an empty room gets it."""
    locks = getattr(item.config, "workerinput", {}).get("locks")
    if locks is None:
        yield
    elif item.get_closest_marker("alone"):
        with held(f"{locks}/{_DOOR}", fcntl.LOCK_EX), held(f"{locks}/{_ROOM}", fcntl.LOCK_EX):
            yield
    else:
        with ExitStack() as inside:
            with held(f"{locks}/{_DOOR}", fcntl.LOCK_EX):
                inside.enter_context(held(f"{locks}/{_ROOM}", fcntl.LOCK_SH))
            yield


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    with turn(item):
        yield


# ---- PostgreSQL -------------------------------------------------------------------------------------------------

_servers: Dict[int, Postgres] = {}
_count = 0


def next_name(prefix: str) -> str:
    """A name that no other test of this run has."""
    global _count
    _count += 1
    return f"{prefix}{_count}"


class Database:
    """One fresh database on a shared server."""

    def __init__(self, server: Postgres):
        self.server = server
        self.name = next_name("db")
        server.create_database(self.name)

    @property
    def version(self) -> int:
        return self.server.version

    def url(self, **kwargs) -> str:
        """As Postgres.url(): user=, password=, host=, port= and URL parameters."""
        return self.server.url(self.name, **kwargs)

    def sql(self, query: str, args=None) -> List[tuple]:
        return self.server.sql(query, args, self.name)

    def value(self, query: str, args=None):
        return self.server.value(query, args, self.name)

    def connect(self, **kwargs):
        return self.server.connect(self.name, **kwargs)


def _shared(version: int) -> Postgres:
    if version not in _servers:
        _servers[version] = Postgres(version)
    return _servers[version].start()


@contextmanager
def _database(version: int):
    server = _shared(version)
    database = Database(server)
    try:
        yield database
    finally:
        server.start().drop_database(database.name)


@pytest.fixture(params=DEFAULT_VERSIONS, ids=lambda v: f"pg{v}")
def pg(request):
    with _database(request.param) as database:
        yield database


@pytest.fixture
def pg_latest():
    with _database(max(DEFAULT_VERSIONS)) as database:
        yield database


@pytest.fixture(params=OTHER_VERSIONS, ids=lambda v: f"pg{v}")
def pg_other(request):
    with _database(request.param) as database:
        yield database


@pytest.fixture
def own_postgres():
    """own_postgres(18, settings={"wal_sender_timeout": "2s"}, tls="on"): arguments of harness.postgres.Postgres."""
    made: List[Postgres] = []

    def make(version: int = max(DEFAULT_VERSIONS), **kwargs) -> Postgres:
        made.append(Postgres(version, **{"fresh": False, **kwargs}))
        return made[-1].start()
    yield make
    for server in reversed(made):
        server.close()


# ---- MariaDB and MySQL ------------------------------------------------------------------------------------------

_mysql_servers: Dict[str, Mysql] = {}


class MyDatabase:
    """One fresh database on a shared MariaDB or MySQL. The binary log is the whole server's: it holds what earlier
    tests did, in other databases. Tests that empty it, restart the server or change its variables use own_mysql."""

    def __init__(self, server: Mysql):
        self.server = server
        self.name = next_name("db")
        server.create_database(self.name)

    @property
    def flavour(self) -> str:
        return self.server.flavour

    @property
    def mariadb(self) -> bool:
        return self.server.mariadb

    def url(self, **kwargs) -> str:
        """As Mysql.url(): user=, password=, host=, port= and URL parameters."""
        return self.server.url(self.name, **kwargs)

    def sql(self, query: str, args=None) -> List[tuple]:
        return self.server.sql(query, args, self.name)

    def value(self, query: str, args=None):
        return self.server.value(query, args, self.name)

    def connect(self, **kwargs):
        return self.server.connect(self.name, **kwargs)


@contextmanager
def _my_database(flavour: str):
    if flavour not in _mysql_servers:
        _mysql_servers[flavour] = Mysql(flavour)
    server = _mysql_servers[flavour].start()
    database = MyDatabase(server)
    try:
        yield database
    finally:
        server.start().drop_database(database.name)


@pytest.fixture(params=DEFAULT_FLAVOURS)
def my(request):
    with _my_database(request.param) as database:
        yield database


@pytest.fixture(params=[NEWEST_MARIADB, MYSQL])
def my_latest(request):
    with _my_database(request.param) as database:
        yield database


@pytest.fixture
def mariadb():
    with _my_database(NEWEST_MARIADB) as database:
        yield database


@pytest.fixture
def mysql():
    with _my_database(MYSQL) as database:
        yield database


@pytest.fixture
def own_mysql():
    """own_mysql("mysql-9.7", settings={"binlog_row_image": "MINIMAL"}, tls="on"): arguments of harness.mysql.Mysql.
    Also "mariadb-11.8", which has the plugins for ed25519 and for encrypted logs."""
    made: List[Mysql] = []

    def make(flavour: str = MYSQL, **kwargs) -> Mysql:
        made.append(Mysql(flavour, **kwargs))
        return made[-1].start()
    yield make
    for server in reversed(made):
        server.close()


# ---- Kafka ------------------------------------------------------------------------------------------------------

_broker: List[Kafka] = []


class Topics:
    """The shared broker as one test sees it. Name the test's source or topics by `prefix`."""

    def __init__(self, server: Kafka):
        self.server = server
        self.bootstrap = server.bootstrap
        self.prefix = next_name("t")

    def topic(self, name: str) -> str:
        return f"{self.prefix}.{name}"

    def topics(self) -> Dict[str, int]:
        """Only this test's."""
        return {n: p for n, p in self.server.topics().items() if n.startswith(self.prefix + ".")}

    def create_topic(self, topic: str, partitions: int = 1, config: Optional[Dict[str, str]] = None) -> None:
        self.server.create_topic(topic, partitions, config)

    def consume(self, topic: str, **kwargs) -> List[Record]:
        return self.server.consume(topic, **kwargs)

    def wait_for_records(self, topic: str, count: int, timeout: float = 60) -> List[Record]:
        return self.server.wait_for_records(topic, count, timeout)


@pytest.fixture
def kafka():
    if not _broker:
        _broker.append(Kafka())
    topics = Topics(_broker[0].start())
    yield topics
    for name in topics.topics():
        topics.server.delete_topic(name)


@pytest.fixture
def own_kafka():
    """own_kafka(settings={...}, proxied=True): arguments of harness.kafka.Kafka."""
    made: List[Kafka] = []

    def make(**kwargs) -> Kafka:
        made.append(Kafka(**kwargs))
        return made[-1].start()
    yield make
    for server in reversed(made):
        server.close()


@pytest.fixture
def proxy():
    """proxy(target_port): a harness.proxy.Proxy in front of it."""
    made: List[Proxy] = []

    def make(target_port: int) -> Proxy:
        made.append(Proxy(target_port=target_port))
        return made[-1]
    yield make
    for p in made:
        p.close()


@pytest.fixture(scope="session", autouse=True)
def shared_servers():
    """Made before everything else, so torn down after it."""
    yield
    for server in [*_servers.values(), *_mysql_servers.values(), *_broker]:
        server.close()


# ---- The agent --------------------------------------------------------------------------------------------------

@pytest.fixture
def tailrace(tmp_path, request):
    runner = agent.Tailrace(tmp_path)
    yield runner
    failed = getattr(request.node, "report_call", None)
    if failed is not None and failed.failed:
        for run in runner.runs:
            sys.stderr.write(f"--- stderr of tailrace, pid {run.pid}\n{run.log[-4000:]}\n")
    runner.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.report_call = outcome.get_result()


@pytest.fixture
def state_dir(tmp_path):
    path = tmp_path / "state"
    path.mkdir()
    return path
