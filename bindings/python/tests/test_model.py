# SPDX-License-Identifier: BSD-2-Clause
"""What the objects of the binding do."""

import logging
import math
import os
import pickle
import signal
import threading

import aepred
import numpy as np
import pytest
from aepred import Column
from aepred._library import lib
from pump import faulty_rows, normal_rows


@pytest.fixture(scope="module")
def trained():
    model = aepred.Model(3, encoder=(16, 1), head=(16,), epochs=60, batch=128, learning_rate=3e-3, seed=1)
    assert model.fit(normal_rows(2000, 1))
    model.calibrate(normal_rows(1000, 2))
    return model


def test_results_are_the_same_for_any_number_of_threads(trained):
    rows = normal_rows(5000, 3)
    model = trained.copy()
    assert model.threads == 1
    alone = model.score(rows)
    model.threads = 3
    assert model.threads == 3
    np.testing.assert_array_equal(model.score(rows), alone)
    assert model.to_bytes() == trained.to_bytes()
    for wrong in (0, 257):
        with pytest.raises(aepred.RangeError):
            model.threads = wrong


def test_workspaces_are_made_anew_for_more_threads(trained):
    model = trained.copy()
    model.score(normal_rows(5, 3))
    before = model._local
    model.threads = 2
    assert model._local is not before and not vars(model._local)


def test_faults_score_higher_than_normal_rows(trained):
    rows = np.concatenate([normal_rows(500, 3), faulty_rows(50, 4)])
    labels = np.arange(550) >= 500
    scores = trained.score(rows)
    assert scores.dtype == np.float32 and scores.shape == (550,)
    assert aepred.metrics.auroc(scores, labels) > 0.95
    assert aepred.metrics.average_precision(scores, labels) > 0.8
    predicted = trained.predict(scores)
    assert predicted.dtype == bool and predicted[:500].mean() < 0.05
    assert np.array_equal(predicted, scores >= np.float32(trained.threshold))
    assert trained.pvalue(scores)[predicted].max() <= 0.01 + 1e-6


def test_metrics_know_what_was_flagged():
    scores, labels = [4, 3, 2, 1], [1, 0, 1, 0]
    assert aepred.metrics.at_threshold(scores, labels, 3) == (0.5, 0.5, 0.5)
    assert aepred.metrics.at_count(scores, labels, 3) == pytest.approx((2 / 3, 1, 0.8))
    assert aepred.metrics.auroc(scores, labels) == 0.75
    with pytest.raises(ValueError, match="labels have the shape"):
        aepred.metrics.auroc(scores, labels[:2])


@pytest.mark.parametrize("quality", [aepred.metrics.auroc, aepred.metrics.average_precision])
def test_labels_are_of_two_classes(quality):
    expected = quality([1, 2, 3], [0, 1, 1])
    for labels in ([False, True, True], [0.0, 1.0, 1.0], np.array([0, True, 1], object)):
        assert quality([1, 2, 3], labels) == expected
    wrong = {"-1, but .* labels == -1": -1, "2": 2, "nan": math.nan, "None": None, "'1'": "1"}
    for says, label in wrong.items():
        with pytest.raises(ValueError, match=f"label 2 is {says}"):
            quality([1, 2, 3], np.array([0, 1, label], type(label) if isinstance(label, (int, float)) else object))
    for label in (0, 1):
        with pytest.raises(ValueError, match=f"only one class in labels: all are {label}"):
            quality([1, 2, 3], [label] * 3)


def test_outputs_have_their_shapes(trained):
    rows = normal_rows(7, 5)
    errors, predicted = trained.errors(rows)
    assert trained.encode(rows).shape == (7, trained.code_size) == (7, 1)
    assert trained.reconstruct(rows).shape == rows.shape
    assert errors.shape == predicted.shape == (7, trained.error_size) == (7, 1)
    assert np.allclose(np.abs(errors - predicted)[:, 0], trained.score(rows), rtol=1e-5)
    assert np.allclose(trained.explain(rows).sum(axis=1), 1, atol=1e-5)


