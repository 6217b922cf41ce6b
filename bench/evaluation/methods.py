# SPDX-License-Identifier: BSD-2-Clause
"""The methods. Each learns from normal rows and gives scores, higher for what is more abnormal; one that trains a network of the
library gives several, since the same network can be scored in more ways than one.

A method is a class with NAMES, the scores that it gives; GRID, the settings that tune.py chooses from, by one rule for all methods;
SEEDS, how many it is run with at most; and fit(table, train, setting, seed) and scores(rows) -> {name: scores}.
"""

import numpy as np

import aepred

# ------------------------------------------------------------------------------------------------- the library

# The networks: those that the literature uses on these data, from the paper on DAGMM on. With codes of two variables or more,
# since the joint score looks at distances between codes.
NETWORKS = {
    "thyroid": dict(encoder=(12, 4, 2), head=(10, 10), epochs=200),
    "arrhythmia": dict(encoder=(50, 8), head=(10, 10), epochs=200, batch=64),
    "kdd": dict(encoder=(60, 30, 8), head=(64, 64), epochs=30, learning_rate=3e-3, scale_levels=True),
    "kdd-rev": dict(encoder=(60, 30, 8), head=(64, 64), epochs=60, learning_rate=3e-3, scale_levels=True),
}


class Library:
    """A network of the library, scored by the predicted error, by the error itself, and jointly with the distance of its codes."""

    SCORES = ("prediction", "reconstruction", "joint")
    SEEDS = 20
    ERROR = ""

    def fit(self, table, train, setting, seed):
        columns = {column: aepred.Column(levels=[str(level) for level in range(n)]) for column, n in table.levels.items()}
        self.model = aepred.Model(table.rows.shape[1], columns=columns, seed=seed, error=self.ERROR, squash_limit=table.squash,
                                  save_training=False, **{**NETWORKS[table.name], **setting})
        self.model.fit(train)
        self.train = train

    def scores(self, rows):
        found = {}
        for name, score in zip(self.NAMES, self.SCORES):
            if name:
                self.model.set(score=score)
                if score == "joint":
                    self.model.calibrate(self.train)
                found[name] = self.model.score(rows)
        return found


class AEP(Library):
    """The method as published: the error of a row is one number."""

    NAMES = ("aep", "ae", "aep-joint")
    ERROR = "norm"
    GRID = [dict(noise_level=noise, squared=squared) for noise in (0.1, 0.5) for squared in (False, True)]


class AEPVector(Library):
    """The error of a row feature by feature."""

    NAMES = ("aep-vector", None, "aep-vector-joint")
    ERROR = "vector"
    GRID = AEP.GRID


# --------------------------------------------------------------------------------------------- scikit-learn


class Classical:
    """On standardised features, at most LARGEST training rows, drawn at random."""

    LARGEST = None
    SEEDS = 20

    def fit(self, table, train, setting, seed):
        self.features = self._features(table, train)
        rows = train
        if self.LARGEST and len(rows) > self.LARGEST:
            rows = rows[np.random.default_rng(seed).permutation(len(rows))[:self.LARGEST]]
        self.learn(self.features(rows), setting, seed)

    @staticmethod
    def _features(table, train):
        from .datasets import Features
        return Features(table, train)

    def scores(self, rows):
        piece = 20000
        parts = [self.judge(self.features(rows[i:i + piece])) for i in range(0, len(rows), piece)]
        return {self.NAMES[0]: np.concatenate(parts)}


class OCSVM(Classical):
    """One-class support vector machine with a Gaussian kernel."""

    NAMES = ("ocsvm",)
    LARGEST = 10000
    SEEDS = 5
    GRID = [dict(nu=nu, gamma=gamma) for nu in (0.02, 0.1) for gamma in ("scale", "tenth")]

    def learn(self, x, setting, _seed):
        from sklearn.svm import OneClassSVM
        gamma = 1 / (x.shape[1] * max(float(x.var()), 1e-12))
        self.machine = OneClassSVM(nu=setting["nu"], gamma=gamma * (0.1 if setting["gamma"] == "tenth" else 1)).fit(x)

    def judge(self, x):
        return -self.machine.score_samples(x)


class IsolationForest(Classical):
    NAMES = ("iforest",)
    GRID = [dict(n_estimators=trees, max_samples=rows) for trees in (100, 300) for rows in (256, 1024)]

    def learn(self, x, setting, seed):
        from sklearn.ensemble import IsolationForest as Forest
        setting = {**setting, "max_samples": min(setting["max_samples"], len(x))}
        self.forest = Forest(random_state=seed, **setting).fit(x)

    def judge(self, x):
        return -self.forest.score_samples(x)


class NearestNeighbours(Classical):
    """Distance to the k-th nearest training row."""

    NAMES = ("knn",)
    LARGEST = 20000
    SEEDS = 5
    GRID = [dict(k=k) for k in (1, 5, 10, 30)]

    def learn(self, x, setting, _seed):
        self.x, self.k = x, setting["k"]
        self.squares = np.einsum("ij,ij->i", x, x)

    def judge(self, x):
        distances = []
        for rows in np.array_split(x, len(x) // 1000 + 1):
            squared = self.squares - 2 * (rows @ self.x.T) + np.einsum("ij,ij->i", rows, rows)[:, None]
            distances.append(np.sqrt(np.maximum(np.partition(squared, self.k - 1, axis=1)[:, self.k - 1], 0)))
        return np.concatenate(distances)


class PCA(Classical):
    """Distance to the subspace of the components that hold a share of the variance."""

    NAMES = ("pca",)
    GRID = [dict(variance=share) for share in (0.5, 0.8, 0.9, 0.95)]

    def learn(self, x, setting, _seed):
        from sklearn.decomposition import PCA as Components
        self.components = Components(n_components=setting["variance"], svd_solver="full").fit(x)

    def judge(self, x):
        return np.linalg.norm(x - self.components.inverse_transform(self.components.transform(x)), axis=1)


METHODS = {method.NAMES[0]: method for method in (AEP, AEPVector, OCSVM, IsolationForest, NearestNeighbours, PCA)}
