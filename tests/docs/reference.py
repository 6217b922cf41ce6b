# SPDX-License-Identifier: BSD-2-Clause
"""Doxygen accepts the public header without a warning, and every exported function is documented in both references.

usage: reference.py DOXYGEN DOXYFILE HEADER SYMBOL_MAP REFERENCE_MD
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree


def run_doxygen(doxygen, doxyfile, folder):
    settings = f"{pathlib.Path(doxyfile).read_text()}\nOUTPUT_DIRECTORY = {folder}\nGENERATE_HTML = NO\n"
    result = subprocess.run([doxygen, "-"], input=settings, capture_output=True, text=True)
    assert result.returncode == 0 and not result.stderr, f"doxygen: status {result.returncode}\n{result.stderr}"


def documented_functions(folder, header):
    """Names of the functions whose comment begins with a sentence."""
    tree = ElementTree.parse(pathlib.Path(folder, "xml", header.replace(".", "_8") + ".xml"))
    return {
        member.findtext("name")
        for member in tree.iter("memberdef")
        if member.get("kind") == "function" and "".join(member.find("briefdescription").itertext()).strip()
    }


def missing(what, names, present):
    for name in sorted(names - present):
        print(f"{name} is not {what}")
    return names - present


def main(doxygen, doxyfile, header, symbol_map, reference):
    if not doxygen:
        print("skipped: doxygen is not installed")
        return 77
    symbols = set(re.findall(r"\b(aep_\w+);", pathlib.Path(symbol_map).read_text()))
    assert len(symbols) > 50, "the symbol map was not understood"
    with tempfile.TemporaryDirectory() as folder:
        run_doxygen(doxygen, doxyfile, folder)
        documented = documented_functions(folder, pathlib.Path(header).name)
    listed = set(re.findall(r"^\| `(aep_\w+)`", pathlib.Path(reference).read_text(), re.MULTILINE))
    failed = [
        missing("documented in the header", symbols, documented),
        missing("in docs/reference.md", symbols, listed),
        missing("an exported function, but listed in docs/reference.md", listed, symbols),
    ]
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
