#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Models of every kind as C: it compiles without a warning, by gcc and clang, as C99 and as C++, calls nothing but
functions of <math.h>, and scores 10,000 rows of each as the plain kernels do, bit for bit.

usage: check_export.py EXPORT_MODELS DRIVER
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from compare import C99, FASTEST_BOUND, WARNINGS, compare, compilers, run, score

MATH = {"copysignf", "erfcf", "fabsf", "floorf", "ldexpf", "sqrt", "sqrtf"}
COMPILER = {"memcpy", "memset", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}  # what it may call of itself
SANITIZER = re.compile(r"__(asan|ubsan|tsan|gcov|llvm)")


def check_symbols(model):
    """Of the object file: what it defines for others, what it needs, and that nothing in it can be written."""
    listing = run(["nm", model]).decode().split("\n")
    symbols = [line.split()[-2:] for line in listing if line]
    needed = {name for kind, name in symbols if kind == "U"}
    assert needed <= MATH | COMPILER, f"needs {needed - MATH - COMPILER}"
    given = {name for kind, name in symbols if kind == "T"}
    assert given <= {"model_score", "model_score_in", "model_pvalue", "model_is_anomaly"}, given
    writable = {name for kind, name in symbols if kind in "dDbBC"}
    assert not writable, f"can be written: {writable}"


def check_cplusplus(source):
    for name in ("g++", "clang++"):
        if shutil.which(name):
            run([name, "-x", "c++", "-std=c++11", "-fsyntax-only", *WARNINGS, source])


def main(export_models, driver):
    worst: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run([export_models, folder])
        sources = sorted(folder.glob("*.c"))
        assert len(sources) > 30, "models are missing"
        for source in sources:
            check_cplusplus(source)
            for compiler, command in compilers().items():
                result = compare(score(source, driver, command, C99, folder), source.with_suffix(".expected"))
                check_symbols(folder / "program.o")
                print(f"{source.stem}, {compiler}: {result.scored} of {result.rows} rows, {result.plain_different} differ "
                      f"from the plain kernels; from the fastest by {result.fastest:.2g} units of rounding")
                assert result.scored >= 10000, "too few rows were scored"
                assert not result.plain_different, f"{source.stem}: {result.ulps} ulp"
                worst[source.stem] = result.fastest
    name = max(worst, key=worst.__getitem__)
    print(f"from the fastest kernels at most {worst[name]:.3g} units ({name})")
    assert worst[name] <= FASTEST_BOUND
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