# methods that take rows, and the functions of the library that must get the address of those very rows
TAKE_ROWS = {
    "score": "aep_score",
    "encode": "aep_encode",
    "reconstruct": "aep_reconstruct",
    "errors": "aep_errors",
    "explain": "aep_explain",
    "invalid_cell": "aep_check_rows",
    "fit_batch": "aep_fit_batch",
    "fit": "aep_fit",
    "calibrate": "aep_calibrate",
    "fit_scaling": "aep_fit_scaling",
}


@pytest.fixture
def seen_calls(monkeypatch):
    """The arguments of each call of a function of the library, once it is spied on."""

    def spy(name):
        calls, function = [], getattr(lib, name)
        monkeypatch.setattr(lib, name, lambda *arguments: calls.append(arguments) or function(*arguments))
        return calls

    return spy


@pytest.mark.parametrize("method", TAKE_ROWS)
def test_float32_rows_are_read_where_they_lie(method, trained, seen_calls):
    calls = seen_calls(TAKE_ROWS[method])
    model = trained.copy() if method != "fit_scaling" else aepred.Model(3)
    if method == "fit":
        model.set(epochs=1)
    rows = normal_rows(150, 6)
    read_only = rows[50:]
    read_only.flags.writeable = False
    for part in (rows, read_only):
        before = part.tobytes()
        getattr(model, method)(part)
        at = len(calls[-1]) - 3 if method != "fit" else 1
        assert calls[-1][at : at + 3] == (part.__array_interface__["data"][0], len(part), 3)
        assert part.tobytes() == before
    assert calls[1][at] == calls[0][at] + 50 * rows.strides[0]


@pytest.mark.parametrize("method, function", [("predict", "aep_predict"), ("pvalue", "aep_pvalue")])
def test_float32_scores_are_read_where_they_lie(method, function, trained, seen_calls):
    calls = seen_calls(function)
    scores = trained.score(normal_rows(10, 6))
    getattr(trained, method)(scores)
    assert calls[0][2:] == (scores.ctypes.data, 10)


def test_results_are_written_where_they_lie(trained, seen_calls):
    calls = seen_calls("aep_score")
    scores = trained.score(normal_rows(10, 6))
    assert calls[0][0] == scores.ctypes.data


@pytest.mark.parametrize(
    "convert",
    [
        lambda rows: rows.astype(np.float64),
        lambda rows: np.asfortranarray(rows),
        lambda rows: rows.astype(rows.dtype.newbyteorder()),
        lambda rows: rows.tolist(),
        lambda rows: np.repeat(rows, 2, axis=0)[::2],
    ],
    ids=["float64", "Fortran order", "other byte order", "lists", "strided"],
)
def test_other_rows_are_converted(trained, convert):
    rows = normal_rows(10, 7)
    assert np.array_equal(trained.score(convert(rows)), trained.score(rows))


def test_options_are_set_by_name():
    model = aepred.Model(4, encoder=(8, 2), head=(5, 4), scaling="robust", squared=True, seed=7, noise_level="0.25")
    values = model.options
    assert values["scaling"] == "robust" and values["squared"] is True
    assert values["seed"] == 7 and values["noise_level"] == 0.25
    assert model.layers == {"encoder": (8, 2), "decoder": (8,), "head": (5, 4)}
    model.set(learning_rate=1e-4, score="reconstruction")
    assert model.options["learning_rate"] == 1e-4 and model.options["score"] == "reconstruction"


def test_the_table_of_options_describes_them():
    options = aepred.options()
    assert options["activation"].preset == "tanh" and "gelu" in options["activation"].choices
    assert options["epochs"].preset == 100 and options["epochs"].changeable
    assert not options["seed"].changeable and options["seed"].help


