# SPDX-License-Identifier: BSD-2-Clause
"""Compile the C code that aep_export_c makes of models, run it, and compare its scores with those of the library."""

import array
import math
import re
import shutil
import subprocess
import time
from pathlib import Path

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion", "-Wmissing-declarations", "-Werror"]
C99 = ["-std=c99", "-O2", "-ffp-contract=off"]
UNIT = 2.0**-24  # of rounding

# Vector kernels fuse multiplications and additions: what they score differs by rounding. In units of the size of the
# features of the row, whose reconstruction, or the difference to it, that rounding goes into. docs/export.md has the bound.
FASTEST_BOUND = 32


def run(command, **options):
    done = subprocess.run(command, capture_output=True, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stderr.decode()}"
    return done.stdout


def floats(data):
    values = array.array("f")
    values.frombytes(data)
    return values


def flags(code):
    """What the driver has to know of a model, and how many rows it reads."""
    macros = dict(re.findall(r"^#define MODEL_(\w+) (\d+)", code, re.MULTILINE))
    has = [f"-D{macro}" for macro, name in (("PVALUE", "pvalue"), ("LABEL", "is_anomaly")) if f"model_{name}(" in code]
    return [f"-D{name}={value}" for name, value in macros.items()] + has


def build(program, source, driver, target):
    """The model's file alone is compiled with every warning; and its frames are written to program.su."""
    code = source.read_text()
    model, main = program.with_suffix(".o"), program.with_suffix(".main.o")
    run([target.compiler, *target.options, *WARNINGS, "-fstack-usage" if target.name != "clang" else "-g0", "-c", source, "-o", model])
    run([target.compiler, *[o for o in target.options if o != "-ffreestanding"], *flags(code), "-c", driver, "-o", main])
    run([target.compiler, *target.options, model, main, "-o", program, "-lm"])


class Comparison:
    """Rows, rows scored by both, the largest difference to the plain kernels, and to the fastest in units."""

    def __init__(self):
        self.rows = self.scored = 0
        self.plain_different = 0
        self.plain = self.fastest = 0.0  # both in units of the size of the row
        self.ulps = 0  # to the plain kernels, in units in the last place of the score

    def add(self, got, expected):
        score, pvalue, label = got
        plain, fastest, expected_pvalue, expected_label, size = expected
        self.rows += 1
        assert math.isnan(score) == math.isnan(plain), f"row {self.rows - 1}: {score} instead of {plain}"
        if math.isnan(plain):
            assert (math.isnan(pvalue) or pvalue == 0) and label in (0, 1)
            return
        self.scored += 1
        unit = UNIT * max(size, abs(plain), 1e-30)
        if score != plain:
            self.plain_different += 1
        else:
            assert pvalue == expected_pvalue and label == expected_label, f"row {self.rows - 1}: {got}, {expected}"
        self.plain = max(self.plain, abs(score - plain) / unit)
        self.ulps = max(self.ulps, abs(score - plain) / (UNIT * 2 ** math.floor(math.log2(abs(plain) or 1e-40)) * 2))
        self.fastest = max(self.fastest, abs(score - fastest) / unit)


def compare(output, expected_path, n=None):
    got, expected = floats(output), floats(expected_path.read_bytes())
    comparison = Comparison()
    assert len(got) // 3 == (n or len(expected) // 5), f"{len(got) // 3} rows instead of {n or len(expected) // 5}"
    for i in range(len(got) // 3):
        comparison.add(got[3 * i : 3 * i + 3], expected[5 * i : 5 * i + 5])
    return comparison


class Target:
    """A compiler, and how to run what it makes."""

    def __init__(self, name, compiler, options, emulator=(), tools=""):
        self.name, self.compiler, self.options, self.emulator, self.tools = name, compiler, options, emulator, tools

    def missing(self):
        """The programs of it that are not there."""
        needed = [self.compiler, *self.emulator[:1], f"{self.tools}nm", f"{self.tools}size"]
        return [program for program in needed if not shutil.which(program)]


HERE = [Target("gcc", "gcc", C99), Target("clang", "clang", C99)]
SANITIZED = Target("sanitized", "gcc", [*C99, "-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all"])
# contraction is off with -std=c99, and there is no fused multiplication in VFPv3, for which Debian's compiler is set
ARM = Target("Arm", "arm-linux-gnueabihf-gcc", ["-std=c99", "-Os", "-ffreestanding", "-static"], ["qemu-arm"],
             "arm-linux-gnueabihf-")
ARM_PACKAGES = "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user"


def targets_here():
    found = [target for target in HERE if not target.missing()]
    assert found, "neither gcc nor clang is there"
    return found


def score(source, driver, target, folder, n=None):
    """What the driver prints about the rows of the source (the first n), by a program of this target, whose object file is
    program.o; and the seconds that it took."""
    program = Path(folder, "program")
    build(program, source, driver, target)
    rows, columns = source.with_suffix(".rows").read_bytes(), int(re.search(r"_COLUMNS (\d+)", source.read_text())[1])
    begun = time.monotonic()
    output = run([*target.emulator, program], input=rows if n is None else rows[: 4 * columns * n])
    return output, time.monotonic() - begun
