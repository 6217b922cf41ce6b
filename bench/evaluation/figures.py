# SPDX-License-Identifier: BSD-2-Clause
"""The figures: 2 and 3 of the publication, and one of why the prediction helps. Each as PNG and SVG."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from . import protocols  # noqa: E402
from .methods import AEP  # noqa: E402
from .results import summarise  # noqa: E402

NORMAL, ANOMALY = "#1f4e79", "#e07b39"  # dark and light: they differ in grey as well
MARKERS = "os^vDP*X<>h"
ORDER = ("aep", "aep-vector", "aep-joint", "ae", "ocsvm", "iforest", "knn", "pca", "dagmm", "dsebm")


def save(figure, folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    for ending in ("png", "svg"):
        figure.savefig(folder / f"{name}.{ending}", dpi=150, metadata={"Date": None} if ending == "svg" else None)
    plt.close(figure)


def learn(table, setting, seed, label=None):
    """A model with the published, scalar error, and the rows of its split."""
    rows = protocols.split(table, "class" if table.image else "normal", seed, label)
    method = AEP()
    method.fit(table, rows.train, setting, seed)
    return method.model, rows


def plane(codes):
    """Codes in the two directions in which they vary most."""
    centred = codes - codes.mean(axis=0)
    _, _, directions = np.linalg.svd(centred[:20000], full_matrices=False)
    return centred @ directions[:2].T


def figure_2(table, setting, folder, label=8, seed=1):
    """(a) how errors are distributed, (b) where the codes of rows with like errors lie."""
    model, rows = learn(table, setting, seed, label)
    model.set(score="reconstruction")
    errors, normal = model.score(rows.test), ~rows.is_anomaly
    low, high = np.quantile(errors[normal], (0.5, 0.9))
    alike = (errors >= low) & (errors <= high)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8))
    edges = np.linspace(errors.min(), np.quantile(errors, 0.999), 60)
    left.hist(errors[normal], edges, density=True, color=NORMAL, alpha=0.9, label=f"normal (class {label})")
    left.hist(errors[~normal], edges, density=True, histtype="step", color=ANOMALY, linewidth=2, label="anomalies (other classes)")
    left.axvspan(low, high, color="grey", alpha=0.25, label="alike, shown in (b)")
    left.set(xlabel="reconstruction error ||x - x'||", ylabel="density", title="(a) reconstruction error")
    left.legend(frameon=False, fontsize=8)
    points = plane(model.encode(rows.test[alike]))
    for mask, color, marker, name in ((~normal[alike], ANOMALY, "^", "anomalies"), (normal[alike], NORMAL, "o", "normal")):
        right.scatter(*points[mask].T, s=9, c=color, marker=marker, alpha=0.6, linewidths=0, label=name, rasterized=True)
    right.set(xlabel="first principal direction of z", ylabel="second", title="(b) latent variables of rows with like errors")
    right.legend(frameon=False, fontsize=8)
    save(figure, folder, "figure-2")


def figure_3(lines, folder):
    """F1 by share of anomalies in the test set."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
    for axis, data, title in zip(axes, ("mnist", "cifar10"), ("MNIST", "CIFAR-10 (from JPEG copies)")):
        mine = [line for line in lines if line["data"] == data and line["protocol"].startswith("ratio-")]
        found = summarise(mine, lambda line: (line["method"], int(line["protocol"].removeprefix("ratio-"))))
        for i, method in enumerate(ORDER):
            ratios = sorted(ratio for name, ratio in found if name == method)
            if ratios:
                ours = method.startswith("ae")
                axis.plot(ratios, [found[method, ratio].mean["f1"] for ratio in ratios], marker=MARKERS[i], label=method,
                          color=plt.cm.viridis(0.9 * i / len(ORDER)), linestyle="-" if ours else "--", linewidth=2 if ours else 1)
        axis.set(xlabel="anomalies in the test set, %", title=title, xticks=(10, 20, 30, 40, 50))
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("F1, mean over classes and seeds")
    axes[0].legend(frameon=False, fontsize=8, ncol=2)
    save(figure, folder, "figure-3")


def figure_errors(table, setting, folder, seed=1):
    """Error against predicted error; the two ways to draw a line."""
    model, rows = learn(table, setting, seed)
    errors, predicted = (part[:, 0] for part in model.errors(rows.test))
    chosen = np.random.default_rng(seed).permutation(len(errors))[:30000]
    count = int(rows.is_anomaly.sum())
    of_error, of_score = (np.sort(values)[-count] for values in (errors, np.abs(errors - predicted)))
    figure, axis = plt.subplots(figsize=(6, 5))
    for mask, color, marker, name in ((rows.is_anomaly[chosen], ANOMALY, "^", "anomalies"), (~rows.is_anomaly[chosen], NORMAL, "o", "normal")):
        axis.scatter(predicted[chosen][mask], errors[chosen][mask], s=7, c=color, marker=marker, alpha=0.5, linewidths=0, label=name,
                     rasterized=True)
    high = float(np.quantile(errors, 0.9999))
    line = np.linspace(0, high, 200)
    axis.plot(line, line, color="black", linewidth=0.8, label="e = e'")
    axis.plot(line, line + of_score, color="black", linestyle="--", label="flagged by |e - e'|: outside")
    axis.plot(line, line - of_score, color="black", linestyle="--")
    axis.axhline(of_error, color="grey", linestyle=":", linewidth=2, label="flagged by e: above")
    axis.set(xlabel="predicted error e'", ylabel="reconstruction error e", xlim=(0, high), ylim=(0, high),
             title=f"{table.name}: as many rows flagged as there are anomalies")
    axis.legend(frameon=False, fontsize=8, markerscale=2)
    save(figure, folder, "figure-errors")
