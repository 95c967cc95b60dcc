"""A real PostgreSQL of any supported version, private to the test that asked for it.

    pg = Postgres(18).start()
    pg.sql("CREATE TABLE t (id int PRIMARY KEY)")
    pg.url()                      # postgresql://postgres@127.0.0.1:23456/postgres
    pg.stop("fast"); pg.start()   # same port, same data
    standby = pg.standby()        # a streaming replica; standby.promote()

Set up for logical replication; fsync is off unless asked for. sql() and connect() come in over the Unix socket as
the superuser, whatever the authentication over TCP. The class runs in any thread; close() removes everything.
"""

import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import Dict, List, Optional, Tuple
from urllib.parse import quote, urlencode

import psycopg2

from . import certificates, fetch, procs

SUPERUSER = "postgres"
VERSIONS = sorted(fetch.POSTGRES)

# What every server here starts with; the constructor's settings come on top.
DEFAULTS = {
    "listen_addresses": "127.0.0.1",
    "wal_level": "logical",
    "max_wal_senders": 20,
    "max_replication_slots": 20,
    "max_connections": 100,
    "shared_buffers": "64MB",
    "track_commit_timestamp": "off",
    "log_line_prefix": "%m [%p] ",
    "log_statement": "none",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

_binaries: Dict[int, Path] = {}


def binaries(major: int) -> Path:
    """The server's installation, copied into our temporary directory when the server's user cannot enter it."""
    if major not in _binaries:
        home = fetch.postgres(major)
        if not procs.reachable(home / "bin", procs.unprivileged()):
            copy = procs.subdir(f"postgres-{major}-bin") / "home"
            shutil.copytree(home, copy, symlinks=True)
            copy.parent.chmod(0o755)
            home = copy
        _binaries[major] = home
    return _binaries[major]


def quote_setting(value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "'" + str(value).replace("'", "''") + "'"


class Postgres(procs.Server):
    """One cluster. Arguments:

    settings   parameters of postgresql.conf: {"wal_sender_timeout": "2s", "logical_decoding_work_mem": "64kB"}
    auth       how TCP connections log in: "trust", "scram-sha-256", "md5"; the superuser's password is `password`
    tls        "off", "on" (both kinds of connection) or "only"; `ca` is then the certificate to verify against
    fsync      True for tests of durability
    encoding   of the databases: "UTF8", "LATIN1", "SQL_ASCII"
    fresh      False: a copy of a new cluster that was made before, so one second less; and one system identifier for
               all such copies of a version
    """

    password = "kept secret"

    def __init__(self, version: int, settings: Optional[dict] = None, auth: str = "trust", tls: str = "off",
                 fsync: bool = False, encoding: str = "UTF8", fresh: bool = True):
        super().__init__(f"PostgreSQL {version}")
        self.version = version
        self.auth = auth
        self.tls = tls
        self.encoding = encoding
        self.fresh = fresh
        self.settings = dict(DEFAULTS, fsync=fsync, **(settings or {}))
        self.user = procs.unprivileged()
        self.home = binaries(version)
        self.port = procs.reserve_port()
        self.dir = procs.subdir(f"pg{version}", self.user)
        self.dir.chmod(0o755)
        self.data = self.dir / "data"
        self.log = self.dir / "log"
        self.ca = self.dir / "ca.crt"
        self._standbys = 0

    # ---- Life ----

    def start(self, timeout: float = 60) -> "Postgres":
        """Starts the server, creating the cluster the first time, and waits until it answers."""
        if self.running:
            return self
        if not self.data.exists():
            self._create()
        self._write_settings()
        self.process = procs.spawn([self.home / "bin" / "postgres", "-D", self.data], self.log, self.user, "QUIT")
        self.wait_ready(self._answers, timeout)
        return self

    def stop(self, mode: str = "fast", timeout: float = 60) -> None:
        """Stops as pg_ctl does: "smart", "fast" or "immediate". Complains when it takes longer than timeout."""
        signum = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode]
        self.signal_and_wait(signum, timeout)

    def restart(self, mode: str = "fast", timeout: float = 60) -> "Postgres":
        self.stop(mode, timeout)
        return self.start()

    def kill(self) -> None:
        """kill -9 of the postmaster; returns when its children have noticed and gone."""
        workers = procs.children(self.process.pid) if self.process else []
        super().kill()
        procs.wait_until(lambda: not any(procs.alive(w) for w in workers), 30, f"the processes of {self.name} to end")

    def close(self) -> None:
        if self.running:
            self.resume()
            try:
                self.stop("immediate", 20)
            except procs.ServerError:
                self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    # ---- Talking to it ----

    def url(self, database: str = "postgres", user: str = SUPERUSER, password: Optional[str] = None,
            host: str = "127.0.0.1", port: Optional[int] = None, **params: str) -> str:
        """The URL for a client on TCP. Pass password=pg.password where the authentication wants one."""
        secret = ":" + quote(password, safe="") if password is not None else ""
        query = "?" + urlencode(params) if params else ""
        return f"postgresql://{quote(user, safe='')}{secret}@{host}:{port or self.port}/{quote(database)}{query}"

    def connect(self, database: str = "postgres", autocommit: bool = True, **params):
        """A psycopg2 connection over the Unix socket; params as psycopg2.connect takes them. No statement may take
        longer than 100 s (options="" lifts that): a test must fail, not hang."""
        given = dict(host=str(self.dir), port=self.port, user=SUPERUSER, dbname=database, connect_timeout=10,
                     options="-c statement_timeout=100s")
        given.update(params)
        connection = psycopg2.connect(**given)
        connection.autocommit = autocommit
        return connection

    def sql(self, query: str, args=None, database: str = "postgres") -> List[tuple]:
        """Runs SQL (several statements too, when there are no args) and returns the last one's rows."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, args)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def value(self, query: str, args=None, database: str = "postgres"):
        """The first column of the first row; None without rows."""
        rows = self.sql(query, args, database)
        return rows[0][0] if rows else None

    def create_database(self, name: str, options: str = "") -> None:
        self.sql(f'CREATE DATABASE "{name}" {options}')

    def drop_database(self, name: str) -> None:
        """Drops a database with its logical slots, ending whoever uses them."""
        if not self.running:
            return
        slots = [r[0] for r in self.sql("SELECT slot_name FROM pg_replication_slots WHERE database = %s", (name,))]
        for slot in slots:
            self.drop_slot(slot)
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def drop_slot(self, slot: str) -> None:
        def gone():
            self.sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
                     " WHERE slot_name = %s AND active_pid IS NOT NULL", (slot,))
            try:
                self.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                         " WHERE slot_name = %s", (slot,))
                return True
            except psycopg2.Error:  # its walsender is not gone yet
                return False
        procs.wait_until(gone, 20, f"slot {slot} to be dropped")

    def configure(self, **settings) -> None:
        """Changes parameters and reloads. Those that need a restart take effect with restart()."""
        self.settings.update(settings)
        self._write_settings()
        if self.running:
            self.sql("SELECT pg_reload_conf()")

    def wal_lsn(self) -> str:
        return self.value("SELECT pg_current_wal_lsn()")

    # ---- Replicas ----

    def standby(self, sync_slots: bool = False, settings: Optional[dict] = None) -> "Postgres":
        """A streaming replica of this server, started. sync_slots (17 and later) copies failover slots to it."""
        self._standbys += 1
        slot = f"standby_{self._standbys}"
        self.sql("SELECT pg_create_physical_replication_slot(%s, true)", (slot,))
        replica = Postgres(self.version, auth=self.auth, encoding=self.encoding)
        replica.name += " standby"
        replica.settings = dict(self.settings, hot_standby="on", hot_standby_feedback="on", primary_slot_name=slot,
                                primary_conninfo=f"host={self.dir} port={self.port} user={SUPERUSER} dbname=postgres")
        if sync_slots:
            replica.settings["sync_replication_slots"] = "on"
        replica.settings.update(settings or {})
        self._copy_to(replica)
        return replica.start()

    def _copy_to(self, replica: "Postgres") -> None:
        """An online base backup by the low-level API: these server packages carry no pg_basebackup."""
        begin, end = (("pg_backup_start(%s, true)", "pg_backup_stop(false)") if self.version >= 15
                      else ("pg_start_backup(%s, true, false)", "pg_stop_backup(false)"))
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {begin}", ("standby",))
                _copy_cluster(self.data, replica.data)
                cursor.execute(f"SELECT labelfile FROM {end}")
                (replica.data / "backup_label").write_text(cursor.fetchone()[0])
        finally:
            connection.close()
        (replica.data / "standby.signal").touch()
        replica.own_files()

    def promote(self) -> None:
        """Turns a standby into a primary."""
        for name in ("primary_conninfo", "primary_slot_name", "sync_replication_slots"):
            self.settings.pop(name, None)
        if not self.value("SELECT pg_promote(true, 60)"):
            raise self.fail("not promoted within 60 s")

    def wait_for_replay(self, lsn: str, timeout: float = 30) -> None:
        """Waits until a standby has replayed up to a position of its primary."""
        procs.wait_until(lambda: self.value("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (lsn,)), timeout,
                         f"{self.name} to replay {lsn}")

    # ---- Inside ----

    def _create(self) -> None:
        if self.fresh:
            self._initdb(self.dir)
        else:
            shutil.copytree(self._template(), self.data)
        if self.tls != "off":
            certificates.make(self.dir)
        kind = "hostssl" if self.tls == "only" else "host"
        (self.data / "pg_hba.conf").write_text(
            "local all all trust\nlocal replication all trust\n"
            f"{kind} all all 127.0.0.1/32 {self.auth}\n{kind} replication all 127.0.0.1/32 {self.auth}\n")
        with open(self.data / "postgresql.conf", "a") as f:
            f.write("include 'tailrace.conf'\n")
        self.own_files()

    def _template(self) -> Path:
        key = (self.version, self.encoding)
        with _lock:
            if key not in _templates:
                folder = procs.subdir(f"pg{self.version}-new", self.user)
                self._initdb(folder)
                _templates[key] = folder / "data"
            return _templates[key]

    def _initdb(self, folder: Path) -> None:
        """Makes a new cluster in folder/data."""
        secret = folder / "password"
        secret.write_text(self.password)
        self.own_files(secret)
        command = procs.as_user(self.user) + [
            str(self.home / "bin" / "initdb"), "-D", str(folder / "data"), "-U", SUPERUSER, "--encoding", self.encoding,
            "--locale=C", "--auth=trust", f"--pwfile={secret}", "--no-sync"]
        p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, errors="replace", cwd="/", env=dict(os.environ, TZ="UTC", LC_ALL="C"))
        secret.unlink()
        if p.returncode != 0:
            raise procs.ServerError(f"{self.name}: initdb failed:\n{p.stdout}")

    def _write_settings(self) -> None:
        settings = dict(self.settings, port=self.port, unix_socket_directories=self.dir)
        if self.auth == "scram-sha-256":
            settings["password_encryption"] = "scram-sha-256"
        if self.tls != "off":
            settings.update(ssl="on", ssl_cert_file=self.dir / "server.crt", ssl_key_file=self.dir / "server.key")
        path = self.data / "tailrace.conf"
        path.write_text("".join(f"{k} = {quote_setting(v)}\n" for k, v in settings.items()))
        self.own_files(path)

    def own_files(self, path: Optional[Path] = None) -> None:
        """Gives what we wrote as root to the server's user."""
        if self.user is None:
            return
        if path is not None:
            os.chown(path, *self.user)
            return
        for folder, _, files in os.walk(self.dir):
            os.chown(folder, *self.user)
            for f in files:
                os.chown(os.path.join(folder, f), *self.user)

    def _answers(self) -> bool:
        try:
            self.connect(connect_timeout=5).close()
            return True
        except psycopg2.OperationalError:
            return False


_lock = threading.Lock()
_templates: Dict[Tuple[int, str], Path] = {}


def _copy_cluster(source: Path, target: Path) -> None:
    """Copies a running cluster's files between the start and the end of a backup; files may go while we copy."""
    for folder, subfolders, files in os.walk(source):
        relative = Path(folder).relative_to(source)
        made = target / relative
        made.mkdir(mode=0o700, exist_ok=True)
        if str(relative) in ("pg_replslot", "pg_dynshmem", "pg_notify", "pg_stat_tmp"):
            subfolders.clear()
            continue
        for name in files:
            if name in ("postmaster.pid", "postmaster.opts", "tailrace.conf"):
                continue
            try:
                shutil.copyfile(Path(folder) / name, made / name)
            except FileNotFoundError:
                continue
            (made / name).chmod(0o600)
