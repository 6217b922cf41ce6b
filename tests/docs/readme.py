# SPDX-License-Identifier: BSD-2-Clause
"""README.md prints examples/readme.c as it is compiled and run, in no more than the lines that it promises, and its commands for
a fresh machine are one line each.

usage: readme.py README EXAMPLE
"""

import pathlib
import re
import sys


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def command(text, name):
    found = re.search(rf"^<!-- command: {name} -->\n```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no command '{name}'"
    return found[1]


def main(readme, example):
    text = pathlib.Path(readme).read_text(encoding="utf-8")
    source = pathlib.Path(example).read_text(encoding="utf-8")
    assert source in blocks(text, "c"), f"README.md does not print {example} as it is"
    for name, ending in (("demo", "aepred demo"), ("test", "meson test -C build")):
        line = command(text, name)
        assert line.count("\n") == 1, f"the command '{name}' is not one line"
        assert line.startswith("apt-get update && "), f"the command '{name}' does not install what it needs"
        assert line.rstrip().endswith(ending), f"the command '{name}' does not end in '{ending}'"
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
