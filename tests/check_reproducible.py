#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Two builds of the same sources in different folders give the same bytes.

Usage: check_reproducible.py MESON SOURCE_ROOT [MESON_OPTION...]

The sources are copied to two folders whose names differ in length; one build folder lies inside of its copy, the other
beside it. Compared are the shared library, the static one and the program; and neither folder's name is in them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NEEDED = ["meson.build", "meson_options.txt", "include", "lib", "tools", "examples", "bindings", "docs", "tests", "bench"]
BUILT = ["lib/libaepred.so", "lib/libaepred.a", "tools/aepred", "bindings/sqlite/aepred.so", "bindings/postgresql/aepred.so"]
LEAN = [f"-D{part}=disabled" for part in ("tests", "examples", "docs", "bench")]


def run(*command: object) -> None:
    result = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        sys.exit(f"{command}:\n{result.stdout[-4000:]}")


def copy_sources(root: Path, to: Path) -> None:
    to.mkdir(parents=True)
    for name in NEEDED:
        if (root / name).is_dir():
            shutil.copytree(root / name, to / name, ignore=shutil.ignore_patterns("__pycache__", "corpus", "data"))
        else:
            shutil.copy(root / name, to / name)


def build(meson: str, sources: Path, folder: Path, options: list[str]) -> dict[str, bytes]:
    run(meson, "setup", folder, sources, *LEAN, *options)
    run(meson, "compile", "-C", folder)
    return {name: (folder / name).read_bytes() for name in BUILT if (folder / name).exists()}


def problems(first: dict[str, bytes], second: dict[str, bytes], where: str):
    if first.keys() != second.keys() or len(first) < 2:
        yield f"built were {sorted(first)} and {sorted(second)}"
    for name in sorted(first.keys() & second.keys()):
        if first[name] != second[name]:
            yield f"{name}: the bytes differ"
        if where.encode() in first[name] + second[name]:
            yield f"{name}: names the folder of its build"


def main() -> int:
    meson, root, options = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    os.environ.pop("MESON_TESTTHREADS", None)
    with tempfile.TemporaryDirectory(prefix="aepred-same-") as where:
        near, far = Path(where, "a"), Path(where, "a-folder-with-a-longer-name", "deeper")
        for to in (near, far):
            copy_sources(root, to)
        first = build(meson, near, near / "build", options)
        second = build(meson, far, Path(where, "elsewhere"), options)
        wrong = list(problems(first, second, where))
    print("\n".join(wrong) if wrong else f"the same bytes twice: {', '.join(sorted(first))}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
