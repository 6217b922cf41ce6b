#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Install into a temporary folder and build every example there through the CMake package. Then run them with CTest.

Usage: consume_cmake.py MESON BUILD_DIR PROJECT EXAMPLES STATIC   (STATIC: yes if the package must offer aepred::static)
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77


def main() -> int:
    meson, build, project, examples, static = sys.argv[1:]
    cmake, ctest = shutil.which("cmake"), shutil.which("ctest")
    if not cmake or not ctest:
        print("skipped: CMake is not installed")
        return SKIP
    with tempfile.TemporaryDirectory() as folder:
        root, work = Path(folder, "root"), Path(folder, "work")
        install = [*shlex.split(meson), "install", "-C", build, "--no-rebuild", "--quiet", "--tags", "runtime,devel"]
        subprocess.run([*install, "--destdir", str(root)], check=True)
        configs = list(root.rglob("aepredConfig.cmake"))
        if len(configs) != 1:
            sys.exit(f"expected one aepredConfig.cmake in the installed tree, found {configs or 'none'}")
        prefix = next(parent for parent in configs[0].parents if (parent / "include" / "aepred.h").exists())
        configure = [cmake, "-S", project, "-B", str(work), f"-DCMAKE_PREFIX_PATH={prefix}", f"-DEXAMPLES={examples}",
                     f"-DSTATIC_EXPECTED={static.upper()}", "-DCMAKE_BUILD_TYPE=Release"]
        subprocess.run(configure, check=True)
        subprocess.run([cmake, "--build", str(work), "--parallel", "2"], check=True)
        env = dict(os.environ, CTEST_OUTPUT_ON_FAILURE="1")
        env.pop("LD_LIBRARY_PATH", None)  # of the build; the programs know where the installed library lies
        return subprocess.run([ctest, "--no-tests=error"], cwd=work, env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
