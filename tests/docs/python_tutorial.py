# SPDX-License-Identifier: BSD-2-Clause
"""The tutorial in Python runs, and what it prints and draws is what docs/gallery.md shows; so do the programs side by side.

usage: python_tutorial.py TUTORIAL GALLERY   (with the binding on PYTHONPATH); without matplotlib or scikit-learn it exits with 77
"""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TOLERANCE = 0.03  # other processors round otherwise, which training amplifies
LARGEST_FIGURE = 120_000  # bytes
NUMBER = re.compile(r"-?\d+\.\d+")
OUTPUT = re.compile(r"<!-- output: python_tutorial.py -->\n```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SIDE = re.compile(r"<!-- side: (\w+) -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(tutorial, folder):
    environment = {**os.environ, "MPLBACKEND": "Agg", "MPLCONFIGDIR": str(folder / "matplotlib")}
    command = [sys.executable, tutorial, str(folder / "figures")]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_output(printed, shown):
    words = [NUMBER.sub("#", text).split() for text in (printed, shown)]
    assert words[0] == words[1], f"{printed}\nis not what the gallery shows:\n{shown}"
    numbers = [list(map(float, NUMBER.findall(text))) for text in (printed, shown)]
    apart = max(abs(a - b) for a, b in zip(*numbers))
    assert apart <= TOLERANCE, f"{printed}\ndiffers by {apart} from what the gallery shows:\n{shown}"


def check_figures(folder, gallery):
    shown = set(re.findall(r"\]\(figures/(gallery-[\w-]+\.png)\)", gallery.read_text(encoding="utf-8")))
    drawn = {path.name for path in folder.iterdir()}
    kept = {path.name: path.stat().st_size for path in (gallery.parent / "figures").glob("gallery-*")}
    assert drawn == shown == set(kept), f"drawn {drawn}, shown {shown}, kept {set(kept)}"
    assert max(kept.values()) <= LARGEST_FIGURE, kept


def check_sides(text):
    """Each of the programs, where its library is; all have as many lines."""
    import numpy

    sides = dict(SIDE.findall(text))
    assert set(sides) == {"sklearn", "pyod", "aepred"}, set(sides)
    lengths = {name: len([line for line in program.splitlines() if line]) for name, program in sides.items()}
    assert len(set(lengths.values())) == 1, lengths
    for name, program in sides.items():
        if importlib.util.find_spec(name) is None:
            print(f"{name} is not here: its program is not run")
            continue
        rows = numpy.random.default_rng(1).normal(size=(600, 4)).astype(numpy.float32)
        names = {"X_train": rows[:500], "X_test": numpy.concatenate([rows[500:], rows[:5] + 9])}
        exec(program, names)
        flagged = names["labels"] == (1 if name == "pyod" else -1)
        assert flagged[100:].all() and flagged[:100].mean() < 0.2, f"{name} flags {flagged}"


def main(tutorial, gallery):
    missing = [name for name in ("matplotlib", "sklearn") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"skipped: no {', '.join(missing)} (Debian: python3-matplotlib python3-sklearn)")
        return 77
    gallery = pathlib.Path(gallery)
    text = gallery.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        printed = run(os.path.abspath(tutorial), pathlib.Path(name))
        check_output(printed, OUTPUT.search(text)[1])
        check_figures(pathlib.Path(name, "figures"), gallery)
    check_sides(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
