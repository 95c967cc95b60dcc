"""Builds Tailrace with Oracle's libmysqlclient into build/mysqlclient, beside the build with MariaDB's Connector/C.

Debian has that library in its unstable suite only, and it needs that suite's C library. So the compiler, the headers
and the libraries are all of there (fetch.toolchain()), and so is the loader that the binaries start with: they run on
this system as they are. make, pkg-config and protoc are this system's.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import List

from . import fetch

BUILD = fetch.ROOT / "build" / "mysqlclient"
SANITIZE = {"": "", "asan": "address,undefined", "tsan": "thread"}


def command(*words: str) -> List[str]:
    """make with these goals and variables (the last value of one counts); with little optimisation unless told."""
    gcc = fetch.toolchain() / "bin" / "gcc"
    flags = [] if any(w.startswith("CFLAGS=") for w in words) else ["CFLAGS=-O1"]
    return ["make", f"BUILD={BUILD.relative_to(fetch.ROOT)}", "MYSQL_CLIENT=mysqlclient", f"CC={gcc}", *flags, *words]


def environment() -> dict:
    """Where pkg-config looks, and the assembler and ar of that suite before this system's."""
    home = fetch.toolchain()
    usr = home / "root" / "usr"
    folders = [*usr.glob("lib/*/pkgconfig"), usr / "share" / "pkgconfig"]
    return dict(os.environ, PATH=f"{home / 'bin'}:{os.environ['PATH']}", PKG_CONFIG_SYSROOT_DIR=str(home / "root"),
                PKG_CONFIG_LIBDIR=":".join(map(str, folders)))


def build(variant: str = "") -> Path:
    """The binary, made now when it is not up to date, behind what else runs: that may be other tests. variant: "asan"
    or "tsan" for one with sanitizers."""
    folder = BUILD / variant
    folder.mkdir(parents=True, exist_ok=True)
    words = [f"BUILD={folder.relative_to(fetch.ROOT)}", f"SANITIZE={SANITIZE[variant]}", "-s", "-j2", "all"]
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        p = subprocess.run(["nice", *command(*words)], cwd=fetch.ROOT, env=environment(), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if p.returncode != 0:
        raise AssertionError(f"the build with libmysqlclient failed:\n{p.stdout[-4000:]}")
    return folder / "tailrace"


def plugins() -> Path:
    """The library's plug-ins: mysql_native_password is one, and comes with the server."""
    return fetch.unpacked(f"mysql-{fetch.MYSQL}") / "root" / "usr" / "lib" / "mysql" / "plugin"


def main() -> int:
    try:
        return subprocess.run(command(*sys.argv[1:]), cwd=fetch.ROOT, env=environment()).returncode
    except fetch.FetchError as e:
        print(e, file=sys.stderr)
        return 1
