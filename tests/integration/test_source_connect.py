"""How the agent reaches PostgreSQL: TLS, passwords, several hosts, encodings; and what it says when it cannot."""

import re
import socket
import subprocess
import time

import pytest

from harness import procs
from harness.postgres import Postgres

pytestmark = pytest.mark.xdist_group("connect")  # one `protected` and one `locked` for all

SECRET = "kept secret"  # harness.postgres.Postgres.password


def endless(url, *more):
    return ["run", "--source", url, "--name", "shop", "--tables", "public.*", *more]


def args(url, *more):
    return endless(url, "--until", "end", *more)


def encrypted(server):
    """How the agent's connections are protected, as the server sees them."""
    return {ssl for (ssl,) in server.sql("SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                                         " WHERE application_name = 'tailrace/shop'")}


@pytest.fixture(scope="module")
def protected():
    """Speaks TLS on two loopback addresses; its certificate is for one of them."""
    server = Postgres(18, settings={"listen_addresses": "127.0.0.1,127.0.0.2"}, tls="on").start()
    allow(server, "hostssl all all 127.0.0.2/32 trust")
    yield server
    server.close()


@pytest.fixture(scope="module")
def locked():
    """Asks for a password."""
    server = Postgres(18, auth="scram-sha-256").start()
    yield server
    server.close()


def allow(server, line):
    hba = server.data / "pg_hba.conf"
    hba.write_text(hba.read_text() + line + "\n")
    server.own_files(hba)
    server.sql("SELECT pg_reload_conf()")


# ---- TLS ----

def test_loopback_prefers_tls(protected, tailrace):
    server = protected
    run = tailrace.start(*endless(server.url()))
    run.wait_for_log("streaming")
    assert encrypted(server) == {True}
    assert run.terminate() == 0
    run = tailrace.start(*endless(server.url(), "--tls", "off"))
    run.wait_for_log("streaming")
    assert encrypted(server) == {False}
    assert run.terminate() == 0


def test_certificates_are_verified(protected, tailrace, tmp_path):
    server = protected
    stranger = tmp_path / "stranger.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=stranger",
                    "-keyout", tmp_path / "stranger.key", "-out", stranger], check=True, capture_output=True)
    good = tailrace.run(*args(server.url(), "--tls", "verify-full", "--tls_ca", server.ca))
    assert good.code == 0, good.stderr
    bad = tailrace.run(*args(server.url(), "--tls", "verify-full", "--tls_ca", stranger))
    assert bad.code == 2 and "certificate verify failed" in bad.stderr, bad.stderr
    # Without a CA of our own it is the system's bundle, which does not know this server.
    bundle = tailrace.run(*args(server.url(), "--tls", "verify-full"))
    assert bundle.code == 2 and "certificate verify failed" in bundle.stderr, bundle.stderr
    # SSL_CERT_FILE moves the system's bundle, as it does for others.
    moved = tailrace.run(*args(server.url(), "--tls", "verify-full"), env={"SSL_CERT_FILE": str(server.ca)})
    assert moved.code == 0, moved.stderr
    missing = tailrace.run(*args(server.url(), "--tls", "verify-full", "--tls_ca", tmp_path / "none.crt"))
    assert missing.code == 2 and "none.crt" in missing.stderr


def test_the_name_is_verified(protected, tailrace):
    """The certificate is for localhost and 127.0.0.1, not for this machine's other loopback addresses."""
    server = protected
    url = server.url(host="127.0.0.2")
    full = tailrace.run(*args(url, "--tls", "verify-full", "--tls_ca", server.ca))
    assert full.code == 2 and "does not match host name" in full.stderr, full.stderr
    ca = tailrace.run(*args(url, "--tls", "verify-ca", "--tls_ca", server.ca))
    assert ca.code == 0, ca.stderr


def test_a_server_without_tls(pg_latest, tailrace):
    done = tailrace.run(*args(pg_latest.url(), "--tls", "require"))
    assert done.code == 2 and "does not support SSL" in done.stderr


