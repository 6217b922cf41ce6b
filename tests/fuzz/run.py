#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Fuzzes all targets for some hours, and reports executions, coverage and findings of each.

    tests/fuzz/run.py BUILD [--hours H | --minutes M] [--target NAME]... [--jobs N] [--report FILE]

BUILD was set up with -Dfuzz=true and built. The time is that of the wall clock for all targets together; with --jobs N,
N run at once, so that the processor hours are up to N times as many. Corpora grow in BUILD/fuzz-corpus; inputs that fail
are kept in BUILD/fuzz-findings. Exit status: 1 if there were findings.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
DICTIONARIES = {"load": "model", "score": "model", "csv": "csv", "npy": "npy", "idx": "idx", "cli": "cli"}
LENGTHS = {"load": 8192, "score": 8192, "options": 512, "csv": 8192, "npy": 4096, "idx": 4096, "cifar": 8192, "cli": 4096}
SECONDS_AN_INPUT = 20  # one that takes longer is a finding
MEBIBYTES = 1024


@dataclasses.dataclass
class Outcome:
    target: str
    seconds: float = 0    # by the clock on the wall
    processor: float = 0  # seconds of a processor
    executions: int = 0
    covered: int = 0
    edges: int = 0
    corpus: int = 0
    findings: list[str] = dataclasses.field(default_factory=list)


def command(build: Path, target: str, seconds: int) -> list[str]:
    corpus, findings = build / "fuzz-corpus" / target, build / "fuzz-findings" / target
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    words = [str(build / "tests" / "fuzz" / f"fuzz_{target}"), f"-max_total_time={seconds}", f"-max_len={LENGTHS[target]}",
             f"-timeout={SECONDS_AN_INPUT}", f"-rss_limit_mb={MEBIBYTES}", "-print_final_stats=1",
             f"-artifact_prefix={findings}/"]
    if target in DICTIONARIES:
        words.append(f"-dict={HERE / 'dict' / (DICTIONARIES[target] + '.dict')}")
    if target not in ("load", "score", "options"):
        words.append("-close_fd_mask=3")  # the messages of the program; the sanitizers' still come through
    return words + [str(corpus), str(HERE / "corpus" / target)]


def last_number(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def read_log(outcome: Outcome, log: str) -> None:
    outcome.executions += last_number(r"stat::number_of_executed_units:\s*(\d+)", log) or last_number(r"#(\d+)", log)
    outcome.covered = max(outcome.covered, last_number(r"cov: (\d+)", log))
    outcome.edges = last_number(r"Loaded \d+ modules\s+\((\d+) inline", log)
    outcome.corpus = last_number(r"corp: (\d+)", log)


def run(words: list[str], environment: dict[str, str]) -> tuple[int, str, float]:
    """Exit status, output, and the processor time that it took."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # so that Popen does not wait for it once more
        out.seek(0)
        return process.returncode, out.read().decode(errors="replace"), usage.ru_utime + usage.ru_stime


def fuzz(build: Path, target: str, seconds: int) -> Outcome:
    """libFuzzer stops at a finding; it is started again for what is left of the time."""
    outcome, begun = Outcome(target), time.monotonic()
    kept = build / "fuzz-findings" / target
    before = set(kept.iterdir()) if kept.exists() else set()
    environment = dict(os.environ, ASAN_OPTIONS="allocator_may_return_null=1:detect_leaks=1", UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
    while (left := seconds - int(time.monotonic() - begun)) > 0:
        status, log, processor = run(command(build, target, left), environment)
        read_log(outcome, log)
        outcome.processor += processor
        if status == 0:
            break
        (build / "fuzz-findings" / f"{target}-{len(list(kept.iterdir()))}.log").write_text(log[-20000:])
        if len(set(kept.iterdir()) - before) > 20:
            break
    outcome.seconds = time.monotonic() - begun
    outcome.findings = sorted(path.name for path in set(kept.iterdir()) - before)
    return outcome


def table(outcomes: list[Outcome]) -> str:
    lines = ["| target | processor minutes | executions | a second | edges covered | of | corpus | findings |",
             "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for o in outcomes:
        lines.append(f"| `{o.target}` | {o.processor / 60:.1f} | {o.executions:,} | {o.executions / max(o.processor, 1):,.0f} | "
                     f"{o.covered:,} | {o.edges:,} | {o.corpus:,} | {len(o.findings)} |")
    total = sum(o.executions for o in outcomes)
    lines.append(f"| all | {sum(o.processor for o in outcomes) / 60:.1f} | {total:,} | | | | | "
                 f"{sum(len(o.findings) for o in outcomes)} |")
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--hours", type=float, default=1)
    length.add_argument("--minutes", type=float)
    parser.add_argument("--target", action="append", choices=sorted(LENGTHS))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--report", type=Path, help="write the figures as JSON, too")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    build = args.build.resolve()
    targets = [t for t in args.target or LENGTHS if (build / "tests" / "fuzz" / f"fuzz_{t}").exists()]
    if not targets:
        sys.exit(f"{build} has no fuzz targets: meson setup -Dfuzz=true, with clang")
    whole = 60 * args.minutes if args.minutes else 3600 * args.hours
    seconds = max(1, int(whole * args.jobs / len(targets)))
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        outcomes = list(pool.map(lambda target: fuzz(build, target, seconds), targets))
    print(table(outcomes))
    for outcome in outcomes:
        for name in outcome.findings:
            print(f"{build}/fuzz-findings/{outcome.target}/{name}")
    if args.report:
        args.report.write_text(json.dumps([dataclasses.asdict(o) for o in outcomes], indent=2) + "\n", encoding="utf-8")
    return 1 if any(o.findings for o in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
