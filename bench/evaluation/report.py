# SPDX-License-Identifier: BSD-2-Clause
"""Markdown tables of results."""

import re
import statistics

from .datasets import IMAGES
from .results import summarise

# Table 1 of the publication: precision, recall, F1.
PUBLISHED = {
    "kdd": {"ocsvm": (.7457, .8523, .7954), "dsebm": (.8619, .6446, .7399), "dagmm": (.9711, .9414, .9559),
            "ae": (.9495, .8897, .9185), "aep": (.9779, .9582, .9679)},
    "thyroid": {"ocsvm": (.3639, .4239, .3887), "dsebm": (.6811, .5054, .5802), "dagmm": (.6573, .5053, .5714),
                "ae": (.6197, .4731, .5366), "aep": (.6760, .5161, .5854)},
    "arrhythmia": {"ocsvm": (.6251, .4545, .5263), "dsebm": (.6054, .5294, .5650), "dagmm": (.6569, .4697, .5487),
                   "ae": (.6111, .5012, .5493), "aep": (.6727, .5606, .6115)},
}
COLUMNS = {"precision": "P", "recall": "R", "f1": "F1", "auroc": "AUROC", "average_precision": "AP"}
TITLES = {"aep": "**AEP**", "aep-vector": "**AEP, vector error**", "aep-joint": "**AEP, joint score**", "ae": "AE, same network as AEP",
          "ocsvm": "OCSVM", "iforest": "isolation forest", "knn": "nearest neighbours", "pca": "PCA", "dagmm": "DAGMM", "dsebm": "DSEBM-e"}
DATA = {"thyroid": "Thyroid", "arrhythmia": "Arrhythmia", "kdd": "KDD", "kdd-rev": "KDD-Rev", "mnist": "MNIST", "cifar10": "CIFAR-10"}
CLASS_NAMES = {"cifar10": dict(enumerate("airplane automobile bird cat deer dog frog horse ship truck".split()))}
BLOCK = re.compile(r"(<!-- results: (\S+) (\S+) -->\n)(?:\|[^\n]*\n)*")


def figures_of(protocol):
    """Where as many rows are flagged as there are anomalies, precision and recall are F1."""
    return list(COLUMNS) if protocol in ("dagmm", "table1") else ["f1", "auroc", "average_precision"]


def by_seed(lines):
    """Of images, the means over classes for each seed, so that deviations are those from seed to seed."""
    if not any(line["class"] for line in lines):
        return lines
    groups = {}
    for line in lines:
        groups.setdefault((line["method"], line["seed"]), []).append(line)
    return [{**group[0], **{figure: statistics.mean(float(line[figure]) for line in group) for figure in (*COLUMNS, "train_seconds")}}
            for group in groups.values()]


def table(lines, data, protocol):
    """One data set and protocol; methods by falling F1."""
    mine = by_seed([line for line in lines if line["data"] == data and line["protocol"] == protocol])
    found = sorted(summarise(mine, lambda line: line["method"]).items(), key=lambda item: -item[1].mean["f1"])
    published = PUBLISHED.get(data, {}) if protocol == "table1" else {}
    figures = figures_of(protocol)
    rows = ["| method | " + " | ".join(COLUMNS[figure] for figure in figures) + " | seeds | training, s |"
            + (" published P / R / F1 |" if published else ""),
            "|---|" + "---:|" * (len(figures) + 2) + ("---|" if published else "")]
    for method, summary in found:
        spread = {figure: f" ± {summary.deviation[figure]:.3f}" if summary.runs > 1 else "" for figure in figures}
        cells = [f"{summary.mean[figure]:.3f}{spread[figure]}" for figure in figures]
        cells += [str(summary.runs), f"{summary.mean['train_seconds']:.1f}"]
        if published:
            cells.append(" / ".join(f"{value:.3f}" for value in published.get(method, ())))
        rows.append(f"| {TITLES[method]} | {' | '.join(cells)} |")
    return "\n".join(rows)


def in_order(found):
    return [method for method in TITLES if method in found]


def by_class(lines, data):
    """AUROC of one class against nine: a line a class, a column a method."""
    mine = [line for line in lines if line["data"] == data and line["protocol"] == "one-vs-nine"]
    found = summarise(mine, lambda line: (line["method"], int(line["class"])))
    methods, labels = in_order({method for method, _ in found}), sorted({label for _, label in found})
    rows = ["| class | " + " | ".join(TITLES[method] for method in methods) + " |", "|---|" + "---:|" * len(methods)]
    for label in labels:
        rows.append(f"| {CLASS_NAMES.get(data, {}).get(label, label)} | "
                    + " | ".join(f"{found[method, label].mean['auroc']:.3f}" for method in methods) + " |")
    return "\n".join(rows)


