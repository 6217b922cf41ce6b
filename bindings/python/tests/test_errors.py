# SPDX-License-Identifier: BSD-2-Clause
"""Every error is the exception of its status, and says what the library said."""

import errno
import math
import os
import pickle
import re
from pathlib import Path

import aepred
import numpy as np
import pytest
from aepred import _errors, _model, _options


@pytest.fixture
def model():
    model = aepred.Model(3)
    model.fit_scaling(np.random.default_rng(1).normal(size=(50, 3)))
    return model


@pytest.fixture(autouse=True)
def names_of_python(monkeypatch):
    """No error of any test here names a function of C."""
    errors, error_of = [], _errors.error_of
    for module in (_errors, _model, _options):
        monkeypatch.setattr(module, "error_of", lambda *arguments: errors.append(error_of(*arguments)) or errors[-1])
    yield
    assert not [error for error in errors if "aep_" in str(error)]


def test_functions_of_c_have_their_names_in_python_in_every_message():
    sources = Path(os.environ["AEPRED_MAP"]).parent.glob("*.c")
    literals = [text for path in sources for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', path.read_text())]
    named = {text: _errors.in_python(text) for text in literals if re.search(r"\baep_[a-z]", text)}
    assert not [message for message in named.values() if "aep_" in message]
    assert _errors.in_python("call aep_calibrate or aep_set_threshold") == "call calibrate(rows), or set threshold"
    assert _errors.in_python("aep_workspace_new") == "workspace_new"


def test_options_that_do_not_exist_are_refused():
    with pytest.raises(aepred.OptionError, match="no option 'epoch'"):
        aepred.Model(3, epoch=5)
    with pytest.raises(aepred.OptionError, match="scaling is 'median', but must be one of none, zscore"):
        aepred.Model(3, scaling="median")


@pytest.mark.parametrize(
    "name, meant",
    [("random_state", "seed"), ("score_kind", "score"), ("epoch", "epochs"), ("encodr", "encoder or decoder")],
)
def test_an_option_that_is_meant_is_suggested(name, meant):
    with pytest.raises(aepred.OptionError, match=f"there is no option '{name}'; did you mean {meant}"):
        aepred.Model(10, **{name: 3})


def test_what_is_fixed_is_not_called_unknown(model):
    for name in ("encoder", "image", "columns"):
        with pytest.raises(aepred.StateError, match=f"{name} is fixed when the model is made"):
            model.set(**{name: (3,)})


@pytest.mark.parametrize(
    "arguments, error, says",
    [
        (dict(encoder=16), TypeError, "encoder is 16, but must be a sequence of widths"),
        (dict(encoder="16"), TypeError, "encoder is '16', but must be a sequence of widths"),
        (dict(head=(16.0,)), TypeError, "a width of head: 16.0 is no whole number of type int; write 16"),
        (dict(decoder=("8",)), TypeError, "a width of decoder: '8' is no whole number"),
        (dict(image=256), TypeError, r"image is 256, but must be \(channels, height, width\)"),
        (dict(image_encoder=3), TypeError, "image_encoder is 3, but must be a sequence of layers"),
        (dict(squared=None), TypeError, "squared is None, but must be True or False"),
        (dict(squared="maybe"), aepred.RangeError, "squared is 'maybe', but must be True or False"),
        (dict(epochs=[]), TypeError, r"epochs is \[\], but must be a number"),
        (dict(n_columns=np.zeros((9, 3))), TypeError, r"n_columns is an array of shape \(9, 3\), .* Model\(3\).fit\(rows\)"),
        (dict(n_columns="3"), TypeError, "n_columns: '3' is no whole number"),
    ],
)
def test_arguments_of_a_wrong_type_are_named(arguments, error, says):
    with pytest.raises(error, match=says):
        aepred.Model(**{"n_columns": 3, **arguments})


def test_text_of_python_is_a_switch():
    assert [aepred.Model(3, squared=text).options["squared"] for text in ("True", "False", "yes", "no")] == [True, False] * 2


def test_none_is_the_preset_of_a_sequence():
    model = aepred.Model(3, columns=None, image=None, encoder=None, image_encoder=None)
    assert model.layers == aepred.Model(3).layers and model.image is None


def test_arguments_in_the_wrong_place_are_refused_with_the_right_one(model):
    rows = np.random.default_rng(1).normal(size=(50, 3))
    with pytest.raises(TypeError, match=r"progress is an array of shape \(50,\), but must be callable; a model takes no labels"):
        model.fit(rows, rows[:, 0])
    for method in ("predict", "pvalue"):
        with pytest.raises(ValueError, match=re.escape(f"{method} takes scores, as in model.{method}(model.score(rows))")):
            getattr(model, method)(rows)
    with pytest.raises(ValueError, match=r"4 dimensions.*image=\(channels, height, width\)"):
        model.score(np.zeros((2, 1, 1, 3)))


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


def test_files_that_cannot_be_opened_say_why_once(model, tmp_path):
    for use in (aepred.Model.load, model.save):
        with pytest.raises(aepred.FileError) as caught:
            use(tmp_path / "nowhere" / "model.aepred")
        assert str(caught.value).count("No such file or directory") == str(caught.value).count("nowhere") == 1


def test_files_that_are_no_models_are_named(model, tmp_path):
    path = tmp_path / "model.aepred"
    path.write_bytes(b"not a model" * 20)
    with pytest.raises(aepred.FormatError, match=re.escape(str(path))):
        aepred.Model.load(path)
    path.write_bytes(pickle.dumps(model))
    with pytest.raises(aepred.FormatError, match=re.escape(str(path)) + ": this is a pickle .*joblib.load"):
        aepred.Model.load(path)
    with pytest.raises(aepred.FormatError, match="this is a pickle .*joblib.load"):
        aepred.Model.from_bytes(path.read_bytes())
    damaged = bytearray(model.to_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(aepred.ChecksumError, match=re.escape(str(path))):
        aepred.Model.load(path)


def test_a_message_is_not_told_twice(model):
    with pytest.raises(aepred.ColumnsError) as first:
        model.score(np.zeros((2, 4), np.float32))
    with pytest.raises(aepred.FormatError) as second:
        aepred.Model.from_bytes(b"junk")
    assert str(first.value) != str(second.value)
