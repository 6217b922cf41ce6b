# SPDX-License-Identifier: BSD-2-Clause
"""Each promise of docs/design.md names tests that exist.

usage: promises.py DESIGN_MD TESTS_FOLDER
"""

import pathlib
import re
import sys

PROMISES = 9


def rows(text):
    """Number and tests of each row of the table."""
    section = text.split('<a id="promises"></a>')[1].split("\n## ")[1]
    return re.findall(r"^\| (\d+) \|.*\| (.*) \|$", section, re.MULTILINE)


def problems(names, folder):
    """What is wrong with a row's `file` (`test`, `test_*`) names."""
    source = ""
    for name in re.findall(r"`([^`]+)`", names):
        if "." in name:
            path = folder / name
            source = path.read_text(encoding="utf-8") if path.exists() else ""
            if not source:
                yield f"there is no {name}"
        elif not re.search(rf"\b{name.replace('*', '[a-z_]+')}\b", source):
            yield f"there is no {name} in its file"


def main(design, folder):
    found = rows(pathlib.Path(design).read_text(encoding="utf-8"))
    assert [int(number) for number, _ in found] == list(range(1, PROMISES + 1)), "not each promise has a row with its tests"
    failures = 0
    for number, names in found:
        assert "`" in names, f"promise {number} names no test"
        for problem in problems(names, pathlib.Path(folder)):
            print(f"promise {number}: {problem}")
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
