"""Runs cmocka binaries, two for each processor at a time and each under a time limit, and counts their tests.

From a shell: tests/harness/unit.py BINARY... prints failures in full and one closing line.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import List, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import procs, sanitizers  # noqa: E402  (the path comes first)

TIMEOUT = int(os.environ.get("UNIT_TIMEOUT", "120"))


class Result(NamedTuple):
    passed: int
    failed: int
    skipped: int
    report: str  # empty when nothing failed


def _read_xml(path: str):
    """The test cases of one binary as (name, state, text), or None when it wrote no usable file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            text = f.read()
        # A binary that runs several groups writes several documents one after another.
        text = text.replace('<?xml version="1.0" encoding="UTF-8" ?>', "")
        root = ET.fromstring("<all>" + text + "</all>")
    except (OSError, ET.ParseError):
        return None
    cases = []
    for case in root.iter("testcase"):
        failure = case.find("failure")
        error = case.find("error")
        bad = failure if failure is not None else error
        if bad is not None:
            cases.append((case.get("name"), "failed", (bad.text or bad.get("message") or "").strip()))
        elif case.find("skipped") is not None:
            cases.append((case.get("name"), "skipped", ""))
        else:
            cases.append((case.get("name"), "passed", ""))
    return cases


def run_one(binary: str) -> Result:
    """One binary. A crash, a time-out or an exit code that no failed test explains counts as one failure."""
    with tempfile.TemporaryDirectory(prefix="tailrace-unit-") as tmp:
        xml = os.path.join(tmp, "out.xml")
        env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="xml", CMOCKA_XML_FILE=xml, **sanitizers.OPTIONS)
        try:
            p = subprocess.run([binary], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, timeout=TIMEOUT)
            code, out = p.returncode, p.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as e:
            code, out = None, (e.stdout or b"").decode(errors="replace")
        cases = _read_xml(xml)
    lines = []
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for name, state, text in cases or []:
        count[state] += 1
        if state == "failed":
            lines.append(f"{binary}: {name}\n{text}")
    if code is None:
        count["failed"] += 1
        lines.append(f"{binary}: stopped after {TIMEOUT} s\n{out}")
    elif (code != 0 and not count["failed"]) or not cases:
        count["failed"] += 1
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        lines.append(f"{binary}: {how}, {'no test failed' if cases else 'no test ran to its end'}\n{out}")
    elif count["failed"] and out.strip():
        lines.append(out)
    return Result(count["passed"], count["failed"], count["skipped"], "\n".join(lines))


def run_all(binaries: List[str]) -> Result:
    total = [0, 0, 0]
    reports = []
    for r in procs.in_parallel(run_one, binaries, 2 * procs.CPUS):  # the slow ones wait: for a timer, for the disk
        total = [total[0] + r.passed, total[1] + r.failed, total[2] + r.skipped]
        if r.report:
            reports.append(r.report)
    return Result(total[0], total[1], total[2], "\n\n".join(reports))


def main(argv: List[str]) -> int:
    r = run_all(argv)
    if r.report:
        print(r.report)
    print(f"unit: {r.passed} passed, {r.failed} failed" + (f", {r.skipped} skipped" if r.skipped else ""))
    return 1 if r.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
