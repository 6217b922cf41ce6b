#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench/evaluate.py on small data of its own: it chooses settings, runs, goes on where it was interrupted, and prints its tables.

Usage: check_evaluate.py EVALUATE (with AEPRED_LIBRARY set)
"""

import csv
import gzip
import importlib.util
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

METHODS = ["aep", "aep-vector", "aep-joint", "knn"]
if importlib.util.find_spec("sklearn"):
    METHODS += ["pca", "iforest", "ocsvm"]
SCORES = len(METHODS) + 1  # aep gives ae as well


def write_table(path: Path) -> None:
    """Six columns that hang together, and 40 rows among 600 that lie apart."""
    random = np.random.default_rng(1)
    code = random.normal(size=(600, 2))
    rows = np.tanh(code @ random.normal(size=(2, 6))) + random.normal(0, 0.05, (600, 6))
    rows[:40] += random.normal(0, 1, (40, 6))
    labels = np.arange(600) < 40
    np.savetxt(path, np.column_stack([rows, labels]), fmt="%.6g", delimiter=",", header="a,b,c,d,e,f,label", comments="")


def write_idx(path: Path, array: np.ndarray) -> None:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes()))


def write_images(folder: Path, part: str, n: int, seed: int) -> None:
    """Bars of ten directions."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 10
    y, x = np.mgrid[-14:14, -14:14]
    angle = labels[:, None, None] * np.pi / 10
    far = np.abs(x * np.cos(angle) + y * np.sin(angle) + random.normal(0, 1, (n, 1, 1)))
    write_idx(folder / f"{part}-images-idx3-ubyte.gz", np.where(far < 3, 220, 20) + random.integers(0, 20, (n, 28, 28)))
    write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Evaluate:
    """The command, with settings and results in a folder."""

    def __init__(self, script: str, folder: Path) -> None:
        self.script, self.folder, self.results = script, folder, folder / "results.csv"

    def __call__(self, *arguments: str, status: int = 0) -> str:
        command = [sys.executable, self.script, *arguments, "--folder", str(self.folder), "--results", str(self.results),
                   "--settings", str(self.folder / "settings.json"), "--method", ",".join(METHODS), "--jobs", "1"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout


def check_table(evaluate: Evaluate) -> None:
    assert "no setting for thyroid/aep" in evaluate("run", "--data", "thyroid", status=1)
    evaluate("tune", "--data", "thyroid")
    first = evaluate("run", "--data", "thyroid", "--protocol", "goad", "--seeds", "1")
    assert f"0 runs are done, {len(METHODS)} to go" in first and "left)" in first, first
    assert len(lines(evaluate.results)) == SCORES * 2, first  # a split serves goad and table1
    second = evaluate("run", "--data", "thyroid", "--seeds", "2")
    assert len(lines(evaluate.results)) == SCORES * 3 * 2, second
    kept = evaluate.results.read_text(encoding="utf-8")
    evaluate.results.write_text(kept[:-30], encoding="utf-8")  # as if it had been interrupted while it wrote
    third = evaluate("run", "--data", "thyroid", "--seeds", "2")
    assert "1 to go" in third, third
    again = evaluate("run", "--data", "thyroid", "--seeds", "2")
    assert "6 to go" not in again and " 0 to go" in again, again
    for title in ("**thyroid, dagmm**", "**thyroid, goad**", "**thyroid, table1**", "| **AEP, joint score** |"):
        assert title in again, again
    for line in lines(evaluate.results):
        assert line["options"] is None or float(line["auroc"]) > 0.8, line


def check_images(evaluate: Evaluate) -> None:
    file = evaluate.folder / "settings.json"
    settings = json.loads(file.read_text(encoding="utf-8"))
    ours = {"setting": {"noise": "gaussian", "noise_level": 0.1, "learning_rate": 0.002, "epochs": 4}}
    settings["mnist"] = {**settings["thyroid"], "aep": ours, "aep-vector": ours}
    file.write_text(json.dumps(settings), encoding="utf-8")
    done = evaluate("run", "--data", "mnist", "--classes", "3", "--seeds", "1")
    found = [line for line in lines(evaluate.results) if line["data"] == "mnist"]
    assert len(found) == SCORES * 6, done  # one against nine, and five ratios
    tested = {line["protocol"]: int(line["tested"]) for line in found}
    assert tested["one-vs-nine"] == 500 and tested["ratio-50"] == 100 and tested["ratio-10"] == 56, tested
    for line in found:
        assert line["class"] == "3" and float(line["auroc"]) > 0.7, line
    assert {line["method"] for line in found} >= {"aep", "aep-vector", "aep-joint", "ae"}  # three of them from one network


def check_page(evaluate: Evaluate) -> None:
    """Tables go behind their comments, instead of what stood there; what is around them stays."""
    page = evaluate.folder / "page.md"
    blocks = ("thyroid table1", "mnist one-vs-nine", "mnist by-class", "mnist by-ratio", "all best", "all differences")
    page.write_text("before\n" + "".join(f"<!-- results: {block} -->\n| old |\nafter\n" for block in blocks), encoding="utf-8")
    evaluate("report", "--page", str(page))
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.count("\nafter\n") == 6 and "old" not in text, text
    tables = [part.split("-->\n")[1].split("\n") for part in text.split("\nafter")[:-1]]
    assert [len(table) for table in tables] == [2 + SCORES, 2 + SCORES, 3, 2 + SCORES, 4, 5], text
    assert "published" in tables[0][0] and tables[2][2].startswith("| 3 | ") and "50 %" in tables[3][0], text
    assert [row.split(" | ")[0] for row in tables[4][2:]] == ["| Thyroid", "| MNIST"], text
    assert [row.split(" | ")[1] for row in tables[5][2:]] == ["F1", "AUROC", "AP"] and "±" in tables[5][2], text  # one seed of images
    assert "holds no results" in evaluate("report", "--data", "cifar10", status=1)
    once = text
    evaluate("report", "--page", str(page))
    assert page.read_text(encoding="utf-8") == once


def check_figures(evaluate: Evaluate) -> None:
    folder = evaluate.folder / "figures"
    evaluate("figures", "--data", "thyroid,mnist", "--figures", str(folder))
    found = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(found) == {f"figure-{n}.{kind}" for n in (2, 3) for kind in ("png", "svg")} and min(found.values()) > 5000, found


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        evaluate = Evaluate(sys.argv[1], Path(name))
        absent = evaluate("run", "--data", "thyroid,mnist", status=77)
        assert "thyroid is skipped: thyroid.csv" in absent and "mnist is skipped: train-images" in absent, absent
        write_table(evaluate.folder / "thyroid.csv")
        check_table(evaluate)
        write_images(evaluate.folder, "train", 2000, 1)
        write_images(evaluate.folder, "t10k", 500, 2)
        check_images(evaluate)
        check_page(evaluate)
        if importlib.util.find_spec("matplotlib"):
            check_figures(evaluate)
        print(evaluate("report"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
