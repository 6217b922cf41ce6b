#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The numbers of the public enumerations never change: each is that of the committed list, which new ones join.

Usage: check_numbers.py HEADER LIST          compare
       check_numbers.py --write HEADER LIST  write the list
"""

import re
import sys
from pathlib import Path


def numbers(header: str) -> dict[str, int]:
    text = re.sub(r"/\*.*?\*/", "", Path(header).read_text(encoding="utf-8"), flags=re.S)
    bodies = re.findall(r"\benum\s+\w+\s*\{(.*?)\}", text, flags=re.S)
    members = [member.strip() for body in bodies for member in body.split(",") if member.strip()]
    implicit = [member for member in members if "=" not in member]
    if implicit:
        sys.exit(f"without a number of their own: {', '.join(implicit)}")
    return {name.strip(): int(value) for name, value in (member.split("=") for member in members)}


def main() -> int:
    write = "--write" in sys.argv
    header, path = [a for a in sys.argv[1:] if a != "--write"]
    found = numbers(header)
    if len(found) < 100:
        sys.exit(f"only {len(found)} numbers were found in the header")
    if write:
        Path(path).write_text("".join(f"{name} {value}\n" for name, value in found.items()), encoding="utf-8")
        return 0
    lines = (line.split() for line in Path(path).read_text(encoding="utf-8").splitlines())
    released = {name: int(value) for name, value in lines}
    wrong = [f"{name}: {found.get(name, 'gone')}, was {value}" for name, value in released.items()
             if found.get(name) != value]
    wrong += [f"{name}: not in {Path(path).name} yet" for name in found if name not in released]
    print("\n".join(wrong) if wrong else f"{len(found)} numbers")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
