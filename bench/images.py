# SPDX-License-Identifier: BSD-2-Clause
"""MNIST and CIFAR-10 as arrays, from the files in which they are published."""

import gzip
import pathlib

import numpy as np

MNIST = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
         "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}
CIFAR10 = {"train": tuple(f"data_batch_{i}.bin" for i in range(1, 6)), "test": ("test_batch.bin",)}


def _find(folder, name):
    for candidate in (folder / name, folder / f"{name}.gz", folder / "cifar-10-batches-bin" / name):
        if candidate.exists():
            return candidate
    return None


def missing(data_set, folder):
    """The files of a data set that a folder does not hold."""
    parts = MNIST if data_set == "mnist" else CIFAR10
    return [name for names in parts.values() for name in names if not _find(folder, name)]


def _bytes(folder, name):
    path = _find(folder, name)
    content = path.read_bytes()
    return np.frombuffer(gzip.decompress(content) if path.suffix == ".gz" else content, np.uint8)


def load(data_set, folder, part):
    """Images (n, channels, height, width) as bytes, and their labels (n)."""
    folder = pathlib.Path(folder)
    if data_set == "mnist":
        images, labels = (_bytes(folder, name) for name in MNIST[part])
        return images[16:].reshape(-1, 1, 28, 28), labels[8:]
    records = np.concatenate([_bytes(folder, name).reshape(-1, 3073) for name in CIFAR10[part]])
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]
