# SPDX-License-Identifier: BSD-2-Clause
"""Options by name, as the library's own table describes them."""

import difflib
import operator
from ctypes import byref, c_char_p, c_double, c_size_t, c_void_p
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Iterable, Iterator, Mapping, Optional, Sequence, Union

from ._arrays import shown
from ._constants import ColumnKind, LayerKind, OptionType, Part, Status
from ._errors import ArgumentError, ColumnsError, OptionError, RangeError, StateError, check, error_of, log
from ._library import lib

Value = Union[bool, int, float, str]
Columns = Union[Sequence[Union["Column", str]], Mapping[int, Union["Column", str]]]

AUTO = c_size_t(-1).value  # AEP_PADDING_AUTO


@dataclass(frozen=True)
class Column:
    """An input column. `levels` makes it categorical: their names, or how many there are; its values are then the codes
    0, 1, 2, ... of the levels.
    """

    name: Optional[str] = None
    levels: Union[None, int, Sequence[Optional[str]]] = None


@dataclass(frozen=True)
class ImageLayer:
    """A layer that works on images; conv, norm and so on make one. `size`: filters of a convolution, groups of a norm.
    `padding`: zeros on each side, None for (kernel - 1) // 2. Numbers that a kind does not have are 0.
    """

    kind: LayerKind
    size: int = 0
    kernel: int = 0
    stride: int = 0
    padding: Optional[int] = None


def conv(filters: int, kernel: int, stride: int = 1, padding: Optional[int] = None) -> ImageLayer:
    """A convolution, followed by the activation.

    Parameters
    ----------
    filters : int
        Channels of the result.
    kernel : int
        Height and width of the kernel.
    stride : int, default=1
        Pixels from one place of the kernel to the next.
    padding : int, optional
        Zeros on each side; (kernel - 1) // 2 unless given.

    Returns
    -------
    ImageLayer
    """
    return ImageLayer(LayerKind.CONV, filters, kernel, stride, padding)


def conv_transposed(filters: int, kernel: int, stride: int = 1, padding: Optional[int] = None) -> ImageLayer:
    """The transpose of a convolution, followed by the activation; in a decoder only.

    Parameters
    ----------
    filters : int
        Channels of the result.
    kernel : int
        Height and width of the kernel.
    stride : int, default=1
        Pixels from one place of the kernel to the next.
    padding : int, optional
        Zeros on each side; (kernel - 1) // 2 unless given.

    Returns
    -------
    ImageLayer
    """
    return ImageLayer(LayerKind.CONV_TRANSPOSED, filters, kernel, stride, padding)


def upsample(stride: int) -> ImageLayer:
    """Each pixel repeated in both directions; in a decoder only.

    Parameters
    ----------
    stride : int
        How often.

    Returns
    -------
    ImageLayer
    """
    return ImageLayer(LayerKind.UPSAMPLE, stride=stride, padding=0)


def max_pool(kernel: int, stride: Optional[int] = None) -> ImageLayer:
    """The largest value under the kernel; in an encoder only.

    Parameters
    ----------
    kernel : int
        Height and width of the kernel.
    stride : int, optional
        Pixels from one place of the kernel to the next; the kernel's size unless given.

    Returns
    -------
    ImageLayer
    """
    return ImageLayer(LayerKind.MAX_POOL, kernel=kernel, stride=kernel if stride is None else stride, padding=0)


def average_pool(kernel: int, stride: Optional[int] = None) -> ImageLayer:
    """The mean of the values under the kernel; in an encoder only.

    Parameters
    ----------
    kernel : int
        Height and width of the kernel.
    stride : int, optional
        Pixels from one place of the kernel to the next; the kernel's size unless given.

    Returns
    -------
    ImageLayer
    """
    return ImageLayer(LayerKind.AVERAGE_POOL, kernel=kernel, stride=kernel if stride is None else stride, padding=0)


def norm(groups: int = 1) -> ImageLayer:
    """Group norm, before the activation of the layer in front of it.

    Parameters
    ----------
    groups : int, default=1
        How many groups of channels; 1 is layer norm.

    Returns
    -------
    ImageLayer
    """
    return ImageLayer(LayerKind.NORM, groups, padding=0)


