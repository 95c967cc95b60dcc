"""Unpacks packages of another Debian suite into a directory, whatever system this is, without root.

apt resolves and downloads them from an empty list of installed packages, so that everything they need comes along,
the C library too, and checks the archive's signature as always. The binaries then run with the C library and the
loader beside them: see wrapper(). Nothing is installed and apt's own state is not touched.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, Sequence, Tuple

# Where the mirror is asked for when this system's apt sources name none (a system that is not Debian).
MIRROR_VARIABLE = "TAILRACE_DEBIAN_MIRROR"
KEYRINGS = [Path("/usr/share/keyrings") / f"debian-archive-keyring.{kind}" for kind in ("gpg", "pgp")]

WRAPPER = """#!/bin/sh
# Runs {binary} with the loader and the libraries it was built for.
here=$(dirname "$(readlink -f "$0")")/..
lib=$here/root/usr/lib/{triplet}
exec "$here"/root/usr/lib*/{triplet}/ld-linux* --library-path "$lib{more}" --argv0 "$0" "$here/root/{binary}" "$@"
"""


# The compiler finds its own parts beside this script, headers and libraries below root/. What it links starts with
# root's loader and libraries, wherever it lies.
COMPILER = """#!/bin/sh
# Runs the C compiler of root/ for programs that run with its libraries.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
root=$here/root
lib=$root/usr/lib/{triplet}
exec "$lib/{loader}" --library-path "$lib" --argv0 "$0" "$root/usr/bin/gcc" -B"$here/bin/" -B"$root/{gcc}/" \\
    --sysroot="$root" -Wl,--dynamic-linker="$lib/{loader}",--disable-new-dtags,-rpath,"$lib" "$@"
"""


class DebianError(RuntimeError):
    """The packages could not be had. The message says why and what to do."""


def _release() -> dict:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        lines = []
    return {k: v.strip('"') for k, _, v in (line.partition("=") for line in lines)}


def mirror() -> str:
    """The Debian mirror that this system's apt uses, or the one of $TAILRACE_DEBIAN_MIRROR."""
    if os.environ.get(MIRROR_VARIABLE):
        return os.environ[MIRROR_VARIABLE]
    for tool in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise DebianError(f"there is no {tool} on this system, which downloads and unpacks Debian packages")
    release = _release()
    suites = {release.get("VERSION_CODENAME", ""), "stable", "testing", "unstable", "sid"}
    p = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                        "Created-By: Packages"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    for line in p.stdout.splitlines() if release.get("ID") == "debian" else []:
        uri, suite, component = line.split()
        if suite in suites and component == "main":
            return uri
    raise DebianError("this system's apt sources name no Debian mirror. Set $" + MIRROR_VARIABLE +
                      " to the URL of one (the folder that holds dists/ and pool/)")


def _keyring() -> Path:
    for path in KEYRINGS:
        if path.exists():
            return path
    raise DebianError("the keys of the Debian archive are not here: install the package debian-archive-keyring")


