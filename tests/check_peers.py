#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""DAGMM and DSEBM-e of bench/evaluation: their formulas against plain ones, and that they find what is easy to find.

Usage: check_peers.py BENCH_FOLDER; without torch it exits with 77.
"""

import importlib.util
import inspect
import sys

if importlib.util.find_spec("torch") is None:
    print("skipped: no torch (Debian: python3-torch)")
    sys.exit(77)

import numpy as np  # noqa: E402
import torch  # noqa: E402

sys.path.insert(0, sys.argv[1])
from evaluation import dagmm, dsebm, minibatch  # noqa: E402


def easy_set(n: int, n_anomalies: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows near a circle in eight dimensions, to learn from and to test, and rows of the same spread anywhere. A circle keeps
    away from the origin, where DAGMM's relative distance says little.
    """
    random = np.random.default_rng(1)
    axes = np.linalg.qr(random.normal(0, 1, (8, 2)))[0].T * np.sqrt(8)

    def rows(n: int) -> np.ndarray:
        angle = random.uniform(0, 2 * np.pi, n)
        return np.stack([np.cos(angle), np.sin(angle)], axis=1) @ axes + random.normal(0, 0.1, (n, 8))

    return tuple(part.astype(np.float32) for part in (rows(n), rows(n), random.normal(0, 1, (n_anomalies, 8))))


def auroc(normal: np.ndarray, anomalous: np.ndarray) -> float:
    return float((anomalous[:, None] > normal).mean())


def small_dagmm(seed: int = 1) -> dagmm.DAGMM:
    return dagmm.DAGMM(8, layers=(16, 2), estimation=10, components=2, epochs=100, batch=128, learning_rate=5e-3, seed=seed)


def small_dsebm(seed: int = 1) -> dsebm.DSEBM:
    return dsebm.DSEBM(8, layers=(16, 8), epochs=50, batch=128, learning_rate=2e-3, seed=seed)


def mixture_is_the_weighted_mean_and_covariance() -> None:
    random = np.random.default_rng(2)
    z, gamma = random.normal(0, 2, (50, 3)), random.dirichlet([1, 1, 1, 1], 50)
    phi, mean, covariance = dagmm.mixture(torch.from_numpy(z), torch.from_numpy(gamma.T.copy()))
    for k in range(4):
        assert np.isclose(phi[k], gamma[:, k].mean())
        assert np.allclose(mean[k], np.average(z, axis=0, weights=gamma[:, k]))
        expected = np.cov(z.T, aweights=gamma[:, k], ddof=0) + 1e-6 * np.eye(3)
        assert np.allclose(covariance[k], expected, rtol=1e-10), (covariance[k], expected)


def energy_is_minus_the_log_of_the_density() -> None:
    random = np.random.default_rng(3)
    z, phi, mean = random.normal(0, 2, (20, 3)), random.dirichlet([1, 1, 1, 1]), random.normal(0, 1, (4, 3))
    roots = random.normal(0, 1, (4, 3, 3))
    covariance = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(3)
    found = dagmm.energy(*(torch.from_numpy(array) for array in (z, phi, mean, covariance)))
    for row, energy in zip(z, found):
        density = 0.0
        for k in range(4):
            squared_distance = (row - mean[k]) @ np.linalg.inv(covariance[k]) @ (row - mean[k])
            density += phi[k] * np.exp(-squared_distance / 2) / np.sqrt(np.linalg.det(2 * np.pi * covariance[k]))
        assert np.isclose(energy, -np.log(density), rtol=1e-10), (energy, -np.log(density))


def energy_of_a_far_row_is_finite() -> None:
    one = torch.ones(1, dtype=torch.double)
    z = torch.full((1, 2), 1e4, dtype=torch.double)  # the density itself is 0 in floating point
    found = dagmm.energy(z, one, torch.zeros(1, 2, dtype=torch.double), torch.eye(2, dtype=torch.double)[None])
    assert np.isclose(found, 1e8 + np.log(2 * np.pi)), found