@dataclass(frozen=True)
class Option:
    """What the library says about one of its options."""

    key: int
    name: str
    help: str
    type: OptionType
    low: float
    high: float
    preset: Value
    choices: tuple[str, ...]
    changeable: bool  # in a model that exists

    def number(self, value: Value) -> float:
        """The number that the library takes for a value.

        Parameters
        ----------
        value : bool, int, float or str
            Also the text of a number, of a choice its name, of a switch True, False, yes or no.

        Returns
        -------
        float
        """
        if isinstance(value, str):
            return self._parsed(value)
        try:
            return float(value)
        except (TypeError, ValueError):
            what = "a number or one of its choices" if self.choices else self._wanted(False)
            raise TypeError(f"{self.name} is {shown(value)}, but must be {what}") from None

    def _parsed(self, text: str) -> float:
        if self.type == OptionType.SWITCH and text in ("True", "False"):
            return float(text == "True")
        number = c_double()
        status = lib.aep_option_parse(byref(number), self.key, c_string(text))
        if status < 0 and self.choices:
            raise OptionError(f"{self.name} is {shown(text)}, but must be one of {', '.join(self.choices)}")
        if status == Status.E_RANGE:
            raise RangeError(f"{self.name} is {shown(text)}, but must be {self._wanted(True)}")
        check(status)
        return number.value

    def _wanted(self, bounds: bool) -> str:
        if self.type == OptionType.SWITCH:
            return "True or False"
        return f"a number from {self.low:g} to {self.high:g}" if bounds else "a number"

    def value(self, number: float) -> Value:
        """The opposite of `number`.

        Parameters
        ----------
        number : float
            As the library has it.

        Returns
        -------
        bool, int, float or str
        """
        return _value(self.type, self.choices, number)


def _value(kind: OptionType, choices: Sequence[str], number: float) -> Value:
    if kind == OptionType.CHOICE:
        return choices[int(number)]
    if kind == OptionType.SWITCH:
        return bool(number)
    return int(number) if kind == OptionType.INTEGER else number


def _choices(key: int) -> Iterator[str]:
    value = 0
    while (name := lib.aep_option_choice(key, value)) is not None:
        yield name.decode()
        value += 1


def _describe(key: int) -> Option:
    low, high, preset = c_double(), c_double(), c_double()
    check(lib.aep_option_bounds(byref(low), byref(high), byref(preset), key))
    kind = OptionType(check(lib.aep_option_type(key)))
    choices = tuple(_choices(key)) if kind == OptionType.CHOICE else ()
    return Option(
        key=key,
        name=lib.aep_option_name(key).decode(),
        help=lib.aep_option_help(key).decode(),
        type=kind,
        low=low.value,
        high=high.value,
        preset=_value(kind, choices, preset.value),
        choices=choices,
        changeable=bool(check(lib.aep_option_is_changeable(key))),
    )


_OPTIONS = {option.name: option for option in map(_describe, map(lib.aep_option_at, range(lib.aep_option_count())))}


def options() -> dict[str, Option]:
    """Every option of the library by its name."""
    return dict(_OPTIONS)


def c_string(text: str) -> bytes:
    """Text as C takes it, which ends at the first NUL."""
    if "\0" in text:
        raise ArgumentError(f"{text!r} contains a NUL character")
    return text.encode("utf-8", "surrogateescape")


_FIXED = ("n_columns", "columns", "image", "image_encoder", "image_decoder", "encoder", "decoder", "head")  # of Model
_ELSEWHERE = {  # names of the same things in the estimators and in other packages
    **{"random_state": "seed", "random_seed": "seed", "score_kind": "score", "batch_size": "batch", "lr": "learning_rate"},
    **{"n_jobs": "threads, an attribute of the model", "contamination": "alarm_rate", "hidden": "encoder", "layers": "encoder"},
}


def suggestion(name: str, known: Iterable[str], elsewhere: Mapping[str, str]) -> str:
    """What a name that is not known may stand for, as the end of a message."""
    if name in elsewhere:
        return f"; did you mean {elsewhere[name]}?"
    near = difflib.get_close_matches(name, known, 2)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def find(name: str) -> Option:
    try:
        return _OPTIONS[name]
    except KeyError:
        hint = suggestion(name, [*_OPTIONS, *_FIXED], _ELSEWHERE)
        raise OptionError(f"there is no option {name!r}{hint or '; aepred.options() lists them'}") from None


def find_changeable(name: str) -> Option:
    """An option for a model that exists."""
    if name in _FIXED:
        raise StateError(f"{name} is fixed when the model is made: make another model with {name}=...")
    return find(name)


def size_of(what: str, value: int) -> int:
    """A size as the library takes it; ctypes would hand over one that does not fit as another one."""
    try:
        size = operator.index(value)
    except TypeError:
        raise TypeError(f"{what}: {shown(value)} is no whole number{_as_whole(value)}") from None
    if size < 0:
        raise RangeError(f"{what}: {size} is negative")
    if size > AUTO:
        raise RangeError(f"{what}: {size} is too large")
    return size


def _as_whole(value: object) -> str:
    is_whole = isinstance(value, Real) and float(value).is_integer()
    return f" of type int; write {int(float(value))}" if is_whole else ""  # type: ignore[arg-type]


def _sizes(what: str, values: Sequence[int]) -> list[int]:
    return [size_of(what, value) for value in values]


def sequence_of(what: str, values: Any, wanted: str) -> tuple[Any, ...]:
    """The elements of a sequence, an array or the like, of None none; text is no sequence here."""
    if values is None:
        return ()
    if not isinstance(values, (str, bytes, Mapping)):
        try:
            return tuple(values)
        except TypeError:
            pass
    raise TypeError(f"{what} is {shown(values)}, but must be {wanted}")


