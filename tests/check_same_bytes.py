#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The same seed and data give the same model, byte for byte: run again and in any locale.

The runs with several BLAS threads matter where the library was built with a CBLAS (by default it is not): loading one
and letting it start threads changes nothing for layers that it does not take over.

Usage: check_same_bytes.py PROGRAM
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LOCALES = {"de_DE": ",", "tr_TR": ","}


def run(program: str, point: str = ".", **env: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}
    result = subprocess.run([program, point], env=clean | {"LC_ALL": "C"} | env, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit(f"{program} failed under {env}")
    return result.stdout


def find_locale(name: str, folder: Path) -> dict[str, str]:
    """The environment in which this locale exists; empty where it does not and cannot be compiled."""
    installed = subprocess.run(["locale", "-a"], stdout=subprocess.PIPE, text=True).stdout.lower().split()
    for spelling in (f"{name}.utf8", f"{name}.UTF-8"):
        if spelling.lower() in installed:
            return {"LC_ALL": spelling}
    if not shutil.which("localedef"):
        return {}
    compiled = subprocess.run(["localedef", "-i", name, "-f", "UTF-8", str(folder / f"{name}.UTF-8")],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {} if compiled.returncode else {"LC_ALL": f"{name}.UTF-8", "LOCPATH": str(folder)}


def main() -> int:
    (program,) = sys.argv[1:]
    expected = run(program, OPENBLAS_NUM_THREADS="1")
    print(expected)
    runs = {f"{n} BLAS threads": run(program, OPENBLAS_NUM_THREADS=n, OMP_NUM_THREADS=n) for n in ("1", "2", "3")}
    with tempfile.TemporaryDirectory() as folder:
        for name, point in LOCALES.items():
            env = find_locale(name, Path(folder))
            if env:
                runs[f"locale {name}"] = run(program, point, OPENBLAS_NUM_THREADS="1", **env)
            else:
                print(f"locale {name}: neither installed nor to be compiled, left out")
    failed = 0
    for name, output in runs.items():
        same = output == expected
        failed += not same
        print(f"{name}: {'same bytes' if same else 'OTHER BYTES'}")
        if not same:
            print(output)
    return failed


if __name__ == "__main__":
    sys.exit(main())
