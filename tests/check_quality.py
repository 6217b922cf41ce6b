#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A small fixed part of the evaluation, in seconds, against the figures in tests/quality.csv: a change that costs quality is seen.

    check_quality.py BENCH_FOLDER RECORD [--data FOLDER] [--write]

Means over three seeds. They may differ from the record by TOLERANCE in either direction: another compiler or instruction set rounds
otherwise, and training carries that far. What is worse fails; what is better has to be recorded (--write), so that it is not lost
again. Data sets whose files are absent are passed over with a message; skipped (77) if all are. AEPRED_DATA names the folder
of the data, AEPRED_LIBRARY the library.
"""

import argparse
import csv
import os
import statistics
import sys
from pathlib import Path

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
SEEDS = (1, 2, 3)
TOLERANCE = {"auroc": 0.01, "average_precision": 0.04}
FIELDS = ("data", "method", *TOLERANCE)
# data: every n-th row, what differs from the settings of the evaluation, and of images the class
WORK = {"thyroid": (1, {}, None), "arrhythmia": (1, {}, None), "kdd": (25, {"epochs": 5}, None),
        "kdd-rev": (10, {"epochs": 5}, None), "mnist": (10, {"epochs": 8}, 8)}
METHODS = ("aep", "aep-vector", "aep-joint")


def thinned(table, step):
    if table.image:
        table.rows, table.labels = table.rows[::step], table.labels[::step]
        table.test_rows, table.test_labels = table.test_rows[::step], table.test_labels[::step]
    else:
        table.rows, table.is_anomaly = table.rows[::step], table.is_anomaly[::step]
    return table


def measure(name, folder):
    from evaluation import datasets, methods, runs
    step, extra, label = WORK[name]
    table = thinned(datasets.load(name, folder), step)
    found = {}
    for method in METHODS:
        for seed in SEEDS if methods.names_of(methods.METHODS[method], name) else ():
            job = runs.Job(name, "class" if table.image else "normal", method, seed, label)
            for line in runs.run(job, table, {"noise_level": 0.1, "learning_rate": 3e-3, **extra}):
                if line["protocol"] in ("goad", "one-vs-nine"):
                    found.setdefault(line["method"], []).append(line)
    return [{"data": name, "method": method, **{figure: f"{statistics.mean(line[figure] for line in lines):.4f}" for figure in TOLERANCE}}
            for method, lines in found.items()]


def verdict(line, recorded):
    """What is wrong with a line, or None."""
    if recorded is None:
        return "is not recorded: record it with --write"
    for figure, tolerance in TOLERANCE.items():
        difference = float(line[figure]) - float(recorded[figure])
        if difference < -tolerance:
            return f"{figure} is worse than {recorded[figure]}"
        if difference > tolerance:
            return f"{figure} is better than {recorded[figure]}: record it with --write"
    return None


def main():
    parser = argparse.ArgumentParser(description="A small part of the evaluation against recorded figures.")
    parser.add_argument("bench", type=Path)
    parser.add_argument("record", type=Path)
    parser.add_argument("--data", default=".", type=Path, help="where AEPRED_DATA does not say")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    arguments.data = Path(os.environ.get("AEPRED_DATA", arguments.data))
    sys.path[:0] = [str(arguments.bench.parent / "bindings" / "python"), str(arguments.bench)]
    from evaluation import datasets
    recorded = {}
    if arguments.record.exists():
        with arguments.record.open(newline="", encoding="utf-8") as file:
            recorded = {(line["data"], line["method"]): line for line in csv.DictReader(file)}
    measured, failed = [], 0
    for name in WORK:
        absent = datasets.missing(name, arguments.data)
        if absent:
            print(f"{name}: passed over, {', '.join(absent)} not in {arguments.data}; bench/fetch_data.py gets them")
            continue
        for line in measure(name, arguments.data):
            measured.append(line)
            wrong = None if arguments.write else verdict(line, recorded.get((line["data"], line["method"])))
            failed += wrong is not None
            print(f"{name:10} {line['method']:11} AUROC {line['auroc']}  AP {line['average_precision']}  {wrong or 'ok'}", flush=True)
    if arguments.write:
        with arguments.record.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(measured)
    return 1 if failed else 0 if measured else 77


if __name__ == "__main__":
    sys.exit(main())
