# SPDX-License-Identifier: BSD-2-Clause
"""The methods. Each learns from normal rows and gives scores, higher for what is more abnormal; one that trains a network of the
library gives several, since the same network can be scored in more ways than one.

A method is a class with NAMES, the scores that it gives, its own first (IMAGE_NAMES of images); GRID, the settings that tune.py chooses
from, by one rule for all methods (IMAGE_GRID of images, if they have others); SEEDS and IMAGE_SEEDS, how many it is run with at most, and
REPEATS, how often tune.py tries a setting on a small table; fit(table, train, setting, seed) and scores(rows) -> {name: scores}.
"""

import importlib
from importlib import metadata

import numpy as np

import aepred

from .datasets import IMAGES, Features

# ------------------------------------------------------------------------------------------------- the library

# The networks that the literature uses on these data, from the paper on DAGMM on (which has one or two latent variables on KDD; the
# publication does not say), and for images two or three convolutions. All have compactness 0.01: docs/results.md says why.
NETWORKS = {
    "thyroid": dict(encoder=(12, 4, 1), head=(10, 10), epochs=200),
    "arrhythmia": dict(encoder=(10, 2), head=(10, 10), epochs=200, batch=64),
    "kdd": dict(encoder=(60, 30, 8), head=(64, 64), epochs=30, activation="silu", scale_levels=True),
    "kdd-rev": dict(encoder=(60, 30, 8), head=(64, 64), epochs=60, activation="silu", scale_levels=True),
    "mnist": dict(image_encoder=(aepred.conv(16, 3, 2), aepred.conv(32, 3, 2)), encoder=(128,), head=(128,), head_rate=3, epochs=15,
                  batch=128),
    "cifar10": dict(image_encoder=(aepred.conv(24, 3, 2), aepred.conv(48, 3, 2), aepred.conv(96, 3, 2)), encoder=(32,),
                    head=(64, 64), head_rate=3, epochs=15, batch=128),
}
# A code of one or two variables says little about distances.
WIDER_CODES = {"thyroid": dict(encoder=(12, 4, 2)), "arrhythmia": dict(encoder=(50, 8))}


class Library:
    """A network of the library."""

    SEEDS, IMAGE_SEEDS, REPEATS = 20, 5, 20
    KINDS = {"aep": "prediction", "aep-vector": "prediction", "aep-joint": "joint", "ae": "reconstruction"}
    WIDER = {}
    GRID = [dict(noise_level=noise, learning_rate=rate) for noise in (0.1, 0.5) for rate in (1e-3, 3e-3)]
    IMAGE_GRID = [dict(noise=noise, noise_level=level, learning_rate=rate)
                  for noise, level in (("gaussian", 0.1), ("gaussian", 0.2), ("masking", 0.5)) for rate in (2e-3, 8e-3)]

    @classmethod
    def options(cls, data, setting):
        return {"compactness": 0.01, "error": cls.ERROR, **NETWORKS[data], **cls.WIDER.get(data, {}), **setting}

    @staticmethod
    def version():
        return f"libaepred {aepred.library_version()}"

    def fit(self, table, train, setting, seed):
        columns = {column: aepred.Column(levels=[str(level) for level in range(n)]) for column, n in table.levels.items()}
        shape = {"image": table.image} if table.image else {"squash_limit": table.squash}
        self.model = aepred.Model(train.shape[1], columns=columns, seed=seed, save_training=False, **shape,
                                  **self.options(table.name, setting))
        self.model.fit(train)
        self.names = names_of(type(self), table.name)
        if "joint" in map(self.KINDS.get, self.names):
            self.model.set(score="joint")
            self.model.calibrate(train)

    def scores(self, rows):
        found = {}
        for name in self.names:
            self.model.set(score=self.KINDS[name])
            found[name] = self.model.score(rows)
        return found


class AEP(Library):
    """The method as published: the error of a row is one number. And the plain autoencoder: the error of the same network."""

    NAMES, IMAGE_NAMES, ERROR = ("aep", "ae"), ("aep",), "norm"


class AEPVector(Library):
    """The error of a row feature by feature; on images this is the network that the other scores are taken from."""

    NAMES, IMAGE_NAMES, ERROR = ("aep-vector",), ("aep-vector", "ae", "aep-joint"), "vector"


class AEPJoint(Library):
    """Prediction error, reconstruction error and distance of the code together."""

    NAMES, IMAGE_NAMES, ERROR = ("aep-joint",), (), "norm"
    WIDER = WIDER_CODES


# --------------------------------------------------------------------------------------------- scikit-learn


class Classical:
    """On standardised features, at most LARGEST training rows, drawn at random. All images of a class are fewer, so that what draws
    nothing itself gives the same in every seed, and has one.
    """

    LARGEST = None
    SEEDS, IMAGE_SEEDS, REPEATS = 20, 1, 20

    @classmethod
    def options(cls, _data, setting):
        return setting

    @staticmethod
    def version():
        return f"scikit-learn {metadata.version('scikit-learn')}"

    def fit(self, table, train, setting, seed):
        self.features = Features(table, train)
        rows = train
        if self.LARGEST and len(rows) > self.LARGEST:
            rows = rows[np.random.default_rng(seed).permutation(len(rows))[:self.LARGEST]]
        self.learn(self.features(rows), setting, seed)

    def scores(self, rows):
        piece = 20000
        parts = [self.judge(self.features(rows[i:i + piece])) for i in range(0, len(rows), piece)]
        return {self.NAMES[0]: np.concatenate(parts)}


