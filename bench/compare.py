#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Speed of the library beside PyTorch on this machine, in one run.

    compare.py BENCH_SPEED [--check] [--rounds N] [--json]

Both programs run in turn, each on one thread, for several rounds; the figures are medians over rounds. --check exits 1
unless scoring one row is at least 10 times as fast as PyTorch and a training step of 1,024 rows is not slower.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

BOUNDS = {"score_1": 10.0, "train_1024": 1.0}  # least ratio to PyTorch


def run(command):
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return json.loads(subprocess.run(command, env=one_thread, check=True, stdout=subprocess.PIPE).stdout)


def has_torch():
    return subprocess.run([sys.executable, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode == 0


def medians(rounds):
    return {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}


def print_table(ours, peer):
    print(f"{'rows a call':<12} {'aepred rows/s':>14}" + (f" {'PyTorch rows/s':>15} {'ratio':>7}" if peer else ""))
    for name, rate in ours.items():
        print(f"{name.replace('_', ' '):<12} {rate:14,.0f}" +
              (f" {peer[name]:15,.0f} {rate / peer[name]:7.2f}" if peer else ""))


def check(ours, peer):
    good = True
    for name, bound in BOUNDS.items():
        ratio = ours[name] / peer[name]
        print(f"{name}: {ratio:.2f} times PyTorch, at least {bound:g} wanted: {'yes' if ratio >= bound else 'NO'}")
        good = good and ratio >= bound
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench_speed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    peer_command = [sys.executable, str(pathlib.Path(__file__).with_name("peer_torch.py"))]
    torch = has_torch()
    ours, peer = [], []
    for _ in range(args.rounds):
        ours.append(run([args.bench_speed, "--json"]))
        if torch:
            peer.append(run(peer_command))
    ours, peer = medians(ours), medians(peer) if torch else None
    if args.json:
        print(json.dumps({"aepred": ours, "torch": peer}))
    else:
        print_table(ours, peer)
    if not torch:
        print("PyTorch is not installed (Debian: python3-torch): nothing to compare with", file=sys.stderr)
        return 77 if args.check else 0
    return 0 if not args.check or check(ours, peer) else 1


if __name__ == "__main__":
    sys.exit(main())
