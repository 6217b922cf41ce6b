# SPDX-License-Identifier: BSD-2-Clause
"""Locales that write 0.5 as 0,5; in Turkish the small letter of I is no i either."""

import os
import shutil
import subprocess
from pathlib import Path

COMMA = ("de_DE", "tr_TR")


def environment(name: str, folder: str) -> dict[str, str]:
    """The variables that give a program this locale, compiled into the folder where the system has not got it; empty
    where it cannot be compiled either."""
    installed = subprocess.run(["locale", "-a"], stdout=subprocess.PIPE, text=True).stdout.lower().split()
    for spelling in (f"{name}.utf8", f"{name}.UTF-8"):
        if spelling.lower() in installed:
            return {"LC_ALL": spelling}
    if not shutil.which("localedef"):
        return {}
    compiled = subprocess.run(["localedef", "-i", name, "-f", "UTF-8", str(Path(folder, f"{name}.UTF-8"))],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {} if compiled.returncode else {"LC_ALL": f"{name}.UTF-8", "LOCPATH": folder}


def without() -> dict[str, str]:
    """The environment without what names a locale."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}


def absent(name: str) -> str:
    return f"locale {name}: left out, neither installed nor to be compiled (Debian: locales)"
