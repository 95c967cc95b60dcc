"""Runs the tailrace binary as a user would, and watches what it prints.

    run = tailrace.start("run", "--source", url, "--tables", "public.*")
    run.wait_for_lines(10)        # JSON lines on stdout, parsed
    run.wait_for_log("streaming") # stderr
    assert run.terminate() == 0   # SIGTERM; run.kill() is kill -9

The binary is build/tailrace, or $TAILRACE_BIN (a sanitizer build). A sanitizer's report fails the test.
"""

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional, Union

from . import procs, sanitizers
from .fetch import ROOT

SANITIZER_REPORT = re.compile(r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|: runtime error: ")


def binary() -> Path:
    return Path(os.environ.get("TAILRACE_BIN") or ROOT / "build" / "tailrace").resolve()


def sanitized() -> bool:
    """Whether that is a sanitizer's build, whose use of memory says nothing about ours."""
    return binary().parent.name in ("asan", "tsan")


class Finished(NamedTuple):
    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> List[dict]:
        return [json.loads(line) for line in self.stdout.split("\n") if line]  # text may hold U+2028


class Run:
    """One started process. Its stdout and stderr are files, so nothing ever blocks it."""

    def __init__(self, process: subprocess.Popen, stdout: Path, stderr: Path):
        self.process = process
        self.stdout = stdout
        self.stderr = stderr
        self._read = 0               # bytes of stdout already parsed
        self._lines: List[dict] = []

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    @property
    def log(self) -> str:
        return self.stderr.read_text(errors="replace")

    def lines(self) -> List[dict]:
        """The complete JSON lines on stdout so far."""
        with open(self.stdout, "rb") as f:
            f.seek(self._read)
            new = f.read()
        whole = new[:new.rfind(b"\n") + 1]
        self._read += len(whole)
        self._lines += [json.loads(line) for line in whole.splitlines()]
        return list(self._lines)

    def wait_for_lines(self, count: int = 1, timeout: float = 30,
                       where: Optional[Callable[[dict], bool]] = None) -> List[dict]:
        """Waits for at least count lines (for which `where` holds) and returns all such lines."""
        def enough():
            found = [line for line in self.lines() if where is None or where(line)]
            return found if len(found) >= count else None
        return self._wait(enough, timeout, f"{count} lines on stdout")

    def wait_for_log(self, pattern: str, timeout: float = 30, count: int = 1) -> "re.Match":
        """Waits until stderr matches a regular expression (count times) and returns the last match."""
        def found():
            matches = list(re.finditer(pattern, self.log))
            return matches[-1] if len(matches) >= count else None
        return self._wait(found, timeout, f"'{pattern}' on stderr")

    def wait(self, timeout: float = 60) -> int:
        """Waits for the exit and returns its code (negative: the signal)."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"tailrace still runs after {timeout:g} s\n{self._tail()}") from None
        self.check_sanitizers()
        return code

    def signal(self, signum: int) -> None:
        os.kill(self.pid, signum)

    def terminate(self, timeout: float = 60) -> int:
        """SIGTERM, and the exit code."""
        if self.running:
            self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self) -> None:
        """kill -9. What it had written before stays readable."""
        if self.running:
            self.signal(signal.SIGKILL)
        self.process.wait()

    def suspend(self) -> None:
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def rss(self) -> int:
        """Resident memory now, in bytes."""
        return self._status("VmRSS")

    def peak_rss(self) -> int:
        """The highest resident memory so far, in bytes."""
        return self._status("VmHWM")

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def check_sanitizers(self) -> None:
        text = self.log
        if SANITIZER_REPORT.search(text):
            raise AssertionError(f"a sanitizer complained:\n{text[-6000:]}")

    def _status(self, field: str) -> int:
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M).group(1)) * 1024

    def _wait(self, condition, timeout: float, what: str):
        """Waits for a condition, but no longer than the process lives."""
        def step():
            ended = not self.running  # looked at first: what it wrote before it ended still counts
            value = condition()
            if not value and ended:
                raise AssertionError(f"tailrace ended with {self.process.returncode} before {what}\n{self._tail()}")
            return value
        try:
            return procs.wait_until(step, timeout, what, 0.02)
        except procs.ServerError as e:
            raise AssertionError(f"{e}\n{self._tail()}") from None

    def _tail(self) -> str:
        out = self.stdout.read_text(errors="replace").splitlines()
        err = self.log.splitlines()
        return "\n".join([f"stdout, {len(out)} lines, the last:", *(line[:300] for line in out[-5:]),
                          "stderr, the last:", *err[-25:]])


class Tailrace:
    """Starts the binary with files below one directory; everything it started is gone after close()."""

    def __init__(self, directory: Path):
        self.dir = directory
        self.runs: List[Run] = []

    def config(self, content: Union[str, dict], name: str = "tailrace.yaml") -> Path:
        """Writes a configuration. A dict is written as JSON, which is YAML too; no source of it takes a snapshot
        unless it says so."""
        if isinstance(content, dict):
            for source in content.get("sources", {}).values():
                source.setdefault("snapshot", "never")
        path = self.dir / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
        return path

    def start(self, *args, env: Optional[dict] = None, into=None) -> Run:
        """Starts the binary with these arguments; env comes on top of ours. A run with --source takes no snapshot
        unless it says so. Its stdout is a file, or `into`: what subprocess.Popen takes, such as PIPE, to be read from
        run.process.stdout."""
        args = [str(arg) for arg in args]
        if args[:1] == ["run"] and "--source" in args and "--snapshot" not in args:
            args += ["--snapshot", "never"]
        if not binary().exists():
            raise AssertionError(f"there is no {binary()}: run make")
        number = len(self.runs) + 1
        stdout, stderr = self.dir / f"stdout.{number}", self.dir / f"stderr.{number}"
        full = dict(os.environ, **sanitizers.OPTIONS)
        full.pop("NOTIFY_SOCKET", None)
        full.update(env or {})
        with open(stdout, "wb") as out, open(stderr, "wb") as err:
            process = subprocess.Popen([str(binary()), *args], stdin=subprocess.DEVNULL,
                                       stdout=out if into is None else into, stderr=err, cwd=self.dir, env=full,
                                       start_new_session=True)
        run = Run(process, stdout, stderr)
        self.runs.append(run)
        return run

    def run(self, *args, timeout: float = 60, env: Optional[dict] = None) -> Finished:
        """Runs the binary to its end."""
        run = self.start(*args, env=env)
        code = run.wait(timeout)
        return Finished(code, run.stdout.read_text(errors="replace"), run.log)

    def close(self) -> None:
        for run in self.runs:
            if run.running:
                run.resume()
                run.kill()
        for run in self.runs:
            if run.process.stdout:
                run.process.stdout.close()
            run.check_sanitizers()
