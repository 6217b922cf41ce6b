# SPDX-License-Identifier: BSD-2-Clause
"""Whatever is passed to whatever is public gives a result or a Python exception, and never a crash.

Every class and function that the package exports is found by introspection and called with random hostile arguments, each in
a process of its own: this file is also that program (test_hostile.py NAME, `Model` or `metrics.auroc` for example).
"""

import copy
import ctypes
import dataclasses
import enum
import faulthandler
import inspect
import mmap
import random
import resource
import subprocess
import sys
import types
import warnings

import aepred
import numpy as np
import pytest

CALLS = 150  # of each method
MEMORY = 8 << 30  # bytes that the program may map: more is an exception, not a machine without memory


# ------------------------------------------------------------------------------------------------------- what is called


def exported():
    """(name, object) of every class and function of the package."""
    for name in aepred.__all__:
        try:
            member = getattr(aepred, name)
        except ImportError:  # an estimator, without scikit-learn
            continue
        if isinstance(member, types.ModuleType):
            yield from ((f"{name}.{inner}", m) for inner, m in vars(member).items() if is_own(inner, m, member))
        elif not is_plain(member):
            yield name, member


def is_own(name, member, module):
    return not name.startswith("_") and callable(member) and member.__module__ == module.__name__ and not is_plain(member)


def is_plain(member):
    """Exceptions, numbers and tuples hold nothing of the library's."""
    return not callable(member) or inspect.isclass(member) and issubclass(member, (BaseException, enum.Enum, tuple))


def methods(cls):
    """Names of all that is public: methods, class methods, properties."""
    return [name for name in dir(cls) if not name.startswith("_") or name in ("__init__", "__reduce__", "__repr__")]


# ------------------------------------------------------------------------------------------------------------ with what

ROWS = np.random.default_rng(1).uniform(0, 1, (60, 3)).astype(np.float32)
IMAGES = np.random.default_rng(2).uniform(0, 1, (60, 2, 4, 4)).astype(np.float32)


def table():
    model = aepred.Model(3, encoder=(4, 1), epochs=2, seed=1)
    model.fit(ROWS)
    model.calibrate(ROWS)
    return model


def images():
    model = aepred.Model(image=(2, 4, 4), image_encoder=[aepred.conv(2, 3)], encoder=(2,), epochs=1, error="vector")
    model.fit(IMAGES)
    return model


def levels():
    return aepred.Model(3, columns={1: aepred.Column("colour", ["red", "green"]), 2: aepred.Column(None, 3)})


def drift():
    counted = aepred.Drift(table())
    counted.add(ROWS)
    return counted


MAKERS = {"Model": (table, images, levels), "Drift": (drift, lambda: aepred.Drift(table()))}


def makers(name, cls):
    """Functions that make objects to call; of an estimator, an untrained and a trained one, and one with hostile parameters."""
    if name in MAKERS:
        return MAKERS[name]
    if dataclasses.is_dataclass(cls) or not hasattr(cls, "fit"):
        return ()
    return cls, lambda: cls().fit(ROWS), lambda: with_hostile_parameters(cls)


SLOW = ("epochs", "n_jobs")  # what may be a large number, and takes long then
HOSTILE = {}  # by class; what was found once


def with_hostile_parameters(cls):
    """A trained estimator with parameters that are hostile, but that it takes; the others are tried by the way."""
    if cls not in HOSTILE:
        caller, names = Caller(cls.__name__), [name for name in inspect.signature(cls).parameters if name not in SLOW]
        for _ in range(CALLS):
            estimator = cls(epochs=1)
            try:
                estimator.set_params(**{caller.random.choice(names): caller.hostile()}).fit(ROWS)
                HOSTILE[cls] = estimator
            except Exception:  # as of any call here
                pass
    return copy.deepcopy(HOSTILE[cls])


class Liar:
    """Says one thing and does another."""

    def __len__(self):
        return 1 << 40

    def __getitem__(self, index):
        raise KeyError(index)

    def __array__(self, dtype=None):
        return "no array"

    def __index__(self):
        return -1

    def __float__(self):
        return float("nan")


