#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One class of images against the nine others: train on one class of the training set alone, test on the whole test set.

    one_class.py mnist|cifar10 --data FOLDER --results FILE.csv [--seeds 3] [--classes 0,1] [--jobs 2]

Every run (class, seed) becomes a line of the results as soon as it is done, and is not repeated when the command is given
again; interrupt it whenever you like. The last thing printed is a table: AUROC by class and score, means over seeds. CIFAR-10 is read
from its binary version. The library is the one that AEPRED_LIBRARY names, see bindings/python.
"""

import argparse
import csv
import json
import multiprocessing
import os
import pathlib
import statistics
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bindings" / "python"))
import aepred  # noqa: E402
from aepred import conv  # noqa: E402
import images  # noqa: E402

# One preset a data set, fixed before any test label was looked at: docs/results.md gives the reasons.
PRESETS = {
    "mnist": dict(image_encoder=(conv(16, 3, 2), conv(32, 3, 2)), encoder=(128,), head=(128,), error="vector",
                  noise="masking", noise_level=0.5, compactness=0.01, learning_rate=2e-3, head_rate=3, epochs=15, batch=128),
    "cifar10": dict(image_encoder=(conv(24, 3, 2), conv(48, 3, 2), conv(96, 3, 2)), encoder=(32,), head=(64, 64),
                    error="vector", noise="gaussian", noise_level=0.2, learning_rate=2e-3, head_rate=3, epochs=15, batch=128,
                    standardise=True),
}
SCORES = ("prediction", "reconstruction", "signed")
FIELDS = ("data", "class", "seed", "images", "epochs", "train_seconds", "score_seconds", *SCORES, "preset")


def preset_text(preset):
    return json.dumps(preset, default=lambda layer: [int(layer.kind), layer.size, layer.kernel, layer.stride])


def rows_of(pictures, standardise):
    """Pictures as rows; standardised, each has mean 0 and standard deviation 1, so that brightness and contrast, which vary more
    than what is shown, do not decide.
    """
    rows = pictures.reshape(len(pictures), -1).astype(np.float32)
    if standardise:
        rows -= rows.mean(axis=1, keepdims=True)
        rows /= rows.std(axis=1, keepdims=True) + 8  # of 255: flat pictures stay flat
    return rows


def train(pictures, preset, seed):
    shape = pictures.shape[1:]
    options = {name: value for name, value in preset.items() if name != "standardise"}
    model = aepred.Model(int(np.prod(shape)), image=shape, seed=seed, save_training=False, **options)
    model.fit(rows_of(pictures, preset.get("standardise")))
    return model


def aurocs(model, preset, pictures, is_anomaly):
    found, rows = {}, rows_of(pictures, preset.get("standardise"))
    for score in SCORES:
        model.set(score=score)
        found[score] = aepred.metrics.auroc(model.score(rows), is_anomaly)
    return found


class Run:
    """What the processes share: the images, which a fork does not copy."""

    data_set = folder = None
    train = test = None

    @classmethod
    def load(cls, data_set, folder):
        cls.data_set = data_set
        cls.train, cls.test = images.load(data_set, folder, "train"), images.load(data_set, folder, "test")


def run(job):
    label, seed = job
    preset = PRESETS[Run.data_set]
    (train_pictures, train_labels), (test_pictures, test_labels) = Run.train, Run.test
    normal = train_pictures[train_labels == label]
    begun = time.monotonic()
    model = train(normal, preset, seed)
    trained = time.monotonic()
    found = aurocs(model, preset, test_pictures, (test_labels != label).astype(np.uint8))
    return {"data": Run.data_set, "class": label, "seed": seed, "images": len(normal), "epochs": preset["epochs"],
            "train_seconds": round(trained - begun, 1), "score_seconds": round(time.monotonic() - trained, 1),
            **{score: round(value, 5) for score, value in found.items()}, "preset": preset_text(preset)}


def read_results(path, data_set):
    """Runs of this data set and preset that the file holds."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["data"] == data_set]
    return [row for row in rows if row["preset"] == preset_text(PRESETS[data_set])]


def append(path, row):
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        if new:
            writer.writeheader()
        writer.writerow(row)


def minutes(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def work_off(jobs, arguments):
    begun = time.monotonic()
    with multiprocessing.get_context("fork").Pool(arguments.jobs) as pool:
        for done, row in enumerate(pool.imap_unordered(run, jobs), 1):
            append(arguments.results, row)
            took = time.monotonic() - begun
            scores = "  ".join(f"{score} {row[score]:.4f}" for score in SCORES)
            print(f"class {row['class']} seed {row['seed']}: {scores}  ({row['train_seconds']} s; {done} of {len(jobs)} done, "
                  f"{minutes(took)} gone, about {minutes(took / done * (len(jobs) - done))} left)", flush=True)


def print_table(rows, labels):
    seeds = sorted({int(row["seed"]) for row in rows})
    print(f"\n| class | {' | '.join(SCORES)} | training, s |\n|---|{'---:|' * (len(SCORES) + 1)}")
    for label in labels:
        mine = [row for row in rows if int(row["class"]) == label]
        means = [statistics.mean(float(row[score]) for row in mine) for score in SCORES]
        seconds = statistics.mean(float(row["train_seconds"]) for row in mine)
        print(f"| {label} | {' | '.join(f'{mean:.3f}' for mean in means)} | {seconds:.0f} |")
    cells = []
    for score in SCORES: # the spread is that of the means over classes, from seed to seed
        by_seed = [statistics.mean(float(row[score]) for row in rows if int(row["seed"]) == seed) for seed in seeds]
        spread = statistics.stdev(by_seed) if len(by_seed) > 1 else 0
        cells.append(f"{statistics.mean(by_seed):.4f} +-{spread:.4f}")
    seconds = statistics.mean(float(row["train_seconds"]) for row in rows)
    print(f"| mean of {len(seeds)} seeds | {' | '.join(cells)} | {seconds:.0f} |")


def parse_arguments():
    parser = argparse.ArgumentParser(description="One class of images against the nine others.")
    parser.add_argument("data_set", choices=PRESETS)
    parser.add_argument("--data", default=os.environ.get("AEPRED_DATA", "."), metavar="FOLDER", type=pathlib.Path)
    parser.add_argument("--results", default="one_class.csv", metavar="FILE", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--classes", default="0,1,2,3,4,5,6,7,8,9")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time, one core each")
    parser.add_argument("--epochs", type=int, help="instead of the preset's, for a quick look")
    arguments = parser.parse_args()
    arguments.classes = sorted({int(label) for label in arguments.classes.split(",")})
    return arguments


def main():
    arguments = parse_arguments()
    absent = images.missing(arguments.data_set, arguments.data)
    if absent:
        print(f"skipped: {', '.join(absent)} not in {arguments.data}; docs/images.md says where they come from")
        return 77
    if arguments.epochs:
        PRESETS[arguments.data_set]["epochs"] = arguments.epochs
    wanted = [(label, seed) for seed in range(1, arguments.seeds + 1) for label in arguments.classes]
    done = {(int(row["class"]), int(row["seed"])) for row in read_results(arguments.results, arguments.data_set)}
    jobs = [job for job in wanted if job not in done]
    print(f"{arguments.data_set}: {len(wanted) - len(jobs)} runs are done, {len(jobs)} to go, {arguments.jobs} at a time", flush=True)
    Run.load(arguments.data_set, arguments.data)
    if jobs:
        work_off(jobs, arguments)
    rows = [row for row in read_results(arguments.results, arguments.data_set) if (int(row["class"]), int(row["seed"])) in wanted]
    print_table(rows, arguments.classes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
