# SPDX-License-Identifier: BSD-2-Clause
"""The setting of each method on each data set: the one of its grid that best tells normal rows from changed copies of them.

Four fifths of the training rows of a split train, the last fifth is judged beside copies of itself that were changed in four ways; the mean
AUROC of the four decides. No anomaly of the data set is ever looked at, nor any row of a test set.
"""

import numpy as np

from . import protocols

LARGEST = 20000  # training rows; enough to tell settings apart
FIRST_SEED = 1000  # of splits and networks, none of which is used again


def exchanged(table, rows, random, share):
    """A share of the values of each row comes from other rows: each is usual, together they are not."""
    changed = rows.copy()
    for column in range(rows.shape[1]):
        chosen = random.random(len(rows)) < share
        changed[chosen, column] = rows[random.permutation(len(rows)), column][chosen]
    return changed


def stretched(table, rows, factor, center):
    """All numbers as many times as far from the middle."""
    changed, numeric = rows.copy(), table.numeric()
    changed[:, numeric] = center[numeric] + factor * (rows[:, numeric] - center[numeric])
    return changed


def shifted(table, rows, random, deviation):
    """A tenth of the numbers, at least one, three standard deviations up or down."""
    changed, numeric = rows.copy(), np.array(table.numeric())
    for row in changed:
        chosen = random.choice(numeric, max(1, len(numeric) // 10), replace=False)
        row[chosen] += 3 * deviation[chosen] * random.choice([-1, 1], len(chosen))
    return changed


def changed_copies(table, rows, train, random):
    center, deviation = train.mean(axis=0), train.std(axis=0)
    return {"exchanged": exchanged(table, rows, random, 1), "half exchanged": exchanged(table, rows, random, 0.5),
            "stretched": stretched(table, rows, 2, center), "shifted": shifted(table, rows, random, deviation)}


def judge(method, table, setting, seed):
    """{score: mean AUROC over the four ways}, for each score that the method gives."""
    random = np.random.default_rng(seed)
    rows = table.rows[random.permutation(protocols.split(table, "normal", seed).train)[:LARGEST]]
    held, train = rows[:len(rows) // 5], rows[len(rows) // 5:]
    learned = method()
    learned.fit(table, train, setting, seed)
    found = {}
    for copies in changed_copies(table, held, train, random).values():
        is_anomaly = np.arange(2 * len(held)) >= len(held)
        for name, scores in learned.scores(np.concatenate([held, copies])).items():
            found.setdefault(name, []).append(protocols.ranking(scores, is_anomaly)[0])
    return {name: float(np.mean(aurocs)) for name, aurocs in found.items()}


def choose(method, table, repeats=3):
    """[(setting, mean AUROC of the method's own score)], best first."""
    own = method.NAMES[0]
    tried = [(setting, float(np.mean([judge(method, table, setting, FIRST_SEED + i)[own] for i in range(repeats)])))
             for setting in method.GRID]
    return sorted(tried, key=lambda pair: -pair[1])