class Thrower:
    def __getattr__(self, name):
        raise ZeroDivisionError(name)

    def __array__(self, dtype=None):
        raise ZeroDivisionError


def guarded(n_values):
    """Values whose end is the end of what can be read."""
    page = mmap.PAGESIZE
    memory = mmap.mmap(-1, 2 * page)
    bytes_ = np.frombuffer(memory, np.uint8)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.mprotect(ctypes.c_void_p(bytes_.ctypes.data + page), ctypes.c_size_t(page), 0) == 0
    return bytes_[page - 4 * n_values : page].view(np.float32)


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def misaligned(array):
    return np.frombuffer(b"\0" + array.tobytes(), np.uint8)[1:].view(array.dtype).reshape(array.shape)


VALUES = (
    *(None, True, False, 0, -1, 1, 3, 2**31, 2**63, 2**64 - 1, 2**70, -(2**70), 0.5, 1e300, float("nan"), float("inf"), 1j),
    *("", "text", "a\0b", "\ud800", "text" * 5000, b"", b"bytes", bytearray(50), memoryview(b"abcdef")[::2]),
    *((), [], [[]], [[1], [2, 3]], {}, {0: 1}, {-1: aepred.Column()}, {2**64: aepred.Column("x")}, {1, 2}, range(3)),
    *(object(), int, len, lambda *_: 1 / 0, lambda *_: "yes", Liar(), [Liar()], Thrower(), iter([1]), slice(3), NotImplemented),
    *(aepred.Column("c", 2), aepred.Column(7, "levels"), aepred.Column("n", -1), aepred.Column(b"n", [None, 3])),
    *([aepred.Column(None, 2**40)], [aepred.Column("c", ["a"] * 3)] * 3, [aepred.Column()] * 9),
    *(aepred.conv(2, 3), [aepred.conv(-1, 2**70)], aepred.norm(0), [aepred.upsample(2)] * 40, aepred.ImageLayer("conv", 1, 1, 1)),
    *([3, 3, 3], (2, 4, 4), (1, 0, 4), (2**20, 2**20, 2**24), (2**33, 1, 2**33), ["tcp", "udp"], [None] * 3, [np.nan] * 3),
)
ARRAYS = (
    *(np.zeros(shape, np.float32) for shape in [(), (0,), (3,), (0, 3), (3, 0), (4, 3), (4, 4), (2, 3, 1), (1,) * 20, (2, 32)]),
    *(ROWS[:4].astype(dtype) for dtype in ["f2", "f8", "g", ">f4", "i1", "u8", "?", "c8", "O", "U", "S", "M8[s]", "V4"]),
    *(np.zeros(4, [("a", "f4"), ("b", "i4")]), np.array([[1, "x", None]], object), np.array([[{}, [], ()]], object)),
    *(np.asfortranarray(ROWS[:4]), ROWS[8:2:-2], ROWS[:, ::-1], ROWS[:4].T, np.broadcast_to(ROWS[0], (5, 3)), ROWS[:4, None]),
    *(np.broadcast_to(np.float32(1), (5, 3)), read_only(ROWS[:4]), misaligned(ROWS[:4]), np.asmatrix(ROWS[:4])),
    *(np.ma.masked_array(ROWS[:4], ROWS[:4] > 0.5), np.recarray((2,), [("x", "f4")]), np.float32(1), np.float64("nan")),
    *(np.full((4, 3), value, np.float32) for value in [np.nan, np.inf, -np.inf, 3e38, 1e-45, -1, 1e9]),
    *(guarded(12).reshape(4, 3), guarded(64).reshape(2, 2, 4, 4), guarded(5), IMAGES[:3], IMAGES[:3, :, ::2], IMAGES[:3, 0]),
    *(IMAGES[:3].transpose(0, 2, 3, 1), IMAGES[:3].reshape(3, 32), IMAGES[:3].astype(object), IMAGES[0]),
)


