#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a call of Model.score with one row costs over the call of aep_score inside it.

Usage: bench_python_call.py CALL_LOOP_LIBRARY [--check]

In turns, in one process: the row scored by a loop in C (call_loop.c), by ctypes with arguments made beforehand, and by
Model.score. Medians of rounds, in microseconds a call. --check exits 1 if the overhead is above 10 microseconds.
"""

import argparse
import ctypes
import statistics
import sys
import time
from typing import Callable

import aepred
import numpy as np
from aepred._library import lib

ROUNDS = 25
CALLS = 4000  # in a round
LARGEST_OVERHEAD = 10  # microseconds

NETWORKS = {
    "6-4-2": {"n_columns": 6, "encoder": (4, 2)},
    "118-60-30-10-3": {"n_columns": 118, "encoder": (60, 30, 10, 3), "head": (10, 10)},
}


def c_loop(path: str, model: aepred.Model, row: np.ndarray) -> Callable[[], float]:
    function = ctypes.CDLL(path).call_loop
    function.restype = ctypes.c_double
    function.argtypes = [ctypes.c_void_p] * 4 + [ctypes.c_size_t] * 2
    score = ctypes.cast(lib.aep_score, ctypes.c_void_p)

    def seconds() -> float:
        taken = function(score, model._pointer, model._workspace(), row.ctypes.data, row.shape[1], CALLS)
        assert taken > 0, "aep_score failed"
        return taken

    return seconds


def python_loop(call: Callable[..., object], *arguments: object) -> Callable[[], float]:
    def seconds() -> float:
        start = time.perf_counter()
        for _ in range(CALLS):
            call(*arguments)
        return time.perf_counter() - start

    return seconds


def measure(loops: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Microseconds a call of each loop, in turns so that all see the same machine."""
    rounds = [{name: loop() for name, loop in loops.items()} for _ in range(ROUNDS + 1)][1:]  # the first warms up
    return {name: statistics.median(seconds[name] for seconds in rounds) / CALLS * 1e6 for name in loops}


def measure_network(path: str, n_columns: int, **layers: tuple[int, ...]) -> dict[str, float]:
    rows = np.random.default_rng(1).uniform(-1, 1, (4096, n_columns)).astype(np.float32)
    model = aepred.Model(n_columns, **layers)
    model.fit_scaling(rows)
    row, score = rows[:1], np.empty(1, np.float32)
    arguments = (score.ctypes.data, model._pointer, model._workspace(), row.ctypes.data, 1, n_columns)
    return measure({
        "C": c_loop(path, model, row),
        "ctypes": python_loop(lib.aep_score, *arguments),
        "Model.score": python_loop(model.score, row),
        "of float64": python_loop(model.score, row.astype(np.float64)),
    })


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("call_loop")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    print(f"{'microseconds a call':16s} {'C':>7s} {'ctypes':>7s} {'Model.score':>12s} {'overhead':>9s} {'ratio':>6s} {'of float64':>11s}")
    overheads = []
    for name, layers in NETWORKS.items():
        taken = measure_network(options.call_loop, **layers)
        overheads.append(taken["Model.score"] - taken["C"])
        print(f"{name:19s} {taken['C']:7.2f} {taken['ctypes']:7.2f} {taken['Model.score']:12.2f} {overheads[-1]:9.2f} "
              f"{taken['Model.score'] / taken['C']:6.1f} {taken['of float64']:11.2f}")
    held = max(overheads) <= LARGEST_OVERHEAD
    print(f"overhead of at most {LARGEST_OVERHEAD} microseconds: {'yes' if held else 'NO'}")
    return 0 if held or not options.check else 1


if __name__ == "__main__":
    sys.exit(main())
