#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The Python package, installed into a fresh virtual environment by the command of its README, passes the binding's tests.

Usage: check_wheel.py PACKAGE_FOLDER TEST_FILE...; without hatchling, pip or venv it exits with 77.
"""

import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import venv

README_COMMAND = re.compile(r"<!-- command: install -->\n+    (pip install .*) bindings/python\n")
# what names the library of a build, or the package in the sources
FOREIGN = ("AEPRED_LIBRARY", "PYTHONPATH", "LD_LIBRARY_PATH")
INSTALLED = """
import aepred, importlib.metadata, json
package = importlib.metadata.distribution("aepred")
files = [str(file) for file in package.files if "__pycache__" not in str(file)]
print(json.dumps({"version": package.version, "wheel": package.read_text("WHEEL"), "files": files,
                  "library": aepred.library_path(), "library_version": aepred.library_version()}))
"""


def run(*command: str, cwd: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout)
    assert done.returncode == 0, f"{command} ended with {done.returncode}"
    return done.stdout


def install(folder: pathlib.Path, package: pathlib.Path) -> str:
    """The Python of a new environment with the package; NumPy and pytest are the system's."""
    command = README_COMMAND.search((package / "README.md").read_text(encoding="utf-8"))
    assert command, "the README of the package has no command to install it"
    venv.create(folder, system_site_packages=True, with_pip=True)
    python = str(folder / "bin" / "python")
    # nothing but what is on this machine
    run(python, "-m", *command[1].split(), "--no-index", str(package), cwd=str(folder))
    return python


def check_installed(python: str, folder: pathlib.Path, package: pathlib.Path) -> None:
    found = json.loads(run(python, "-c", INSTALLED, cwd=str(folder)))
    assert found["version"] == found["library_version"], found
    assert pathlib.Path(found["library"]).is_relative_to(folder), f"{found['library']} is not the copy inside the package"
    assert re.search(r"^Tag: py3-none-(?!any)\w+$", found["wheel"], re.MULTILINE), found["wheel"]
    assert "Root-Is-Purelib: false" in found["wheel"], found["wheel"]
    sources = {f"aepred/{path.name}" for path in (package / "aepred").iterdir() if path.suffix in (".py", ".typed")}
    others = {file for file in found["files"] if not file.startswith(f"aepred-{found['version']}.dist-info/")}
    assert others == sources | {f"aepred/{pathlib.Path(found['library']).name}"}, others ^ sources
    assert any(file.endswith("licenses/COPYING") for file in found["files"]), found["files"]


def main(package: str, *tests: str) -> int:
    missing = [name for name in ("hatchling", "pip", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"skipped: no {', '.join(missing)} (Debian: python3-hatchling python3-pip python3-venv)")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        python = install(folder, pathlib.Path(package))
        check_installed(python, folder, pathlib.Path(package))
        run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, cwd=str(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(os.path.abspath, sys.argv[1:])))
