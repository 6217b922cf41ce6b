# SPDX-License-Identifier: BSD-2-Clause
"""Those numbers of aepred.h that cannot be asked of the library at run time (options, choices and statistics can).

tests/test_functions.py compares them with the header.
"""

from enum import IntEnum


class Status(IntEnum):
    """enum aep_status"""

    OK = 0
    E_ARGUMENT = -1
    E_MEMORY = -2
    E_OPTION = -3
    E_RANGE = -4
    E_COLUMNS = -5
    E_ROWS = -6
    E_NOT_FINITE = -7
    E_LEVEL = -8
    E_STATE = -9
    E_DIVERGED = -10
    E_CANCELLED = -11
    E_FORMAT = -12
    E_VERSION = -13
    E_CHECKSUM = -14
    E_IO = -15
    E_BUFFER = -16
    E_WORKSPACE = -17
    E_LIMIT = -18


class LogLevel(IntEnum):
    """enum aep_log_level"""

    ERROR = 0
    WARNING = 1
    INFO = 2


class OptionType(IntEnum):
    """enum aep_option_type"""

    REAL = 0
    INTEGER = 1
    CHOICE = 2
    SWITCH = 3


class Part(IntEnum):
    """enum aep_part"""

    ENCODER = 0
    DECODER = 1
    HEAD = 2


class LayerKind(IntEnum):
    """enum aep_layer_kind"""

    CONV = 0
    CONV_TRANSPOSED = 1
    UPSAMPLE = 2
    MAX_POOL = 3
    AVERAGE_POOL = 4
    NORM = 5


class DriftKind(IntEnum):
    """enum aep_drift_kind"""

    SCORE = 0
    CODE = 1
    COLUMN = 2


class DriftFigure(IntEnum):
    """enum aep_drift_figure"""

    PSI = 1
    PSI_NOISE = 2
    PSI_PVALUE = 3
    KS = 4
    KS_PVALUE = 5
    ROWS_NEEDED = 6


class ColumnKind(IntEnum):
    """enum aep_column_kind"""

    NUMERIC = 0
    CATEGORICAL = 1
