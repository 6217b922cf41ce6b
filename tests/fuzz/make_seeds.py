#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of the fuzz targets that are no models: corpus/score (models with rows), options, csv, npy, idx, cifar
and cli. Those of corpus/load come from tests/make_models.c. Inputs that once failed are added by hand, and stay.

Usage: make_seeds.py [FOLDER]
"""

import gzip
import struct
import sys
from pathlib import Path

NAN, INF = float("nan"), float("inf")
ROWS = [[0, 0.5, -1, 2], [1, 1, 1, 1], [NAN, 1e38, -1e38, 1e-40], [INF, 0, -0.0, 3]]


def floats(rows) -> bytes:
    return b"".join(struct.pack("<f", value) for row in rows for value in row)


def npy(descr: str, shape: str, body: bytes, version: int = 1, order: str = "False") -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}".encode() + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header + body


def idx(kind: int, sizes, body: bytes) -> bytes:
    return bytes([0, 0, kind, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes) + body


def score(folder: Path) -> dict[str, bytes]:
    """The models of the other corpus, each with enough rows."""
    names = ("columns", "dense", "image", "image-joint", "image-pools", "rank", "vector")
    numbers = [value for row in ROWS[:2] for value in row] * 12
    rows = floats([numbers])
    return {name: (folder / "load" / f"{name}.aep").read_bytes() + rows for name in names}


OPTIONS = {
    "dense": bytes([4, 1, 4, 22, 3, 5, 23, 4, 1, 1, 2, 3, 2, 4, 27, 3]),
    "columns": bytes([3, 1, 0, 0, 3, 4 + 1, 0, 1, 0, 2, 0, 2, 5, 7, 4, 30, 1, 4, 31, 1]),
    "image": bytes([16, 1, 2, 5, 1, 4, 4, 3, 5, 1, 1, 2, 3, 2, 1, 4, 6, 3]),
    "decoder": bytes([24, 1, 2, 5, 2, 3, 4, 3, 5, 1, 1, 4, 3, 1, 1, 3, 5, 1, 6, 2, 0, 0, 0, 3, 5, 2, 2, 2, 3, 1, 1]),
    "limits": bytes([255, 1, 1, 1, 1, 1, 255, 4, 9, 0, 4, 9, 5, 2, 1, 255, 254, 253]),
}

CSV = {
    "plain": b"a,b\n1,2\n3,4.5\n-1e3,0x1p3\n",
    "quoted": b'name,"two, words"\n"x ""y""",1\r\n"line\nbreak",2\r\n',
    "blank": b"\n\n 1 ;\t2 ; 3\r\r\n\n4;5;6",
    "missing": b"\xef\xbb\xbfa\tb\n\tNA\nNaN\t?\ninf\t1e999\n",
    "ragged": b"1,2\n3\n",
    "open": b'a,b\n1,"never closed\n',
    "zero": b"1,\x002\n",
    "utf16": b"\xff\xfe1\x00,\x002\x00",
    "gzip": gzip.compress(b"a,b\n1,2\n3,4\n", mtime=0),
}

NPY = {
    "f4": npy("<f4", "(2, 4)", floats(ROWS[:2])),
    "f8": npy(">f8", "(2,)", struct.pack(">2d", 1, 1e300)),
    "bytes": npy("|u1", "(1, 2, 2, 3)", bytes(range(12)), version=2),
    "bool": npy("|b1", "(2, 3)", bytes([0, 1, 0, 1, 1, 2]), version=3),
    "i8": npy("<i8", "(1, 2)", struct.pack("<2q", -1, 2**63 - 1)),
    "short": npy("<f4", "(3, 4)", floats(ROWS[:2])),
    "huge": npy("<f8", "(1, 16777216)", b""),
    "beyond": npy("<f4", "(18446744073709551615, 18446744073709551615)", b""),
    "order": npy("<f4", "(2, 2)", bytes(16), order="True"),
    "gzip": gzip.compress(npy("<i2", "(2, 2)", bytes(8)), mtime=0),
}

IDX = {
    "images": idx(8, (2, 2, 3), bytes(range(12))),
    "labels": idx(8, (3,), b"\0\1\2"),
    "rows": idx(0x0D, (2, 2), struct.pack(">4f", 1, 2, NAN, 4)),
    "doubles": idx(0x0E, (1, 1, 1, 2), struct.pack(">2d", 1, 1e300)),
    "huge": idx(0x0E, (1, 4096, 4096), b""),
    "short": idx(0x0C, (2, 2), bytes(9)),
    "longer": idx(0x09, (1, 2), bytes(5)),
    "gzip": gzip.compress(idx(0x0B, (2, 2), bytes(8)), mtime=0),
}

CIFAR = {
    "one": bytes([3]) + bytes(i % 251 for i in range(3072)),
    "label": bytes([10]) + bytes(3072),
    "short": bytes(100),
    "gzip": gzip.compress(bytes([1]) + bytes(3072) + bytes([2]) + bytes(3072), mtime=0),
}


def command(*arguments: str, data: bytes = b"x,y\n1,2\n3,4\n5,6\n0,1\n2,3\n") -> bytes:
    return b"".join(argument.encode() + b"\n" for argument in arguments) + b"\n" + data


LABELLED = b"x,y,state\n1,2,ok\n3,4,ok\n5,6,fault\n2,1,ok\n7,3,fault\n"
CLI = {
    "train": command("train", "data", "-o", "out", "--encoder", "4,2", "--head", "3", "--batch", "4", "--quiet"),
    "train-words": command("train", "data", "-o", "out", "--label", "state", "--normal", "ok", "--rest", "rest",
                           data=LABELLED),
    "train-image": command("train", "data", "-o", "out", "--image", "1,4,4", "--conv", "2x3/2,norm", "--calibration", "0",
                           data=npy("|u1", "(4, 4, 4)", bytes(range(64)))),
    "train-idx": command("train", "data", "-o", "out", "--deconv", "2t3/2", "--set", "noise=block",
                         data=idx(8, (4, 4, 4), bytes(range(64)))),
    "train-columns": command("train", "data", "-o", "out", "--categorical", "x", "--drop", "y", "--max-levels", "9"),
    "train-missing": command("train", "data", "-o", "out", "--set", "missing=impute", "--set", "missing_indicator=yes",
                             data=b"x,y\n1,\n,2\n3,4\n5,6\n"),
    "score": command("score", "model", "data", "--keep", "x", "--alarm-rate", "0.1"),
    "score-out": command("score", "model", "data", "-o", "out", "--score", "reconstruction", "--threshold", "1"),
    "eval": command("eval", "model", "data", "--label", "state", "--normal", "ok", data=LABELLED),
    "eval-json": command("eval", "model", "data", "--label", "state", "--anomaly", "fault", "--json", data=LABELLED),
    "explain": command("explain", "model", "data", "--top", "2"),
    "info": command("info", "model"),
    "info-json": command("info", "model", "--json"),
    "info-data": command("info", "data", data=b"\x89AEP\r\n\x1a\n"),
    "help": command("help", "train"),
    "help-alone": command("--help"),
    "version": command("--version"),
    "nothing": b"",
    "standard-input": command("score", "model", "-", "--format", "csv", "--header", "no", "--delimiter", "tab"),
}


def main(folder: Path) -> None:
    groups = {"score": score(folder), "options": OPTIONS, "csv": CSV, "npy": NPY, "idx": IDX, "cifar": CIFAR, "cli": CLI}
    for group, seeds in groups.items():
        (folder / group).mkdir(parents=True, exist_ok=True)
        for name, content in seeds.items():
            (folder / group / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "corpus")
