#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The ABI of the library holds that of the committed baseline: additions pass, anything changed or gone fails.

Usage: check_abi.py SHARED_LIBRARY HEADER BASELINE          compare
       check_abi.py --write SHARED_LIBRARY HEADER BASELINE  make a new baseline (of a release)

The library needs debug information (-g): without it there are names, but no types.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77
CHANGED, INCOMPATIBLE = 4, 8  # bits of abidiff's exit status


def describe(library: str, header: str) -> str:
    """What abidw says of the public types and functions, without the paths of the machine that it ran on."""
    command = ["abidw", "--headers-dir", str(Path(header).parent), "--drop-private-types",
               "--exported-interfaces-only", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs",
               "--no-elf-needed", library]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def has_debug_information(library: str) -> bool:
    sections = subprocess.run(["readelf", "-S", "-W", library], check=True, stdout=subprocess.PIPE, text=True).stdout
    return ".debug_info" in sections


def without_paths(description: str) -> str:
    """Only the names of source files, which must differ from one another: abidiff tells files apart by them."""
    return re.sub(r" path='[^']*?([^'/]*)'", r" path='\1'", description)


def main() -> int:
    write = "--write" in sys.argv
    library, header, baseline = [a for a in sys.argv[1:] if a != "--write"]
    for tool in ("abidw", "abidiff", "readelf"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed (in Debian the packages abigail-tools and binutils)")
            return SKIP
    if not has_debug_information(library):
        sys.exit(f"{library} has no debug information")
    if write:
        Path(baseline).parent.mkdir(exist_ok=True)
        Path(baseline).write_text(without_paths(describe(library, header)), encoding="utf-8")
        return 0
    if not Path(baseline).exists():
        print("skipped: there is no baseline yet")
        return SKIP
    with tempfile.TemporaryDirectory() as folder:
        now = Path(folder, "now.abi")
        now.write_text(without_paths(describe(library, header)), encoding="utf-8")
        result = subprocess.run(["abidiff", "--no-added-syms", baseline, str(now)])
    if result.returncode & ~(CHANGED | INCOMPATIBLE):
        sys.exit("abidiff itself failed")
    return 1 if result.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
