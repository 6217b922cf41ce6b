# SPDX-License-Identifier: BSD-2-Clause
"""Rows of a pump, for the tests of models and estimators."""

import numpy as np


def normal_rows(n, seed):
    """A pump that is well: flow and pressure follow from its speed."""
    random = np.random.default_rng(seed)
    speed = random.uniform(0.4, 1, n)
    rows = np.stack([speed, 20 * speed, 6 * speed**2], axis=1) + random.normal(0, 0.02, (n, 3))
    return rows.astype(np.float32)


def faulty_rows(n, seed):
    rows = normal_rows(n, seed)
    rows[:, 1] *= 0.7
    return rows