def test_columns_have_names_levels_and_missing_values():
    columns = (Column("protocol", ("tcp", "udp")), Column("bytes"), Column(None, 3), Column())
    model = aepred.Model(4, columns=columns, missing="impute")
    assert model.columns == columns
    assert (model.n_columns, model.n_features) == (4, 7)
    assert aepred.Model(2, columns={1: Column("b")}).columns == (Column(), Column("b"))
    assert model.invalid_cell([[0, math.nan, 2, 1]]) is None
    assert model.invalid_cell([[0, 1, 2, 1], [0, 1, 2, math.inf]]) == (1, 3)


def test_progress_is_called_and_can_stop():
    model = aepred.Model(3, epochs=5, batch=100)
    seen = []

    def progress(seen_model, epoch, epochs, batch, batches):
        assert seen_model is model and seen_model.stats["steps"] == len(seen) + 1
        seen.append((epoch, epochs, batch, batches))
        return epoch == 2

    assert model.fit(normal_rows(200, 8), progress) is False
    assert seen == [(1, 5, 1, 2), (1, 5, 2, 2), (2, 5, 1, 2)]


def test_exceptions_of_progress_come_out_of_fit():
    model = aepred.Model(3)

    def progress(*_):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        model.fit(normal_rows(100, 9), progress)
    assert model.score(normal_rows(5, 9)).shape == (5,)


def test_an_interrupt_stops_training_and_comes_out_of_fit():
    model = aepred.Model(3, epochs=1_000_000)
    handler = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(normal_rows(1000, 9))
    timer.join()
    assert signal.getsignal(signal.SIGINT) is handler
    assert model.score(normal_rows(5, 9)).shape == (5,)


def test_history_and_stats_tell_of_training():
    model = aepred.Model(3, epochs=4, validation=0.2)
    assert math.isnan(model.stats["threshold"]) and model.threshold is None
    assert model.fit(normal_rows(500, 10))
    history = model.history
    assert history["loss"].shape == (4,) and np.isfinite(history["loss_validation"]).all()
    assert "parameters" not in history and model.stats["epochs"] == 4


def test_batches_train_a_model_too():
    model = aepred.Model(3)
    for _ in range(3):
        model.fit_scaling(normal_rows(100, 11))
    model.fit_batch(normal_rows(64, 12))
    assert model.stats["scaling_rows"] == 300 and model.stats["steps"] == 1


def test_a_model_is_exported_as_c(trained):
    text = trained.export_c()
    assert text == trained.export_c("model") == trained.copy().export_c()
    for line in ("float model_score(const float row[MODEL_COLUMNS])\n", "float model_pvalue(float score)\n", "#define MODEL_COLUMNS 3\n"):
        assert line in text
    assert "int pump_is_anomaly(float score)\n" in trained.export_c(prefix="pump")
    for wrong in ("", "2nd", "a b", "é", "_m"):
        with pytest.raises(aepred.ArgumentError, match="a letter, then letters"):
            trained.export_c(wrong)
    with pytest.raises(aepred.ArgumentError, match="NUL"):
        trained.export_c("a\0")
    with pytest.raises(aepred.StateError, match="not trained"):
        aepred.Model(3).export_c()
    names = aepred.Model(columns=[Column("Öl\udcff*/", ("\udcff", "b"))], missing="impute", epochs=1, batch=16)
    names.fit(np.arange(64).reshape(64, 1) % 2)
    assert "Öl?*?" in names.export_c() and "0 ?, 1 b" in names.export_c()


def test_saved_and_copied_models_score_the_same(trained, tmp_path):
    rows = normal_rows(20, 13)
    path = tmp_path / "pump.aepred"
    trained.save(path)
    data = trained.to_bytes()
    assert path.read_bytes() == data
    others = [aepred.Model.load(path), aepred.Model.from_bytes(memoryview(data)), trained.copy()]
    others.append(pickle.loads(pickle.dumps(trained)))
    for other in others:
        assert np.array_equal(other.score(rows), trained.score(rows))
        assert other.threshold == trained.threshold


def test_the_threshold_can_be_changed(trained):
    model = trained.copy()
    model.set_alarm_rate(0.1)
    assert model.threshold < trained.threshold
    model.threshold = 2.5
    assert model.threshold == 2.5
    assert model.predict([2.0, 2.5, 3.0]).tolist() == [False, True, True]


