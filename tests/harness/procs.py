"""Processes, ports and temporary directories that never outlive the process that asked for them.

- spawn() starts a child in a session of its own (Ctrl-C reaches only us; we stop the child properly) that the
  kernel kills when we die, however we die.
- workdir() is this process's temporary directory: removed at exit, and swept by the next run after a kill -9.
- reserve_port() is a port no other run of this harness is given while we live.
"""

import atexit
import fcntl
import os
import pwd
import queue
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, List, Optional, Sequence, Tuple

_lock = threading.RLock()
_root: Optional[Path] = None
_held = []  # open files and sockets: what they lock is ours until we exit
_cleanups: List[Callable[[], None]] = []


class ServerError(RuntimeError):
    """A server did not start, stop or answer. The message carries the end of its log."""


# ---- Who runs a server that refuses root ------------------------------------------------------------------------

def unprivileged() -> Optional[Tuple[int, int]]:
    """(uid, gid) for servers that refuse to run as root; None when we are not root and may run them ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
        except KeyError:
            pass
    return 65534, 65534


def as_user(user: Optional[Tuple[int, int]], death_signal: str = "keep") -> List[str]:
    """The setpriv command line that drops to user (if any) and dies with its parent (if asked)."""
    words = ["setpriv"]
    if user is not None:
        words += [f"--reuid={user[0]}", f"--regid={user[1]}", "--clear-groups"]
    if death_signal != "keep":
        words += ["--pdeathsig", death_signal]
    return words + ["--"]


def reachable(path: Path, user: Optional[Tuple[int, int]]) -> bool:
    """Whether that user can enter a directory (a checkout below /root is closed to others)."""
    if user is None:
        return True
    return subprocess.run(as_user(user) + ["test", "-x", str(path), "-a", "-r", str(path)]).returncode == 0


# ---- As many at a time as there are processors --------------------------------------------------------------------

CPUS = os.cpu_count() or 1


def in_parallel(work: Callable, items: Sequence, at_once: int = CPUS) -> list:
    """work(item) of each item, in their order; when we are interrupted, those not yet begun are left out."""
    pool = ThreadPoolExecutor(at_once)
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)


# ---- Temporary directories --------------------------------------------------------------------------------------

def _try_lock(path: Path):
    """An open, locked file, or None when another process holds it (or owns it)."""
    try:
        f = open(path, "a")  # pylint: disable=consider-using-with
    except OSError:
        return None
    try:
        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        f.close()
        return None
    return f


def _sweep(base: Path) -> None:
    """Removes what a killed run left behind: its directory is there, its lock is free."""
    for old in base.glob("tailrace-run-*"):
        if not old.is_dir() or old.stat().st_uid != os.geteuid() or not (old / ".lock").exists():
            continue
        f = _try_lock(old / ".lock")
        if f:
            shutil.rmtree(old, ignore_errors=True)
            f.close()


def workdir() -> Path:
    """This process's temporary directory. Other users may enter it, so that a server may run as one of them."""
    global _root
    with _lock:
        if _root is None:
            base = Path(tempfile.gettempdir())
            if not reachable(base, unprivileged()):
                base = Path("/tmp")
            _sweep(base)
            _root = Path(tempfile.mkdtemp(prefix="tailrace-run-", dir=base))
            _held.append(_try_lock(_root / ".new"))
            (_root / ".new").rename(_root / ".lock")  # locked when it appears: another run may sweep at this moment
            _root.chmod(0o755)
            atexit.register(_finish, os.getpid())
        return _root


def subdir(prefix: str, user: Optional[Tuple[int, int]] = None) -> Path:
    """A fresh directory below workdir(), owned by user."""
    path = Path(tempfile.mkdtemp(prefix=prefix + "-", dir=workdir()))
    if user is not None:
        os.chown(path, *user)
    return path


def at_end(action: Callable[[], None]) -> None:
    """Runs action before the temporary directory goes, last registered first."""
    workdir()
    _cleanups.append(action)


def _finish(owner: int) -> None:
    if os.getpid() != owner:  # a forked child that leaves through exit()
        return
    while _cleanups:
        try:
            _cleanups.pop()()
        except Exception as e:  # the other servers must be stopped all the same
            print(f"harness: {e}", flush=True)
    if _root is not None and "TAILRACE_KEEP" not in os.environ:
        shutil.rmtree(_root, ignore_errors=True)


# ---- Ports ------------------------------------------------------------------------------------------------------

