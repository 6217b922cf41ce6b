# SPDX-License-Identifier: BSD-2-Clause
"""Puts the shared library, built by Meson from the sources around this folder, into the wheel."""

import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, Dict

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "libaepred.0.dylib" if sys.platform == "darwin" else "libaepred.so.0"
PARTS = ("tools", "examples", "tests", "docs", "bench", "sqlite", "postgresql")  # of the project, which the library does without


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)


def build_library(source: Path, folder: Path) -> Path:
    """The file of a release build with the project's default options."""
    build, installed = folder / "build", folder / "installed"
    without = [f"-D{part}=disabled" for part in PARTS]
    run("meson", "setup", "--buildtype=release", "--prefix=/", "--libdir=lib", *without, str(build), str(source))
    run("meson", "compile", "-C", str(build))
    run("meson", "install", "-C", str(build), "--no-rebuild", "--tags=runtime", "--strip", f"--destdir={installed}")
    return (installed / "lib" / NAME).resolve(strict=True)


def platform_tag() -> str:
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


class BuildHook(BuildHookInterface):  # type: ignore[misc]
    """hatchling finds it by its base class."""

    def initialize(self, version: str, build_data: Dict[str, Any]) -> None:
        if self.target_name != "wheel":
            raise RuntimeError("the C sources lie outside of this folder: build a wheel, with pip wheel")
        if version == "editable":
            return  # runs where the sources are, which have no library inside: AEPRED_LIBRARY or the system's
        self._folder = tempfile.TemporaryDirectory()
        source = Path(self.root).parents[1]
        library = build_library(source, Path(self._folder.name))
        build_data["force_include"][str(library)] = f"aepred/{NAME}"
        # as a license file of the project it would be put beside the package, since it lies outside of this folder
        build_data["force_include"][str(source / "COPYING")] = f"aepred-{self.metadata.version}.dist-info/licenses/COPYING"
        build_data["tag"] = f"py3-none-{platform_tag()}"
        build_data["pure_python"] = False

    def finalize(self, version: str, build_data: Dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "_folder"):
            self._folder.cleanup()