def frames():
    """Data frames, where pandas is there."""
    try:
        import pandas
    except ImportError:
        return ()
    rows = pandas.DataFrame(ROWS, columns=["a", "b", "c"])
    text = rows.assign(b=["red", "green", None] * 20)
    return (
        *(rows, rows.iloc[:0], rows.iloc[:, :0], rows[["a", "b", "a"]], rows["a"], rows.index, rows.columns, rows.set_index("a")),
        *(text, text.astype("category"), text.assign(b=text["b"].astype("string")), text.iloc[:, 1:2], rows.astype("Float64")),
        *(rows.assign(c=1j), rows.assign(c=pandas.NaT), rows.assign(c=[[]] * 60), rows.assign(c=1e300), rows.astype(object)),
        *(pandas.DataFrame({"a": pandas.arrays.SparseArray([0, 1])}), rows.assign(a="\ud800"), rows.rename(columns={"a": 0})),
    )


ARRAYS = (*ARRAYS, *frames())


def good(parameter, instance):
    """What an argument should be, so that others are looked at too."""
    image = getattr(instance, "image", None)
    rows = IMAGES if isinstance(image, tuple) and image else ROWS
    known = {
        "rows": rows,
        "X": rows,
        "scores": ROWS[:, 0],
        "labels": ROWS[:, 1] > 0.5,
        "path": "file",
        "data": b"bytes",
        "n_columns": 3,
        "name": "name",
        "kind": aepred.LayerKind.CONV,
    }
    default = 1 if parameter.default is parameter.empty else parameter.default
    return known.get(parameter.name, default)


class Caller:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def hostile(self):
        return self.random.choice(self.random.choice((VALUES, ARRAYS)))

    def arguments(self, function, instance):
        """Positional and keyword arguments: each hostile, good or left out."""
        positional, named = [], {}
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            return [self.hostile()], {}
        for parameter in parameters:
            value = self.hostile() if self.random.random() < 0.5 else good(parameter, instance)
            if parameter.kind == parameter.VAR_KEYWORD:
                named.update({self.random.choice(list(aepred.options())): value})
            elif parameter.kind == parameter.VAR_POSITIONAL:
                positional.append(value)
            elif parameter.kind == parameter.KEYWORD_ONLY:
                if self.random.random() < 0.1:
                    named[parameter.name] = value
            elif parameter.default is parameter.empty or self.random.random() < 0.5:
                positional.append(value)
            else:
                break
        return positional, named

    def call(self, function, instance=None):
        positional, named = self.arguments(function, instance)
        try:
            function(*positional, **named)
        except Exception:  # any; what must not be is the end of the process
            pass

    def access(self, instance, name):
        """A property or an attribute, read and written."""
        try:
            getattr(instance, name)
            setattr(instance, name, self.hostile())
        except Exception:
            pass


def call_all(name, member):
    caller = Caller(name)
    for _ in range(4 * CALLS):  # a constructor has the most arguments
        caller.call(member)
    for make in makers(name, member) if inspect.isclass(member) else ():
        for method in methods(member):
            is_method = callable(getattr(member, method))
            instance = make()
            for _ in range(CALLS if is_method else 20):
                if is_method:
                    caller.call(getattr(instance, method, None), instance)
                else:
                    caller.access(instance, method)


def still_works():
    """Memory that was written to beyond its end shows here, at the latest."""
    rows = ROWS.copy()
    assert np.array_equal(table().score(rows), table().score(rows)) and np.array_equal(rows, ROWS)


def main(name):
    faulthandler.enable()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    call_all(name, dict(exported())[name])
    still_works()
    print("done")


# ------------------------------------------------------------------------------------------------------------- the test


def test_classes_and_functions_are_found():
    assert {"Model", "Column", "conv", "options", "metrics.auroc"} <= set(dict(exported()))
    assert {"score", "fit", "load", "threads", "__init__"} <= set(methods(aepred.Model))


@pytest.mark.parametrize("name", dict(exported()))
def test_anything_gives_a_result_or_an_exception(name, tmp_path):
    done = subprocess.run([sys.executable, __file__, name], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0 and done.stdout.endswith("done\n"), f"{done.returncode}: {done.stderr[-5000:]}"


if __name__ == "__main__":
    main(sys.argv[1])