def squared_distances(rows, others):
    """(n, m), by products of matrices."""
    squares = np.einsum("ij,ij->i", rows, rows)[:, None] + np.einsum("ij,ij->i", others, others) - 2 * (rows @ others.T)
    return np.maximum(squares, 0)


class OCSVM(Classical):
    """One-class support vector machine with a Gaussian kernel, which is taken by products of matrices: scikit-learn's way takes hours on
    images.
    """

    NAMES = ("ocsvm",)
    LARGEST = 10000
    GRID = [dict(nu=nu, gamma=times) for nu in (0.02, 0.1) for times in (0.1, 1, 10)]  # of scikit-learn's gamma="scale"

    def learn(self, x, setting, _seed):
        from sklearn.svm import OneClassSVM
        self.gamma = setting["gamma"] / (x.shape[1] * max(float(x.var()), 1e-12))
        machine = OneClassSVM(kernel="precomputed", nu=setting["nu"]).fit(self.kernel(x, x))
        self.vectors, self.weights = x[machine.support_], machine.dual_coef_[0]

    def kernel(self, rows, others):
        return np.exp(-self.gamma * squared_distances(rows, others), dtype=np.float64)

    def judge(self, x):
        return np.concatenate([-self.kernel(rows, self.vectors) @ self.weights for rows in np.array_split(x, len(x) // 1000 + 1)])


class IsolationForest(Classical):
    NAMES = ("iforest",)
    IMAGE_SEEDS = 5
    GRID = [dict(n_estimators=300, max_samples=rows) for rows in (64, 256, 1024, 4096)]

    def learn(self, x, setting, seed):
        from sklearn.ensemble import IsolationForest as Forest
        setting = {**setting, "max_samples": min(setting["max_samples"], len(x))}
        self.forest = Forest(random_state=seed, **setting).fit(x)

    def judge(self, x):
        return -self.forest.score_samples(x)


class NearestNeighbours(Classical):
    """Distance to the k-th nearest training row, by products of matrices, which is faster than scikit-learn's search."""

    @staticmethod
    def version():
        return f"numpy {np.__version__}"

    NAMES = ("knn",)
    LARGEST = 20000
    GRID = [dict(k=k) for k in (1, 5, 10, 30)]

    def learn(self, x, setting, _seed):
        self.x, self.k = x, setting["k"]

    def judge(self, x):
        nearest = [np.partition(squared_distances(rows, self.x), self.k - 1, axis=1)[:, self.k - 1]
                   for rows in np.array_split(x, len(x) // 1000 + 1)]
        return np.sqrt(np.concatenate(nearest))


class PCA(Classical):
    """Distance to the subspace of the components that hold a share of the variance."""

    NAMES = ("pca",)
    GRID = [dict(variance=share) for share in (0.5, 0.8, 0.9, 0.95, 0.99)]

    def learn(self, x, setting, _seed):
        from sklearn.decomposition import PCA as Components
        self.components = Components(n_components=setting["variance"], svd_solver="full").fit(x)

    def judge(self, x):
        return np.linalg.norm(x - self.components.inverse_transform(self.components.transform(x)), axis=1)


# --------------------------------------------------------------------------------------------------- PyTorch


class Deep(Classical):
    """A network in PyTorch with the settings of its paper, but for what the grid says. A fit that diverges tells no rows apart."""

    SEEDS = IMAGE_SEEDS = 5
    REPEATS = 3

    @classmethod
    def options(cls, data, setting):
        module = importlib.import_module(f".{cls.NAMES[0]}", __package__)
        options = {**module.SETTINGS[data], **setting}
        options["epochs"] = max(1, round(options["epochs"] * options.pop("length", 1)))
        return options

    @staticmethod
    def version():
        return f"torch {metadata.version('torch')}"

    def fit(self, table, train, setting, seed):
        import torch
        torch.set_num_threads(1)
        self.table = table
        super().fit(table, train, setting, seed)

    def learn(self, x, setting, seed):
        import torch
        module = importlib.import_module(f".{self.NAMES[0]}", __package__)
        options = self.options(self.table.name, setting)
        self.network = getattr(module, self.NAMES[0].upper())(x.shape[1], seed=seed, **options)
        try:
            self.network.fit(x)
        except (FloatingPointError, torch.linalg.LinAlgError):
            self.network = None

    def judge(self, x):
        return self.network.score(x) if self.network else np.zeros(len(x))


class DAGMM(Deep):
    """The deep autoencoding Gaussian mixture model. Features are min-max scaled by the training rows: it compares a row with its
    reconstruction relative to the row's norm, which says little near the origin, where standardised rows lie.
    """

    NAMES = ("dagmm",)

    def learn(self, x, setting, seed):
        self.low, self.span = x.min(axis=0), np.maximum(np.ptp(x, axis=0), 1e-6)
        super().learn((x - self.low) / self.span, setting, seed)

    def judge(self, x):
        return super().judge((x - self.low) / self.span)

    GRID = [dict(learning_rate=rate, length=length) for rate in (1e-4, 1e-3) for length in (0.25, 1)]


class DSEBM(Deep):
    """The deep structured energy based model, scored by energy."""

    NAMES = ("dsebm",)
    GRID = DAGMM.GRID


METHODS = {method.NAMES[0]: method for method in (AEP, AEPVector, AEPJoint, OCSVM, IsolationForest, NearestNeighbours,
                                                      PCA, DAGMM, DSEBM)}


def names_of(method, data):
    return getattr(method, "IMAGE_NAMES", method.NAMES) if data in IMAGES else method.NAMES
