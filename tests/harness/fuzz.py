"""Runs the fuzz harnesses: fuzz_x with the seeds of tests/fuzz/corpus/x.

  fuzz.py --smoke BINARY...        a few seconds: the seeds and changed copies of them (tests/fuzz/driver.c)
  fuzz.py --seconds 60 BINARY...   libFuzzer for that long each; what it learns is kept in build/fuzz/corpus

An input that fails is left beside the binary, with the line that repeats it.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import List, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import procs, sanitizers  # noqa: E402  (the path comes first)
from harness.fetch import ROOT  # noqa: E402


class Result(NamedTuple):
    passed: int
    failed: int
    report: str


def seeds(binary: Path) -> Path:
    return ROOT / "tests" / "fuzz" / "corpus" / binary.name[len("fuzz_"):]


def smoke_command(binary: Path, runs: int) -> List[str]:
    return [str(binary), f"-runs={runs}", f"-artifact={binary}.crash", str(seeds(binary))]


def fuzz_command(binary: Path, seconds: int) -> List[str]:
    learned = ROOT / "build" / "fuzz" / "corpus" / binary.name[len("fuzz_"):]
    learned.mkdir(parents=True, exist_ok=True)
    command = [str(binary), f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", "-max_len=65536",
               "-verbosity=0", "-print_final_stats=1", f"-artifact_prefix={binary}."]
    words = seeds(binary).with_suffix(".dict")
    if words.exists():
        command.append(f"-dict={words}")
    return command + [str(learned), str(seeds(binary))]


def run_one(binary: Path, command: List[str], timeout: int, talk: bool) -> str:
    """What went wrong, empty when nothing did."""
    if not seeds(binary).is_dir() or not any(seeds(binary).iterdir()):
        return f"{binary.name}: no seeds in {seeds(binary)}"
    try:
        p = subprocess.run(command, env=dict(os.environ, **sanitizers.OPTIONS), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
    except subprocess.TimeoutExpired as e:
        return f"{binary.name}: not done after {timeout} s\n{(e.stdout or b'').decode(errors='replace')[-4000:]}"
    out = p.stdout.decode(errors="replace")
    if p.returncode != 0:
        return f"{' '.join(command)}\nexit code {p.returncode}\n{out[-8000:]}"
    if talk:
        units = re.search(r"number_of_executed_units: (\d+)", out)
        print(f"{binary.name}: no finding in {units.group(1) if units else '?'} inputs", flush=True)
    return ""


def smoke(binaries: List[Path], runs: int = 20000) -> Result:
    return count(procs.in_parallel(lambda b: run_one(b, smoke_command(b, runs), 120, False), binaries))


def fuzz(binaries: List[Path], seconds: int) -> Result:
    problems = [run_one(b, fuzz_command(b, seconds), seconds + 120, True) for b in binaries]
    return count(problems)


def count(problems: List[str]) -> Result:
    failed = [p for p in problems if p]
    return Result(len(problems) - len(failed), len(failed), "\n\n".join(failed))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--runs", type=int, default=20000, help="changed copies per harness with --smoke")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("binaries", nargs="*", type=Path)
    options = parser.parse_args()
    r = smoke(options.binaries, options.runs) if options.smoke else fuzz(options.binaries, options.seconds)
    if r.report:
        print(r.report)
    print(f"fuzz: {r.passed} passed, {r.failed} failed")
    return 1 if r.failed else 0


if __name__ == "__main__":
    sys.exit(main())
