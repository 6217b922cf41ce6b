#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Scoring with a workspace makes no system call: strace sees none between the marks that score_loop.c writes.

Usage: check_no_syscalls.py PROGRAM
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MARKS = ('write(1, "scoring begins\\n"', 'write(1, "scoring has ended\\n"')
SKIPPED = 77


def skip(why: str) -> int:
    print(f"skipped: {why}")
    return SKIPPED


def trace(command: list[str]) -> tuple[int, list[str]]:
    """The exit status, and a line for each system call and signal of all threads and children."""
    one_process = os.environ | {"CK_FORK": "no"}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        status = subprocess.run(["strace", "-f", "-o", str(log), *command], env=one_process).returncode
        return status, log.read_text(errors="replace").splitlines() if log.exists() else []


def index_of(mark: str, lines: list[str]) -> int:
    found = [i for i, line in enumerate(lines) if mark in line]
    if len(found) != 1:
        sys.exit(f"{len(found)} lines of strace with {mark}, 1 expected")
    return found[0]


def main() -> int:
    (program,) = sys.argv[1:]
    if not shutil.which("strace"):
        return skip("strace is not installed (Debian: strace)")
    if trace(["true"])[0]:
        return skip("strace may not trace here")
    status, lines = trace([program])
    if status:
        sys.exit(f"{program} failed under strace")
    first, last = (index_of(mark, lines) for mark in MARKS)
    between = lines[first + 1:last]
    print(f"{len(between)} system calls while scoring, {len(lines)} in all", *between[:20], sep="\n")
    return 1 if between or last < first else 0


if __name__ == "__main__":
    sys.exit(main())
