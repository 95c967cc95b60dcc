"""What tests/check does once everything is installed: builds, runs the steps, adds up what passed and failed."""

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Callable, Dict, List

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import fetch, fuzz, procs, unit  # noqa: E402  (the path comes first)

ROOT = fetch.ROOT
SERVERS = ["postgres-14", "postgres-15", "postgres-16", "postgres-17", "postgres-18", "mariadb-10.11", "mariadb-11.4",
           "mariadb-11.8", "mysql-9.7", "libmysqlclient", "kafka"]
INTEGRATION_TIMEOUT = 40 * 60
CI = os.environ.get("CI") == "true"


class Total:
    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0

    def add(self, passed: int, failed: int, skipped: int = 0) -> None:
        self.passed += passed
        self.failed += failed
        self.skipped += skipped


class BuildFailed(Exception):
    """make failed; carries what it said."""


# What lint has built, when it found nothing wrong: the same program, with warnings as errors.
LINT_BUILD = ["BUILD=build/lint-gcc", "CC=gcc", "DEVELOPER=1"]
_plain: List[str] = []  # the variables of the build without sanitizers


def make(sanitize: str, *goals: str) -> str:
    """Runs make, and returns what it printed."""
    command = ["make", "-s", f"-j{max(procs.CPUS, 2)}", f"SANITIZE={sanitize}", *([] if sanitize else _plain), *goals]
    p = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True, errors="replace")
    if p.returncode != 0:
        raise BuildFailed(f"{' '.join(command)}\n{p.stdout}{p.stderr}")
    return p.stdout


def listed(sanitize: str, variable: str) -> List[str]:
    """A variable of the Makefile in that build."""
    return make(sanitize, f"print-{variable}").split()


# ---- Steps ------------------------------------------------------------------------------------------------------

