# SPDX-License-Identifier: BSD-2-Clause
"""Every option that a man page defines is in the program's --help, and the other way round.

usage: manpages.py AEPRED MAN_PAGE...   (scdoc sources, aepred.1.scd or aepred-COMMAND.1.scd)
"""

import pathlib
import re
import subprocess
import sys

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def options_of_page(path):
    """Options in the headings of a definition: lines such as *-o*, *--out* FILE. Escapes of scdoc are undone."""
    text = path.read_text(encoding="utf-8").replace("\\", "")
    return {option for line in text.splitlines() if re.match(r"\*-", line) for option in OPTION.findall(line)}


def options_of_help(program, command):
    arguments = [program, *([command] if command else []), "--help"]
    result = subprocess.run(arguments, capture_output=True, text=True)
    assert result.returncode == 0 and not result.stderr, f"{' '.join(arguments)}: status {result.returncode}"
    return set(OPTION.findall(result.stdout))


def check(program, path):
    name = path.name.split(".")[0]
    command = name.removeprefix("aepred").lstrip("-")
    in_page, in_help = options_of_page(path), options_of_help(program, command)
    for option in sorted(in_page - in_help):
        print(f"{path.name}: {option} is not in aepred {command} --help")
    for option in sorted(in_help - in_page):
        print(f"aepred {command} --help: {option} is not in {path.name}")
    return len(in_page), in_page != in_help


def main(program, *pages):
    assert pages, "no man pages were given"
    results = [check(program, pathlib.Path(page)) for page in pages]
    assert sum(count for count, _ in results) > 10, "the man pages were not understood"
    return 1 if any(differs for _, differs in results) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