def comparison_has_the_right_gradient() -> None:
    generator = torch.Generator().manual_seed(4)
    x, back = torch.randn(2, 5, 3, generator=generator, dtype=torch.double)
    assert torch.autograd.gradcheck(lambda back: dagmm._Comparison.apply(x, back), back.requires_grad_())


def reconstruction_is_x_minus_the_gradient_of_the_energy() -> None:
    generator = torch.Generator().manual_seed(5)
    for widths in ([5, 1], [5, 4, 3], [5, 7, 4, 1]):
        layers = [(weight.double(), torch.randn(bias.shape, generator=generator).double())
                  for weight, bias in minibatch.dense(widths, generator)]
        x, centre = torch.randn(6, 5, generator=generator).double(), torch.randn(5, generator=generator).double()
        gradient, step = torch.empty_like(x), 1e-5
        for j in range(5):
            move = torch.zeros(5, dtype=torch.double)
            move[j] = step
            gradient[:, j] = (dsebm.energy(x + move, layers, centre) - dsebm.energy(x - move, layers, centre)) / (2 * step)
        assert torch.allclose(dsebm.reconstruction(x, layers, centre), x - gradient, rtol=0, atol=1e-8), widths


def both_find_rows_off_the_circle() -> None:
    train, normal, anomalous = easy_set(2000, 500)
    for model in (small_dagmm(), small_dsebm()):
        model.fit(train)
        scores = model.score(normal)
        assert scores.dtype == np.float64 and scores.shape == (len(normal),)
        found = auroc(scores, model.score(anomalous))
        print(f"{type(model).__name__}: AUROC {found:.4f}")
        assert found > 0.95, (type(model), found)


def a_seed_decides_the_scores() -> None:
    train, normal, _ = easy_set(300, 1)
    for make in (small_dagmm, small_dsebm):
        first = make(7).fit(train).score(normal)
        torch.rand(1)  # the process's own generator plays no part
        again, other = make(7).fit(train).score(normal), make(8).fit(train).score(normal)
        assert np.array_equal(first, again), make
        assert not np.allclose(first, other), make


def scores_are_the_same_in_small_pieces() -> None:
    train, normal, _ = easy_set(300, 1)
    for model in (small_dagmm().fit(train), small_dsebm().fit(train)):
        whole, rows = model.score(normal), minibatch.ROWS_A_PIECE
        minibatch.ROWS_A_PIECE = 7
        pieces = model.score(normal)
        minibatch.ROWS_A_PIECE = rows
        assert np.allclose(whole, pieces, rtol=1e-3, atol=1e-3), type(model)


def training_that_diverges_is_an_error() -> None:
    train = easy_set(300, 1)[0]
    train[3, 2] = np.nan
    for model in (small_dagmm(), small_dsebm()):
        try:
            model.fit(train)
        except (FloatingPointError, torch.linalg.LinAlgError):
            continue
        raise AssertionError(type(model))


def settings_are_complete() -> None:
    for module, make in ((dagmm, dagmm.DAGMM), (dsebm, dsebm.DSEBM)):
        assert list(module.SETTINGS) == ["kdd", "kdd-rev", "thyroid", "arrhythmia", "mnist", "cifar10"]
        for settings in module.SETTINGS.values():
            inspect.signature(make).bind(118, seed=1, **settings)


def main() -> int:
    torch.set_num_threads(1)
    mixture_is_the_weighted_mean_and_covariance()
    energy_is_minus_the_log_of_the_density()
    energy_of_a_far_row_is_finite()
    comparison_has_the_right_gradient()
    reconstruction_is_x_minus_the_gradient_of_the_energy()
    both_find_rows_off_the_circle()
    a_seed_decides_the_scores()
    scores_are_the_same_in_small_pieces()
    training_that_diverges_is_an_error()
    settings_are_complete()
    return 0


if __name__ == "__main__":
    sys.exit(main())
