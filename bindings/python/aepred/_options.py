# SPDX-License-Identifier: BSD-2-Clause
"""Options by name, as the library's own table describes them."""

import operator
from ctypes import byref, c_char_p, c_double, c_size_t, c_void_p
from dataclasses import dataclass
from typing import Iterator, Mapping, Optional, Sequence, Union

from ._constants import ColumnKind, LayerKind, OptionType, Part, Status
from ._errors import ArgumentError, OptionError, RangeError, check, log
from ._library import lib

Value = Union[bool, int, float, str]

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
    `padding`: zeros on each side, None for (kernel - 1) // 2. What a kind has not stays 0.
    """

    kind: LayerKind
    size: int = 0
    kernel: int = 0
    stride: int = 0
    padding: Optional[int] = None


def conv(filters: int, kernel: int, stride: int = 1, padding: Optional[int] = None) -> ImageLayer:
    """A convolution, followed by the activation."""
    return ImageLayer(LayerKind.CONV, filters, kernel, stride, padding)


def conv_transposed(filters: int, kernel: int, stride: int = 1, padding: Optional[int] = None) -> ImageLayer:
    """The transpose of a convolution, followed by the activation; in a decoder only."""
    return ImageLayer(LayerKind.CONV_TRANSPOSED, filters, kernel, stride, padding)


def upsample(stride: int) -> ImageLayer:
    """Each pixel repeated in both directions; in a decoder only."""
    return ImageLayer(LayerKind.UPSAMPLE, stride=stride, padding=0)


def max_pool(kernel: int, stride: Optional[int] = None) -> ImageLayer:
    """The largest value under the kernel; in an encoder only. The stride is the kernel's size unless given."""
    return ImageLayer(LayerKind.MAX_POOL, kernel=kernel, stride=kernel if stride is None else stride, padding=0)


def average_pool(kernel: int, stride: Optional[int] = None) -> ImageLayer:
    """The mean of the values under the kernel, likewise."""
    return ImageLayer(LayerKind.AVERAGE_POOL, kernel=kernel, stride=kernel if stride is None else stride, padding=0)


def norm(groups: int = 1) -> ImageLayer:
    """Group norm over groups of channels, 1: layer norm; before the activation of the layer in front of it."""
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
        """The number that the library takes for a value, which may be the text of one."""
        if not isinstance(value, str):
            try:
                return float(value)
            except (TypeError, ValueError):
                what = "a number or one of its choices" if self.choices else "a number"
                raise TypeError(f"{self.name} is {value!r}, but must be {what}") from None
        number = c_double()
        status = lib.aep_option_parse(byref(number), self.key, c_string(value))
        if status < 0 and self.choices:
            raise OptionError(f"{self.name} is {value!r}, but must be one of {', '.join(self.choices)}")
        if status == Status.E_RANGE:
            what = "yes or no" if self.type == OptionType.SWITCH else f"a number from {self.low:g} to {self.high:g}"
            raise RangeError(f"{self.name} is {value!r}, but must be {what}")
        check(status)
        return number.value

    def value(self, number: float) -> Value:
        """The opposite of `number`."""
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
    return text.encode()


def find(name: str) -> Option:
    try:
        return _OPTIONS[name]
    except KeyError:
        raise OptionError(f"there is no option {name!r}; aepred.options() lists them") from None


def size_of(what: str, value: int) -> int:
    """A size as the library takes it; ctypes would hand over one that does not fit as another one."""
    size = operator.index(value)
    if size < 0:
        raise RangeError(f"{what}: {size} is negative")
    if size > AUTO:
        raise RangeError(f"{what}: {size} is too large")
    return size


def _sizes(what: str, values: Sequence[int]) -> list[int]:
    return [size_of(what, value) for value in values]


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
        sizes = _sizes(part.name.lower(), widths)
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
        name = None if column.name is None else c_string(column.name)
        kind, names, n_levels = ColumnKind.NUMERIC, None, 0
        if isinstance(column.levels, int):
            kind, n_levels = ColumnKind.CATEGORICAL, size_of("levels", column.levels)
        elif column.levels is not None:
            kind, n_levels = ColumnKind.CATEGORICAL, len(column.levels)
            names = (c_char_p * n_levels)(*(level if level is None else c_string(level) for level in column.levels))
        check(lib.aep_options_set_column(self.pointer, size_of("columns", index), name, kind, names, n_levels))
