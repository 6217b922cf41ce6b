#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Fixed pieces of work take as many instructions as were recorded: a slowdown shows on any machine, however busy.

    check_instructions.py WORK RECORD COMPILER [--write]

WORK is tests/work.c, RECORD a JSON file of counts by compiler. valgrind counts inside the call alone, and offers AVX2 to
the library whatever the processor has beyond it. A count above TOLERANCE fails; one as far below asks to be recorded
(--write), so that it is not lost again. Skipped (77) without valgrind or a record of the compiler.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOLERANCE = 0.02
SKIPPED = 77


def count(work: str, name: str, function: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--toggle-collect={function}",
                   f"--callgrind-out-file={folder}/out", work, name]
        env = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}  # Meson sets one
        result = subprocess.run(command, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    collected = re.search(r"Collected\s*:\s*(\d+)", result.stderr)
    if result.returncode or not collected:
        sys.exit(f"{' '.join(command)}:\n{result.stderr}")
    return int(collected[1])


def verdict(got: int, recorded: int) -> str:
    if got > recorded * (1 + TOLERANCE):
        return "SLOWER"
    return "FASTER: record it with --write" if got < recorded * (1 - TOLERANCE) else "ok"


def main() -> int:
    work, record_path, compiler = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    record = json.loads(record_path.read_text(encoding="utf-8")) if record_path.exists() else {}
    writes = "--write" in sys.argv
    if not shutil.which("valgrind"):
        print("valgrind is missing (Debian: valgrind): instructions are not counted")
        return SKIPPED
    if compiler not in record and not writes:
        print(f"no instructions recorded for {compiler}: --write records them")
        return SKIPPED
    if "avx2" not in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        print("this processor has no AVX2, with which instructions were recorded")
        return SKIPPED
    listing = subprocess.run([work], stdout=subprocess.PIPE, text=True, check=True).stdout
    counts = {name: count(work, name, function) for name, function in (line.split() for line in listing.splitlines())}
    if writes:
        record[compiler] = counts
        record_path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    failed = 0
    for name, got in counts.items():
        recorded = record[compiler].get(name, 0)
        word = verdict(got, recorded)
        failed += word != "ok"
        print(f"{name}: {got:,} instructions, {recorded:,} recorded, {got / max(recorded, 1) - 1:+.2%}: {word}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
