#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What examples/export.c writes is compiled with examples/exported.c, and both print the same scores.

usage: check_example.py EXPORT_PROGRAM EXPORTED_SOURCE COMPILER
"""

import sys
import tempfile
from pathlib import Path

from compare import WARNINGS, run


def main(export, source, compiler):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here = run([export, folder / "motor_model.c"])
        run([*compiler.split(), "-std=c99", "-O2", *WARNINGS[:4], source, folder / "motor_model.c", "-o", folder / "exported", "-lm"])
        there = run([folder / "exported"])
    assert here == there, f"{here} instead of {there}"
    print(there.decode(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
