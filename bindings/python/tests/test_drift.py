# SPDX-License-Identifier: BSD-2-Clause
"""Rows beside those calibrated on, from Python."""

import numpy as np
import pytest

import aepred
from pump import normal_rows


@pytest.fixture(scope="module")
def model():
    rows = normal_rows(2000, 1)
    trained = aepred.Model(columns=["speed", "flow", "pressure"], encoder=(8, 2), head=(4,), epochs=5, seed=1)
    trained.fit(rows)
    trained.calibrate(normal_rows(2000, 2))
    return trained


def moved(drift):
    return {shift.name for shift in drift.shifts() if shift.kind == aepred.DriftKind.COLUMN and shift.psi > 0.25}


def test_rows_of_the_same_kind_have_not_moved_and_a_shifted_column_has(model):
    rows = normal_rows(1000, 3)
    drift = aepred.Drift(model)
    for part in np.array_split(rows, 7):
        drift.add(part)
    assert (drift.n_rows, drift.n_reference) == (1000, 2000)
    assert moved(drift) == set()
    assert all(shift.psi_pvalue > 1e-4 and 0 < shift.psi_noise < 0.1 for shift in drift.shifts())
    drift.clear()
    assert drift.n_rows == 0
    rows[:, 1] += 2 * rows[:, 1].std()
    drift.add(rows)
    assert moved(drift) == {"flow"}


def test_all_variables_are_listed_in_order(model):
    drift = aepred.Drift(model)
    drift.add(normal_rows(100, 3))
    shifts = drift.shifts()
    kinds = [shift.kind.name for shift in shifts]
    assert kinds == ["SCORE"] + ["CODE"] * model.code_size + ["COLUMN"] * model.n_columns
    assert [shift.index for shift in shifts] == [0, *range(model.code_size), *range(model.n_columns)]
    assert all(0 <= shift.ks <= 1 and 0 <= shift.ks_pvalue <= 1 for shift in shifts)


def test_levels_have_no_distance_of_distributions():
    rows = np.array([[i % 3, i % 7] for i in range(300)], np.float32)
    model = aepred.Model(columns=[aepred.Column("fuel", ["gas", "oil", "none"]), "n"], epochs=2, seed=1)
    model.fit(rows)
    model.calibrate(rows)
    drift = aepred.Drift(model)
    drift.add([["gas", 1], ["gas", 2], ["oil", 3]])
    fuel = drift.shifts()[-2]
    assert fuel.name == "fuel" and fuel.ks is None and fuel.ks_pvalue is None and fuel.psi > 0


def test_images_have_no_columns():
    images = np.random.default_rng(1).random((60, 1, 6, 6), np.float32)
    model = aepred.Model(image=(1, 6, 6), encoder=(3,), epochs=1, seed=1)
    model.fit(images)
    model.calibrate(images)
    drift = aepred.Drift(model)
    drift.add(images)
    assert [shift.kind.name for shift in drift.shifts()] == ["SCORE", "CODE", "CODE", "CODE"]


def test_errors_are_exceptions_and_count_nothing(model):
    raw = aepred.Model(3, epochs=1)
    with pytest.raises(aepred.AepredError, match=r"call calibrate\(rows\) first"):
        aepred.Drift(raw)
    drift = aepred.Drift(model)
    with pytest.raises(aepred.AepredError, match="no rows"):
        drift.shifts()
    rows = normal_rows(10, 3).copy()
    rows[4, 1] = np.nan
    with pytest.raises(aepred.NotFiniteError, match=r"row 4, column 1 \(flow\)"):
        drift.add(rows)
    with pytest.raises(ValueError, match="columns"):
        drift.add(rows[:, :2])
    assert drift.n_rows == 0


def test_the_gate_keeps_anomalies_out(model):
    gated = model.copy()
    gated.set(learning_gate=0.01)
    rows = normal_rows(64, 3).copy()
    rows[:20, 1] = 1e5
    gated.fit_batch(rows)
    assert 20 <= gated.stats["gated_rows"] <= 24
