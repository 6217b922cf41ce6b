#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The published evaluation, and more: methods x data sets x protocols x seeds, by one command.

    evaluate.py [run] [--data thyroid,kdd] [--method aep,knn] [--protocol goad,table1] [--seeds N]
    evaluate.py tune [--data ...] [--method ...]
    evaluate.py report [--page FILE.md]
    evaluate.py figures [--figures FOLDER]

run learns and judges, and adds a line to the results for every single run; what the file holds already is not run again, so an
interrupted command goes on when it is given once more. tune chooses the setting of each method from its grid, by training rows
alone, and writes them to evaluation/settings.json, which run reads. report prints the tables of what the results hold, or puts
them into a page, each behind its comment <!-- results: DATA PROTOCOL -->. figures draws them, as PNG and SVG; it trains a model
for each of two of them.

The data files lie in the folder that --folder or AEPRED_DATA names, see bench/fetch_data.py. The library is the one that
AEPRED_LIBRARY names, see bindings/python.
"""

import argparse
import functools
import json
import multiprocessing
import os
import pathlib
import sys
import time

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")  # a run has one core
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "bindings" / "python"), str(HERE)]
try:
    from evaluation import datasets, protocols, report, runs, tune
    from evaluation.methods import METHODS, names_of
    from evaluation.results import Results
except ImportError as missing:
    sys.exit(f"{missing}\nThis takes NumPy, and AEPRED_LIBRARY naming the library, such as build/lib/libaepred.so.0")


class Shared:
    """What the processes share: the tables, which a fork does not copy, and the settings."""

    tables, settings = {}, {}


def clock(seconds):
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02d}:{int(seconds) % 60:02d}"


class Progress:
    """What is done, and how long the rest will take: by the mean time of like jobs, or of all where none is done yet."""

    def __init__(self, jobs, processes):
        self.left, self.total, self.processes, self.begun, self.took = list(jobs), len(jobs), processes, time.monotonic(), {}

    def done(self, job, seconds, text):
        self.left.remove(job)
        self.took.setdefault((job.data, job.method), []).append(seconds)
        every = [one for times in self.took.values() for one in times]
        rest = 0
        for other in self.left:
            like = self.took.get((other.data, other.method), every)
            rest += sum(like) / len(like)
        label = "" if job.label is None else f" class {job.label}"
        print(f"{job.data}{label or ' ' + job.split} {job.method} seed {job.seed}: F1 {text}  {seconds:.1f} s "
              f"({self.total - len(self.left)} of {self.total}, {clock(time.monotonic() - self.begun)} gone, "
              f"about {clock(rest / self.processes)} left)", flush=True)


def work(job):
    begun = time.monotonic()
    lines = runs.run(job, Shared.tables[job.data], Shared.settings[job.data][job.method])
    return job, lines, time.monotonic() - begun


def read_settings(path):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def chosen_settings(arguments):
    """{data: {method: setting}}; exits where one was not tuned."""
    tuned = read_settings(arguments.settings)
    lacking = [f"{data}/{method}" for data in arguments.data for method in runs.given(arguments, data) if method not in tuned.get(data, {})]
    if lacking:
        sys.exit(f"no setting for {', '.join(lacking)}: run `{sys.argv[0]} tune` first")
    return known_settings(arguments)


def known_settings(arguments):
    """Likewise, without those that were not tuned."""
    tuned = read_settings(arguments.settings)
    return {data: {method: {**tuned[data][method]["setting"], **dict(arguments.set)} for method in arguments.method
                   if method in tuned[data]} for data in arguments.data if data in tuned}


def of_settings(line, settings):
    """Whether a line was made with today's options."""
    for method, setting in settings[line["data"]].items():
        if line["method"] in names_of(METHODS[method], line["data"]):
            return line["options"] == runs.made_with(method, line["data"], setting)
    return False


def read_lines(arguments, settings):
    return [line for line in Results(arguments.results).read()
            if line["data"] in settings and line["protocol"] in arguments.protocol and of_settings(line, settings)]


def command_run(arguments):
    settings = chosen_settings(arguments)
    try:
        arguments.results.open("a").close()  # now, not when hours are gone
    except OSError as error:
        sys.exit(f"--results: {error}")
    done = {runs.key(line) for line in read_lines(arguments, settings)}
    planned = runs.plan(arguments)
    jobs = [job for job in planned if job.wanted(arguments.protocol) - done]
    print(f"{len(planned) - len(jobs)} runs are done, {len(jobs)} to go, {arguments.jobs} at a time, into {arguments.results}", flush=True)
    Shared.settings = settings
    Shared.tables = {name: datasets.load(name, arguments.folder) for name in arguments.data if any(j.data == name for j in jobs)}
    progress, results = Progress(jobs, arguments.jobs), Results(arguments.results)
    with multiprocessing.get_context("fork").Pool(arguments.jobs) as pool:
        for job, lines, seconds in pool.imap_unordered(work, jobs):
            results.add([line for line in lines if runs.key(line) not in done])
            text = "  ".join(f"{line['method']} {line['protocol']} {line['f1']:.3f}" for line in lines if "ratio" not in line["protocol"])
            progress.done(job, seconds, text)
    return command_report(arguments)