def reserve_port() -> int:
    """A free loopback port, ours while this process lives; below the range that outgoing connections use. An abstract
    socket named after the port keeps other runs of this harness off it, whoever runs them, and leaves no file."""
    for _ in range(1000):
        port = random.randrange(18000, 32000)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0tailrace-port-{port}")
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _held.append(claim)
        return port
    raise ServerError("no free port between 18000 and 32000 on 127.0.0.1")


# ---- Children ---------------------------------------------------------------------------------------------------

# The kernel's parent-death signal follows the *thread* that forked. One thread that lives as long as the
# process does all forking, so that a test may restart a server from a thread of its own.
_jobs: "queue.Queue" = queue.Queue()
_spawner: Optional[threading.Thread] = None


def _spawn_loop() -> None:
    while True:
        args, kwargs, reply = _jobs.get()
        try:
            reply.put(subprocess.Popen(*args, **kwargs))
        except Exception as e:
            reply.put(e)


def spawn(argv: Sequence[str], log: Path, user: Optional[Tuple[int, int]] = None, death_signal: str = "KILL",
          cwd: Optional[Path] = None, env: Optional[dict] = None) -> subprocess.Popen:
    """Starts argv with its output appended to log. The child gets death_signal when this process dies."""
    global _spawner
    with _lock:
        if _spawner is None:
            _spawner = threading.Thread(target=_spawn_loop, daemon=True, name="spawner")
            _spawner.start()
    reply: "queue.Queue" = queue.Queue()
    with open(log, "ab") as out:
        _jobs.put(((as_user(user, death_signal) + [str(a) for a in argv],),
                   dict(stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=cwd or "/", env=env,
                        start_new_session=True), reply))
        child = reply.get()
    if isinstance(child, Exception):
        raise child
    return child


def children(pid: int) -> List[int]:
    """The direct children of a process."""
    try:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def standing(pid: int) -> bool:
    """Whether every thread of the process is stopped. The signal reaches each when it gets a processor."""
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            if stat.read_text().rsplit(")", 1)[1].split()[0] not in "TZ":
                return False
        except (OSError, IndexError):
            pass  # this thread has ended
    return True


def wait_until(condition: Callable[[], object], timeout: float, what: str, step: float = 0.05):
    """Waits for a true value and returns it; a ServerError that names what we waited for otherwise."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise ServerError(f"waited {timeout:g} s for {what}")
        time.sleep(step)


def wait_until_settled(value: Callable[[], object], what: str, seconds: float = 1, timeout: float = 60):
    """Waits until a value has not changed for so many seconds, and returns it."""
    since, last = time.monotonic(), value()

    def settled():
        nonlocal since, last
        now = value()
        if now != last:
            since, last = time.monotonic(), now
        return time.monotonic() - since >= seconds
    wait_until(settled, timeout, f"{what} to settle")
    return last


class Server:
    """One server process: started, stopped, killed and suspended by pid. Subclasses say how it starts."""

    def __init__(self, name: str):
        self.name = name
        self.process: Optional[subprocess.Popen] = None
        self.log = Path()
        at_end(self.close)

    @property
    def pid(self) -> int:
        if self.process is None:
            raise ServerError(f"{self.name} is not running")
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log_text(self) -> str:
        try:
            return self.log.read_text(errors="replace")
        except OSError:
            return ""

    def fail(self, what: str) -> ServerError:
        tail = "\n".join(self.log_text().splitlines()[-25:])
        return ServerError(f"{self.name}: {what}. The end of {self.log}:\n{tail}")

    def wait_ready(self, ready: Callable[[], bool], timeout: float) -> None:
        end = time.monotonic() + timeout
        while not ready():
            if not self.running:
                raise self.fail(f"exited with {self.process.poll() if self.process else None} while starting")
            if time.monotonic() > end:
                raise self.fail(f"not ready after {timeout:g} s")
            time.sleep(0.05)

    def signal_and_wait(self, signum: int, timeout: float) -> None:
        """Sends a signal and waits for the exit; kills the process and complains when it does not come."""
        if not self.running:
            self.process = None
            return
        os.kill(self.pid, signum)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise self.fail(f"still there {timeout:g} s after {signal.Signals(signum).name}, killed") from None
        self.process = None

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def suspend(self) -> None:
        """Stops the process in its tracks: connections stay open, nothing answers. Returns when all its threads stand."""
        os.kill(self.pid, signal.SIGSTOP)
        wait_until(lambda: standing(self.pid), 30, f"{self.name} to stop in its tracks", 0.01)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """Stops the server for good. Harmless when it is not running."""
        if self.running:
            self.resume()
            self.kill()