def test_remote_hosts_are_verified_unless_told_otherwise(own_postgres, tailrace):
    """hostaddr decides where we connect; a name that is not loopback decides that we verify."""
    server = own_postgres()
    url = f"postgresql://postgres@db.example:{server.port}/postgres?hostaddr=127.0.0.1"
    assert tailrace.run(*args(url)).code == 0  # the address is loopback
    outside = next((a for a in addresses() if not a.startswith("127.")), None)
    if outside is None:
        pytest.skip("this machine has no address but loopback")
    server.configure(listen_addresses="*")
    allow(server, "host all all samenet trust")
    server.restart()
    done = tailrace.run(*args(server.url(host=outside)))
    assert done.code == 2 and "does not support SSL" in done.stderr, done.stderr
    assert tailrace.run(*args(server.url(host=outside), "--tls", "off")).code == 0


def addresses():
    """IPv4 addresses of this machine."""
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
    return [a for a in found if "." in a]


def test_sslmode_that_contradicts(tailrace):
    done = tailrace.run(*args("postgresql://127.0.0.1:1/x?sslmode=disable", "--tls", "verify-full"))
    assert done.code == 2, done.stderr
    assert "sslmode" in done.stderr or "tls" in done.stderr


# ---- Passwords ----

def test_passwords_from_each_source(locked, tailrace, tmp_path):
    server = locked
    (tmp_path / "password").write_text(SECRET + "\n")
    (tmp_path / "password").chmod(0o600)
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"127.0.0.1:{server.port}:*:postgres:{SECRET}\n")
    passfile.chmod(0o600)
    services = tmp_path / "services"
    services.write_text(f"[shop]\nhost=127.0.0.1\nport={server.port}\ndbname=postgres\nuser=postgres\npassword={SECRET}\n")
    ways = [
        (server.url(), ["--password_file", tmp_path / "password"], {}),
        (server.url(), ["--password_env", "SHOP_PASSWORD"], {"SHOP_PASSWORD": SECRET}),
        (server.url(), ["--passfile", passfile], {}),
        (server.url(), ["--service", "shop"], {"PGSERVICEFILE": str(services)}),
        (server.url(password=SECRET), [], {}),
    ]
    for url, more, env in ways:
        done = tailrace.run(*args(url, *more), env=env)
        assert done.code == 0, f"{more}: {done.stderr}"
        assert SECRET not in done.stderr and "kept%20secret" not in done.stderr


def test_a_wrong_password_is_said_and_not_shown(locked, tailrace):
    done = tailrace.run(*args(locked.url(), "--password_env", "SHOP_PASSWORD"), env={"SHOP_PASSWORD": "wr0ng"})
    assert done.code == 2, done.stderr
    assert "password authentication failed" in done.stderr and "wr0ng" not in done.stderr
    done = tailrace.run(*args(locked.url()))  # none at all
    assert done.code == 2 and "asks for a password" in done.stderr, done.stderr


def test_password_in_the_url_leaves_the_process_title(locked, tailrace):
    run = tailrace.start(*endless(locked.url(password=SECRET)))
    run.wait_for_log("streaming")
    with open(f"/proc/{run.pid}/cmdline", "rb") as f:
        title = f.read()
    assert b"secret" not in title and b"postgresql://postgres:" in title
    assert run.terminate() == 0
    assert "secret" not in run.log


# ---- Servers that are not there ----

def test_nothing_there(tailrace):
    port = procs.reserve_port()
    begun = time.monotonic()
    done = tailrace.run(*args(f"postgresql://postgres@127.0.0.1:{port}/postgres"))
    assert done.code == 1 and "cannot connect" in done.stderr
    assert time.monotonic() - begun < 8


def test_a_server_that_does_not_answer(tailrace):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        url = f"postgresql://postgres@127.0.0.1:{silent.getsockname()[1]}/postgres?connect_timeout=2"
        begun = time.monotonic()
        done = tailrace.run(*args(url))
        assert done.code == 1 and "no answer within 2 s" in done.stderr
        assert time.monotonic() - begun < 8


