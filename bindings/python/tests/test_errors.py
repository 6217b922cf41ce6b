# SPDX-License-Identifier: BSD-2-Clause
"""Every error is the exception of its status, and says what the library said."""

import errno
import math

import aepred
import numpy as np
import pytest


@pytest.fixture
def model():
    model = aepred.Model(3)
    model.fit_scaling(np.random.default_rng(1).normal(size=(50, 3)))
    return model


def test_options_that_do_not_exist_are_refused():
    with pytest.raises(aepred.OptionError, match="no option 'epoch'"):
        aepred.Model(3, epoch=5)
    with pytest.raises(aepred.OptionError, match="scaling is 'median', but must be one of none, zscore"):
        aepred.Model(3, scaling="median")


def test_values_out_of_bounds_are_refused():
    with pytest.raises(aepred.RangeError, match="learning_rate") as caught:
        aepred.Model(3, learning_rate=-1)
    assert caught.value.status == aepred.Status.E_RANGE and isinstance(caught.value, ValueError)
    with pytest.raises(aepred.RangeError):
        aepred.Model(3, encoder=(4, 0))


@pytest.mark.parametrize("size", [-1, 2**64 + 2])
def test_sizes_that_ctypes_would_change_are_refused(size, model):
    calls = [
        lambda: aepred.Model(size),
        lambda: aepred.Model(3, encoder=(4, size)),
        lambda: aepred.Model(3, columns={size: aepred.Column("a")}),
        lambda: aepred.Model(3, columns=[aepred.Column("a", size)]),
        lambda: aepred.Model(image=(1, 4, size)),
        lambda: aepred.Model(image=(1, 4, 4), image_encoder=[aepred.conv(size, 3)]),
        lambda: aepred.metrics.at_count([1, 2], [0, 1], size),
        lambda: setattr(model, "threads", size),
    ]
    for call in calls:
        with pytest.raises(aepred.RangeError, match="negative|too large"):
            call()


def test_text_that_c_would_cut_is_refused(model, tmp_path):
    calls = [
        lambda: aepred.Model(3, scaling="robust\0"),
        lambda: aepred.Model(3, columns=[aepred.Column("a\0b")]),
        lambda: aepred.Model(3, columns=[aepred.Column("a", ["b", "c\0d"])]),
        lambda: aepred.Model.load(f"{tmp_path}/a\0b"),
        lambda: model.save(f"{tmp_path}/a\0b"),
    ]
    for call in calls:
        with pytest.raises(aepred.ArgumentError, match="NUL"):
            call()
    assert not list(tmp_path.iterdir())


def test_rows_that_do_not_fit_are_refused(model):
    with pytest.raises(aepred.ColumnsError, match="4"):
        model.score(np.zeros((2, 4), np.float32))
    with pytest.raises(aepred.RowsError):
        model.score(np.zeros((0, 3), np.float32))
    with pytest.raises(aepred.NotFiniteError, match="1"):
        model.score([[0, 0, 0], [0, math.nan, 0]])
    with pytest.raises(ValueError, match="1 dimensions, but must have 2"):
        model.score(np.zeros(3, np.float32))
    with pytest.raises(aepred.ColumnsError):
        model.invalid_cell(np.zeros((2, 4), np.float32))


def test_calls_out_of_turn_are_refused(model):
    with pytest.raises(aepred.StateError):
        model.pvalue([1.0])
    with pytest.raises(aepred.StateError):
        model.set(seed=1)
    with pytest.raises(aepred.StateError):
        aepred.Model(3).score(np.zeros((1, 3), np.float32))


def test_levels_that_were_not_declared_are_refused():
    model = aepred.Model(1, columns=[aepred.Column("colour", 2)], unseen="error")
    assert model.invalid_cell([[1], [2]]) == (1, 0)
    with pytest.raises(aepred.LevelError):
        model.fit([[0], [1], [2], [1]])


def test_bytes_that_are_no_model_are_refused(model):
    for data in (b"", b"not a model" * 20):
        with pytest.raises(aepred.FormatError):
            aepred.Model.from_bytes(data)
    damaged = bytearray(model.to_bytes())
    damaged[len(damaged) // 2] ^= 1
    with pytest.raises(aepred.ChecksumError):
        aepred.Model.from_bytes(damaged)


def test_files_that_cannot_be_opened_say_why(model, tmp_path):
    path = tmp_path / "nowhere" / "model.aepred"
    with pytest.raises(aepred.FileError) as caught:
        aepred.Model.load(path)
    assert isinstance(caught.value, OSError)
    assert caught.value.errno == errno.ENOENT and caught.value.filename == path
    with pytest.raises(aepred.FileError) as caught:
        model.save(path)
    assert caught.value.errno == errno.ENOENT


def test_a_message_is_not_told_twice(model):
    with pytest.raises(aepred.ColumnsError) as first:
        model.score(np.zeros((2, 4), np.float32))
    with pytest.raises(aepred.FormatError) as second:
        aepred.Model.from_bytes(b"junk")
    assert str(first.value) != str(second.value)