def columns_by_index(columns: Optional[Columns]) -> dict[int, Column]:
    """Descriptions of columns in any form that `Model` takes; names stand for numeric columns."""
    if columns is None:
        return {}
    wanted = "a sequence of aepred.Column or names, or a mapping of indices to them"
    given = columns if isinstance(columns, Mapping) else dict(enumerate(sequence_of("columns", columns, wanted)))
    described = {index: Column(column) if isinstance(column, str) else column for index, column in given.items()}
    for index, column in described.items():
        _check_column(index, column)
    _check_names(described)
    return described


def _check_column(index: int, column: Column) -> None:
    if not isinstance(column, Column):
        raise TypeError(f"column {index} is described by {shown(column)}, but must be by an aepred.Column or a name")
    if not (column.name is None or isinstance(column.name, str)):
        raise TypeError(f"the name of column {index} is {shown(column.name)}, but must be text or None")
    if isinstance(column.levels, bool) or not (column.levels is None or isinstance(column.levels, Integral)):
        _check_levels(f"levels of {_place(index, column)}", column.levels)


def _place(index: int, column: Column) -> str:
    return f"column {index}" if column.name is None else f"column {index} ({column.name})"


def _check_levels(what: str, levels: Any) -> None:
    names = sequence_of(what, levels, "a sequence of names, or how many there are")
    seen = set()
    for name in names:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"{what}: {shown(name)} is no text; write {str(name)!r}, or how many levels there are")
        if name is not None and name in seen:
            raise ArgumentError(f"{what}: {name!r} is there twice")
        seen.add(name)


def _check_names(columns: Mapping[int, Column]) -> None:
    first: dict[str, int] = {}
    for index, column in columns.items():
        if column.name is not None and first.setdefault(column.name, index) != index:
            raise ColumnsError(f"columns {first[column.name]} and {index} have the same name {column.name!r}")


def check_all_described(n_described: int, n_columns: int) -> None:
    """A sequence describes every column."""
    if n_described not in (0, n_columns):
        raise ColumnsError(
            f"columns has {n_described} entries, but the rows have {n_columns} columns; "
            "to describe some of them give a mapping, {index: Column(...)}"
        )


class OptionsHandle:
    """An aep_options, for the time that it takes to make a model of it."""

    def __init__(self) -> None:
        self.pointer = c_void_p()
        check(lib.aep_options_new(byref(self.pointer)))

    def __enter__(self) -> "OptionsHandle":
        check(lib.aep_options_set_log(self.pointer, log, None))
        return self

    def __exit__(self, *_: object) -> None:
        lib.aep_options_free(self.pointer)

    def set(self, values: Mapping[str, Value]) -> None:
        for name, value in values.items():
            option = find(name)
            check(lib.aep_options_set(self.pointer, option.key, option.number(value)))

    def set_layers(self, part: Part, widths: Sequence[int]) -> None:
        name = part.name.lower()
        sizes = _sizes(f"a width of {name}", sequence_of(name, widths, "a sequence of widths, such as (32, 8)"))
        array = (c_size_t * len(sizes))(*sizes)
        check(lib.aep_options_set_layers(self.pointer, part, array, len(sizes)))

    def set_image(self, shape: Sequence[int]) -> None:
        check(lib.aep_options_set_image(self.pointer, *_sizes("image", shape)))

    def add_image_layer(self, part: Part, layer: ImageLayer) -> None:
        if not isinstance(layer, ImageLayer):
            raise TypeError(f"{layer!r} is no image layer; aepred.conv(16, 3, 2) and its like make them")
        padding = AUTO if layer.padding is None else layer.padding
        what = f"{layer.kind.name.lower()} of the {part.name.lower()}"
        sizes = _sizes(what, (layer.size, layer.kernel, layer.stride, padding))
        check(lib.aep_options_add_image_layer(self.pointer, part, layer.kind, *sizes))

    def set_column(self, index: int, column: Column) -> None:
        at = size_of("columns", index)
        name = None if column.name is None else c_string(column.name)
        kind, names, n_levels = ColumnKind.NUMERIC, None, 0
        if isinstance(column.levels, (int, Integral)):
            kind, n_levels = ColumnKind.CATEGORICAL, size_of("levels", column.levels)
        elif column.levels is not None:
            kind, n_levels = ColumnKind.CATEGORICAL, len(column.levels)
            names = (c_char_p * n_levels)(*(level if level is None else c_string(level) for level in column.levels))
        status = lib.aep_options_set_column(self.pointer, at, name, kind, names, n_levels)
        if status < 0:
            error = error_of(status)
            hint = "; drop the column, or encode it as numbers" if status == Status.E_RANGE and n_levels else ""
            raise type(error)(str(error).replace(f"column {index}", _place(index, column), 1) + hint)
