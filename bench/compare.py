#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Speed of the library beside PyTorch and ONNX Runtime on this machine, in one run.

    compare.py dense BENCH_SPEED [--onnxruntime FOLDER] [--check] [--repeats N] [--json]
    compare.py conv BENCH_CONV [--check] [--repeats N] [--json]

All programs are kept waiting and measured in turn, a tenth of a second each, on one thread; the figures are medians of
the repeats. FOLDER is where install_onnxruntime.sh installed ONNX Runtime, which scores the dense network as exported
from PyTorch: through its C API, by peer_onnx beside BENCH_SPEED, and from JavaScript. What is not there is left out.
--check exits 1 where the library is not as much faster than a peer as BOUNDS says, or where a workspace takes more
memory than LARGEST_WORKSPACE.
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

BOUNDS = {  # least ratio to each peer
    "dense": {
        "PyTorch": {"train_32": 15.0, "train_256": 4.0, "train_1024": 3.0, "score_1": 30.0, "score_4096": 2.0},
        "ONNX Runtime": {"score_1": 3.0},
    },
    "conv": {
        "PyTorch": {"score_1": 5.0, "train_128": 1.5},
    },
}
LARGEST_WORKSPACE = 4 << 20  # bytes, beside those of the model
SKIPPED = 77
HERE = pathlib.Path(__file__).resolve().parent


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


def missing(peer, what):
    print(f"{peer} is left out: {what}", file=sys.stderr)
    return {}


def torch_command(network):
    """The command of each peer, by name; here and below none if it is not installed."""
    if subprocess.run([sys.executable, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode:
        return missing("PyTorch", "this Python has no module torch (Debian: python3-torch)")
    return {"PyTorch": [sys.executable, HERE / "peer_torch.py", network]}


def onnx_commands(bench, onnxruntime, folder):
    """The model goes to the folder; it comes from PyTorch."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    library = f"node_modules/onnxruntime-node/bin/napi-v*/linux/{machine}/libonnxruntime.so.1"
    found = sorted(pathlib.Path(onnxruntime).glob(library))
    if not found:
        return missing("ONNX Runtime", f"{library} is not in {onnxruntime} (bench/install_onnxruntime.sh FOLDER)")
    subprocess.run([sys.executable, HERE / "export_onnx.py", folder], check=True)
    commands = {"ONNX Runtime": [pathlib.Path(bench).with_name("peer_onnx"), found[-1], folder]}
    if not shutil.which("node"):
        return commands | missing("ONNX Runtime from JavaScript", "there is no node (Debian: nodejs)")
    return commands | {"from JavaScript": ["node", HERE / "peer_onnx.mjs", onnxruntime, folder]}


def start_peers(args, folder):
    commands = torch_command(args.network)
    if args.network == "dense":
        commands |= (onnx_commands(args.bench, args.onnxruntime, folder) if commands else
                     missing("ONNX Runtime", "its model is exported from PyTorch"))
    return {name: Program([str(part) for part in command]) for name, command in commands.items()}


def medians(programs, measure, repeats):
    """The rate of each program that knows the measure, by name; measured in turn."""
    programs = {name: program for name, program in programs.items() if measure in program.about["measures"]}
    rounds = [[program.measure(measure) for program in programs.values()] for _ in range(repeats)]
    return {name: statistics.median(rates) for name, rates in zip(programs, zip(*rounds))}


def columns(measure, found, peers):
    """A line of the table: a pair for each peer, empty where it does not know the measure."""
    pairs = [(f"{found[peer]:,.0f}", f"{found['aepred'] / found[peer]:.2f}") if peer in found else ("", "")
             for peer in peers]
    return [measure.replace("_", " "), f"{found['aepred']:,.0f}", *(cell for pair in pairs for cell in pair)]


def print_table(rates, about):
    library, *peers = about
    for peer in peers:
        print(f"{peer}: {about[peer]['name']}")
    lines = [["rows a second", library, *(cell for peer in peers for cell in (peer, "ratio"))],
             *(columns(measure, found, peers) for measure, found in rates.items())]
    widths = [max(map(len, cells)) for cells in zip(*lines)]
    for first, *others in lines:
        aligned = [f"{first:<{widths[0]}}", *(f"{cell:>{width}}" for cell, width in zip(others, widths[1:]))]
        print("  ".join(aligned).rstrip())
    kinds = ("model", "workspace", "training")
    print(", ".join(f"{kind}: {about[library][f'{kind}_bytes']:,} bytes" for kind in kinds))


def verdict(what, holds):
    print(f"{what}: {'yes' if holds else 'NO'}")
    return holds


def check(rates, about, bounds):
    """Whether each bound that could be measured holds."""
    workspace = about["aepred"]["workspace_bytes"]
    held = [verdict(f"a workspace of at most {LARGEST_WORKSPACE:,} bytes", workspace <= LARGEST_WORKSPACE)]
    for peer, least in bounds.items():
        for measure, bound in least.items():
            if peer in rates[measure]:
                ratio = rates[measure]["aepred"] / rates[measure][peer]
                held.append(verdict(f"{measure}: {ratio:.2f} times {peer}, at least {bound:g} wanted", ratio >= bound))
    return all(held)


def measure_all(args, folder):
    """The rates of every program by measure, and what the programs tell about themselves."""
    programs = {"aepred": Program([args.bench, "--serve"]), **start_peers(args, folder)}
    about = {name: program.about for name, program in programs.items()}
    rates = {measure: medians(programs, measure, args.repeats) for measure in about["aepred"]["measures"]}
    for program in programs.values():
        program.end()
    return rates, about


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", choices=list(BOUNDS))
    parser.add_argument("bench")
    parser.add_argument("--onnxruntime", metavar="FOLDER", default="build/onnxruntime")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rates, about = measure_all(args, folder)
    if args.json:
        print(json.dumps({"rates": rates, "about": about}))
    else:
        print_table(rates, about)
    if args.check and not check(rates, about, BOUNDS[args.network]):
        return 1
    return SKIPPED if args.check and len(about) == 1 else 0


if __name__ == "__main__":
    sys.exit(main())
