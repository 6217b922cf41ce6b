#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compare presets for one_class.py without a label of an anomaly, and without the test set.

    one_class_choose.py mnist|cifar10 --data FOLDER [--classes 2,5,8] [--epochs 20] NAME...

Of the training images of a class, four fifths train; the others are the normal ones to be told from changed copies of
themselves: turned, mirrored, quarters exchanged, a part pasted elsewhere, two laid over each other, stretched. Printed are AUROCs of the
prediction and the reconstruction score, means over kinds of change and classes. Without NAME all candidates are compared.
"""

import argparse
import pathlib
import statistics
import sys
import time

import numpy as np

import images
import one_class
from one_class import PRESETS, aurocs, conv, train

MNIST = PRESETS["mnist"]
CIFAR10 = PRESETS["cifar10"]
CANDIDATES = {
    "mnist": {
        "preset": {},
        "code-8": dict(encoder=(8,)),
        "code-16": dict(encoder=(16,)),
        "code-64": dict(encoder=(64,)),
        "noise-0.5": dict(noise_level=0.5),
        "masking-0.3": dict(noise="masking", noise_level=0.3),
        "block-0.3": dict(noise="block", noise_level=0.3),
        "compactness-0.01": dict(compactness=0.01),
        "compactness-1": dict(compactness=1),
        "wider": dict(image_encoder=(conv(32, 3, 2), conv(64, 3, 2))),
        "deeper": dict(image_encoder=(conv(16, 3, 2), conv(32, 3, 2), conv(64, 3, 2))),
        "silu": dict(activation="silu"),
        "leaky-relu": dict(activation="leaky_relu"),
        "head-256": dict(head=(256,)),
        "squared": dict(squared=True),
        "minmax": dict(scaling="minmax", squash="none"),
    },
    "cifar10": {
        "preset": {},
        "code-16": dict(encoder=(16,)),
        "code-64": dict(encoder=(64,)),
        "code-128": dict(encoder=(128,)),
        "noise-0.5": dict(noise_level=0.5),
        "masking-0.3": dict(noise="masking", noise_level=0.3),
        "block-0.3": dict(noise="block", noise_level=0.3),
        "compactness-0.01": dict(compactness=0.01),
        "leaky-relu": dict(activation="leaky_relu"),
        "two-layers": dict(image_encoder=(conv(24, 3, 2), conv(48, 3, 2))),
    },
}


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


def judge(preset, pictures, seed):
    """AUROC by score and change."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(pictures))
    held, kept = pictures[order[:len(order) // 5]], pictures[order[len(order) // 5:]]
    model = train(kept, preset, seed)
    found = {}
    for name, changed in changes(held, random).items():
        both = np.concatenate([held, changed])
        found[name] = aurocs(model, both, np.repeat(np.array([0, 1], np.uint8), len(held)))
    return found


def main():
    parser = argparse.ArgumentParser(description="Compare presets without a label of an anomaly.")
    parser.add_argument("data_set", choices=CANDIDATES)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--data", default=".", type=pathlib.Path)
    parser.add_argument("--classes", default="2,5,8")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--details", action="store_true", help="by kind of change too")
    arguments = parser.parse_args()
    pictures, labels = images.load(arguments.data_set, arguments.data, "train")
    for name in arguments.names or CANDIDATES[arguments.data_set]:
        preset = {**PRESETS[arguments.data_set], **CANDIDATES[arguments.data_set][name], "epochs": arguments.epochs}
        begun = time.monotonic()
        found = [judge(preset, pictures[labels == int(label)], 1) for label in arguments.classes.split(",")]
        means = {score: statistics.mean(by[score] for kinds in found for by in kinds.values()) for score in one_class.SCORES}
        print(f"{name:18}", *(f"{score} {mean:.4f}" for score, mean in means.items()), f"{time.monotonic() - begun:6.0f} s",
              sep="  ", flush=True)
        for kind in found[0] if arguments.details else ():
            print(f"    {kind:14}", *(f"{statistics.mean(kinds[kind][s] for kinds in found):.4f}" for s in one_class.SCORES), sep="  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
