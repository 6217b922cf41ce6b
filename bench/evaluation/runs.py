# SPDX-License-Identifier: BSD-2-Clause
"""Runs: a method learns the training rows of one split with one seed, and is judged by each protocol of that split."""

import dataclasses
import time

from . import datasets, protocols
from .methods import METHODS, names_of
from .results import digest


@dataclasses.dataclass(frozen=True)
class Job:
    data: str
    split: str
    method: str
    seed: int
    label: int | None = None  # of images: the normal class

    def wanted(self, chosen):
        """Keys of the lines that it gives, of the protocols chosen."""
        return {(self.data, protocol, name, self.seed, "" if self.label is None else str(self.label))
                for protocol in chosen if protocols.SPLITS[protocol] == self.split for name in names_of(METHODS[self.method], self.data)}


def made_with(method, data, setting):
    """What tells all options of a run: a line that was made with others is not taken for it."""
    return digest(METHODS[method].options(data, setting))


def given(arguments, data):
    """The methods chosen, but for those that have no score on these data."""
    return [method for method in arguments.method if names_of(METHODS[method], data)]


def key(line):
    return line["data"], line["protocol"], line["method"], int(line["seed"]), line["class"]


def plan(arguments):
    """Jobs, those of the same data together, seed by seed."""
    jobs = []
    for data in arguments.data:
        of_images = data in datasets.IMAGES
        kinds = sorted({protocols.SPLITS[p] for p in arguments.protocol if (protocols.SPLITS[p] == "class") == of_images})
        for kind in kinds:
            for method in given(arguments, data):
                most = METHODS[method].IMAGE_SEEDS if of_images else METHODS[method].SEEDS
                jobs += [Job(data, kind, method, seed, label) for seed in range(1, min(arguments.seeds, most) + 1)
                         for label in (arguments.classes if of_images else [None])]
    return jobs


def judge(protocol, table, job, of_train, of_test, is_anomaly):
    """The figures of a protocol."""
    rows = protocols.drawn(protocol, is_anomaly, job.seed)
    scores, truth = of_test[rows], is_anomaly[rows]
    share = None if table.image else table.flagged
    precision, recall, f1 = protocols.quality(protocols.flag(protocol, of_train, scores, truth, share), truth)
    auroc, average_precision = protocols.ranking(scores, truth)
    figures = {"precision": precision, "recall": recall, "f1": f1, "auroc": auroc, "average_precision": average_precision}
    return {"tested": len(rows), **{name: round(value, 5) for name, value in figures.items()}}


def run(job, table, setting):
    """The lines of a job, one for each score and protocol."""
    rows = protocols.split(table, job.split, job.seed, job.label)
    method = METHODS[job.method]()
    begun = time.monotonic()
    method.fit(table, rows.train, setting, job.seed)
    trained = time.monotonic()
    of_test = method.scores(rows.test)
    scored = time.monotonic()
    of_train = method.scores(rows.train) if job.split == "normal" else dict.fromkeys(of_test)
    known = {"data": job.data, "seed": job.seed, "class": "" if job.label is None else str(job.label), "trained": len(rows.train),
             "train_seconds": round(trained - begun, 2), "score_seconds": round(scored - trained, 2),
             "version": METHODS[job.method].version(), "options": made_with(job.method, job.data, setting)}
    return [{**known, "protocol": protocol, "method": name, **judge(protocol, table, job, of_train[name], scores, rows.is_anomaly)}
            for name, scores in of_test.items() for protocol, kind in protocols.SPLITS.items() if kind == job.split]
