#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Draw what bench_scale measured: plot_scale.py ROWS.csv PARAMETERS.csv OUTPUT.png

Both axes of the left picture are those of `bench_scale rows`, of the right those of `bench_scale parameters`.
"""
import csv
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402


def read(path):
    with open(path, newline="", encoding="ascii") as file:
        header, *rows = csv.reader(file)
    return header[0], [[float(cell) for cell in column] for column in zip(*rows)]


def draw(axes, path, unit):
    name, (n, fit, score) = read(path)
    for values, label, style in ((fit, "training", "o-"), (score, "scoring", "s--")):
        axes.plot(n, values, style, color="black", label=label, markersize=4, linewidth=1)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.25 * max(fit))
    axes.set_xlabel(name)
    axes.set_ylabel(unit)
    axes.grid(True, linewidth=0.3)
    axes.legend(frameon=False)


def main(rows, parameters, output):
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.2))
    draw(left, rows, "nanoseconds a row")
    draw(right, parameters, "nanoseconds a row and parameter")
    figure.tight_layout()
    figure.savefig(output, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
