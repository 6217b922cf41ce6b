# SPDX-License-Identifier: BSD-2-Clause
"""How often aep_explain puts a tampered column first, beside the views that it is made of. Printed in docs/method.md.

Rows of 10 columns that follow 3 hidden factors, linearly or not; one column of each test row is moved up or down by a number of
its standard deviations. Needs NumPy and the Python binding (PYTHONPATH=bindings/python, AEPRED_LIBRARY).

usage: explain.py
"""

import numpy as np

import aepred

N_COLUMNS, N_FACTORS, N_TRAIN, N_TEST = 10, 3, 3000, 1000
CASES = [
    ("linear", "norm", 2),
    ("linear", "norm", 4),
    ("curved", "norm", 2),
    ("curved", "norm", 4),
    ("curved", "vector", 2),
    ("curved", "vector", 4),
    ("half unrelated", "norm", 4),
]


def make_rows(kind, n, rng):
    mixing = np.random.default_rng(7).normal(size=(N_FACTORS, N_COLUMNS))
    rows = rng.normal(size=(n, N_FACTORS)) @ mixing
    if kind != "linear":
        rows = np.sin(1.5 * rows) + 0.3 * rows
    rows += 0.1 * rng.normal(size=rows.shape)
    if kind == "half unrelated":
        rows[:, N_COLUMNS // 2 :] = rng.normal(size=(n, N_COLUMNS - N_COLUMNS // 2))
    return rows.astype(np.float32)


def blamed(model, rows, by_score):
    """The error of each row, or its score where that is to be blamed."""
    errors, predicted = model.errors(rows)
    error = errors[:, 0] if model.error_size == 1 else model.score(rows)
    return np.where(by_score, np.abs(errors - predicted)[:, 0], error)


def drops(model, rows, values):
    """By how much what is blamed on each row falls when a column alone takes another value."""
    errors, predicted = model.errors(rows)
    by_score = (errors < predicted)[:, 0] & (model.error_size == 1)
    before = blamed(model, rows, by_score)
    fallen = np.empty(rows.shape)
    for column in range(N_COLUMNS):
        changed = rows.copy()
        changed[:, column] = values[:, column]
        fallen[:, column] = before - blamed(model, changed, by_score)
    return fallen.clip(min=0)


def views(model, rows, mean, deviation):
    """Shares of each column by view, the last by aep_explain."""
    rebuilt = model.reconstruct(rows)
    by_reconstruction = drops(model, rows, rebuilt)
    by_mean = drops(model, rows, np.broadcast_to(mean, rows.shape))
    return {
        "own error": ((rows - rebuilt) / deviation) ** 2,
        "drop, reconstruction": by_reconstruction,
        "drop, usual value": by_mean,
        "drop, lower of both": np.maximum(by_reconstruction, by_mean),
        "aep_explain": model.explain(rows),
    }


def first_share(kind, error, distance, seed):
    rng = np.random.default_rng(seed)
    train, test = make_rows(kind, N_TRAIN, rng), make_rows(kind, N_TEST, rng)
    mean, deviation = train.mean(0), train.std(0)
    tampered = rng.integers(N_COLUMNS, size=N_TEST)
    test[np.arange(N_TEST), tampered] += distance * deviation[tampered] * rng.choice([-1, 1], N_TEST)
    model = aepred.Model(N_COLUMNS, encoder=(16, N_FACTORS), head=(16, 16), error=error, squash="none", seed=seed,
                         batch=64, epochs=60, learning_rate=3e-3)
    model.fit(train)
    return {name: (view.argmax(1) == tampered).mean() for name, view in views(model, test, mean, deviation).items()}


def main():
    for case in CASES:
        results = [first_share(*case, seed) for seed in (1, 2, 3)]
        if case is CASES[0]:
            print("| rows | error | moved by |", " | ".join(results[0]), "|")
        figures = " | ".join(f"{np.mean([result[name] for result in results]):.2f}" for name in results[0])
        print(f"| {case[0]} | {case[1]} | {case[2]} sd | {figures} |", flush=True)


if __name__ == "__main__":
    main()
