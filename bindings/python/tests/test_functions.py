# SPDX-License-Identifier: BSD-2-Clause
"""The tables of the binding agree with the symbol map (AEPRED_MAP), the header (AEPRED_HEADER) and the library."""

import ctypes
import os
import re
from pathlib import Path

import aepred
import pytest
from aepred import ColumnKind, DriftKind, LayerKind, LogLevel, OptionType, Part, Status, _constants, _errors, _functions, options
from aepred._library import lib

HEADER = Path(os.environ["AEPRED_HEADER"]).read_text()
SYMBOL_MAP = Path(os.environ["AEPRED_MAP"]).read_text()

CODE = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL)
PROTOTYPES = {
    name: (result.strip(), arguments)
    for result, name, arguments in re.findall(r"AEP_API\s+([\w\s*]*?)(aep_\w+)\(([^)]*)\)\s*;", CODE)
}

HANDLES = ("aep_options", "aep_model", "aep_workspace", "aep_drift")
TYPES = {
    "void": None,
    "int": ctypes.c_int,
    "double": ctypes.c_double,
    "size_t": ctypes.c_size_t,
    "char *": ctypes.c_char_p,
    "char **": ctypes.POINTER(ctypes.c_char_p),
    "double *": ctypes.POINTER(ctypes.c_double),
    "int *": ctypes.POINTER(ctypes.c_int),
    "size_t *": ctypes.POINTER(ctypes.c_size_t),
    "aep_allocator *": ctypes.POINTER(_functions.Allocator),
    "aep_log_fn": _functions.LogFn,
    "aep_progress_fn": _functions.ProgressFn,
    **{f"{element} *": ctypes.c_void_p for element in ("void", "float", "uint8_t", *HANDLES)},
    **{f"{handle} **": ctypes.POINTER(ctypes.c_void_p) for handle in HANDLES},
}


def ctype(declaration: str):
    """The ctypes type of a C type, with or without the name of a parameter."""
    text = declaration.replace("const", "")
    base, stars = re.match(r"\s*(\w+)\s*((?:\*\s*)*)", text).groups()
    stars = stars.replace(" ", "")
    return TYPES[f"{base} {stars}" if stars else base]


def test_functions_are_those_of_the_symbol_map_and_the_header():
    exported = set(re.findall(r"^\s*(aep_\w+);", SYMBOL_MAP, flags=re.MULTILINE))
    assert set(_functions.FUNCTIONS) == exported == set(PROTOTYPES)


@pytest.mark.parametrize("name", _functions.FUNCTIONS)
def test_types_are_those_of_the_prototype(name):
    result, arguments = PROTOTYPES[name]
    expected = () if arguments.strip() == "void" else tuple(map(ctype, arguments.split(",")))
    assert _functions.FUNCTIONS[name] == (ctype(result), expected)


@pytest.mark.parametrize("name", _functions.FUNCTIONS)
def test_types_are_declared_to_ctypes(name):
    function = getattr(lib, name)
    assert (function.restype, tuple(function.argtypes)) == _functions.FUNCTIONS[name]


def test_functions_that_are_called_are_in_the_table():
    # ctypes would find another one in the library too, and guess its types
    sources = "".join(path.read_text() for path in Path(aepred.__file__).parent.glob("*.py"))
    assert set(re.findall(r"\blib\.(\w+)", sources)) <= set(_functions.FUNCTIONS)


@pytest.mark.parametrize(
    "enum, tag, prefix",
    [
        (Status, "aep_status", "AEP_"),
        (LogLevel, "aep_log_level", "AEP_LOG_"),
        (OptionType, "aep_option_type", "AEP_TYPE_"),
        (Part, "aep_part", "AEP_PART_"),
        (LayerKind, "aep_layer_kind", "AEP_LAYER_"),
        (ColumnKind, "aep_column_kind", "AEP_COLUMN_"),
        (DriftKind, "aep_drift_kind", "AEP_DRIFT_"),
        (_constants.DriftFigure, "aep_drift_figure", "AEP_DRIFT_"),
    ],
)
def test_constants_are_those_of_the_header(enum, tag, prefix):
    body = re.search(rf"enum {tag} \{{(.*?)\}}", CODE, flags=re.DOTALL).group(1)
    declared = {name: int(value) for name, value in re.findall(r"(\w+)\s*=\s*(-?\d+)", body)}
    assert {prefix + member.name: member.value for member in enum} == declared


def test_every_error_has_an_exception():
    assert set(_errors.BY_STATUS) == set(Status) - {Status.OK}


def test_options_are_those_of_the_header():
    body = re.search(r"enum aep_option \{(.*?)\}", CODE, flags=re.DOTALL).group(1)
    declared = {name.lower(): int(value) for name, value in re.findall(r"AEP_OPT_(\w+)\s*=\s*(\d+)", body)}
    assert {name: option.key for name, option in options().items()} == declared


def test_every_function_is_used():
    package = Path(_functions.__file__).parent
    used = {name for source in package.glob("*.py") for name in re.findall(r"\blib\.(aep_\w+)", source.read_text())}
    unused = {
        "aep_options_new_with",  # memory is that of malloc
        "aep_options_get",  # aepred.options() has the presets
        "aep_options_add_conv",  # aepred.conv makes a layer for aep_options_add_image_layer
        "aep_option_find",  # options are found in the table read at first
        "aep_version_number",  # aepred.library_version() has it as text
    }
    assert set(_functions.FUNCTIONS) - used == unused
