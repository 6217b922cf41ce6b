#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Models of the public data sets as C score 10,000 of their rows (all, where they are fewer) as the plain kernels do, bit for bit;
and as the fastest ones within a bound. Prints the tables of docs/export.md.

Skipped (77) where none of the data sets is there; AEPRED_DATA names the folder. Arm is left out where its compiler or the
emulator is missing.

usage: check_data.py EXPORT_MODELS DRIVER AEPRED [DATA_FOLDER]
"""

import csv
import gzip
import io
import json
import os
import re
import struct
import sys
import tempfile
from pathlib import Path

from compare import ARM, ARM_PACKAGES, FASTEST_BOUND, HERE, compare, run, score

ROWS = 10000
EMULATED_IMAGES = 200  # convolutions take long in an emulator
IMAGES = ["train-images-idx3-ubyte.gz", "--labels", "train-labels-idx1-ubyte.gz", "--normal", "8"]
# What the tutorial and the page on images take, with fewer epochs.
MODELS = {
    "thyroid": ["thyroid.csv", "--label", "label", "--normal", "0", "--encoder", "12,4,1", "--head", "10,10", "--set", "squash=clip",
                "--epochs", "20"],
    "arrhythmia": ["arrhythmia.csv", "--label", "label", "--normal", "0", "--encoder", "10,2", "--head", "10,10", "--epochs", "20"],
    "arrhythmia, with gaps": ["arrhythmia-uci.csv", "--label", "last", "--anomaly", "3,4,5,7,8,9,14,15", "--set", "missing=impute",
                              "--set", "score=joint", "--encoder", "10,2", "--head", "10,10", "--epochs", "20"],
    "KDD": ["kddcup.data_10_percent.gz", "--label", "last", "--anomaly", "normal.", "--categorical", "7,12,14,15,21,22", "--set",
            "scale_levels=yes", "--encoder", "60,30,8", "--head", "64,64", "--set", "activation=silu", "--set",
            "calibration_size=1000", "--epochs", "1"],
    "MNIST": [*IMAGES, "--conv", "16x3/2,32x3/2", "--encoder", "32", "--set", "error=vector", "--epochs", "2", "--batch", "128"],
    "MNIST, small": [*IMAGES, "--conv", "4x3/2,8x3/2", "--encoder", "8", "--set", "activation=relu", "--epochs", "2", "--batch",
                     "128", "--set", "calibration_size=200"],
}


def evenly(rows, n):
    return rows if len(rows) <= n else [rows[i * len(rows) // n] for i in range(n)]


def csv_rows(data, names):
    """Cells of the rows, without the label, which comes last."""
    rows = list(csv.reader(io.StringIO(data.decode())))
    return evenly(rows[1:] if names else rows, ROWS)


def number(cell, column):
    if column["kind"] == "categorical":
        return float(column["levels"].index(cell)) if cell in column["levels"] else -1.0
    return float("nan") if cell == "?" else float(cell)


def make_rows(data, info):
    """The floats that the library takes."""
    if info["image"]:
        _, _, height, width = struct.unpack(">4I", data[:16])
        rows = [data[16 + i * height * width : 16 + (i + 1) * height * width] for i in range(ROWS)]
        return b"".join(struct.pack(f"{len(row)}f", *row) for row in rows)
    columns = info["columns"]
    cells = csv_rows(data, names=columns[0]["name"] is not None)
    return b"".join(struct.pack(f"{len(columns)}f", *map(number, row, columns)) for row in cells)


def read(path):
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def prepare(export_models, aepred, data, arguments, folder):
    """A model, as C with rows and what is expected of them, in the folder; and what is known of it."""
    run([aepred, "train", *arguments, "-q", "--seed", "1", "-o", folder / "model.aep"], cwd=data)
    info = json.loads(run([aepred, "info", "--json", folder / "model.aep"]))
    (folder / "rows").write_bytes(make_rows(read(data / arguments[0]), info))
    run([export_models, folder, folder / "model.aep", folder / "rows"])
    (folder / "tool.c").write_bytes(run([aepred, "export", "--c", folder / "model.aep"]))
    assert (folder / "tool.c").read_bytes() == (folder / "given.c").read_bytes(), "the program writes another file"
    return info


def sizes(folder, target):
    """Bytes of code, of constants, and of the frames of all functions but those on scores; what can be written must be none."""
    sections = run([f"{target.tools}size", "-A", folder / "program.o"]).decode()
    total = {"text": 0, "rodata": 0, "data": 0, "bss": 0}
    for section, size in re.findall(r"^\.(\w+)\S*\s+(\d+)", sections, re.MULTILINE):
        if section in total:
            total[section] += int(size)
    assert not total["data"] and not total["bss"], sections
    frames = re.findall(r":(\w+)\t(\d+)\t", (folder / "program.su").read_text())
    return total["text"], total["rodata"], sum(int(size) for name, size in frames if name not in ("model_pvalue", "model_is_anomaly"))


def check(name, folder, driver, target, n):
    """The comparison, and seconds a row: the program scores each row twice."""
    output, seconds = score(folder / "given.c", driver, target, folder, n)
    result = compare(output, folder / "given.expected", n)
    assert not result.plain_different, f"{name}, {target.name}: {result.plain_different} rows differ, by {result.ulps} ulp"
    assert result.fastest <= FASTEST_BOUND, f"{name}, {target.name}: {result.fastest} units"
    return result, seconds / 2 / result.rows


def report(name, info, folder, driver, targets):
    for target in targets:
        emulated_images = target.emulator and info["image"]
        result, seconds = check(name, folder, driver, target, EMULATED_IMAGES if emulated_images else None)
        line = f"| {name} | {target.name} | {int(info['statistics']['parameters']):,} | {result.scored:,} | {result.plain_different} | " \
               f"{result.fastest:.2g} "
        if target.name != "clang":
            text, constants, stack = sizes(folder, target)
            line += f"| {text:,} | {constants:,} | {stack:,} "
        else:
            line += "| | | "
        print(f"{line}| {float(f'{seconds * 1e6:.3g}'):,g} |", flush=True)


def main(export_models, driver, aepred, data="."):
    data = Path(os.environ.get("AEPRED_DATA") or data)
    there = {name: arguments for name, arguments in MODELS.items() if (data / arguments[0]).exists()}
    if not there:
        print(f"skipped: none of the data sets is in {data}; AEPRED_DATA names the folder")
        return 77
    for name in MODELS.keys() - there.keys():
        print(f"left out: {name}, {MODELS[name][0]} is not in {data}")
    targets = [target for target in [*HERE, ARM] if not target.missing()]
    if ARM not in targets:
        print(f"left out: Arm, no {', '.join(ARM.missing())} (Debian: {ARM_PACKAGES})")
    print("| data | compiler | parameters | rows | other than plain | from the fastest | code | constants | stack | microseconds |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, arguments in there.items():
        with tempfile.TemporaryDirectory() as folder:
            info = prepare(*map(os.path.abspath, (export_models, aepred)), data, arguments, Path(folder))
            report(name, info, Path(folder), driver, targets)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
