# SPDX-License-Identifier: BSD-2-Clause
"""The Python example of README.md runs as printed, on rows made here.

usage: readme_python.py README   (with the binding on PYTHONPATH)
"""

import pathlib
import re
import sys

import numpy


def main(readme):
    examples = re.findall(r"^```python\n(.*?)^```$", pathlib.Path(readme).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(examples) == 1, f"README.md has {len(examples)} examples in Python"
    factors = numpy.random.default_rng(1).normal(size=(1000, 2))
    normal = factors @ [[1, 0, 1, 2], [0, 1, 1, -1]]
    names = {"normal": normal[:600], "other_normal": normal[600:], "rows": [[0, 0, 0, 0], [3, -3, 3, 3]]}
    exec(examples[0], names)
    scores = names["scores"]
    assert scores[1] > scores[0], f"the scores are {scores}"
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
