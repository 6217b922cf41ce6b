#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The same seed and data give the same models, scores, explanations and messages, and options read numbers alike: run
again and in any locale.

Where the library was built with a CBLAS (--blas; by default it is not), runs with several BLAS threads are added:
loading one and letting it start threads changes nothing for layers that it does not take over.

Usage: check_same_bytes.py PROGRAM [--blas]
"""

import difflib
import subprocess
import sys
import tempfile

import locales


def run(program: str, point: str = ".", **env: str) -> str:
    result = subprocess.run([program, point], env=locales.without() | {"LC_ALL": "C"} | env, stdout=subprocess.PIPE,
                            text=True)
    if result.returncode:
        print(result.stdout[-2000:])
        sys.exit(f"{program} failed under {env}")
    return result.stdout


def main() -> int:
    program, blas = sys.argv[1], sys.argv[2:] == ["--blas"]
    expected = run(program, OPENBLAS_NUM_THREADS="1")
    print(expected)
    runs = {"again": run(program, OPENBLAS_NUM_THREADS="1")}
    for n in ("1", "2", "3") if blas else ():
        runs[f"{n} BLAS threads"] = run(program, OPENBLAS_NUM_THREADS=n, OMP_NUM_THREADS=n)
    with tempfile.TemporaryDirectory() as folder:
        for name in locales.COMMA:
            env = locales.environment(name, folder)
            if env:
                runs[f"locale {name}"] = run(program, ",", OPENBLAS_NUM_THREADS="1", **env)
            else:
                print(locales.absent(name))
    failed = 0
    for name, output in runs.items():
        same = output == expected
        failed += not same
        print(f"{name}: {'same bytes' if same else 'OTHER BYTES'}")
        for line in difflib.unified_diff(expected.splitlines(), output.splitlines(), n=0, lineterm=""):
            print(line)
    return failed


if __name__ == "__main__":
    sys.exit(main())
