# SPDX-License-Identifier: BSD-2-Clause
"""Run the commands of docs/tutorial.md or docs/images.md as they are printed, over several seeds, and print the means of what they
report.

A block of commands is run where a comment <!-- run: NAME --> stands before it, with $seed set, in a folder that holds the data
files. It ends in `aepred eval ... --json`, and a table with its figures follows. A block "after-NAME" goes on where NAME has ended.

usage: tutorial.py AEPRED PAGE [--data FOLDER] [--only NAME]... [--seeds N] [--hold | --write]
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
TABLE = r"(^<!-- run: {} -->.*?^\|---[^\n]*\n)((?:\|[^\n]*\n)?)"
FIGURES = ("auroc", "average_precision", "f1_at_true_count", "precision", "recall", "f1")
# What the means must reach, with --hold.
BOUNDS = {
    "thyroid": {"auroc": 0.985, "f1_at_true_count": 0.74},
    "arrhythmia": {"auroc": 0.80},
    "arrhythmia-uci": {"auroc": 0.80},
    "kdd": {"auroc": 0.97},
    "eight": {"auroc": 0.83},
    "eight-norm": {"auroc": 0.73},
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
    """Run all seeds, print a line, and return means and standard deviations."""
    begun = time.monotonic()
    results = [run(commands, arguments.aepred, arguments.data, seed) for seed in range(1, arguments.seeds + 1)]
    seconds = (time.monotonic() - begun) / arguments.seeds
    means = {figure: statistics.mean(result[figure] or 0 for result in results) for figure in FIGURES}
    spread = {figure: statistics.pstdev(result[figure] or 0 for result in results) for figure in FIGURES}
    print(f"{name:15}", *(f"{means[figure]:.3f} +-{spread[figure]:.3f}" for figure in FIGURES), f"{seconds:6.1f} s", sep="  ", flush=True)
    return means, spread


def parse_arguments():
    parser = argparse.ArgumentParser(description="Run the commands of the tutorial.")
    parser.add_argument("aepred", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--data", default=".", metavar="FOLDER", help="the data files, unless AEPRED_DATA names a folder")
    parser.add_argument("--only", action="append", metavar="NAME", help="this block only; may be given again")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--hold", action="store_true", help="fail if a mean misses what the page promises")
    parser.add_argument("--write", action="store_true", help="put the figures into the page")
    arguments = parser.parse_args()
    arguments.data = pathlib.Path(os.environ.get("AEPRED_DATA", arguments.data)).resolve()
    return arguments


def read_page(path):
    """The blocks by name."""
    blocks = dict(BLOCK.findall(path.read_text(encoding="utf-8")))
    for name in [name for name in blocks if name.startswith("after-")]:
        blocks[name.removeprefix("after-")] += f"{{\n{blocks.pop(name)}}} >/dev/null\n"
    assert blocks and set(blocks) <= set(BOUNDS), f"{path} has blocks {sorted(blocks)}; known are {sorted(BOUNDS)}"
    return blocks


def read_auroc(path, name):
    """The AUROC printed behind a block."""
    found = re.search(PRINTED.format(name), path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found, f"{path} prints no figures behind {name}"
    return float(found[1])


def write_figures(path, name, means, spread):
    """Make them the first line of the table behind a block."""
    line = "".join(f"| {means[figure]:.3f} ± {spread[figure]:.3f} " for figure in FIGURES) + "|\n"
    table = re.compile(TABLE.format(name), re.MULTILINE | re.DOTALL)
    path.write_text(table.sub(lambda found: found[1] + line, path.read_text(encoding="utf-8"), count=1), encoding="utf-8")


def shortcomings(name, means, printed):
    """What is worse than promised, or not as printed."""
    for figure, bound in BOUNDS[name].items():
        if means[figure] < bound:
            yield f"{name}: {figure} {means[figure]:.4f} is less than {bound}"
    if abs(means["auroc"] - printed) > LARGEST_DRIFT:
        yield f"{name}: auroc {means['auroc']:.4f} is not the {printed} that is printed"


def main():
    arguments = parse_arguments()
    blocks = read_page(arguments.page)
    chosen = {name: blocks[name] for name in arguments.only or blocks}
    absent = sorted(name for commands in chosen.values() for name in data_files(commands) if not (arguments.data / name).exists())
    if absent:
        print(f"skipped: {', '.join(absent)} not in {arguments.data}; {arguments.page.name} says where they come from")
        return SKIPPED
    print(f"{'mean +-sd':15}", *(f"{figure[:12]:>13}" for figure in FIGURES), "a seed", sep="  ")
    failed = []
    for name, commands in chosen.items():
        means, spread = measure(name, commands, arguments)
        if arguments.hold:
            failed += shortcomings(name, means, read_auroc(arguments.page, name))
        if arguments.write:
            write_figures(arguments.page, name, means, spread)
    print(*failed, sep="\n", end="\n" if failed else "")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
