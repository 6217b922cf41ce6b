# SPDX-License-Identifier: BSD-2-Clause
"""The table of functions: every public function of libaepred with the types of its result and its arguments.

tests/test_functions.py holds it to the symbol map and to the prototypes of aepred.h.
"""

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_double, c_int, c_size_t, c_void_p
from typing import Any


class Allocator(ctypes.Structure):
    """aep_allocator"""

    _fields_ = [
        ("alloc", CFUNCTYPE(c_void_p, c_size_t, c_void_p)),
        ("free", CFUNCTYPE(None, c_void_p, c_void_p)),
        ("payload", c_void_p),
    ]


LogFn = CFUNCTYPE(None, c_int, c_char_p, c_void_p)
ProgressFn = CFUNCTYPE(c_int, c_void_p, c_size_t, c_size_t, c_size_t, c_size_t, c_void_p)

_handle = c_void_p  # aep_options *, aep_model *, aep_workspace *
_new_handle = POINTER(c_void_p)
_array = c_void_p  # the address of an array, or of bytes
_double = POINTER(c_double)
_int = POINTER(c_int)
_size = POINTER(c_size_t)
_names = POINTER(c_char_p)
_allocator = POINTER(Allocator)
_rows = (_array, c_size_t, c_size_t)  # rows, n_rows, n_cols

FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    # version, status
    "aep_version": (c_char_p, ()),
    "aep_version_number": (c_int, ()),
    "aep_status_str": (c_char_p, (c_int,)),
    # options
    "aep_options_new": (c_int, (_new_handle,)),
    "aep_options_new_with": (c_int, (_new_handle, _allocator)),
    "aep_options_free": (None, (_handle,)),
    "aep_options_set": (c_int, (_handle, c_int, c_double)),
    "aep_options_get": (c_int, (_double, _handle, c_int)),
    "aep_options_set_layers": (c_int, (_handle, c_int, _size, c_size_t)),
    "aep_options_set_image": (c_int, (_handle, c_size_t, c_size_t, c_size_t)),
    "aep_options_add_conv": (c_int, (_handle, c_size_t, c_size_t, c_size_t)),
    "aep_options_add_image_layer": (c_int, (_handle, c_int, c_int, c_size_t, c_size_t, c_size_t, c_size_t)),
    "aep_options_set_column": (c_int, (_handle, c_size_t, c_char_p, c_int, _names, c_size_t)),
    "aep_options_set_log": (c_int, (_handle, LogFn, c_void_p)),
    "aep_option_count": (c_size_t, ()),
    "aep_option_at": (c_int, (c_size_t,)),
    "aep_option_find": (c_int, (c_char_p,)),
    "aep_option_name": (c_char_p, (c_int,)),
    "aep_option_help": (c_char_p, (c_int,)),
    "aep_option_type": (c_int, (c_int,)),
    "aep_option_bounds": (c_int, (_double, _double, _double, c_int)),
    "aep_option_choice": (c_char_p, (c_int, c_int)),
    "aep_option_is_changeable": (c_int, (c_int,)),
    "aep_option_parse": (c_int, (_double, c_int, c_char_p)),
    # model
    "aep_model_new": (c_int, (_new_handle, _handle, c_size_t)),
    "aep_model_copy": (c_int, (_new_handle, _handle)),
    "aep_model_free": (None, (_handle,)),
    "aep_model_n_columns": (c_size_t, (_handle,)),
    "aep_model_n_features": (c_size_t, (_handle,)),
    "aep_model_code_size": (c_size_t, (_handle,)),
    "aep_model_error_size": (c_size_t, (_handle,)),
    "aep_model_layers": (c_int, (_size, c_size_t, _handle, c_int)),
    "aep_model_image": (c_int, (_size, _size, _size, _handle)),
    "aep_model_image_layer": (c_int, (_int, _size, _size, _size, _size, _handle, c_int, c_size_t)),
    "aep_model_image_map": (c_int, (_size, _size, _size, _handle, c_int, c_size_t)),
    "aep_model_set_threads": (c_int, (_handle, c_size_t)),
    "aep_model_threads": (c_size_t, (_handle,)),
    "aep_model_column_name": (c_char_p, (_handle, c_size_t)),
    "aep_model_column_kind": (c_int, (_handle, c_size_t)),
    "aep_model_column_levels": (c_size_t, (_handle, c_size_t)),
    "aep_model_level_name": (c_char_p, (_handle, c_size_t, c_size_t)),
    "aep_model_get": (c_int, (_double, _handle, c_int)),
    "aep_model_set": (c_int, (_handle, c_int, c_double)),
    "aep_model_set_log": (c_int, (_handle, LogFn, c_void_p)),
    "aep_stat_name": (c_char_p, (c_int,)),
    "aep_model_stat": (c_int, (_double, _handle, c_int)),
    "aep_model_history": (c_int, (_double, _handle, c_size_t, c_int)),
    "aep_check_rows": (c_int, (_size, _size, _handle, *_rows)),
    # training
    "aep_fit_scaling": (c_int, (_handle, *_rows)),
    "aep_fit_batch": (c_int, (_handle, *_rows)),
    "aep_fit": (c_int, (_handle, *_rows, ProgressFn, c_void_p)),
    # threshold
    "aep_calibrate": (c_int, (_handle, *_rows)),
    "aep_set_alarm_rate": (c_int, (_handle, c_double)),
    "aep_set_threshold": (c_int, (_handle, c_double)),
    "aep_predict": (c_int, (_array, _handle, _array, c_size_t)),
    "aep_pvalue": (c_int, (_array, _handle, _array, c_size_t)),
    # scoring
    "aep_workspace_new": (c_int, (_new_handle, _handle)),
    "aep_workspace_free": (None, (_handle,)),
    "aep_score": (c_int, (_array, _handle, _handle, *_rows)),
    "aep_encode": (c_int, (_array, _handle, _handle, *_rows)),
    "aep_reconstruct": (c_int, (_array, _handle, _handle, *_rows)),
    "aep_errors": (c_int, (_array, _array, _handle, _handle, *_rows)),
    "aep_explain": (c_int, (_array, _handle, _handle, *_rows)),
    # drift
    "aep_drift_new": (c_int, (_new_handle, _handle)),
    "aep_drift_free": (None, (_handle,)),
    "aep_drift_add": (c_int, (_handle, _handle, _handle, *_rows)),
    "aep_drift_clear": (c_int, (_handle,)),
    "aep_drift_rows": (c_int, (_size, _size, _handle)),
    "aep_drift_get": (c_int, (_double, _handle, c_int, c_size_t, c_int)),
    # metrics
    "aep_metrics_at_threshold": (c_int, (_double, _double, _double, _array, _array, c_size_t, c_double)),
    "aep_metrics_at_count": (c_int, (_double, _double, _double, _array, _array, c_size_t, c_size_t, _allocator)),
    "aep_metrics_auroc": (c_int, (_double, _array, _array, c_size_t, _allocator)),
    "aep_metrics_average_precision": (c_int, (_double, _array, _array, c_size_t, _allocator)),
    # saving
    "aep_model_save_size": (c_int, (_size, _handle)),
    "aep_model_save": (c_int, (_array, c_size_t, _handle)),
    "aep_model_load": (c_int, (_new_handle, _array, c_size_t, _allocator)),
    "aep_model_save_file": (c_int, (_handle, c_char_p)),
    "aep_model_load_file": (c_int, (_new_handle, c_char_p, _allocator)),
    # exporting
    "aep_export_c_size": (c_int, (_size, _handle, c_char_p)),
    "aep_export_c": (c_int, (_array, c_size_t, _handle, c_char_p)),
}
