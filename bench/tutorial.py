# SPDX-License-Identifier: BSD-2-Clause
"""Run the commands of docs/tutorial.md as they are printed, over several seeds, and print the means of what they report.

A block of commands is run where a comment <!-- run: NAME --> stands before it, with $seed set, in a folder that holds the data
files. It ends in `aepred eval ... --json`, and a table with its figures follows. The block "after" goes on where "thyroid" has ended.

usage: tutorial.py AEPRED TUTORIAL [--data FOLDER] [--only NAME]... [--seeds N] [--hold]
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

BLOCK = re.compile(r"^<!-- run: (\S+) -->\n+```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRINTED = r"^<!-- run: {} -->.*?^\|---[^\n]*\n\| ([\d.]+)"
FIGURES = ("auroc", "average_precision", "f1_at_true_count", "precision", "recall", "f1")
# What the means must reach, with --hold.
BOUNDS = {
    "thyroid": {"auroc": 0.985, "f1_at_true_count": 0.74},
    "arrhythmia": {"auroc": 0.80},
    "arrhythmia-uci": {"auroc": 0.80},
    "kdd": {"auroc": 0.97},
}
LARGEST_DRIFT = 0.02  # of the AUROC from the printed one
SKIPPED = 77


def data_files(commands):
    """The files that a block reads and does not make."""
    return set(re.findall(r"[\w.-]+\.(?:csv|gz)\b", commands)) - set(re.findall(r"(?:--rest|-o) (\S+)", commands))


def run(commands, aepred, data, seed):
    """The figures that one seed gives."""
    with tempfile.TemporaryDirectory() as folder:
        for name in data_files(commands):
            pathlib.Path(folder, name).symlink_to(data / name)
        search = os.pathsep.join([str(aepred.parent), os.environ["PATH"]])
        environment = {**os.environ, "PATH": search, "seed": str(seed)}
        result = subprocess.run(["sh", "-eu", "-c", commands], cwd=folder, env=environment, text=True, capture_output=True)
    if result.returncode:
        sys.exit(f"{commands}\n{result.stderr}\nended with status {result.returncode}")
    return json.loads(result.stdout)


def measure(name, commands, arguments):
    """Run all seeds, print a line, and return the means."""
    begun = time.monotonic()
    results = [run(commands, arguments.aepred, arguments.data, seed) for seed in range(1, arguments.seeds + 1)]
    seconds = (time.monotonic() - begun) / arguments.seeds
    means = {figure: statistics.mean(result[figure] or 0 for result in results) for figure in FIGURES}
    spread = {figure: statistics.pstdev(result[figure] or 0 for result in results) for figure in FIGURES}
    print(f"{name:15}", *(f"{means[figure]:.3f} +-{spread[figure]:.3f}" for figure in FIGURES), f"{seconds:6.1f} s", sep="  ", flush=True)
    return means


def parse_arguments():
    parser = argparse.ArgumentParser(description="Run the commands of the tutorial.")
    parser.add_argument("aepred", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("tutorial", type=pathlib.Path)
    parser.add_argument("--data", default=".", metavar="FOLDER", help="the data files, unless AEPRED_DATA names a folder")
    parser.add_argument("--only", action="append", metavar="NAME", help="this block only; may be given again")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--hold", action="store_true", help="fail if a mean misses what the tutorial promises")
    arguments = parser.parse_args()
    arguments.data = pathlib.Path(os.environ.get("AEPRED_DATA", arguments.data)).resolve()
    return arguments


def read_tutorial(path):
    """The blocks by name, and the AUROC printed behind each."""
    text = path.read_text(encoding="utf-8")
    blocks = dict(BLOCK.findall(text))
    blocks["thyroid"] += f"{{\n{blocks.pop('after')}}} >/dev/null\n"
    assert set(blocks) == set(BOUNDS), f"the tutorial has blocks {sorted(blocks)}, not {sorted(BOUNDS)}"
    printed = {name: re.search(PRINTED.format(name), text, re.MULTILINE | re.DOTALL) for name in blocks}
    return blocks, {name: float(found[1]) for name, found in printed.items()}


def shortcomings(name, means, printed):
    """What is worse than promised, or not as printed."""
    for figure, bound in BOUNDS[name].items():
        if means[figure] < bound:
            yield f"{name}: {figure} {means[figure]:.4f} is less than {bound}"
    if abs(means["auroc"] - printed) > LARGEST_DRIFT:
        yield f"{name}: auroc {means['auroc']:.4f} is not the {printed} that is printed"


def main():
    arguments = parse_arguments()
    blocks, printed = read_tutorial(arguments.tutorial)
    chosen = {name: blocks[name] for name in arguments.only or blocks}
    absent = sorted(name for commands in chosen.values() for name in data_files(commands) if not (arguments.data / name).exists())
    if absent:
        print(f"skipped: {', '.join(absent)} not in {arguments.data}; docs/tutorial.md says where they come from")
        return SKIPPED
    print(f"{'mean +-sd':15}", *(f"{figure[:12]:>13}" for figure in FIGURES), "a seed", sep="  ")
    failed = []
    for name, commands in chosen.items():
        means = measure(name, commands, arguments)
        failed += shortcomings(name, means, printed[name]) if arguments.hold else []
    print(*failed, sep="\n", end="\n" if failed else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