def judge(data, method, place):
    return tune.judge(METHODS[method], Shared.tables[data], *place)


def command_tune(arguments):
    tuned = read_settings(arguments.settings)
    for data in arguments.data:
        Shared.tables = {data: datasets.load(data, arguments.folder)}
        for method in runs.given(arguments, data):
            begun = time.monotonic()
            with multiprocessing.get_context("fork").Pool(arguments.jobs) as pool:
                each = functools.partial(pool.map, functools.partial(judge, data, method), chunksize=1)
                tried = tune.choose(METHODS[method], Shared.tables[data], dict(arguments.set), each)
            tuned.setdefault(data, {})[method] = {"setting": tried[0][0], "tried": [[setting, round(auroc, 4)] for setting, auroc in tried]}
            arguments.settings.write_text(json.dumps(tuned, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            print(f"{data} {method}: {tried[0][0]} ({clock(time.monotonic() - begun)})", flush=True)
    return 0


def command_report(arguments):
    lines = read_lines(arguments, known_settings(arguments))
    if not lines:
        sys.exit(f"{arguments.results} holds no results of these data, methods and protocols, by the settings of {arguments.settings}")
    if arguments.page:
        report.write(lines, arguments.page)
    else:
        print(report.tables(lines))
    return 0


def command_figures(arguments):
    from evaluation import figures
    settings = read_settings(arguments.settings)
    if "kdd" in arguments.data:
        figures.figure_errors(datasets.load("kdd", arguments.folder), settings["kdd"]["aep"]["setting"], arguments.figures)
    if "mnist" in arguments.data:
        figures.figure_2(datasets.load("mnist", arguments.folder), settings["mnist"]["aep"]["setting"], arguments.figures)
    lines = read_lines(arguments, known_settings(arguments))
    if any(line["protocol"].startswith("ratio-") for line in lines):
        figures.figure_3(lines, arguments.figures)
    return 0


def count(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1")
    return number


def names(choices):
    def parse(text):
        chosen = text.split(",")
        unknown = [name for name in chosen if name not in choices]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(choices)}")
        return chosen
    return parse


def option(text):
    """NAME=VALUE; what is no number, list or the like is a word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text}: write NAME=VALUE")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("command", nargs="?", choices=("run", "tune", "report", "figures"), default="run")
    add("--data", type=names(datasets.NAMES), default=list(datasets.NAMES), metavar="NAME,...", help=f"of {', '.join(datasets.NAMES)}")
    add("--method", type=names(METHODS), default=list(METHODS), metavar="NAME,...", help=f"of {', '.join(METHODS)}")
    add("--protocol", type=names(protocols.SPLITS), default=list(protocols.SPLITS), metavar="NAME,...",
        help=f"of {', '.join(protocols.SPLITS)}")
    add("--seeds", type=count, default=20, metavar="N", help="runs of each, with seeds 1 to N (20); slow methods have at most 5")
    add("--classes", type=lambda text: [int(label) for label in text.split(",")], default=list(range(10)), metavar="N,...",
        help="of images, which are normal, one at a time; all")
    add("--folder", default=os.environ.get("AEPRED_DATA", "."), type=pathlib.Path, help="of the data files (AEPRED_DATA, else .)")
    add("--results", default="evaluation.csv", type=pathlib.Path, metavar="FILE.csv", help="of single runs (evaluation.csv)")
    add("--set", action="append", default=[], type=option, metavar="NAME=VALUE",
        help="an option of the methods chosen, instead of their setting, or in all that tune tries; may be given again")
    add("--settings", default=HERE / "evaluation" / "settings.json", type=pathlib.Path, metavar="FILE.json",
        help="that tune has chosen (evaluation/settings.json)")
    add("--jobs", type=count, default=os.cpu_count(), metavar="N", help="runs at a time, one core each (all cores)")
    add("--page", type=pathlib.Path, metavar="FILE.md", help="of report: where the tables go")
    add("--figures", default="figures", type=pathlib.Path, metavar="FOLDER", help="of figures: where they go (figures)")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    for name in list(arguments.data) if arguments.command != "report" else ():
        absent = datasets.missing(name, arguments.folder)
        if absent:
            print(f"{name} is skipped: {', '.join(absent)} not in {arguments.folder}; bench/fetch_data.py gets them")
            arguments.data.remove(name)
    if not arguments.data:
        return 77
    return {"run": command_run, "tune": command_tune, "report": command_report, "figures": command_figures}[arguments.command](arguments)


if __name__ == "__main__":
    sys.exit(main())
