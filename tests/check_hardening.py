#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What was built is hardened: read from the files themselves, so that a compiler which drops a flag is noticed.

Usage: check_hardening.py SHARED_LIBRARY [PROGRAM...]

Each has full RELRO (GNU_RELRO and BIND_NOW), no executable stack, no segment that is writable and executable, no text
relocations, stack canaries, and calls of checked string functions (_FORTIFY_SOURCE). Skipped (77) without readelf.
"""

import re
import shutil
import subprocess
import sys

SKIPPED = 77


def readelf(option: str, path: str) -> str:
    return subprocess.run(["readelf", "-W", option, path], stdout=subprocess.PIPE, text=True, check=True,
                          env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def flags_of(segments: str, kind: str) -> list[str]:
    """The permissions of each segment of a kind: R, RW, R E."""
    return re.findall(rf"^ +{kind} +(?:0x[0-9a-f]+ +){{5}}([RWE ]{{3}})", segments, re.MULTILINE)


def problems(path: str):
    segments, dynamic, symbols = readelf("-l", path), readelf("-d", path), readelf("--dyn-syms", path)
    if "DYN" not in readelf("-h", path):
        yield "its addresses are fixed"
    if not flags_of(segments, "GNU_RELRO"):
        yield "has no segment that is read-only after relocation"
    if not re.search(r"BIND_NOW|Flags:.*\bNOW\b", dynamic):
        yield "binds lazily, so that the table of functions stays writable"
    if [flags for flags in flags_of(segments, "GNU_STACK") if "E" in flags] or "GNU_STACK" not in segments:
        yield "asks for an executable stack"
    if any("W" in flags and "E" in flags for flags in flags_of(segments, "LOAD")):
        yield "has a segment that is writable and executable"
    if "TEXTREL" in dynamic:
        yield "relocates its code"
    if "__stack_chk_fail" not in symbols:
        yield "has no stack canaries"
    if not re.search(r"UND __\w+_chk@", symbols):
        yield "calls no checked string functions"


def main() -> int:
    if not shutil.which("readelf"):
        print("readelf is missing (Debian: binutils)")
        return SKIPPED
    failures = 0
    for path in sys.argv[1:]:
        wrong = list(problems(path))
        failures += len(wrong)
        print("\n".join(f"{path}: {what}" for what in wrong) if wrong else f"{path}: hardened")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
