"""A real MariaDB or MySQL, private to the test that asked for it.

    my = Mysql("mariadb-10.11").start()         # "mariadb-11.4", "mysql-9.7"
    my.sql("CREATE TABLE test.t (id int PRIMARY KEY)")
    my.url("test")                              # mariadb://tailrace:kept%20secret@127.0.0.1:23456/test
    my.stop(); my.start()                       # same port, same data
    replica = Mysql("mariadb-10.11").start()
    replica.replica_of(my)                      # a replica by GTIDs; replica.promote()
    my.binlog_files()                           # [Path(".../binlog.000001"), ...]

Set up for row-based replication with everything in the log that a reader could want; fsync is off unless asked for.
sql() and connect() come in over the Unix socket as root, without a password. Clients on TCP are USER with
`password`; both may do everything. Nothing of how the server was made is in its binary log, which starts empty.
The class runs in any thread; close() removes everything.
"""

import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import Dict, List, Optional, Tuple
from urllib.parse import quote, urlencode

import pymysql
from pymysql.constants import CLIENT

from . import certificates, fetch, procs

SUPERUSER = "root"
USER = "tailrace"
# What the tests run on by default; MariaDB 11.8 is there as well.
OLD = [f"mariadb-{fetch.OLD_MARIADB}", f"mysql-{fetch.OLD_MYSQL}"]  # whose logs do not name columns
FLAVOURS = [f"mariadb-{v}" for v in fetch.MARIADB if v != fetch.OLD_MARIADB] + [f"mysql-{fetch.MYSQL}"]

# What every server here starts with; the constructor's settings come on top. None stands for a bare --name.
DEFAULTS = {
    "bind_address": "127.0.0.1",
    "skip_name_resolve": None,
    "log_bin": "binlog",
    "relay_log": "relay",
    "binlog_format": "ROW",
    "binlog_row_image": "FULL",
    "binlog_row_metadata": "FULL",
    "binlog_checksum": "CRC32",
    "character_set_server": "utf8mb4",
    "default_time_zone": "+00:00",
    "max_allowed_packet": "1G",
    "max_connections": 100,
    "performance_schema": "OFF",
    "innodb_buffer_pool_size": "32M",
    "key_buffer_size": "1M",
    "table_open_cache": 400,
}
MARIADB_DEFAULTS = {
    "log_slave_updates": "ON",
    "innodb_log_file_size": "16M",
    "aria_pagecache_buffer_size": "1M",
    "gtid_strict_mode": "ON",
}
MYSQL_DEFAULTS = {
    "mysqlx": "OFF",
    "secure_file_priv": "NULL",
    "innodb_redo_log_capacity": "16M",
}
OLD_MYSQL_DEFAULTS = {
    "log_slave_updates": "ON",
    "innodb_log_file_size": "16M",
    "explicit_defaults_for_timestamp": "ON",
}
# Nothing is lost by kill -9 with these, only by a power cut.
NO_FSYNC = {"sync_binlog": 0, "innodb_flush_log_at_trx_commit": 2, "innodb_doublewrite": "OFF"}
FSYNC = {"sync_binlog": 1, "innodb_flush_log_at_trx_commit": 1}


