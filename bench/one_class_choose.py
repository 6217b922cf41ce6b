#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compare presets for one_class.py on training images alone: no image of the test set is looked at.

    one_class_choose.py mnist|cifar10 --data FOLDER [--classes 2,5,8] [--seed 1] [NAME...]

Of the training images of a class four fifths train; the others are the normal ones, to be told from
  changed  changed copies of themselves: turned, mirrored, quarters exchanged, a part pasted elsewhere, two laid over each
           other, stretched; the mean over these, which knows no label of an anomaly
  others   training images of the other nine classes
Printed are AUROCs of the prediction score, and for `others` of the reconstruction score too, as means over classes. Without NAME all
candidates are compared; each differs from the preset in what it is called.
"""

import argparse
import pathlib
import statistics
import sys
import time

import numpy as np

import images
from one_class import PRESETS, aurocs, conv, train

CANDIDATES = {
    "mnist": {
        "preset": {},
        "gaussian-0.2": dict(noise="gaussian", noise_level=0.2),
        "gaussian-1": dict(noise="gaussian", noise_level=1),
        "masking-0.2": dict(noise_level=0.2),
        "masking-0.3": dict(noise_level=0.3),
        "masking-0.7": dict(noise_level=0.7),
        "block-0.5": dict(noise="block", noise_block=2),
        "code-16": dict(encoder=(16,)),
        "code-32": dict(encoder=(32,)),
        "code-64": dict(encoder=(64,)),
        "code-256": dict(encoder=(256,)),
        "compactness-0.1": dict(compactness=0.1),
        "filters-32-64": dict(image_encoder=(conv(32, 3, 2), conv(64, 3, 2))),
        "three-layers": dict(image_encoder=(conv(16, 3, 2), conv(32, 3, 2), conv(64, 3, 2))),
        "silu": dict(activation="silu"),
        "minmax": dict(scaling="minmax", squash="none"),
        "head-64-64": dict(head=(64, 64)),
        "head-256-256": dict(head=(256, 256)),
        "head-rate-1": dict(head_rate=1),
        "epochs-6": dict(epochs=6),
        "epochs-10": dict(epochs=10),
        "epochs-30": dict(epochs=30),
    },
    "cifar10": {
        "preset": {},
        "masking-0.5": dict(noise="masking", noise_level=0.5),
        "not-standardised": dict(standardise=False),
        "code-128": dict(encoder=(128,)),
        "two-layers": dict(image_encoder=(conv(24, 3, 2), conv(48, 3, 2))),
    },
}
CLASSES = {"mnist": "2,5,8", "cifar10": "0,1,4,5"}


def quarters(pictures):
    height, width = pictures.shape[2] // 2, pictures.shape[3] // 2
    changed = pictures.copy()
    changed[:, :, :height, :width], changed[:, :, -height:, -width:] = (
        pictures[:, :, -height:, -width:], pictures[:, :, :height, :width])
    return changed


def pasted(pictures, random):
    """A square of a third of the edge, moved within its image."""
    edge = pictures.shape[2] // 3
    changed = pictures.copy()
    for picture in changed:
        (y, x), (to_y, to_x) = random.integers(0, pictures.shape[2] - edge, (2, 2))
        picture[:, to_y:to_y + edge, to_x:to_x + edge] = picture[:, y:y + edge, x:x + edge].copy()
    return changed


def stretched(pictures):
    """The middle two thirds of the columns, as wide as the whole."""
    width = pictures.shape[3]
    return pictures[:, :, :, width // 6 + np.arange(width) * 2 // 3]


def changes(pictures, random):
    other = pictures[random.permutation(len(pictures))]
    overlaid = np.maximum(pictures, other) if pictures.shape[1] == 1 else (pictures // 2 + other // 2)
    return {"turned": np.rot90(pictures, 1, (2, 3)), "upside down": np.rot90(pictures, 2, (2, 3)),
            "mirrored": pictures[:, :, :, ::-1], "quarters": quarters(pictures), "pasted": pasted(pictures, random),
            "overlaid": overlaid, "stretched": stretched(pictures)}


def auroc(model, preset, normal, anomalous):
    is_anomaly = np.repeat(np.array([0, 1], np.uint8), [len(normal), len(anomalous)])
    return aurocs(model, preset, np.concatenate([normal, anomalous]), is_anomaly)


def judge(preset, pictures, others, seed):
    """changed; others; others by reconstruction"""
    random = np.random.default_rng(seed)
    order = random.permutation(len(pictures))
    held, kept = pictures[order[:len(order) // 5]], pictures[order[len(order) // 5:]]
    model = train(kept, preset, seed)
    changed = statistics.mean(auroc(model, preset, held, copies)["prediction"] for copies in changes(held, random).values())
    found = auroc(model, preset, held, others[::len(others) // 5000])
    return changed, found["prediction"], found["reconstruction"]


def main():
    parser = argparse.ArgumentParser(description="Compare presets on training images alone.")
    parser.add_argument("data_set", choices=CANDIDATES)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--data", default=".", type=pathlib.Path)
    parser.add_argument("--classes")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    classes = [int(label) for label in (arguments.classes or CLASSES[arguments.data_set]).split(",")]
    pictures, labels = images.load(arguments.data_set, arguments.data, "train")
    print("| candidate | changed | others | others, reconstruction | s |\n|---|---:|---:|---:|---:|")
    for name in arguments.names or CANDIDATES[arguments.data_set]:
        preset = {**PRESETS[arguments.data_set], **CANDIDATES[arguments.data_set][name]}
        begun = time.process_time()
        found = [judge(preset, pictures[labels == c], pictures[labels != c], arguments.seed) for c in classes]
        means = " | ".join(f"{statistics.mean(column):.4f}" for column in zip(*found))
        print(f"| {name} | {means} | {time.process_time() - begun:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