def test_the_second_host_is_found_behind_a_silent_first(pg_latest, tailrace):
    server = pg_latest.server
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        url = (f"postgresql://postgres@127.0.0.1:{silent.getsockname()[1]},127.0.0.1:{server.port}/postgres"
               "?connect_timeout=2")
        done = tailrace.run(*args(url))
        assert done.code == 0, done.stderr


def test_unknown_database_and_role(pg_latest, tailrace):
    server = pg_latest.server
    done = tailrace.run(*args(server.url("nowhere")))
    assert done.code == 2 and re.search(r"database \S+nowhere\S+ does not exist", done.stderr)
    done = tailrace.run(*args(server.url(user="nobody_here")))
    assert done.code == 2 and "nobody_here" in done.stderr


# ---- What a session pins ----

def test_settings_of_the_role_do_not_change_values(pg, tailrace):
    """The same bytes, whatever the database and the role prefer."""
    role = f"odd_{pg.name}"
    wishes = {"datestyle": "German, DMY", "timezone": "Asia/Tokyo", "bytea_output": "escape",
              "intervalstyle": "sql_standard", "extra_float_digits": "-5", "xmlbinary": "hex", "statement_timeout": "1s",
              "search_path": "nowhere", "client_encoding": "LATIN1", "default_transaction_isolation": "serializable"}
    pg.sql(f"CREATE ROLE {role} LOGIN SUPERUSER")
    try:
        for name, value in wishes.items():
            pg.sql(f"ALTER ROLE {role} SET {name} = '{value}'")
        pg.sql("CREATE TABLE t (id int PRIMARY KEY, d date, z timestamptz, i interval, f float8, b bytea, x text)")
        run = tailrace.start(*endless(pg.url(user=role)))
        run.wait_for_log("streaming")
        pg.sql("INSERT INTO t VALUES (1, '2026-11-23', '2026-11-23 12:00:00+00', '1 day 2 hours', 0.1, '\\x00ff', 'äöü')")
        assert run.wait_for_lines(1)[0]["after"] == {
            "id": 1, "d": "2026-11-23", "z": "2026-11-23T12:00:00Z", "i": "P1DT2H", "f": 0.1, "b": "AP8=", "x": "äöü"}
        time.sleep(1.5)  # longer than the role's statement_timeout
        pg.sql("INSERT INTO t (id) VALUES (2)")
        run.wait_for_lines(2)
        assert run.terminate() == 0
    finally:
        pg.sql(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


@pytest.mark.parametrize("encoding, after, invalid", [
    ("LATIN1", {"id": 1, "x": "äöü"}, None),
    ("SQL_ASCII", {"id": 1}, {"after": {"x": {"base64": "5Pb8"}}}),  # no UTF-8: kept, and not called text
])
def test_encodings(pg, tailrace, encoding, after, invalid):
    name = f"{pg.name}_{encoding.lower()}"
    pg.server.create_database(name, f"ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        pg.server.sql("CREATE TABLE t (id int PRIMARY KEY, x text)", database=name)
        run = tailrace.start(*endless(pg.server.url(name)))
        run.wait_for_log("streaming")
        connection = pg.server.connect(name)
        connection.set_client_encoding(encoding)
        connection.cursor().execute("INSERT INTO t VALUES (1, E'\\344\\366\\374')")
        connection.close()
        line = run.wait_for_lines(1)[0]
        assert line["after"] == after and line.get("invalid") == invalid
        assert run.terminate() == 0
    finally:
        pg.server.drop_database(name)


def test_a_unix_socket_needs_no_tls(pg_latest, tailrace):
    server = pg_latest.server
    done = tailrace.run(*args(f"postgresql://postgres@/{pg_latest.name}?host={server.dir}&port={server.port}"))
    assert done.code == 0, done.stderr