def text(value) -> str:
    """A Python value as a SQL literal."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"


class Mysql(procs.Server):
    """One server. Arguments:

    flavour    "mariadb-10.11", "mariadb-11.4", "mariadb-11.8", "mysql-9.7"; "mariadb-10.2", "mysql-5.6", without TLS
    settings   server variables: {"binlog_row_image": "MINIMAL", "binlog_transaction_compression": "ON"}
    auth       how USER logs in: "mysql_native_password" (MariaDB) or "caching_sha2_password" (MySQL) by default;
               "ed25519" on mariadb-11.8
    tls        "off", "on" (both kinds of connection) or "only"; `ca` is then the certificate to verify against
    fsync      True for tests of durability
    server_id  unique among the harness's servers by default
    gtid       MySQL only: gtid_mode; MariaDB always has its GTIDs
    """

    password = "kept secret"

    def __init__(self, flavour: str, settings: Optional[dict] = None, auth: Optional[str] = None, tls: str = "off",
                 fsync: bool = False, server_id: Optional[int] = None, gtid: bool = True):
        kind, _, self.version = flavour.partition("-")
        self.mariadb = kind == "mariadb"
        super().__init__(f"{'MariaDB' if self.mariadb else 'MySQL'} {self.version}")
        self.flavour = flavour
        self.old = flavour in OLD
        native = self.mariadb or self.old
        self.auth = auth or ("mysql_native_password" if native else "caching_sha2_password")
        self.tls = tls
        self.gtid = gtid
        self.user = procs.unprivileged()
        self.home = binaries(flavour)
        self.port = procs.reserve_port()
        self.server_id = server_id or self.port
        self.dir = procs.subdir(flavour, self.user)
        self.dir.chmod(0o755)
        self.data = self.dir / "data"
        self.log = self.dir / "log"
        self.socket = self.dir / "socket"
        self.ca = self.dir / "ca.crt"
        self.settings = self._defaults(fsync)
        self.settings.update(settings or {})

    # ---- Life ----

    def start(self, timeout: float = 60) -> "Mysql":
        """Starts the server, creating its data the first time, and waits until it answers."""
        if self.running:
            return self
        if not self.data.exists():
            self._create()
        self.process = procs.spawn(self._command(), self.log, self.user)
        self.wait_ready(self._answers, timeout)
        return self

    def stop(self, timeout: float = 60) -> None:
        """An orderly shutdown. Complains when it takes longer than timeout."""
        self.signal_and_wait(signal.SIGTERM, timeout)

    def restart(self, timeout: float = 60) -> "Mysql":
        self.stop(timeout)
        return self.start()

    def close(self) -> None:
        super().close()
        shutil.rmtree(self.dir, ignore_errors=True)

    # ---- Talking to it ----

    def url(self, database: str = "", user: str = USER, password: Optional[str] = None, host: str = "127.0.0.1",
            port: Optional[int] = None, **params: str) -> str:
        """The URL for a client on TCP: mysql:// or mariadb://. The password is that of USER unless given; "" leaves
        it out."""
        password = self.password if password is None else password
        secret = ":" + quote(password, safe="") if password else ""
        query = "?" + urlencode(params) if params else ""
        scheme = "mariadb" if self.mariadb else "mysql"
        return f"{scheme}://{quote(user, safe='')}{secret}@{host}:{port or self.port}/{quote(database)}{query}"

    def connect(self, database: Optional[str] = None, autocommit: bool = True, **params):
        """A PyMySQL connection over the Unix socket, or over TCP when params say host="127.0.0.1" (then as USER).
        params as pymysql.connect takes them. No answer may take longer than 100 s: a test must fail, not hang."""
        given = dict(unix_socket=str(self.socket), user=SUPERUSER)
        if params.get("host"):
            given = dict(port=self.port, user=USER, password=self.password)
        given.update(database=database, autocommit=autocommit, charset="utf8mb4", connect_timeout=10,
                     read_timeout=100, write_timeout=100, client_flag=CLIENT.MULTI_STATEMENTS)
        given.update(params)
        return pymysql.connect(**given)

    def sql(self, query: str, args=None, database: Optional[str] = None) -> List[tuple]:
        """Runs SQL (several statements too) and returns the last one's rows."""
        connection = self.connect(database)
        try:
            return run(connection, query, args)
        finally:
            connection.close()

    def value(self, query: str, args=None, database: Optional[str] = None):
        """The first column of the first row; None without rows."""
        rows = self.sql(query, args, database)
        return rows[0][0] if rows else None

    def create_database(self, name: str, options: str = "") -> None:
        self.sql(f"CREATE DATABASE `{name}` {options}")

    def drop_database(self, name: str) -> None:
        """Drops a database, ending the connections that use it or read the binary log."""
        if not self.running:
            return
        for (thread,) in self.sql("SELECT id FROM information_schema.processlist"
                                  " WHERE db = %s OR command LIKE 'Binlog Dump%%'", (name,)):
            self.end_connection(thread)
        self.sql(f"DROP DATABASE IF EXISTS `{name}`")

    def end_connection(self, thread: int) -> None:
        """KILL, which may come too late."""
        try:
            self.sql(f"KILL {thread}")
        except pymysql.err.Error as e:
            if e.args[0] != 1094:  # no such thread
                raise

    def create_user(self, name: str, password: str, grants: str = "ALL ON *.*", auth: Optional[str] = None) -> None:
        """Another user for clients on TCP. This is in the binary log, as any statement."""
        self.sql(f"CREATE USER {text(name)}@'%' {self._identified(password, auth or self.auth)};"
                 f"GRANT {grants} TO {text(name)}@'%'")

    def configure(self, **settings) -> None:
        """Changes variables that can be changed while running, for new connections too, and keeps them for the next
        start."""
        self.settings.update(settings)
        if self.running:
            for name, value in settings.items():
                literal = str(value) if isinstance(value, int) else text(value)
                self.sql(f"SET GLOBAL {name} = {literal}")

    # ---- The binary log ----

    def binlog_names(self) -> List[str]:
        return [row[0] for row in self.sql("SHOW BINARY LOGS")]

    def binlog_files(self) -> List[Path]:
        """The files of the binary log, oldest first; the last one is being written."""
        return [self.data / name for name in self.binlog_names()]

    def binlog_position(self) -> Tuple[str, int]:
        """(file, offset) behind the last event."""
        row = self.sql("SHOW MASTER STATUS" if self.mariadb or self.old else "SHOW BINARY LOG STATUS")[0]
        return row[0], int(row[1])

    def gtids(self) -> str:
        """What has been executed: MySQL's set of GTIDs, MariaDB's position in each domain."""
        return self.value("SELECT @@gtid_binlog_pos" if self.mariadb else "SELECT @@GLOBAL.gtid_executed").replace("\n", "")

    def rotate(self) -> str:
        """Closes the current file of the binary log and returns the name of the next one."""
        self.sql("FLUSH BINARY LOGS")
        return self.binlog_position()[0]

    def reset_binlog(self) -> None:
        """Empties the binary log, GTIDs included."""
        self.sql("RESET MASTER" if self.mariadb or self.old else "RESET BINARY LOGS AND GTIDS")

    def purge_binlog(self, before: str) -> None:
        """Deletes the files in front of the named one. MariaDB keeps a file until its engine needs it no more."""
        def purged():
            self.sql(f"PURGE BINARY LOGS TO {text(before)}")
            return self.binlog_names()[0] == before
        procs.wait_until(purged, 30, f"the files before {before} to be purged")

    # ---- Replicas ----

    def replica_of(self, source: "Mysql") -> "Mysql":
        """Makes this (empty) server follow another one by GTIDs; the source's log must go back to its beginning."""
        address = (f"{{0}}_HOST='127.0.0.1', {{0}}_PORT={source.port}, {{0}}_USER={text(USER)},"
                   f" {{0}}_PASSWORD={text(source.password)}, {{0}}_CONNECT_RETRY=1,")
        address += f" {{0}}_SSL={int(source.tls != 'off')}, {{0}}_SSL_VERIFY_SERVER_CERT=0"
        if self.mariadb:
            self.sql(f"CHANGE MASTER TO {address.format('MASTER')}, MASTER_USE_GTID=slave_pos; START SLAVE")
        else:
            self.sql(f"CHANGE REPLICATION SOURCE TO {address.format('SOURCE')}, SOURCE_AUTO_POSITION=1,"
                     " GET_SOURCE_PUBLIC_KEY=1; START REPLICA")
        self.sql("SET GLOBAL read_only = 1")
        return self

    def wait_for_replay(self, gtids: str, timeout: float = 30) -> None:
        """Waits until a replica has applied what its source's gtids() said."""
        wait = "MASTER_GTID_WAIT" if self.mariadb else "WAIT_FOR_EXECUTED_GTID_SET"
        if self.value(f"SELECT {wait}(%s, {timeout})", (gtids,)) != 0:
            raise self.fail(f"has not applied {gtids} after {timeout:g} s; {self.replica_errors()}")

    def replica_errors(self) -> str:
        """What SHOW REPLICA STATUS complains about."""
        connection = self.connect(cursorclass=pymysql.cursors.DictCursor)
        try:
            rows = run(connection, "SHOW SLAVE STATUS" if self.mariadb else "SHOW REPLICA STATUS")
        finally:
            connection.close()
        found = [f"{k}: {v}" for row in rows for k, v in row.items() if k.endswith("_Error") and v]
        return "; ".join(found) or "no error"

    def promote(self) -> None:
        """Turns a replica into a server of its own."""
        self.sql("STOP SLAVE; RESET SLAVE ALL" if self.mariadb else "STOP REPLICA; RESET REPLICA ALL")
        self.sql("SET GLOBAL read_only = 0")

    # ---- Inside ----

    def _defaults(self, fsync: bool) -> Dict[str, object]:
        settings: Dict[str, object] = dict(DEFAULTS, **(FSYNC if fsync else NO_FSYNC), server_id=self.server_id)
        settings.update(MARIADB_DEFAULTS if self.mariadb else OLD_MYSQL_DEFAULTS if self.old else MYSQL_DEFAULTS)
        if self.old:
            del settings["binlog_row_metadata"]
        if self.auth == "ed25519":
            settings["plugin_load_add"] = "auth_ed25519"
        if not self.mariadb:
            mode = "ON" if self.gtid else "OFF"
            settings.update(gtid_mode=mode, enforce_gtid_consistency=mode)
        return settings

    def _places(self) -> List[str]:
        """The options that say where things are."""
        places = {"datadir": self.data, "socket": self.socket, "pid_file": self.dir / "pid", "tmpdir": self.dir,
                  "port": self.port}
        if self.mariadb:
            share = _mariadb_share(self.home)
            places.update(basedir=self.home, lc_messages_dir=share, character_sets_dir=share / "charsets",
                          plugin_dir=self.home / "root" / "usr" / "lib" / "mysql" / "plugin")
        elif self.old:
            places.update(basedir=self.home, lc_messages_dir=self.home / "share",
                          character_sets_dir=self.home / "share" / "charsets")
        else:
            places.update(_mysql_places(self.home))
        return [f"--{k}={v}" for k, v in places.items()]

    def _command(self) -> List[str]:
        options = [f"--{k}" if v is None else f"--{k}={v}" for k, v in self.settings.items()]
        binary = "mariadbd" if self.mariadb and not self.old else "mysqld"
        return [str(self.home / "bin" / binary), "--no-defaults", *self._places(), *self._tls_options(), *options]

    def _tls_options(self) -> List[str]:
        if self.tls == "off":
            return ["--skip-ssl"] if self.mariadb or self.old else ["--tls-version=", "--auto-generate-certs=OFF"]
        options = [f"--ssl-ca={self.ca}", f"--ssl-cert={self.dir / 'server.crt'}",
                   f"--ssl-key={self.dir / 'server.key'}"]
        return options + (["--require-secure-transport=ON"] if self.tls == "only" else [])

    def _create(self) -> None:
        if self.tls != "off":
            certificates.make(self.dir)
        shutil.copytree(self._template(), self.data)
        own_files(self.dir, self.user)

    def _template(self) -> Path:
        """The data of a new server, made once: MySQL takes five seconds for that."""
        key = f"{self.flavour} {self.auth}"
        with _lock:
            if key not in _templates:
                _templates[key] = self._make_template()
            return _templates[key]

    def _make_template(self) -> Path:
        folder = procs.subdir(f"{self.flavour}-new", self.user)
        data, statements = folder / "data", folder / "create.sql"
        data.mkdir()
        if self.mariadb or self.old:
            statements.write_text(_system_tables(self.home) + self._users())
            command = ["--bootstrap", "--skip-log-bin", *(["--plugin-load-add=auth_ed25519"] * (self.auth == "ed25519")), "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M",
                       "--innodb-flush-log-at-trx-commit=0", "--max-allowed-packet=8M"]
        else:
            statements.write_text(self._users())
            command = ["--initialize-insecure", f"--init-file={statements}", "--mysqlx=OFF",
                       "--innodb-redo-log-capacity=16M", "--performance-schema=OFF", "--auto-generate-certs=OFF"]
        own_files(folder, self.user)
        with open(statements, "rb") as stdin:
            p = subprocess.run(procs.as_user(self.user) + self._command()[:2] + self._places() + command +
                               [f"--datadir={data}"], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", cwd="/", env=dict(os.environ, TZ="UTC", LC_ALL="C"))
        if p.returncode != 0:
            raise procs.ServerError(f"{self.name}: its data could not be made:\n{p.stdout[-3000:]}")
        (data / "auto.cnf").unlink(missing_ok=True)  # the server's UUID, of which each server has its own
        return data

    def _users(self) -> str:
        """USER for TCP, one statement a line as the servers want it here. Written in front of the first start, so
        that it is in no binary log."""
        return ("FLUSH PRIVILEGES;\n"
                f"CREATE USER {text(USER)}@'%' {self._identified(self.password, self.auth)};\n"
                f"GRANT ALL ON *.* TO {text(USER)}@'%' WITH GRANT OPTION;\n")

    def _identified(self, password: str, auth: str) -> str:
        if self.old:
            return f"IDENTIFIED BY {text(password)}"
        if self.mariadb:
            return f"IDENTIFIED VIA {auth} USING PASSWORD({text(password)})"
        return f"IDENTIFIED WITH {auth} BY {text(password)}"

    def _answers(self) -> bool:
        try:
            self.connect(connect_timeout=5).close()
            return True
        except pymysql.err.OperationalError:
            return False


def run(connection, query: str, args=None) -> List[tuple]:
    """Runs SQL (several statements too) on a connection and returns the last one's rows."""
    with connection.cursor() as cursor:
        cursor.execute(query, args)
        rows = list(cursor.fetchall()) if cursor.description else []
        while cursor.nextset():
            rows = list(cursor.fetchall()) if cursor.description else []
        return rows


_lock = threading.Lock()
_templates: Dict[str, Path] = {}
_binaries: Dict[str, Path] = {}


def binaries(flavour: str) -> Path:
    """The server's installation, copied into our temporary directory when the server's user cannot enter it."""
    if flavour not in _binaries:
        home = fetch.fetch(flavour)
        if not procs.reachable(home / "bin", procs.unprivileged()):
            copy = procs.subdir(f"{flavour}-bin") / "home"
            shutil.copytree(home, copy, symlinks=True)
            copy.parent.chmod(0o755)
            home = copy
        _binaries[flavour] = home
    return _binaries[flavour]


def tool(name: str) -> str:
    """The path of a program that came with MySQL: "mysqlbinlog", "mysql", "mysqldump", "mysqladmin"."""
    return str(binaries(f"mysql-{fetch.MYSQL}") / "bin" / name)


def _mysql_places(home: Path) -> Dict[str, Path]:
    """Where the packaged MySQL keeps what it looks for in absolute paths. A user's own MySQL knows its places."""
    root = home / "root" / "usr"
    if not root.is_dir():
        return {"basedir": home}
    return {"basedir": root, "lc_messages_dir": root / "share" / "mysql", "plugin_dir": root / "lib/mysql/plugin",
            "character_sets_dir": root / "share" / "mysql" / "charsets"}


def _mariadb_share(home: Path) -> Path:
    packaged = home / "root" / "usr" / "share" / "mariadb"
    return packaged if packaged.is_dir() else home / "share"


def _system_tables(home: Path) -> str:
    """What mariadb-install-db, or mysql_install_db of old, feeds to the server, less the help texts."""
    parts = ["CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n"]
    for name in ("system_tables", "performance_tables", "system_tables_data", "gis_sp_bootstrap", "sys_schema"):
        path = next(_mariadb_share(home).glob(f"m*_{name}.sql"), None)  # mysql_…, maria_… or mariadb_…, by version
        if path:  # old ones have fewer of them
            parts.append(path.read_text() + "\n")
    return "".join(parts)


def own_files(folder: Path, user: Optional[Tuple[int, int]]) -> None:
    """Gives what we wrote as root to the server's user."""
    if user is None:
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, *user)