class Archive:
    """apt with a state of its own below `state`, looking at one suite and believing that nothing is installed."""

    def __init__(self, suite: str, state: Path):
        self.suite = suite
        self.cache = state / "cache" / "archives"
        for folder in (state / "lists" / "partial", self.cache / "partial"):
            folder.mkdir(parents=True, exist_ok=True)
        (state / "status").touch()
        (state / "sources.list").write_text(f"deb [signed-by={_keyring()}] {mirror()} {suite} main\n")
        self.options: List[str] = []
        for option in (f"Dir::Etc::sourcelist={state / 'sources.list'}", "Dir::Etc::sourceparts=-",
                       f"Dir::State::lists={state / 'lists'}", f"Dir::State::status={state / 'status'}",
                       f"Dir::Cache={state / 'cache'}", "APT::Install-Recommends=false", "Debug::NoLocking=1",
                       "APT::Sandbox::User="):
            self.options += ["-o", option]

    def _apt(self, *words: str) -> str:
        p = subprocess.run([words[0], *self.options, *words[1:]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, errors="replace", cwd=self.cache,
                           env=dict(os.environ, LC_ALL="C"))
        if p.returncode != 0:
            raise DebianError(f"Debian {self.suite}: {' '.join(words)} failed:\n{p.stdout.strip()[-2000:]}")
        return p.stdout

    def update(self) -> None:
        # Without the option, apt answers 0 when the mirror is away, with a warning only.
        self._apt("apt-get", "-qq", "--error-on=any", "update")

    def version(self, package: str) -> str:
        for line in self._apt("apt-cache", "policy", package).splitlines():
            word, _, value = line.strip().partition(": ")
            if word == "Candidate" and value != "(none)":
                return value
        raise DebianError(f"Debian {self.suite} has no package {package} for this architecture")

    def download(self, packages: Sequence[str], alone: Sequence[str] = ()) -> List[Path]:
        """The files of packages with all they need, and of others without."""
        self._apt("apt-get", "-qq", "-y", "--download-only", "install", *packages)
        if alone:
            self._apt("apt-get", "-qq", "download", *alone)
        return sorted(self.cache.glob("*.deb"))


def archive(suite: str, state: Path, packages: Sequence[str], alone: Sequence[str] = ()) -> Tuple[str, List[Path]]:
    """(version of the first package, the .deb files as Archive.download() gives them). The archive may change between
    reading its index and downloading, so that is tried three times."""
    apt = Archive(suite, state)
    for attempt in (1, 2, 3):
        try:
            apt.update()
            return apt.version(packages[0]), apt.download(packages, alone)
        except DebianError:
            if attempt == 3:
                raise
            print(f"Debian {suite}: attempt {attempt} failed", file=sys.stderr, flush=True)
    raise AssertionError


def unpack(debs: Sequence[Path], root: Path) -> None:
    """Unpacks into root, which is laid out as every Debian system is: /lib and the like point into /usr."""
    for folder in ("lib", "lib64", "bin", "sbin"):
        (root / "usr" / folder).mkdir(parents=True, exist_ok=True)
        if not (root / folder).is_symlink():
            (root / folder).symlink_to(f"usr/{folder}")
    for deb in debs:
        p = subprocess.run(["dpkg-deb", "-x", str(deb), str(root)], stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, errors="replace")
        if p.returncode != 0:
            raise DebianError(f"{deb.name} could not be unpacked: {p.stderr.strip()}")


def _script(target: Path, name: str, text: str) -> None:
    path = target / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def _one(target: Path, pattern: str) -> Path:
    """The last of the files below target/root/usr that the pattern names."""
    found = sorted((target / "root" / "usr").glob(pattern))
    if not found:
        raise DebianError(f"no {pattern} below {target / 'root' / 'usr'}")
    return found[-1]


def wrapper(target: Path, binary: str, more: str = "") -> None:
    """Writes target/bin/NAME, a script that runs target/root/BINARY with that root's loader. `more` are further
    folders of libraries, as in ":$here/root/usr/lib/mysql/private"."""
    triplet = _one(target, "lib*/*/ld-linux*").parent.name
    _script(target, Path(binary).name, WRAPPER.format(binary=binary, triplet=triplet, more=more))


def compiler(target: Path) -> None:
    """Writes target/bin/gcc and what it needs beside it: the compiler below target/root, as a compiler for that root.
    Nothing of it needs to be root, or at home in a chroot."""
    for pattern in ("lib*/gcc/*/*/cc1", "lib*/gcc/*/*/collect2", "bin/as", "bin/ld", "bin/ar"):
        wrapper(target, str(_one(target, pattern).relative_to(target / "root")))
    loader = _one(target, "lib*/*/ld-linux*")
    gcc = _one(target, "lib/gcc/*/*/crtbegin.o").parent.relative_to(target / "root")
    _script(target, "gcc", COMPILER.format(triplet=loader.parent.name, loader=loader.name, gcc=gcc))
