# SPDX-License-Identifier: BSD-2-Clause
"""The estimators: scikit-learn's contract, and the two conventions of sign."""

import inspect
import os
import pickle
import threading
import warnings
from unittest import SkipTest

import aepred
import numpy as np
import pytest
from aepred import Column, conv
from aepred._library import lib
from pump import faulty_rows, normal_rows

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from aepred import AEPDetector, PyODDetector  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import NotFittedError, SkipTestWarning  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402

OF_SCIKIT_LEARN = {"score_kind": "score", "random_state": "seed"}  # parameters and the options that they are
SMALL = dict(encoder=(8, 1), head=(8,), epochs=60, batch=64, learning_rate=3e-3, random_state=1)


@pytest.fixture(scope="module")
def detector():
    return AEPDetector(**SMALL).fit(normal_rows(1000, 1))


@pytest.fixture(scope="module")
def pyod():
    return PyODDetector(contamination=0.05, **SMALL).fit(normal_rows(1000, 1))


@pytest.fixture(scope="module")
def rows():
    return np.concatenate([normal_rows(300, 2), faulty_rows(30, 3)])


# ------------------------------------------------------------------------------------------- scikit-learn's contract


@pytest.mark.parametrize(
    "estimator",
    [
        AEPDetector(),
        AEPDetector(contamination=0.1),
        AEPDetector(contamination=0.2, calibration=0.25, missing="impute"),
        AEPDetector(score_kind="joint", error="vector"),
    ],
    ids=["presets", "contamination", "missing values", "joint score"],
)
def test_scikit_learn_finds_nothing_wrong(estimator):
    pytest.importorskip("pandas", reason="pandas is not installed, without which scikit-learn skips a check")
    from sklearn.utils.estimator_checks import check_estimator

    assert not estimator._get_tags()["_xfail_checks"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", SkipTestWarning)
        checks = list(check_estimator(estimator, generate_only=True))
        assert len(checks) > 30
        for checked, check in checks:
            try:
                check(checked)
            except SkipTest as skipped:
                pytest.fail(f"{check} was skipped: {skipped}")
        check_estimator(estimator)


@pytest.mark.parametrize("estimator", [AEPDetector, PyODDetector])
def test_parameters_are_the_options_with_their_presets(estimator):
    parameters = {name: parameter.default for name, parameter in inspect.signature(estimator).parameters.items()}
    own = {"encoder", "decoder", "head", "image", "image_encoder", "image_decoder", "columns"}
    own |= {"contamination", "calibration", "n_jobs", "random_state"}
    options = {OF_SCIKIT_LEARN.get(name, name): value for name, value in parameters.items() if name not in own}
    presets = {name: option.preset for name, option in aepred.options().items()}
    assert presets.pop("seed") == 0
    assert options == presets
    assert all(name in AEPDetector.__doc__ for name in parameters)
    assert estimator().get_params() == parameters


def test_the_seed_is_the_one_given(detector):
    assert detector.model_.options["seed"] == 1
    again = clone(detector).fit(normal_rows(1000, 1))
    assert again.model_.to_bytes() == detector.model_.to_bytes()
    large = AEPDetector(**{**SMALL, "random_state": 2**40 + 1}).fit(normal_rows(600, 1))
    assert large.model_.options["seed"] == 2**40 + 1
    np.random.seed(3)
    first = AEPDetector(**{**SMALL, "random_state": None}).fit(normal_rows(100, 1)).model_.to_bytes()
    np.random.seed(3)
    assert AEPDetector(**{**SMALL, "random_state": None}).fit(normal_rows(100, 1)).model_.to_bytes() == first


@pytest.mark.parametrize(
    "parameters, error",
    [
        (dict(contamination=0.0), ValueError),
        (dict(contamination=0.6), ValueError),
        (dict(contamination="some"), ValueError),
        (dict(contamination=None), ValueError),
        (dict(calibration=0.95), ValueError),
        (dict(calibration=-0.1), ValueError),
        (dict(epochs=0), aepred.RangeError),
        (dict(epochs=None), TypeError),
        (dict(scaling="median"), aepred.OptionError),
        (dict(learning_rate="fast"), aepred.RangeError),
        (dict(encoder=(-1,)), aepred.RangeError),
        (dict(encoder=8), TypeError),
        (dict(random_state=-1), aepred.RangeError),
        (dict(random_state="x"), ValueError),
        (dict(n_jobs=0), ValueError),
        (dict(alarm_rate=2), aepred.RangeError),
        (dict(alarm_rate="often"), aepred.RangeError),
    ],
)
def test_parameters_are_checked_by_fit(parameters, error):
    detector = AEPDetector(**parameters)
    with pytest.raises(error):
        detector.fit(normal_rows(100, 1))
    assert not hasattr(detector, "model_")


def test_rows_are_not_copied(monkeypatch, rows):
    detector = AEPDetector(calibration=0, **SMALL)
    calls = {}
    for name in ("aep_fit", "aep_calibrate", "aep_score", "aep_explain", "aep_encode"):
        function = getattr(lib, name)

        def spy(*arguments, name=name, function=function):
            calls[name] = arguments
            return function(*arguments)

        monkeypatch.setattr(lib, name, spy)
    detector.fit(rows)
    detector.predict(rows)
    detector.explain(rows)
    detector.encode(rows)
    assert len(calls) == 5
    assert all(rows.ctypes.data in arguments for arguments in calls.values())


def test_it_works_in_a_pipeline_and_a_search(rows):
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipeline = make_pipeline(StandardScaler(), AEPDetector(**SMALL)).fit(normal_rows(600, 1))
    assert (pipeline.predict(rows)[300:] == -1).mean() > 0.9
    scorer = make_scorer(roc_auc_score, needs_threshold=True)
    search = GridSearchCV(AEPDetector(**SMALL), {"epochs": [1, 60]}, scoring=scorer, cv=2, n_jobs=None)
    order = np.random.default_rng(1).permutation(len(rows))
    search.fit(rows[order], np.where(order < 300, 1, -1))
    assert search.best_score_ > 0.5


# ---------------------------------------------------------------------------------------------- conventions of sign


def test_lower_is_abnormal_and_minus_one_in_scikit_learn(detector, rows):
    scores, decision, labels = detector.score_samples(rows), detector.decision_function(rows), detector.predict(rows)
    assert scores[300:].mean() < scores[:300].mean()
    assert np.array_equal(decision, scores - detector.offset_)
    assert np.array_equal(labels, np.where(decision < 0, -1, 1))
    assert (labels[300:] == -1).mean() > 0.9 and (labels[:300] == -1).mean() < 0.05
    assert roc_auc_score(np.arange(len(rows)) < 300, decision) > 0.95


def test_higher_is_abnormal_and_one_in_pyod(pyod, rows):
    scores, labels = pyod.decision_function(rows), pyod.predict(rows)
    assert scores[300:].mean() > scores[:300].mean()
    assert np.array_equal(labels, (scores > pyod.threshold_).astype(int))
    assert labels[300:].mean() > 0.9 and labels[:300].mean() < 0.12


@pytest.mark.parametrize("contamination", ["auto", 0.05, 1 / 3])
def test_the_conventions_agree(contamination, rows):
    parameters = {**SMALL, "epochs": 5, "contamination": contamination}
    train = normal_rows(1000, 1)
    ours, theirs = AEPDetector(**parameters).fit(train), PyODDetector(**parameters).fit(train)
    assert np.array_equal(ours.score_samples(rows), -theirs.decision_function(rows))
    assert ours.offset_ == -theirs.threshold_
    assert np.array_equal(ours.predict(rows) == -1, theirs.predict(rows) == 1)
    model = ours.model_
    assert np.array_equal(model.score(rows), theirs.decision_function(rows))
    assert np.array_equal(model.predict(model.score(rows)), ours.predict(rows) == -1)


def test_a_score_at_the_threshold_is_an_anomaly_to_all_of_them(rows):
    detector = AEPDetector(**SMALL, calibration=0.5).fit(normal_rows(1000, 1))
    score = detector.model_.score(rows[:1])
    detector.model_.threshold = float(score[0])
    again = AEPDetector.from_model(detector.model_)
    assert detector.model_.predict(score)[0]
    assert again.predict(rows[:1]) == -1 and again.decision_function(rows[:1]) < 0
    assert PyODDetector.from_model(detector.model_).predict(rows[:1]) == 1


# --------------------------------------------------------------------------------------- threshold and calibration


def test_contamination_is_the_share_of_rows_flagged():
    train = normal_rows(1000, 1)
    for contamination in (0.05, 0.2, np.float32(0.5)):
        detector = AEPDetector(**SMALL, contamination=contamination)
        assert (detector.fit_predict(train) == -1).sum() == int(1000 * contamination)
    assert detector.model_.options["alarm_rate"] == 0.01


def test_rows_are_held_back_to_calibrate_on_if_they_are_enough():
    def calibration_rows(n, **parameters):
        stats = AEPDetector(**{**SMALL, "epochs": 1}, **parameters).fit(normal_rows(n, 1)).model_.stats
        return stats["calibration_rows"], stats["scaling_rows"]

    assert calibration_rows(500) == (100, 400)
    assert calibration_rows(499) == (499, 499)
    assert calibration_rows(100, alarm_rate=0.1) == (20, 80)
    assert calibration_rows(100, calibration=0.5) == (50, 50)
    assert calibration_rows(100, calibration=0) == (100, 100)


def test_rows_to_calibrate_on_are_drawn_from_all_of_them():
    train = np.concatenate([normal_rows(500, 1), 3 + normal_rows(500, 1)])  # the first rows are unlike the last ones
    detector = AEPDetector(**{**SMALL, "epochs": 1, "random_state": 5}, calibration=0.5)
    train_on, calibrate_on = detector._split(1000, np.random.RandomState(5))
    for part in (train_on, calibrate_on):
        assert 200 < (part < 500).sum() < 300 and len(part) == 500
    assert sorted([*train_on, *calibrate_on]) == list(range(1000)) and list(train_on) == sorted(train_on)
    rows = detector.fit(train).model_.stats
    assert rows["scaling_rows"] == rows["calibration_rows"] == 500


def test_a_share_is_the_rate_to_calibrate_for():
    with warnings.catch_warnings():
        warnings.simplefilter("error", aepred.AepredWarning)
        AEPDetector(**{**SMALL, "epochs": 60}, contamination=0.1).fit(normal_rows(60, 1))  # too few for the preset alarm rate


def test_the_threshold_of_the_model_lies_above_that_of_a_share():
    for seed in range(20):
        detector = AEPDetector(**{**SMALL, "epochs": 1}, contamination=0.25).fit(normal_rows(101, seed))
        assert np.float32(detector.model_.threshold) == detector.model_.threshold > detector.threshold_
        scores = detector.model_.score(normal_rows(101, seed))
        assert np.array_equal(detector.model_.predict(scores), scores.astype(float) > detector.threshold_)


@pytest.mark.parametrize("n_jobs, threads", [(None, 1), (1, 1), (3, 3), (-1, 8), (-2, 7), (-8, 1), (-20, 1), (10_000, 256)])
def test_threads_are_counted_as_in_joblib(n_jobs, threads, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert AEPDetector(**{**SMALL, "epochs": 1, "n_jobs": n_jobs}).fit(normal_rows(50, 1)).model_.threads == threads


def test_options_out_of_bounds_are_refused_by_the_library_and_not_earlier():
    for parameters in (dict(batch=0), dict(batch=-3), dict(alarm_rate=-1.0)):
        for method in ("fit", "partial_fit"):
            with pytest.raises(aepred.RangeError, match=next(iter(parameters))):
                getattr(AEPDetector(**parameters), method)(normal_rows(50, 1))


def test_calibrate_sets_the_threshold_anew(detector, rows):
    detector = pickle.loads(pickle.dumps(detector)).set_params(alarm_rate=0.2)
    before = detector.offset_
    assert detector.calibrate(normal_rows(1000, 4)) is detector
    assert detector.offset_ > before
    assert 0.1 < (detector.predict(rows[:300]) == -1).mean() < 0.3


def test_errors_are_those_of_the_model(detector, rows):
    errors, predicted = detector.errors(rows)
    assert np.allclose(np.abs(errors - predicted)[:, 0], -detector.score_samples(rows), rtol=1e-4, atol=1e-6)


def test_pvalues_say_how_rare_a_row_is(detector, rows):
    pvalues = detector.pvalue(rows)
    assert np.array_equal(pvalues, detector.model_.pvalue(detector.model_.score(rows)))
    assert np.median(pvalues[300:]) < 0.02 and 0.3 < pvalues[:300].mean() < 0.7


# -------------------------------------------------------------------------------------------------------- training


def test_progress_is_called_and_may_stop_training():
    seen = []
    detector = AEPDetector(**SMALL).fit(normal_rows(600, 1), progress=lambda model, epoch, *_: seen.append(epoch) or epoch == 2)
    assert seen[-1] == 2 and detector.model_.stats["epochs"] <= 2
    assert detector.predict(normal_rows(5, 1)).shape == (5,)


def test_an_exception_of_progress_comes_out_and_leaves_the_detector_as_it_was(rows):
    detector = AEPDetector(**SMALL).fit(normal_rows(600, 1))
    before = detector.score_samples(rows)

    def progress(*_):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        detector.fit(normal_rows(600, 5), progress=progress)
    assert np.array_equal(detector.score_samples(rows), before)


def test_partial_fit_goes_on_training(rows):
    detector = AEPDetector(**{**SMALL, "batch": 100})
    assert detector.partial_fit(normal_rows(400, 1)) is detector
    assert detector.model_.stats["steps"] == 4 and detector.n_features_in_ == 3
    model = detector.model_
    for seed in range(2, 40):
        detector.partial_fit(normal_rows(450, seed))
    assert detector.model_.stats["steps"] == 4 + 38 * 5 and model.stats["steps"] == 4  # each call trains a copy
    assert roc_auc_score(np.arange(len(rows)) < 300, detector.decision_function(rows)) > 0.9
    with pytest.raises(ValueError, match="features"):
        detector.partial_fit(rows[:, :2])
    with pytest.raises(ValueError, match="minimum of 2"):
        detector.partial_fit(rows[:1])
    detector.fit(normal_rows(600, 1)).partial_fit(normal_rows(200, 2))
    assert detector.model_ is not model


def test_a_fit_that_fails_leaves_the_detector_as_it_was(rows):
    for make in (lambda: AEPDetector(**SMALL).fit(normal_rows(200, 1)), AEPDetector):
        detector = make()
        before = dict(vars(detector))
        for use in (detector.fit, detector.partial_fit):
            for wrong in (np.full((20, 5), np.nan), np.full((20, 3), np.nan), np.zeros((1, 3))):
                with pytest.raises(ValueError):
                    use(wrong)
        with pytest.raises(KeyError):
            detector.fit(normal_rows(200, 1)[:, :2], progress=lambda *_: {}["stop"])
        assert vars(detector) == before
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(normal_rows(100, 1), columns=["a", "b", "c"])
    detector = AEPDetector(epochs=1).fit(frame)
    with pytest.raises(ValueError):
        detector.fit(normal_rows(100, 1)[:, :2] * np.nan)
    assert detector.feature_names_in_.tolist() == ["a", "b", "c"] and detector.predict(frame).shape == (100,)


def test_partial_fit_keeps_a_calibration_that_few_rows_cannot_replace(rows):
    for estimator in (AEPDetector, PyODDetector):
        detector = estimator(**SMALL).fit(normal_rows(1000, 1))
        threshold, calibrated = detector.threshold_, detector.model_.stats["calibration_rows"]
        detector.partial_fit(normal_rows(99, 5))
        assert detector.threshold_ == threshold and detector.model_.stats["calibration_rows"] == calibrated == 200
        detector.partial_fit(normal_rows(100, 5))
        assert detector.threshold_ != threshold and detector.model_.stats["calibration_rows"] == 100
        detector.set_params(score_kind="reconstruction").partial_fit(normal_rows(50, 5))
        assert detector.model_.stats["calibration_rows"] == 50


def test_partial_fit_takes_parameters_that_changed():
    detector = AEPDetector(**SMALL).fit(normal_rows(200, 1))
    detector.set_params(learning_rate="0.5", n_jobs=2).partial_fit(normal_rows(100, 2))
    assert detector.model_.options["learning_rate"] == 0.5 and detector.model_.threads == 2


def test_rows_are_scored_beside_partial_fit(rows):
    detector = AEPDetector(**SMALL).fit(normal_rows(1000, 1))
    results, errors, stop = [], [], threading.Event()

    def score():
        while not stop.is_set():
            try:
                results.append(detector.score_samples(rows))
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=score)
    thread.start()
    try:
        for seed in range(10):
            detector.partial_fit(normal_rows(1000, seed))
    finally:
        stop.set()
        thread.join()
    assert not errors and results and all(np.isfinite(scores).all() for scores in results)


def test_partial_fit_takes_any_number_of_rows_from_two_on():
    detector = AEPDetector(batch=2)
    for n in range(2, 8):
        detector.partial_fit(normal_rows(n, n))
    assert detector.model_.stats["steps"] == sum(n // 2 for n in range(2, 8))


def test_options_may_be_text():
    detector = AEPDetector(epochs="2", batch="100", alarm_rate="0.02", squared="yes", random_state=1).fit(normal_rows(300, 1))
    assert detector.model_.stats["calibration_rows"] == 60 and detector.model_.options["squared"] is True
    assert detector.partial_fit(normal_rows(250, 2)).model_.stats["steps"] == 2 * 3 + 3


def test_results_are_the_same_for_any_number_of_threads(detector, rows):
    threaded = clone(detector).set_params(n_jobs=2).fit(normal_rows(1000, 1))
    assert threaded.model_.threads == 2
    assert np.array_equal(threaded.score_samples(rows), detector.score_samples(rows))
    assert pickle.loads(pickle.dumps(threaded)).model_.threads == 2
    assert clone(detector).set_params(n_jobs=-1).fit(rows).model_.threads >= 1


# ----------------------------------------------------------------------------------------------------- what goes in


def test_images_are_taken_as_they_are():
    random = np.random.default_rng(1)
    y, x = np.mgrid[:8, :8]
    images = np.sin((x + y) * 0.8 + random.uniform(0, 6.3, (200, 1, 1, 1))).astype(np.float32)
    detector = AEPDetector(image=(1, 8, 8), image_encoder=[conv(4, 3, 2)], encoder=(4,), epochs=2, random_state=1)
    detector.fit(images)
    assert detector.n_features_in_ == 64 and detector.model_.image == (1, 8, 8)
    assert detector.explain(images).shape == detector.reconstruct(images).shape == images.shape
    for other in (images[:, 0], images.reshape(200, -1), images[:, 0].astype(float).tolist()):
        assert np.array_equal(detector.score_samples(other), detector.score_samples(images))
    with pytest.raises(ValueError):
        detector.predict(images[:, :, :4])
    with pytest.raises(ValueError):
        AEPDetector().fit(images)


def test_frames_bring_their_names_levels_and_gaps(tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    random = np.random.default_rng(1)
    frame = pandas.DataFrame({"protocol": random.choice(["tcp", "udp", None], 300), "bytes": random.normal(size=300)})
    frame.loc[5, "bytes"] = None
    detector = AEPDetector(missing="impute", epochs=2, random_state=1).fit(frame)
    assert detector.model_.columns == (Column("protocol", ("tcp", "udp")), Column("bytes"))
    assert detector.feature_names_in_.tolist() == ["protocol", "bytes"] and detector.n_features_in_ == 2
    scores = detector.score_samples(frame)
    assert detector.explain(frame).shape == (300, 2)
    assert np.isfinite(detector.score_samples(pandas.DataFrame({"protocol": ["icmp"], "bytes": [1]}))).all()
    with pytest.raises(ValueError, match="[Ff]eature names"):
        detector.predict(frame[["bytes", "protocol"]])
    with pytest.raises(ValueError, match="NaN"):
        AEPDetector().fit(frame)
    detector.save(tmp_path / "model.aepred")
    for other in (AEPDetector.load(tmp_path / "model.aepred"), pickle.loads(pickle.dumps(detector))):
        assert np.array_equal(other.score_samples(frame), scores)
        assert other.feature_names_in_.tolist() == ["protocol", "bytes"]


def test_columns_may_be_declared():
    train = [["tcp", 1], ["udp", 2], ["tcp", None]] * 50
    for columns in ([Column("protocol", ("tcp", "udp")), "bytes"], {0: Column(None, ["tcp", "udp"])}):
        detector = AEPDetector(columns=columns, missing="impute", epochs=1).fit(train)
        assert detector.model_.n_features == 3
        assert np.array_equal(detector.score_samples([["udp", 2]]), detector.score_samples([[1, 2]]))
    with pytest.raises(ValueError):
        detector.score_samples(["tcp", 1])
    with pytest.raises(aepred.ColumnsError, match=r"1 entries, but the rows have 2 columns; .* \{index: Column"):
        AEPDetector(columns=[Column("protocol", ("tcp", "udp"))]).fit(train)


# ------------------------------------------------------------------------------------------- messages and warnings


@pytest.mark.parametrize(
    "value, says", [(np.nan, "the value is NaN; .*missing.*impute"), (np.inf, "infinite"), (1e39, "1e\\+39 is too large")]
)
def test_values_that_cannot_be_are_named_by_row_and_column(value, says, detector):
    rows = normal_rows(700, 1).astype(float)
    rows[577, 1] = value
    for use in (AEPDetector().fit, AEPDetector().partial_fit, detector.predict, clone(detector).fit):
        with pytest.raises(aepred.NotFiniteError, match=f"row 577, column 1: .*{says}"):
            use(rows)
    images = np.zeros((30, 2, 4, 4))
    images[13, 1, 2, 3] = value
    with pytest.raises(aepred.NotFiniteError, match=r"row 13, column 27 \(channel 1, y 2, x 3\)"):
        AEPDetector(image=(2, 4, 4)).fit(images)


def test_names_of_columns_are_in_messages_too():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(normal_rows(700, 1).astype(float), columns=["speed", "flow", "pressure"])
    frame.loc[577, "flow"] = 1e39
    with pytest.raises(aepred.NotFiniteError, match=r"row 577, column 1 \(flow\): 1e\+39"):
        AEPDetector().fit(frame)
    frame.loc[577, "flow"] = np.nan
    with pytest.raises(aepred.NotFiniteError, match=r"row 577, column 1 \(flow\): the value is NaN"):
        AEPDetector().fit(frame)


def test_codes_that_are_no_levels_are_named_by_their_row():
    rows = normal_rows(700, 1)
    rows[:, 0] = np.arange(700) % 2
    rows[577, 0] = 2
    with pytest.raises(aepred.LevelError, match=r"row 577, column 0 \(c\): 2 is not the code"):
        AEPDetector(columns={0: Column("c", 2)}, epochs=1).fit(rows)


def test_warnings_of_estimators_are_those_of_python(caplog):
    detector = AEPDetector(epochs=1, random_state=1)
    rows = normal_rows(50, 1)
    for use in (detector.fit, AEPDetector().partial_fit, detector.calibrate):
        with pytest.warns(aepred.AepredWarning, match="an alarm rate of 0.01 needs 99 calibration rows") as caught:
            use(rows)
        assert {warning.filename for warning in caught} == {__file__}
    assert issubclass(aepred.AepredWarning, UserWarning) and not caplog.records


def test_columns_that_single_precision_cannot_tell_apart_are_warned_of():
    rows = normal_rows(700, 1).astype(float)
    rows[:, 2] = 1.7e9 + 60 * rows[:, 0]
    with pytest.warns(aepred.AepredWarning, match="column 2: 700 different values became . in single precision; subtract"):
        AEPDetector(epochs=1).fit(rows)


@pytest.mark.parametrize(
    "parameters, says",
    [
        (dict(score="joint"), "AEPDetector has no parameter 'score'; did you mean score_kind"),
        (dict(seed=1), "did you mean random_state"),
        (dict(epoch=1), "did you mean epochs"),
        (dict(nothing=1), "AEPDetector has no parameter 'nothing'$"),
    ],
)
def test_parameters_that_do_not_exist_are_refused_by_the_name_of_the_class(parameters, says):
    with pytest.raises(TypeError, match=says):
        AEPDetector(**parameters)
    with pytest.raises(TypeError, match=says.replace("AEPDetector", "PyODDetector")):
        PyODDetector(**parameters)
    with pytest.raises(TypeError, match="AEPDetector takes parameters by name only"):
        AEPDetector((32, 8))


def test_the_learning_gate_counts_from_the_second_part_on():
    detector = AEPDetector(**{**SMALL, "learning_gate": 0.02}).partial_fit(normal_rows(400, 1))
    assert detector.model_.stats["gated_rows"] == 0
    rows = normal_rows(100, 2)
    rows[:30] *= 50
    assert 30 <= detector.partial_fit(rows).model_.stats["gated_rows"] <= 45


def test_set_params_changes_the_number_of_threads_of_a_fitted_detector():
    rows = normal_rows(50, 1)
    detector = AEPDetector(**{**SMALL, "epochs": 1}).fit(rows)
    scores = detector.score_samples(rows)
    assert detector.set_params(n_jobs=3) is detector and detector.model_.threads == 3
    np.testing.assert_array_equal(detector.score_samples(rows), scores)
    with pytest.raises(ValueError, match="n_jobs is 0"):
        detector.set_params(n_jobs=0)
    assert detector.model_.threads == 3


@pytest.mark.parametrize("n_jobs, error", [(2.0, TypeError), ("2", TypeError), (0, ValueError)])
def test_wrong_numbers_of_threads_are_refused_by_name(n_jobs, error):
    with pytest.raises(error, match=f"n_jobs is {n_jobs!r}, but must be"):
        AEPDetector(n_jobs=n_jobs).fit(normal_rows(50, 1))


def test_arguments_of_fit_in_the_wrong_place_are_refused():
    with pytest.raises(TypeError, match="progress="):
        AEPDetector().fit(normal_rows(50, 1), lambda *_: None)
    with pytest.raises(ValueError, match=r"image=\(channels, height, width\)"):
        AEPDetector().fit(np.zeros((20, 1, 8, 8)))


def test_attributes_that_come_with_fit_are_asked_for_by_name():
    for name in ("model_", "threshold_", "offset_", "n_features_in_"):
        with pytest.raises(NotFittedError, match=f"AEPDetector is not fitted: it has {name} after fit"):
            getattr(AEPDetector(), name)
    with pytest.raises(AttributeError, match="'AEPDetector' object has no attribute 'ofset_'"):
        AEPDetector().ofset_


def test_masked_values_are_missing():
    rows = normal_rows(100, 1)
    masked = np.ma.masked_array(rows, np.arange(300).reshape(100, 3) == 4)
    with pytest.raises(aepred.NotFiniteError, match="row 1, column 1: the value is NaN"):
        AEPDetector(epochs=1).fit(masked)
    rows[1, 1] = np.nan
    detector = AEPDetector(epochs=1, missing="impute", random_state=1).fit(masked)
    assert detector.to_bytes() == clone(detector).fit(rows).to_bytes()


# ---------------------------------------------------------------------------------------------------------- saving


@pytest.mark.parametrize("estimator", [AEPDetector, PyODDetector])
def test_a_detector_can_be_made_of_a_model(estimator, detector, rows, tmp_path):
    detector.save(tmp_path / "pump.aepred")
    for other in (estimator.load(tmp_path / "pump.aepred"), estimator.from_bytes(detector.to_bytes())):
        assert np.array_equal(other.predict(rows) == (-1 if estimator is AEPDetector else 1), detector.predict(rows) == -1)
        assert other.n_features_in_ == 3 and not hasattr(other, "feature_names_in_")
        assert other.epochs == 60 and other.random_state == 1 and other.encoder == (8, 1)
        again = clone(other).fit(normal_rows(1000, 1))
        assert np.array_equal(again.model_.score(rows), detector.model_.score(rows))
        assert other.columns is None and "Column" not in repr(other)
    with pytest.raises(ValueError, match="no threshold"):
        estimator.from_model(aepred.Model(3))


def test_a_detector_of_images_can_be_made_of_a_model():
    images = np.random.default_rng(1).normal(size=(120, 2, 6, 6)).astype(np.float32)
    detector = AEPDetector(image=(2, 6, 6), epochs=1, random_state=1).fit(images)
    other = AEPDetector.from_bytes(detector.to_bytes())
    assert np.array_equal(other.predict(images), detector.predict(images))
    again = clone(other).fit(images)
    assert np.array_equal(again.score_samples(images), detector.score_samples(images))


def test_pickles_hold_everything(pyod, rows):
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")
    other = pickle.loads(pickle.dumps(pyod))
    assert np.array_equal(other.predict_proba(rows), pyod.predict_proba(rows))
    assert other.get_params() == pyod.get_params() and joblib.hash(other) == joblib.hash(pyod)
    results = joblib.Parallel(n_jobs=2)(joblib.delayed(pyod.decision_function)(part) for part in np.split(rows, 2))
    assert np.array_equal(np.concatenate(results), pyod.decision_function(rows))


def test_nothing_is_predicted_before_fit(rows):
    for use in (AEPDetector().predict, AEPDetector().pvalue, PyODDetector().predict_proba, PyODDetector().save):
        with pytest.raises(NotFittedError):
            use(rows)
