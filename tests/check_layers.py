#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every file of lib/ includes only what stands above it in the list of lib/meson.build; the few system headers and
calls that belong to one module stay there; and nothing in the library is a mutable global.

Usage: check_layers.py LIB_FOLDER STATIC_LIBRARY
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

# what only these modules may include or call
HEADERS = {
    "cblas.h": {"gemm"},
    "immintrin.h": {"kernels", "team"},  # vectors; a pause
    "pthread.h": {"team"},
    "signal.h": {"team"},
    "unistd.h": {"file", "team"},  # getpid
    "stdio.h": {"log", "text", "file"},
    "Random123/philox.h": {"rng"},
    "stdlib.h": {"mem", "options", "file"},  # malloc and free; strtod; realpath
}
POSIX = {"errno.h", "fcntl.h", "sys/stat.h", "sys/types.h"}  # file only
CALLS = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|free)\s*\(")
ANYWHERE = {"assert.h", "float.h", "limits.h", "math.h", "stdbool.h", "stddef.h", "stdint.h", "string.h", "stdarg.h",
            "stdatomic.h", "aepred.h"}
INSTRUMENTS = ("__gcov", "__prf", "__llvm", "__asan")  # what compilers add to measure


def modules(folder: Path) -> list[str]:
    text = re.sub(r"#.*", "", (folder / "meson.build").read_text(encoding="utf-8"))
    lists = dict(re.findall(r"^(\w+_modules) = \[(.*?)\]", text, flags=re.M | re.S))
    return [name for key in ("net_modules", "object_modules") for name in re.findall(r"'(\w+)'", lists[key])]


def module_of(file: Path, order: list[str]) -> str | None:
    """The module that a file belongs to: of its own name, or the longest that its name begins with (kernels_loops.h)."""
    owners = [m for m in order if file.stem == m or file.stem.startswith(m + "_")]
    return max(owners, key=len, default=None)


def check_file(file: Path, module: str, order: list[str]) -> list[str]:
    text = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.S)
    wrong = []
    for local in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, flags=re.M):
        target = module_of(Path(local), order)
        if target is None:
            wrong.append(f"includes {local}, which is no module")
        elif order.index(target) > order.index(module):
            wrong.append(f"includes {local}, which stands below it")
    for system in re.findall(r"^\s*#\s*include\s+<([^>]+)>", text, flags=re.M):
        allowed = HEADERS.get(system, {"file"} if system in POSIX else order if system in ANYWHERE else set())
        if module not in allowed:
            wrong.append(f"includes <{system}>, which belongs to {', '.join(sorted(allowed)) or 'no module'}")
    if module != "mem":
        wrong += [f"calls {name}" for name in sorted(set(CALLS.findall(text)))]
    return wrong


def mutable_globals(library: str) -> list[str]:
    """Symbols in writable sections; .data.rel.ro is written by the loader alone."""
    listing = subprocess.run(["objdump", "-t", library], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = []
    for line in listing.splitlines():
        fields = re.match(r"[0-9a-f]+ (.{7}) (\S+)\t([0-9a-f]+)\s+(.*)$", line)
        if not fields or int(fields[3], 16) == 0:
            continue
        section, name = fields[2], fields[4].split()[-1]
        writable = section == "*COM*" or re.match(r"\.(data|bss|tdata|tbss)(\.|$)", section)
        if writable and not section.startswith(".data.rel.ro") and not name.startswith(INSTRUMENTS):
            found.append(f"{name} in {section}")
    return found


def main() -> int:
    folder, library = Path(sys.argv[1]), sys.argv[2]
    order = modules(folder)
    wrong = []
    files = sorted([*folder.glob("*.c"), *folder.glob("*.h")])
    for file in files:
        module = module_of(file, order)
        if module is None:
            wrong.append(f"{file.name}: is of no module in meson.build")
        else:
            wrong += [f"{file.name}: {what}" for what in check_file(file, module, order)]
    for module in order:
        if not any(file.stem == module for file in files):
            wrong.append(f"meson.build: there is no file of the module {module}")
    if shutil.which("objdump"):
        wrong += [f"mutable global: {what}" for what in mutable_globals(library)]
    else:
        print("objdump is not installed: globals were not checked")
    print("\n".join(wrong) if wrong else f"{len(files)} files of {len(order)} modules")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
