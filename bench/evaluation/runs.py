# SPDX-License-Identifier: BSD-2-Clause
"""Runs on tables: a method learns the training rows of one split with one seed, and is judged by each protocol of that split."""

import dataclasses
import time

from . import protocols
from .methods import METHODS
from .results import setting_text


@dataclasses.dataclass(frozen=True)
class Job:
    data: str
    split: str
    method: str
    seed: int

    def wanted(self, chosen):
        """The lines that it gives, as (data, protocol, method, seed), of the protocols chosen."""
        return {(self.data, protocol, name, self.seed) for protocol in chosen if protocols.SPLITS[protocol] == self.split
                for name in METHODS[self.method].NAMES if name}


def plan(data, method_names, chosen, seeds):
    """Jobs, those of the same data together, quick methods first."""
    return [Job(name, split, method, seed) for name in data for split in sorted({protocols.SPLITS[p] for p in chosen})
            for method in method_names for seed in range(1, min(seeds, METHODS[method].SEEDS) + 1)]


def run(job, table, setting):
    """The lines of a job, one for each score and protocol."""
    rows = protocols.split(table, job.split, job.seed)
    train, test, is_anomaly = table.rows[rows.train], table.rows[rows.test], table.is_anomaly[rows.test]
    method = METHODS[job.method]()
    begun = time.monotonic()
    method.fit(table, train, setting, job.seed)
    trained = time.monotonic()
    of_test = method.scores(test)
    scored = time.monotonic()
    of_train = method.scores(train)
    lines = []
    for name, scores in of_test.items():
        auroc, precision_mean = protocols.ranking(scores, is_anomaly)
        for protocol, split in protocols.SPLITS.items():
            if split != job.split:
                continue
            flags = protocols.flag(protocol, of_train[name], scores, is_anomaly, table.flagged)
            precision, recall, f1 = protocols.quality(flags, is_anomaly)
            lines.append({"data": job.data, "protocol": protocol, "method": name, "seed": job.seed, "class": "",
                          "trained": len(train), "tested": len(test), "precision": round(precision, 5),
                          "recall": round(recall, 5), "f1": round(f1, 5), "auroc": round(auroc, 5),
                          "average_precision": round(precision_mean, 5), "train_seconds": round(trained - begun, 2),
                          "score_seconds": round(scored - trained, 2), "setting": setting_text(setting)})
    return lines