def test_threads_score_the_same_each_with_its_workspace(trained, monkeypatch):
    rows = normal_rows(200, 14)
    expected = trained.score(rows)
    workspaces = set()
    results = []
    barrier = threading.Barrier(4)

    def work():
        barrier.wait()
        results.extend(np.array_equal(trained.score(rows), expected) for _ in range(20))
        workspaces.add(trained._workspace().value)
        barrier.wait()  # until then no workspace is freed, so their addresses differ

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 80 and len(workspaces) == 4


def test_a_model_that_is_being_changed_refuses_other_threads():
    model = aepred.Model(3, epochs=1)
    outcome = []

    def score():
        try:
            model.score(normal_rows(5, 15))
        except RuntimeError as error:
            outcome.append(str(error))

    def progress(*_):
        if not outcome:
            thread = threading.Thread(target=score)
            thread.start()
            thread.join()
            with pytest.raises(RuntimeError, match="being changed already"):
                model.set(epochs=2)

    assert model.fit(normal_rows(100, 15), progress)
    assert outcome and "another thread is changing this model" in outcome[0]


@pytest.mark.parametrize("convert", [np.asarray, np.ndarray.tolist, lambda rows: rows.astype(np.int64), np.asfortranarray])
def test_columns_that_single_precision_cannot_tell_apart_are_warned_of(convert, caplog):
    rows = 1000 * normal_rows(2000, 16).astype(float)
    rows[:, 1] = 1.7e9 + rows[:, 0] / 20
    model = aepred.Model(columns=["speed", "time", "pressure"], epochs=1)
    for fit in (model.fit_scaling, model.fit):
        fit(convert(rows))
        first, *others = [record.message for record in caplog.records if "precision" in record.message]
        assert first.startswith("column 1 (time): ") and "different values became" in first and not others
        caplog.clear()


def test_columns_that_lose_nothing_are_not_warned_of(caplog):
    rows = normal_rows(2000, 16).astype(float)
    rows[:, 1] = 1.7e9 + 0.1
    rows[:, 2] *= 1e9
    for kept in (rows, rows.astype(np.float32), np.where(rows > 1e9, np.nan, rows)):
        aepred.Model(3, missing="impute").fit_scaling(kept)
    assert not caplog.records


def test_names_in_files_may_have_any_encoding():
    data = aepred.Model(columns=[Column("caf\udce9", ("\udcff", "b"))], missing="impute").to_bytes()
    assert b"caf\xe9" in data
    model = aepred.Model.from_bytes(data)
    assert model.columns == (Column("caf\udce9", ("\udcff", "b")),)
    assert aepred.Model(columns=model.columns).columns == model.columns


def test_the_version_is_that_of_the_library():
    assert aepred.__version__ == aepred.library_version()


def test_another_score_takes_the_threshold_away(trained):
    model = trained.copy()
    model.set(score="reconstruction")
    assert model.threshold is None
    model.calibrate(normal_rows(1000, 2))
    assert model.threshold is not None


def test_warnings_of_the_library_are_logged(trained, caplog):
    with caplog.at_level(logging.WARNING, logger="aepred"):
        trained.copy().set_alarm_rate(1e-9)
    assert [record.name for record in caplog.records] == ["aepred"]


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt()])
def test_what_a_handler_of_logging_raises_comes_out(trained, error):
    class Handler(logging.Handler):
        def emit(self, record):
            raise error

    logger, handler = logging.getLogger("aepred"), Handler()
    logger.addHandler(handler)
    try:
        model = trained.copy()
        with pytest.raises(type(error)):
            model.set_alarm_rate(1e-9)
        with pytest.raises(type(error)):
            aepred.Model(3, patience=2, epochs=1).fit(normal_rows(50, 1))
    finally:
        logger.removeHandler(handler)
    model.set_alarm_rate(0.1)
    assert model.score(normal_rows(5, 1)).shape == (5,)
