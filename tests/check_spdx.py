#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each file of the sources names its licence: in an SPDX line near its top, or in .reuse/dep5 if it cannot hold one.

Usage: check_spdx.py SOURCE_ROOT
"""

import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path

LINE = re.compile(rb"SPDX-License-Identifier: BSD-2-Clause\b")
NEAR_TOP = 400  # bytes: behind a #! line or a front matter
PASSED = {"aepred-demo.png", "aepred-demo.svg", "build", ".git", "__pycache__", ".cache", ".venv", "node_modules", ".mypy_cache", ".pytest_cache"}


def tracked(root: Path) -> list[str]:
    """What git tracks; without git, as from a tarball, all that no build has made."""
    if (root / ".git").exists() and shutil.which("git"):
        listing = subprocess.run(["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z"], stdout=subprocess.PIPE)
        if listing.returncode == 0:
            return [name for name in listing.stdout.decode().split("\0") if name and (root / name).exists()]
    names = (path.relative_to(root) for path in sorted(root.rglob("*")) if path.is_file())
    return [str(name) for name in names
            if not any(part in PASSED or part.startswith("build-") for part in name.parts) and name.suffix != ".pyc"]


def patterns(dep5: str) -> list[str]:
    """The files that the stanzas of .reuse/dep5 name, each stanza with the licence."""
    found = []
    for stanza in re.split(r"\n\s*\n", dep5):
        files = re.search(r"^Files:((?:.*\n)(?: .*\n)*)", stanza + "\n", re.MULTILINE)
        if files and re.search(r"^License: BSD-2-Clause$", stanza, re.MULTILINE):
            found += files[1].split()
    return found


def main(root: Path) -> int:
    names = tracked(root)
    listed = patterns((root / ".reuse" / "dep5").read_text(encoding="utf-8"))
    silent = [name for name in names if not LINE.search((root / name).read_bytes()[:NEAR_TOP])]
    wrong = [f"{name}: no SPDX line, and not in .reuse/dep5" for name in silent
             if name != ".reuse/dep5" and not any(fnmatch.fnmatch(name, pattern) for pattern in listed)]
    wrong += [f".reuse/dep5: {pattern} names no file without an SPDX line" for pattern in listed
              if not fnmatch.filter(silent, pattern)]
    if len(names) < 200:
        wrong.append(f"only {len(names)} files were found")
    print("\n".join(wrong) if wrong else f"{len(names)} files, {len(names) - len(silent)} with an SPDX line")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
