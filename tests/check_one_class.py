#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench/one_class.py on a small MNIST of its own: it trains, goes on where it was interrupted, and prints its table.

Usage: check_one_class.py ONE_CLASS (with AEPRED_LIBRARY set)
"""

import gzip
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np


def write_idx(path: Path, array: np.ndarray) -> None:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes()))


def write_images(folder: Path, names: tuple[str, str], n: int, seed: int) -> None:
    """Bars of ten directions, dark on light where the label is odd."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 10
    y, x = np.mgrid[-14:14, -14:14]
    angle = labels[:, None, None] * np.pi / 10
    far = np.abs(x * np.cos(angle) + y * np.sin(angle) + random.normal(0, 1, (n, 1, 1)))
    write_idx(folder / f"{names[0]}.gz", np.where(far < 3, 220, 20) + random.integers(0, 20, (n, 28, 28)))
    write_idx(folder / f"{names[1]}.gz", labels)


def run(script: str, folder: Path, classes: str) -> str:
    command = [sys.executable, script, "mnist", "--data", str(folder), "--results", str(folder / "results.csv"),
               "--seeds", "1", "--epochs", "4", "--jobs", "1", "--classes", classes]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> int:
    script = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        absent = subprocess.run([sys.executable, script, "mnist", "--data", str(folder)], stdout=subprocess.PIPE, text=True)
        assert absent.returncode == 77 and "skipped: train-images-idx3-ubyte" in absent.stdout, absent.stdout
        write_images(folder, ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"), 2000, 1)
        write_images(folder, ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"), 500, 2)
        first = run(script, folder, "3")
        assert "0 runs are done, 1 to go" in first and "class 3 seed 1" in first, first
        second = run(script, folder, "3,4")
        assert "1 runs are done, 1 to go" in second and "class 3" not in second, second
        third = run(script, folder, "3,4")
        assert "2 runs are done, 0 to go" in third, third
        table = [line.split("|")[1:-1] for line in third.splitlines() if line.startswith("| ")]
        assert [row[0].strip() for row in table] == ["class", "3", "4", "mean of 1 seeds"], third
        scores = [float(row[1]) for row in table[1:3]]
        assert min(scores) > 0.8, third
        print(third)
    return 0


if __name__ == "__main__":
    sys.exit(main())
