# SPDX-License-Identifier: BSD-2-Clause
"""The table of single runs, a CSV file that grows line by line, and means over it."""

import collections
import csv
import hashlib
import json
import statistics

FIELDS = ("data", "protocol", "method", "seed", "class", "trained", "tested", "precision", "recall", "f1", "auroc",
          "average_precision", "train_seconds", "score_seconds", "version", "options")
FIGURES = ("precision", "recall", "f1", "auroc", "average_precision")


def digest(options):
    """Eight digits that tell options apart: written out they would be most of the file. settings.json and methods.py have them."""
    return hashlib.sha256(json.dumps(options, sort_keys=True, default=repr).encode()).hexdigest()[:8]


class Results:
    """Lines of FIELDS. Those of other options than are asked for are left alone."""

    def __init__(self, path):
        self.path = path

    def read(self):
        if not self.path.exists():
            return []
        with self.path.open(newline="", encoding="utf-8") as file:
            return [line for line in csv.DictReader(text for text in file if text.endswith("\n"))]

    def add(self, lines):
        """All lines of a run in one write: an interruption leaves whole runs, or a broken last line, which is cut off here."""
        content = self.path.read_bytes() if self.path.exists() else b""
        whole = content[:content.rfind(b"\n") + 1]
        if whole != content:
            self.path.write_bytes(whole)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            if not whole:
                writer.writeheader()
            writer.writerows(lines)


Summary = collections.namedtuple("Summary", ("runs", "mean", "deviation"))


def summarise(lines, key):
    """{key(line): Summary}, where mean and deviation are {figure: number} over the lines of that key."""
    groups = collections.defaultdict(list)
    for line in lines:
        groups[key(line)].append(line)
    found = {}
    for name, group in groups.items():
        values = {figure: [float(line[figure]) for line in group if line[figure] != ""] for figure in (*FIGURES, "train_seconds")}
        found[name] = Summary(len(group), {figure: statistics.mean(v) for figure, v in values.items() if v},
                              {figure: statistics.stdev(v) if len(v) > 1 else 0.0 for figure, v in values.items() if v})
    return found
