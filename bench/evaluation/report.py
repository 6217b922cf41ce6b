# SPDX-License-Identifier: BSD-2-Clause
"""Markdown tables of results."""

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
COLUMNS = (("precision", "P"), ("recall", "R"), ("f1", "F1"), ("auroc", "AUROC"), ("average_precision", "AP"))


def _row(method, summary, published):
    cells = [f"{summary.mean[figure]:.3f} ± {summary.deviation[figure]:.3f}" for figure, _ in COLUMNS]
    of_paper = " / ".join(f"{value:.3f}" for value in published) if published else ""
    return f"| {method} | {summary.runs} | {' | '.join(cells)} | {summary.mean['train_seconds']:.1f} | {of_paper} |"


def table(lines, data, protocol):
    """One data set and protocol; methods by falling F1."""
    mine = [line for line in lines if line["data"] == data and line["protocol"] == protocol]
    found = sorted(summarise(mine, lambda line: line["method"]).items(), key=lambda item: -item[1].mean["f1"])
    published = PUBLISHED.get(data, {}) if protocol == "table1" else {}
    head = " | ".join(name for _, name in COLUMNS)
    rows = [_row(method, summary, published.get(method)) for method, summary in found]
    return "\n".join([f"| method | seeds | {head} | training, s | published P / R / F1 |", "|---|---:|" + "---:|" * 5 + "---:|---|", *rows])


def tables(lines):
    keys = dict.fromkeys((line["data"], line["protocol"]) for line in lines)
    return "\n\n".join(f"**{data}, {protocol}**\n\n{table(lines, data, protocol)}" for data, protocol in sorted(keys))
