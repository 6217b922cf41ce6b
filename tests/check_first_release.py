#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A program compiled with the header of the first release uses every function of it, needs no newer one, and runs.

Usage: check_first_release.py PROGRAM HEADER_OF_0_1
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from check_symbols import SKIP, header_functions

FUNCTIONS = 64  # of 0.1


def needed(program: str) -> dict[str, str]:
    """The library's functions that a program asks the dynamic linker for, with their symbol versions."""
    listing = subprocess.run(["nm", "-D", "--undefined-only", program], check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(re.findall(r"\bU (aep_\w+)@@?(\w[\w.]*)", listing))


def main() -> int:
    program, header = sys.argv[1:]
    if not shutil.which("nm"):
        print("skipped: nm is not installed (in Debian the package binutils)")
        return SKIP
    functions, symbols = header_functions(header), needed(program)
    wrong = [f"{name} is not called" for name in sorted(functions - set(symbols))]
    wrong += [f"{name} needs {version}" for name, version in sorted(symbols.items()) if version != "AEPRED_0"]
    if len(functions) != FUNCTIONS:
        wrong.append(f"the header of 0.1 has {FUNCTIONS} functions, not {len(functions)}")
    with tempfile.TemporaryDirectory() as folder:
        status = subprocess.run([program, os.path.join(folder, "model")], check=False).returncode
    if status:
        wrong.append(f"the program ended with {status}")
    print("\n".join(wrong + [f"{len(functions)} functions, {len(wrong)} differences"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
