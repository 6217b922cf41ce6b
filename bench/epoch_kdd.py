#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""An epoch on the normal rows of KDD Cup 99 (10 %), beside a PyTorch loop on arrays that lie in memory.

    epoch_kdd.py KDD_FILE AEPRED [--batch N] [--epochs N] [--repeats N] [--check]

KDD_FILE is kddcup.data_10_percent, plain or gzip; AEPRED the program. PyTorch is given the one-hot, standardised features
and shuffles them; aep_fit is given the raw rows: it learns the scaling, and scales and encodes them in every epoch. Both
times are those of some epochs over their number. The third is that of the whole program for one epoch, from the file to
the model. All on one thread; the network is that of bench_speed, as wide as the rows. --check exits 1 unless aep_fit is
BOUND times as fast as PyTorch.
"""

import argparse
import gzip
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
import numpy as np  # noqa: E402
import torch  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bindings" / "python"))
import aepred  # noqa: E402
import peer_torch  # noqa: E402

BOUND = 3
CATEGORICAL = (1, 2, 3)
LAYERS = dict(encoder=(60, 30, 10, 3), head=(10, 10))


def read(path):
    """The normal rows (rows, 41), with levels by number, and the number of levels of each column that has some."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="ascii") as file:
        cells = [line.split(",") for line in file if line.endswith("normal.\n")]
    codes = [{} for _ in CATEGORICAL]
    rows = np.empty((len(cells), 41), np.float32)
    for i, row in enumerate(cells):
        for levels, column in zip(codes, CATEGORICAL):
            row[column] = levels.setdefault(row[column], len(levels))
        rows[i] = row[:41]
    return rows, [len(levels) for levels in codes]


def one_hot(rows, n_levels):
    parts = [np.delete(rows, CATEGORICAL, axis=1)]
    parts += [np.eye(n, dtype=np.float32)[rows[:, c].astype(int)] for c, n in zip(CATEGORICAL, n_levels)]
    features = np.concatenate(parts, axis=1)
    deviation = features.std(axis=0)
    return torch.from_numpy((features - features.mean(axis=0)) / np.where(deviation > 0, deviation, 1))


def torch_epoch(features, batch, epochs):
    peer = peer_torch.Peer("dense", features.shape[1])
    start = time.perf_counter()
    for _ in range(epochs):
        order = torch.randperm(len(features))
        for i in range(0, len(features), batch):
            peer.fit_batch(features[order[i:i + batch]])
    return (time.perf_counter() - start) / epochs


def our_epoch(rows, n_levels, batch, epochs):
    columns = {c: aepred.Column(levels=[str(level) for level in range(n)]) for c, n in zip(CATEGORICAL, n_levels)}
    model = aepred.Model(rows.shape[1], columns=columns, epochs=epochs, batch=batch, **LAYERS)
    start = time.perf_counter()
    model.fit(rows)
    return (time.perf_counter() - start) / epochs


def program(path, aepred_program, batch, folder):
    command = [aepred_program, "train", path, "-o", f"{folder}/model.aep", "--label", "last", "--normal", "normal.",
               "--categorical", "2,3,4", "--epochs", "1", "--batch", str(batch), "--encoder", "60,30,10,3", "--head", "10,10",
               "--quiet"]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kdd")
    parser.add_argument("aepred")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows, n_levels = read(args.kdd)
    features = one_hot(rows, n_levels)
    print(f"{len(rows)} normal rows, {features.shape[1]} features, batches of {args.batch}")
    with tempfile.TemporaryDirectory() as folder:
        taken = [(torch_epoch(features, args.batch, args.epochs), our_epoch(rows, n_levels, args.batch, args.epochs),
                  program(args.kdd, args.aepred, args.batch, folder)) for _ in range(args.repeats)]
    theirs, ours, whole = (statistics.median(times) for times in zip(*taken))
    print(f"PyTorch, an epoch, features in memory: {theirs:.3f} s")
    print(f"aep_fit, an epoch, raw rows in memory: {ours:.3f} s, {theirs / ours:.2f} times as fast")
    print(f"aepred train, one epoch, from the file: {whole:.3f} s, {theirs / whole:.2f} times as fast")
    return 1 if args.check and theirs < BOUND * ours else 0


if __name__ == "__main__":
    sys.exit(main())
