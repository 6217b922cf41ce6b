# SPDX-License-Identifier: BSD-2-Clause
"""The walk of docs/postgresql.md, in a server of its own: all blocks of SQL in one session, and what they print where the page shows it.

usage: postgresql.py PAGE AEPRED   (with the tests of bindings/postgresql on PYTHONPATH, and their environment)
"""

import os
import pathlib
import re
import sys
import tempfile

import server

BLOCK = re.compile(r"^```sql\n(.*?)^```$(?:\n+```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w:])\d+\.\d+")
TOLERANCE = 0.1  # of scores and the like: other processors round otherwise, which training amplifies
MARK = "end of block"


def check(commands, shown, printed):
    numbers = [list(map(float, NUMBER.findall(text))) for text in (shown, printed)]
    words = [NUMBER.sub("#", text).split() for text in (shown, printed)]
    assert words[0] == words[1], f"{commands}\nprints\n{printed}\nand not\n{shown}"
    apart = max((abs(a - b) for a, b in zip(*numbers)), default=0)
    assert apart <= TOLERANCE, f"{commands}\nprints\n{printed}\nwhich is {apart} from\n{shown}"


def main(page, aepred):
    blocks = BLOCK.findall(pathlib.Path(page).read_text(encoding="utf-8"))
    assert len(blocks) > 5 and sum(bool(shown) for _, shown in blocks) > 3, f"{page} has {len(blocks)} blocks"
    absent = server.missing()
    if absent:
        print(f"skipped: {absent} missing (Debian: postgresql-15)")
        return 77
    script = "".join(f"{commands}\\echo {MARK}\n" for commands, _ in blocks)
    path = os.pathsep.join([str(pathlib.Path(aepred).resolve().parent), os.environ["PATH"]])
    database = server.Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            status, lines, errors = database.psql(script, folder=folder, path=path)
    finally:
        database.stop()
    assert status == 0 and not errors, errors
    outputs = "\n".join(lines + [""]).split(f"{MARK}\n")[:-1]
    assert len(outputs) == len(blocks), lines
    for (commands, shown), printed in zip(blocks, outputs):
        if shown:
            check(commands, shown, printed)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
