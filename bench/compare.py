#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Speed of the library beside PyTorch on this machine, in one run.

    compare.py dense BENCH_SPEED [--check] [--repeats N] [--json]
    compare.py conv BENCH_CONV [--check] [--repeats N] [--json]

Both programs are kept waiting and measured in turn, a tenth of a second each, on one thread; the figures are medians of
the repeats. --check exits 1 where the library is not as much faster than PyTorch as BOUNDS says, or where a workspace
takes more memory than LARGEST_WORKSPACE.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

BOUNDS = {  # least ratio to PyTorch
    "dense": {"score_1": 10.0, "train_1024": 1.0},
    "conv": {"score_1": 3.0, "train_128": 1.0},
}
LARGEST_WORKSPACE = 4 << 20  # bytes, beside those of the model
SKIPPED = 77


class Program:
    """A benchmark that waits for the names of measures."""

    def __init__(self, command):
        one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, env=one_thread, text=True, stdin=pipe, stdout=pipe)
        self.about = json.loads(self.process.stdout.readline() or sys.exit(f"{command[0]} did not start"))

    def measure(self, name):
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline() or sys.exit(f"{self.process.args[0]} ended while measuring {name}"))

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def has_torch():
    return subprocess.run([sys.executable, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode == 0


def medians(programs, name, repeats):
    """The rate of each program, measured in turn."""
    rounds = [[program.measure(name) for program in programs] for _ in range(repeats)]
    return [statistics.median(rates) for rates in zip(*rounds)]


def print_table(rates, about, peer):
    print(peer["name"] if peer else "without PyTorch")
    print(f"{'rows a call':<12} {'aepred rows/s':>14}" + (f" {'PyTorch rows/s':>15} {'ratio':>7}" if peer else ""))
    for name, (ours, *others) in rates.items():
        beside = "".join(f" {other:15,.0f} {ours / other:7.2f}" for other in others)
        print(f"{name.replace('_', ' '):<12} {ours:14,.0f}{beside}")
    print(", ".join(f"{what}: {about[f'{what}_bytes']:,} bytes" for what in ("model", "workspace", "training")))


def verdict(what, holds):
    print(f"{what}: {'yes' if holds else 'NO'}")
    return holds


def check(rates, about, bounds):
    """Whether each bound that could be measured holds."""
    workspace = about["workspace_bytes"]
    held = [verdict(f"a workspace of at most {LARGEST_WORKSPACE:,} bytes", workspace <= LARGEST_WORKSPACE)]
    for name, bound in bounds.items():
        ours, *others = rates[name]
        held += [verdict(f"{name}: {ours / other:.2f} times PyTorch, at least {bound:g} wanted", ours >= bound * other)
                 for other in others]
    return all(held)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", choices=list(BOUNDS))
    parser.add_argument("bench")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    programs = [Program([args.bench, "--serve"])]
    if has_torch():
        programs.append(Program([sys.executable, str(pathlib.Path(__file__).with_name("peer_torch.py")), args.network]))
    about, *peer = [program.about for program in programs]
    rates = {name: medians(programs, name, args.repeats) for name in about["measures"]}
    for program in programs:
        program.end()
    if args.json:
        print(json.dumps({"rates": rates, "about": [about, *peer]}))
    else:
        print_table(rates, about, *peer or [None])
    if args.check and not check(rates, about, BOUNDS[args.network]):
        return 1
    if not peer:
        print("PyTorch is not installed (Debian: python3-torch): nothing to compare with", file=sys.stderr)
    return SKIPPED if args.check and not peer else 0


if __name__ == "__main__":
    sys.exit(main())
