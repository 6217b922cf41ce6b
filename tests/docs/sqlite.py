# SPDX-License-Identifier: BSD-2-Clause
"""The walk of docs/sqlite.md in the real shell: all blocks of SQL in one session, and what they print where the page shows it.

usage: sqlite.py PAGE SHELL EXTENSION
"""

import os
import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"^```sql\n(.*?)^```$(?:\n+```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w:])\d+\.\d+")
TOLERANCE = 0.1  # of scores and the like: other processors round otherwise, which training amplifies
MARK = "end of block"


def words(text):
    """What must be the same: all but the digits of decimal numbers and the widths of boxes."""
    return re.sub(r"[─\s]+", " ", NUMBER.sub("#", text)).split()


def main(page, shell, extension):
    blocks = BLOCK.findall(pathlib.Path(page).read_text(encoding="utf-8"))
    assert len(blocks) > 5 and sum(bool(shown) for _, shown in blocks) > 4, f"{page} has {len(blocks)} blocks"
    script = "".join(f"{commands}.print {MARK}\n" for commands, _ in blocks)
    script, n = re.subn(r"^\.load .*$", f".load {pathlib.Path(extension).with_suffix('')}", script, flags=re.MULTILINE)
    assert n == 1, f"{page} loads the extension {n} times"
    environment = {**os.environ, "LD_PRELOAD": os.environ.get("SQLITE_PRELOAD", "")}  # a sanitizer's library
    done = subprocess.run([shell, "-batch", ":memory:"], input=script, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    outputs = done.stdout.split(f"{MARK}\n")[:-1]
    assert len(outputs) == len(blocks), done.stdout
    for (commands, shown), printed in zip(blocks, outputs):
        if not shown:
            continue
        numbers = [list(map(float, NUMBER.findall(text))) for text in (shown, printed)]
        assert words(shown) == words(printed), f"{commands}\nprints\n{printed}\nand not\n{shown}"
        apart = max((abs(a - b) for a, b in zip(*numbers)), default=0)
        assert apart <= TOLERANCE, f"{commands}\nprints\n{printed}\nwhich is {apart} from\n{shown}"
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