def by_ratio(lines, data):
    """F1 by the share of anomalies in the test set, a column a share."""
    mine = [line for line in lines if line["data"] == data and line["protocol"].startswith("ratio-")]
    found = summarise(mine, lambda line: (line["method"], line["protocol"]))
    methods, ratios = in_order({method for method, _ in found}), sorted({ratio for _, ratio in found})
    rows = ["| method | " + " | ".join(f"{ratio.removeprefix('ratio-')} %" for ratio in ratios) + " |", "|---|" + "---:|" * len(ratios)]
    rows += [f"| {TITLES[method]} | " + " | ".join(f"{found[method, ratio].mean['f1']:.3f}" for ratio in ratios) + " |"
             for method in methods]
    return "\n".join(rows)


def best(lines, _data):
    """The methods of the library beside the best of the others: F1 and AUROC of tables (goad), AUROC of images."""
    rows = ["| data | AEP | AEP, joint score | AE | the best of the others |", "|---|---|---|---|---|"]
    for data, title in DATA.items():
        of_images = data in IMAGES
        mine = by_seed([line for line in lines if line["data"] == data and line["protocol"] == ("one-vs-nine" if of_images else "goad")])
        found = {method: summary.mean for method, summary in summarise(mine, lambda line: line["method"]).items()}
        if not found:
            continue
        others = [method for method in found if not method.startswith("ae")]
        other = max(others, key=lambda method: found[method]["auroc" if of_images else "f1"], default=None)
        shown = ["aep-vector" if of_images else "aep", "aep-joint", "ae", other]
        cells = [("" if of_images else f"{found[method]['f1']:.3f}, ") + f"{found[method]['auroc']:.3f}" if method in found else ""
                 for method in shown]
        rows.append(f"| {title} | {' | '.join(cells)} {TITLES[other] if other else ''} |")
    return "\n".join(rows)


def paired(lines, one, other, figure):
    """Mean difference of two methods over the seeds that both have, which are of the same splits, and its standard error."""
    values = {(line["method"], line["seed"]): float(line[figure]) for line in lines}
    apart = [value - values[other, seed] for (method, seed), value in values.items() if method == one and (other, seed) in values]
    if len(apart) < 2:
        return ""
    return f"{statistics.mean(apart):+.4f} ± {statistics.stdev(apart) / len(apart) ** 0.5:.4f}"


def differences(lines, _data):
    """The scores of the library against one another (goad; images: one class against nine)."""
    pairs = [("AEP", "ae"), ("aep-joint", "AEP"), ("aep-joint", "ae")]
    rows = ["| data | figure | AEP - AE | joint - AEP | joint - AE |", "|---|---|---:|---:|---:|"]
    for data, title in DATA.items():
        of_images = data in IMAGES
        mine = by_seed([line for line in lines if line["data"] == data and line["protocol"] == ("one-vs-nine" if of_images else "goad")])
        own = "aep-vector" if of_images else "aep"
        for figure in ("auroc", "average_precision") if of_images else ("f1", "auroc", "average_precision"):
            cells = [paired(mine, *(own if name == "AEP" else name for name in pair), figure) for pair in pairs]
            if any(cells):
                rows.append(f"| {title} | {COLUMNS[figure]} | {' | '.join(cells)} |")
    return "\n".join(rows)


SPECIAL = {"by-class": by_class, "by-ratio": by_ratio, "best": best, "differences": differences}


def tables(lines):
    keys = dict.fromkeys((line["data"], line["protocol"]) for line in lines)
    return "\n\n".join(f"**{data}, {protocol}**\n\n{table(lines, data, protocol)}" for data, protocol in sorted(keys))


def block(lines, data, name):
    """What a comment <!-- results: DATA NAME --> asks for: the table of a protocol, or a special one."""
    return SPECIAL[name](lines, data) if name in SPECIAL else table(lines, data, name)


def write(lines, page):
    """Put the tables into a page, each behind its comment."""
    text = page.read_text(encoding="utf-8")
    page.write_text(BLOCK.sub(lambda found: f"{found[1]}{block(lines, found[2], found[3])}\n", text), encoding="utf-8")
