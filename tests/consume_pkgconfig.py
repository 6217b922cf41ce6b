#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Install into a temporary folder and build every example there as a user would: with pkg-config alone. Then run it.

Usage: consume_pkgconfig.py MESON BUILD_DIR PKG_CONFIG CC CXX EXAMPLE...   (CXX: empty where there is none)
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path


def install(meson: str, build: str, root: Path) -> None:
    command = [*shlex.split(meson), "install", "-C", build, "--no-rebuild", "--quiet", "--tags", "runtime,devel"]
    subprocess.run([*command, "--destdir", str(root)], check=True)


def find(root: Path, name: str) -> Path:
    found = list(root.rglob(name))
    if len(found) != 1:
        sys.exit(f"expected one {name} in the installed tree, found {found or 'none'}")
    return found[0]


def flags(pkg_config: str, pc: Path) -> list[str]:
    """What pkg-config says of the package, with its prefix where the tree really is."""
    prefix = pc.parent
    while not (prefix / "include" / "aepred.h").exists():
        if prefix == prefix.parent:
            sys.exit(f"aepred.h is not installed below any parent of {pc}")
        prefix = prefix.parent
    env = dict(os.environ, PKG_CONFIG_PATH=str(pc.parent))
    command = [*shlex.split(pkg_config), f"--define-variable=prefix={prefix}", "--cflags", "--libs", "aepred"]
    return shlex.split(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout)


def build_and_run(source: Path, compiler: list[str], package: list[str], libdir: Path, work: Path) -> bool:
    program = work / source.stem
    standard = "-std=c++17" if source.suffix == ".cpp" else "-std=c11"
    own = ["-pthread"] if source.stem == "threads" else []
    subprocess.run([*compiler, standard, *own, str(source), "-o", str(program), *package], check=True)
    variable = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
    code = subprocess.run([str(program)], env=dict(os.environ, **{variable: str(libdir)}), cwd=work).returncode
    print(f"{source.name}: {'ok' if code == 0 else f'exit {code}'}", flush=True)
    return code == 0


def main() -> int:
    meson, build, pkg_config, cc, cxx, *sources = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        root, work = Path(folder, "root"), Path(folder, "work")
        work.mkdir()
        install(meson, build, root)
        pc = find(root, "aepred.pc")
        package = flags(pkg_config, pc)
        print("pkg-config --cflags --libs aepred:", shlex.join(package), flush=True)
        passed = []
        for source in map(Path, sources):
            compiler = shlex.split(cxx if source.suffix == ".cpp" else cc)
            if not compiler:
                print(f"{source.name}: left out, there is no C++ compiler", flush=True)
                continue
            passed.append(build_and_run(source, compiler, package, pc.parent.parent, work))
    return 0 if passed and all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
