# SPDX-License-Identifier: BSD-2-Clause
"""The setting of each method on each data set: the one of its grid that best tells normal rows from changed copies of them.

Four fifths of the training rows of a split train, the last fifth is judged beside copies of itself that were changed in several ways; the
mean AUROC over the ways decides. No anomaly of the data set is ever looked at. Splits are others than those of the evaluation, so that of tables
the normal rows may be test rows there.
"""

import numpy as np

from . import protocols
from .methods import names_of

LARGEST = 20000  # training rows; enough to tell settings apart
FIRST_SEED = 1000  # of splits and networks, none of which is used again
CLASSES = {"mnist": (2, 5, 8), "cifar10": (0, 1, 4, 5)}  # of images, that stand for all ten


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


def quarters(pictures):
    """Two opposite quarters exchanged."""
    height, width = pictures.shape[2] // 2, pictures.shape[3] // 2
    changed = pictures.copy()
    changed[:, :, :height, :width], changed[:, :, -height:, -width:] = (
        pictures[:, :, -height:, -width:], pictures[:, :, :height, :width])
    return changed


def pasted(pictures, random):
    """A square of a third of the edge, moved within its image."""
    edge = pictures.shape[2] // 3
    changed = pictures.copy()
    for picture in changed:
        (y, x), (to_y, to_x) = random.integers(0, pictures.shape[2] - edge, (2, 2))
        picture[:, to_y:to_y + edge, to_x:to_x + edge] = picture[:, y:y + edge, x:x + edge].copy()
    return changed


def changed_images(table, rows, random):
    pictures = rows.reshape(-1, *table.image)
    width = pictures.shape[3]
    other = pictures[random.permutation(len(pictures))]
    copies = {"turned": np.rot90(pictures, 1, (2, 3)), "upside down": np.rot90(pictures, 2, (2, 3)),
              "mirrored": pictures[:, :, :, ::-1], "quarters": quarters(pictures), "pasted": pasted(pictures, random),
              "overlaid": np.maximum(pictures, other) if table.image[0] == 1 else (pictures + other) / 2,
              "stretched": pictures[:, :, :, width // 6 + np.arange(width) * 2 // 3]}
    return {way: np.ascontiguousarray(copy).reshape(rows.shape) for way, copy in copies.items()}


def changed_copies(table, rows, train, random):
    if table.image:
        return changed_images(table, rows, random)
    center, deviation = train.mean(axis=0), train.std(axis=0)
    return {"exchanged": exchanged(table, rows, random, 1), "half exchanged": exchanged(table, rows, random, 0.5),
            "stretched": stretched(table, rows, 2, center), "shifted": shifted(table, rows, random, deviation)}


def judge(method, table, setting, seed, label=None):
    """{score: mean AUROC over the ways}, for each score that the method gives."""
    random = np.random.default_rng(seed)
    rows = protocols.split(table, "class" if table.image else "normal", seed, label).train
    rows = rows[random.permutation(len(rows))[:LARGEST]]
    held, train = rows[:len(rows) // 5], rows[len(rows) // 5:]
    learned = method()
    learned.fit(table, train, setting, seed)
    found = {}
    for copies in changed_copies(table, held, train, random).values():
        is_anomaly = np.arange(2 * len(held)) >= len(held)
        for name, scores in learned.scores(np.concatenate([held, copies])).items():
            found.setdefault(name, []).append(protocols.ranking(scores, is_anomaly)[0])
    return {name: float(np.mean(aurocs)) for name, aurocs in found.items()}


def choose(method, table, fixed, each):
    """[(setting, mean AUROC of the method's own score)], best first. `fixed` are options that all settings have; `each` judges a list of
    (setting, seed, label)."""
    own = names_of(method, table.name)[0]
    grid = getattr(method, "IMAGE_GRID", method.GRID) if table.image else method.GRID
    if table.image:
        places = [(FIRST_SEED, label) for label in CLASSES[table.name]]
    else:
        places = [(FIRST_SEED + i, None) for i in range(3 if len(table.rows) > LARGEST else method.REPEATS)]
    settings = [{**setting, **fixed} for setting in grid]
    judged = each([(setting, *place) for setting in settings for place in places])
    means = np.array([found[own] for found in judged]).reshape(len(settings), len(places)).mean(axis=1)
    return sorted(zip(settings, means.tolist()), key=lambda pair: -pair[1])