def step_lint(total: Total, _options) -> None:
    selftest = start([sys.executable, "tests/lint/selftest"], subprocess.PIPE)  # beside the rest: it compiles little
    from_run = subprocess.run([sys.executable, "tests/lint/run"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    *lines, last = from_run.stdout.splitlines() or [""]
    words = last.replace(",", "").split()
    if "passed" not in words:
        raise BuildFailed(f"lint did not end as it should:\n{from_run.stdout}")
    counts = {w: int(words[i - 1]) for i, w in enumerate(words) if w in ("passed", "failed", "skipped")}
    if not counts["failed"] and "CC" not in os.environ:
        _plain[:] = LINT_BUILD
    total.add(counts["passed"], counts["failed"], counts.get("skipped", 0))
    if lines:
        print("\n".join(lines))
    told = selftest.communicate()[0].decode(errors="replace")
    total.add(int(selftest.returncode == 0), int(selftest.returncode != 0))
    if selftest.returncode != 0:
        print(told)


def run_unit(total: Total, sanitize: str) -> None:
    make(sanitize, "all", "unit-binaries")
    r = unit.run_all(listed(sanitize, "UNIT_BIN"))
    total.add(r.passed, r.failed, r.skipped)
    if r.report:
        print(r.report)


def step_unit(total: Total, options) -> None:
    run_unit(total, options.sanitize)


def step_sanitized_unit(total: Total, _options) -> None:
    wait_for_build()
    run_unit(total, "address,undefined")


def step_fuzz(total: Total, _options) -> None:
    wait_for_build()
    make("address,undefined", "fuzz-binaries")
    r = fuzz.smoke([Path(b) for b in listed("address,undefined", "FUZZ_BIN")])
    total.add(r.passed, r.failed)
    if r.report:
        print(r.report)


_started: List[subprocess.Popen] = []
_download: List[subprocess.Popen] = []
_build: List[subprocess.Popen] = []


def start(command: List[str], out) -> subprocess.Popen:
    """Something that runs beside a step, and not longer than we do."""
    p = subprocess.Popen(procs.as_user(None, "TERM") + command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out,
                         stderr=out if out != subprocess.PIPE else None)
    _started.append(p)
    return p


def start_download() -> None:
    """Fetches the servers in the background while other steps use the processors. What goes wrong is told when they
    are needed, and tried again."""
    with open(procs.workdir() / "download", "wb") as log:
        _download.append(start([sys.executable, str(ROOT / "tests" / "servers"), "fetch", *SERVERS], log))


def start_sanitized_build() -> None:
    """Builds what the later steps run while the integration tests wait for servers; only when nobody else wants the
    processor. What goes wrong is told by those steps, which build again."""
    command = ["nice", "-n", "19", "make", "-s", "SANITIZE=address,undefined", "all", "unit-binaries", "fuzz-binaries"]
    _build.append(start(command, subprocess.DEVNULL))


def wait_for_build() -> None:
    for p in _build:
        p.wait()


def all_servers() -> None:
    if _download and _download[0].wait() != 0:
        print((procs.workdir() / "download").read_text(errors="replace"))
    for server in SERVERS:
        fetch.fetch(server)


def processes() -> List[str]:
    """pytest's options for two processes, each with its servers."""
    if procs.CPUS < 2 or importlib.util.find_spec("xdist") is None:
        return []
    return ["-n", "2", "--dist", "loadgroup"]


def step_integration(total: Total, options) -> None:
    make(options.sanitize, "all")
    [binary] = listed(options.sanitize, "BINARY")
    all_servers()
    env = dict(os.environ, TAILRACE_BIN=str(ROOT / binary), PYTHONDONTWRITEBYTECODE="1")
    tmp = procs.subdir("check")
    xml = tmp / "junit.xml"
    command = [sys.executable, "-m", "pytest", "-qq", "-p", "no:cacheprovider", "--tb=short", "-o",
               "junit_family=xunit1", f"--junitxml={xml}", f"--basetemp={tmp}/pytest", *processes(),
               *(options.pytest or ["tests/integration"])]
    # In a session of its own: Ctrl-C reaches us alone, and pytest hears of it once.
    p = subprocess.Popen(procs.as_user(None, "TERM") + command, cwd=ROOT, stdin=subprocess.DEVNULL, env=env,
                         start_new_session=True)
    try:
        code = p.wait(INTEGRATION_TIMEOUT)
    except subprocess.TimeoutExpired:
        print(f"integration: stopped after {INTEGRATION_TIMEOUT} s")
        code = 1
    finally:
        end(p)
    read_junit(total, xml, code)


def end(p: subprocess.Popen) -> None:
    """Asks pytest to stop its servers and leave; makes it leave when it does not."""
    if p.poll() is None:
        p.terminate()
        try:
            p.wait(60)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()


def read_junit(total: Total, xml: Path, code: int) -> None:
    try:
        suite = next(ET.parse(xml).getroot().iter("testsuite"))
        tests, failures, errors, skipped = (int(suite.get(a, "0")) for a in ("tests", "failures", "errors", "skipped"))
    except (OSError, ET.ParseError, StopIteration):
        print(f"integration: pytest ended with {code} and left no report")
        total.add(0, 1)
        return
    failed = failures + errors
    if code not in (0, 1) or (code == 1 and not failed):
        print(f"integration: pytest ended with {code}")
        failed += 1
    total.add(max(tests - failures - errors - skipped, 0), failed, skipped)


STEPS: Dict[str, Callable] = {
    "lint": step_lint,
    "unit": step_unit,
    "integration": step_integration,
    "sanitized-unit": step_sanitized_unit,
    "fuzz": step_fuzz,
}


# ---- All of them ------------------------------------------------------------------------------------------------

def arguments():
    parser = argparse.ArgumentParser(prog="tests/check", add_help=False)
    parser.add_argument("--sanitize", default="", choices=("", "address,undefined", "thread"))
    options, rest = parser.parse_known_args()
    options.steps = []
    while rest and rest[0] in STEPS:
        options.steps.append(rest.pop(0))
    options.pytest = rest
    if rest and "integration" not in options.steps:
        parser.error(f"no step called {rest[0]}: {' '.join(STEPS)}")
    if rest and all(not r.startswith("tests/") for r in rest):
        options.pytest = ["tests/integration"] + rest
    if not options.steps:
        options.steps = ["unit", "integration"] if options.sanitize else list(STEPS)
    return options


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = arguments()
    total = Total()
    begin = time.monotonic()
    if "integration" in options.steps:
        start_download()
    for name in options.steps:
        start = time.monotonic()
        before = (total.passed, total.failed)
        print(f"== {name}", flush=True)
        if name == "integration" and {"sanitized-unit", "fuzz"} & set(options.steps) and not options.sanitize:
            start_sanitized_build()
        try:
            STEPS[name](total, options)
        except (BuildFailed, fetch.FetchError) as e:
            print(e)
            total.add(0, 1)
        print(f"== {name}: {total.passed - before[0]} passed, {total.failed - before[1]} failed,"
              f" {time.monotonic() - start:.0f} s", flush=True)
    if CI and total.skipped:
        print(f"{total.skipped} skipped, and with CI=true none may be")
        total.failed, total.skipped = total.failed + total.skipped, 0
    print(f"== all of it took {time.monotonic() - begin:.0f} s")
    print(f"{total.passed} passed, {total.failed} failed" + (f", {total.skipped} skipped" if total.skipped else ""))
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        for process in _started:
            end(process)
