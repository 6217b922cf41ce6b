#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The public header compiles alone, as every C and C++ that a host may use, without a warning.

Usage: check_header.py HEADER CC CXX   (CXX may be empty; gcc and clang are tried beside them)
"""

import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

C = ["c99", "c11", "c17", "gnu99"]
CXX = ["c++11", "c++14", "c++17", "c++20"]
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-Wshadow", "-Wundef", "-Wconversion"]


def compilers(given: str, others: list[str]) -> list[list[str]]:
    found = [shlex.split(given)] if given else []
    names = {Path(command[-1]).name for command in found}
    return found + [[other] for other in others if other not in names and shutil.which(other)]


def main() -> int:
    header, cc, cxx = sys.argv[1:]
    failed = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        for suffix, standards, commands in ((".c", C, compilers(cc, ["gcc", "clang"])),
                                            (".cpp", CXX, compilers(cxx, ["g++", "clang++"]))):
            source = Path(folder, "host" + suffix)
            # twice: the include guard holds
            source.write_text('#include "aepred.h"\n#include "aepred.h"\n'
                              "int main(void) { return aep_version_number() == AEP_VERSION_NUMBER ? 0 : 1; }\n")
            for command in commands:
                for standard in standards:
                    result = subprocess.run([*command, f"-std={standard}", *WARNINGS, "-I", str(Path(header).parent),
                                             "-c", str(source), "-o", str(Path(folder, "host.o"))])
                    tried += 1
                    failed += result.returncode != 0
                    print(f"{' '.join(command)} -std={standard}: {'FAILED' if result.returncode else 'ok'}")
    if tried < len(C):
        sys.exit("no compiler was found")
    return failed


if __name__ == "__main__":
    sys.exit(main())
