#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Models of every kind as C: it compiles without a warning, by gcc and clang, as C99 and as C++, calls nothing but
functions of <math.h>, does nothing that sanitizers see, and scores 10,000 rows of each as the plain kernels do, bit for bit.

With --arm: by a cross compiler for a 32-bit Arm, small and freestanding, under an emulator; 77 without these.

usage: check_export.py EXPORT_MODELS DRIVER [--arm]
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

from compare import ARM, ARM_PACKAGES, FASTEST_BOUND, SANITIZED, WARNINGS, compare, run, score, targets_here

MATH = {"copysignf", "erfcf", "fabsf", "floorf", "ldexpf", "sqrt", "sqrtf"}
# what a compiler may call of itself: copying, checks of the stack, arithmetic that an Arm has not
COMPILER = re.compile(r"mem(cpy|set)|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__aeabi_\w+")


def check_symbols(model, nm):
    """Of the object file: what it defines for others, what it needs, and that nothing in it can be written."""
    listing = run([nm, model]).decode().split("\n")
    symbols = [line.split()[-2:] for line in listing if line]
    needed = {name for kind, name in symbols if kind == "U"}
    foreign = {name for name in needed - MATH if not COMPILER.fullmatch(name)}
    assert not foreign, f"needs {foreign}"
    given = {name for kind, name in symbols if kind == "T"}
    assert given <= {"model_score", "model_score_in", "model_pvalue", "model_is_anomaly"}, given
    writable = {name for kind, name in symbols if kind in "dDbBC"}
    assert not writable, f"can be written: {writable}"


def check_cplusplus(source):
    for name in ("g++", "clang++"):
        if shutil.which(name):
            run([name, "-x", "c++", "-std=c++11", "-fsyntax-only", *WARNINGS, source])


def check(source, driver, target, folder):
    output, _ = score(source, driver, target, folder)
    result = compare(output, source.with_suffix(".expected"))
    if target is not SANITIZED:
        check_symbols(folder / "program.o", f"{target.tools}nm")
    print(f"{source.stem}, {target.name}: {result.scored} of {result.rows} rows, {result.plain_different} differ from the plain "
          f"kernels; from the fastest by {result.fastest:.2g} units of rounding")
    assert result.scored >= 10000, "too few rows were scored"
    assert not result.plain_different, f"{source.stem}: {result.ulps} ulp"
    return result.fastest


def main(export_models, driver, arm=""):
    if arm and ARM.missing():
        print(f"skipped: no {', '.join(ARM.missing())} (Debian: {ARM_PACKAGES})")
        return 77
    targets = targets_here() + ([] if SANITIZED.missing() else [SANITIZED])
    worst = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run([export_models, folder])
        sources = sorted(folder.glob("*.c"))
        assert len(sources) > 30, "models are missing"
        for source in sources:
            if not arm:
                check_cplusplus(source)
            for target in [ARM] if arm else targets:
                worst[source.stem] = check(source, driver, target, folder)
    name = max(worst, key=worst.__getitem__)
    print(f"from the fastest kernels at most {worst[name]:.3g} units ({name})")
    assert worst[name] <= FASTEST_BOUND
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
