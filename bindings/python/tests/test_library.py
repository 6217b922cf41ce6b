# SPDX-License-Identifier: BSD-2-Clause
"""Which library is loaded: AEPRED_LIBRARY, else the copy inside the package, else the system's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import aepred
import pytest
from aepred._library import NAME

PACKAGE = Path(aepred.__file__).parent
LIBRARY = Path(aepred.library_path())
# the path that the loader found is a name of the system's where the package says no more than "libaepred.so.0"
LOADED = """
import aepred
print(aepred.library_path())
print(*{line.split()[-1] for line in open("/proc/self/maps") if "libaepred" in line})
"""

pytestmark = pytest.mark.skipif(not LIBRARY.is_absolute(), reason="the file of the system's library is not known")


@pytest.fixture
def package(tmp_path):
    """A copy of the package without a library inside."""
    return Path(shutil.copytree(PACKAGE, tmp_path / "python" / "aepred", ignore=shutil.ignore_patterns("__pycache__", "lib*")))


@pytest.fixture
def system(tmp_path):
    """A folder in which the loader finds the library."""
    (tmp_path / "system").mkdir()
    shutil.copy(LIBRARY, tmp_path / "system" / NAME)
    return tmp_path / "system"


def load(package, **variables):
    environment = {k: v for k, v in os.environ.items() if k not in ("AEPRED_LIBRARY", "LD_LIBRARY_PATH")}
    environment.update(variables, PYTHONPATH=str(package.parent), PYTHONDONTWRITEBYTECODE="1")
    return subprocess.run([sys.executable, "-c", LOADED], env=environment, cwd=package.parent, capture_output=True, text=True)


def loaded(package, **variables):
    done = load(package, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_variable_comes_first(package, system, tmp_path):
    named = tmp_path / "named.libaepred.so"
    shutil.copy(LIBRARY, named)
    shutil.copy(LIBRARY, package / NAME)
    assert loaded(package, AEPRED_LIBRARY=str(named), LD_LIBRARY_PATH=str(system)) == [str(named)] * 2


def test_the_path_is_that_of_the_library_that_was_loaded(monkeypatch):
    monkeypatch.setenv("AEPRED_LIBRARY", "another.so")
    assert aepred.library_path() == str(LIBRARY)


def test_the_copy_inside_the_package_comes_before_the_system(package, system):
    shutil.copy(LIBRARY, package / NAME)
    assert loaded(package, LD_LIBRARY_PATH=str(system)) == [str(package / NAME)] * 2
    assert loaded(package, AEPRED_LIBRARY="", LD_LIBRARY_PATH=str(system)) == [str(package / NAME)] * 2


def test_the_system_comes_last(package, system):
    assert loaded(package, LD_LIBRARY_PATH=str(system)) == [NAME, str(system / NAME)]


def test_a_library_that_is_not_found_is_an_import_error(package, tmp_path):
    done = load(package, AEPRED_LIBRARY=str(tmp_path / "nowhere.so"), LD_LIBRARY_PATH=str(tmp_path))
    assert done.returncode == 1
    assert "ImportError: the shared library of libaepred was not found" in done.stderr and "AEPRED_LIBRARY" in done.stderr


def test_another_library_is_an_import_error(package):
    done = load(package, AEPRED_LIBRARY="libm.so.6")
    assert done.returncode == 1 and "has no function aep_version" in done.stderr
