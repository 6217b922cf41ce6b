#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Mutation testing of lib/: changes one place at a time, and sees whether a test fails.

    tests/mutate.py --check
    tests/mutate.py [--places N] [--seed S] [--jobs J] [--file NAME]... [--folder FOLDER] [--longest SECONDS]
                    [--results FILE [--again]]

The places are a sample of all comparisons, operators, whole numbers, calls, assignments and returns of lib/; comments,
strings, preprocessor lines and assertions stay as they are. Each of J copies of the tree is built once in FOLDER; a mutant
costs the compilation of what includes its file, and the tests, those named after the file first and then the quickest
first, up to the first that fails. A mutant is
    killed     a test fails, crashes, or takes several times as long as it should;
    survived   all tests pass;
    not counted, if it does not compile, or its objects are those of the original, byte for byte;
    equivalent, and not counted, if tests/mutants.txt lists it with a reason; --check finds what it lists in vain.
--results keeps a line of JSON for each, and what it has already is not tried again, unless it survived and --again asks for
that, after tests were added or with longer ones (--longest).
Exit status: 1 if fewer than 90 % are killed.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import queue
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITES = {"unit", "api", "grad", "golden", "oom"}
LEFT_OUT = {"soak", "golden_record"}  # they add nothing to the others but time
SETUP = ["-Dbuildtype=plain", "-Doptimization=1", "-Db_ndebug=true", "-Dtools=disabled", "-Dexamples=disabled",
         "-Ddocs=disabled", "-Dbench=disabled"]
LEAST_KILLED = 0.9
MOST_MEMORY = 1 << 32

# clang-format puts blanks around binary operators only
OPERATORS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-", "-": "+",
             "*": "/", "/": "*", "%": "*", "+=": "-=", "-=": "+=", "<<": ">>", ">>": "<<", "&": "|", "|": "&"}
BINARY = re.compile(r"(?<= )(" + "|".join(re.escape(op) for op in sorted(OPERATORS, key=len, reverse=True)) + r")(?= )")
STEP = re.compile(r"\+\+|--")
NOT = re.compile(r"!(?=[\w(])")
NUMBER = re.compile(r"(?<![\w.])(?<!\de[-+])(\d+)(u?)(?![\w.])")
TRUTH = re.compile(r"\b(true|false)\b")
CALL = re.compile(r"(?<=[;{})\n])[ \n]+((?:\(void\))?(?!return|if|for|while|switch|else|assert|sizeof)\w+\([^;{}]*\));")
ASSIGNMENT = re.compile(r"(?<=[;{})\n])[ \n]+([\w\[\]>.*-]+ [-+*|^]?= [^;{}]*);")
RETURN = re.compile(r"\breturn (?!0;|NULL;|AEP_OK;|false;|true;)([^;{}]*);")
BLANKED = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|^#(?:[^\n]*\\\n)*[^\n]*|\bassert\([^;]*;',
                     re.M | re.S)


@dataclasses.dataclass(frozen=True)
class Mutant:
    file: str  # within lib/
    start: int
    end: int
    new: str
    line: int
    before: str  # the line, and what becomes of it
    after: str
    nth: int  # of those with the same two lines in the file

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.file, self.before, self.after, self.nth


@dataclasses.dataclass
class Test:
    name: str
    command: list[str]
    environment: dict[str, str]
    targets: list[str]  # of ninja
    unit: bool  # of one module
    seconds: float = 0


def changes(code: str):
    """(start, end, new text) of each change that the code, without comments and strings, allows."""
    for m in BINARY.finditer(code):
        yield m.start(), m.end(), OPERATORS[m[0]]
    for m in STEP.finditer(code):
        yield m.start(), m.end(), "--" if m[0] == "++" else "++"
    for m in NOT.finditer(code):
        yield m.start(), m.end(), ""
    for m in NUMBER.finditer(code):
        yield m.start(), m.end(), {"0": "1", "1": "0"}.get(m[1], str(int(m[1]) + 1)) + m[2]
    for m in TRUTH.finditer(code):
        yield m.start(), m.end(), "false" if m[0] == "true" else "true"
    for m in CALL.finditer(code):
        yield m.start(1), m.end(1), ""
    for m in ASSIGNMENT.finditer(code):
        yield m.start(1), m.end(1), ""
    for m in RETURN.finditer(code):
        yield m.start(1), m.end(1), "0"


def mutants_of(path: Path) -> list[Mutant]:
    text = path.read_text(encoding="utf-8")
    code = BLANKED.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    found: list[Mutant] = []
    seen: collections.Counter[tuple[str, ...]] = collections.Counter()
    for start, end, new in sorted(set(changes(code))):
        first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        flat = [" ".join(part.split()) for part in (text[first:last], text[first:start] + new + text[end:last])]
        found.append(Mutant(path.name, start, end, new, text.count("\n", 0, start) + 1, *flat, seen[*flat]))
        seen[*flat] += 1
    return found


def listed_equivalents() -> set[tuple[str, str, str]]:
    """(file, line, mutated line) of tests/mutants.txt: a file's name, then "- line", "+ mutated line", "  reason"."""
    listed, file, before = set(), "", ""
    for line in (ROOT / "tests" / "mutants.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("lib/"):
            file = line.removeprefix("lib/").strip()
        elif line.startswith("- "):
            before = line[2:].strip()
        elif line.startswith("+ "):
            listed.add((file, before, line[2:].strip()))
    return listed


def module_order() -> dict[str, int]:
    """Modules, lowest first: the list of lib/meson.build, which tests/check_layers.py holds them to."""
    text = re.sub(r"#.*", "", (ROOT / "lib" / "meson.build").read_text(encoding="utf-8"))
    lists = dict(re.findall(r"^(\w+_modules) = \[(.*?)\]", text, flags=re.M | re.S))
    names = [name for key in ("net_modules", "object_modules") for name in re.findall(r"'(\w+)'", lists[key])]
    return {name: i for i, name in enumerate(names)}


def module_in(name: str, order: dict[str, int]) -> str | None:
    """The module that a name begins with: kernels of kernels_loops."""
    return max((m for m in order if f"{name}_".startswith(f"{m}_")), key=len, default=None)


class Copy:
    """A copy of the tree in which one mutant at a time is tried."""

    def __init__(self, folder: Path):
        self.source, self.build = folder / "tree", folder / "build"
        if not self.source.exists():
            shutil.copytree(ROOT, self.source, symlinks=True,
                            ignore=shutil.ignore_patterns("build*", ".git", "__pycache__", "*.pyc"))
        for part in ("lib", "tests", "include"):
            for path in (ROOT / part).rglob("*"):
                to = self.source / path.relative_to(ROOT)
                if path.is_file() and "__pycache__" not in path.parts and \
                        not (to.exists() and to.read_bytes() == path.read_bytes()):
                    to.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, to)
        if not (self.build / "build.ninja").exists():
            subprocess.run(["meson", "setup", self.build, self.source, *SETUP], check=True, stdout=subprocess.DEVNULL)
        self.tests = self.list_tests()
        targets = sorted({target for test in self.tests for target in test.targets})
        if not self.ninja(*targets):
            sys.exit(f"the tree does not build: ninja -C {self.build} {' '.join(targets)}")
        self.objects = self.hash_objects()

    def list_tests(self) -> list[Test]:
        listing = subprocess.run(["meson", "introspect", "--tests", self.build], check=True, capture_output=True).stdout
        tests = []
        for t in json.loads(listing):
            suites = {suite.split(":")[-1] for suite in t["suite"]}
            targets = [word.removeprefix(f"{self.build}/") for word in t["cmd"] if word.startswith(f"{self.build}/tests/")]
            if suites & SUITES and targets and t["name"] not in LEFT_OUT:
                tests.append(Test(t["name"], t["cmd"], t["env"], targets, "unit" in suites))
        return tests

    def ninja(self, *targets: str) -> bool:
        # a session of its own: Linux shares the processors out by session
        return subprocess.run(["ninja", "-j2", "-C", self.build, *targets], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, start_new_session=True).returncode == 0

    def hash_objects(self) -> str:
        digest = hashlib.sha256()
        for folder in ("libaepred-internal.a.p", "libaepred-internal-double.a.p"):
            for path in sorted((self.build / "lib" / folder).glob("*.o")):
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def passes(self, test: Test, limit: float) -> bool:
        """Whether it builds and passes in so many seconds, in one process, so that none is left behind."""
        if not self.ninja(*test.targets):
            return False
        process = subprocess.Popen(test.command, env=os.environ | {"CK_FORK": "no"} | test.environment, cwd=self.build,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        try:
            return process.wait(limit) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def time(self, tests: list[Test]) -> dict[str, float]:
        """Seconds that each takes; all must pass without a mutant."""
        seconds = {}
        for test in tests:
            begun = time.monotonic()
            if not self.passes(test, 900):
                sys.exit(f"{test.name} fails without a mutant, in {self.build}")
            seconds[test.name] = time.monotonic() - begun
        return seconds

    def order(self, seconds: dict[str, float], longest: float) -> None:
        self.longest = longest
        self.tests = [dataclasses.replace(t, seconds=seconds[t.name]) for t in self.tests if t.name in seconds]
        self.tests.sort(key=lambda test: test.seconds)

    def tests_of(self, file: str) -> list[Test]:
        """Those of its own module, then the others. A unit test of a lower module runs nothing of the file."""
        order = module_order()
        own = module_in(file.partition(".")[0], order)
        tested = {test.name: module_in(test.name, order) if test.unit else None for test in self.tests}
        near = {t.name: 2 * (tested[t.name] == own) + (own in t.name.split("_")) for t in self.tests}
        able = [t for t in self.tests if (tested[t.name] is None or order[tested[t.name]] >= order[own])
                and (near[t.name] or t.seconds <= self.longest)]
        return sorted(able, key=lambda t: -near[t.name])

    def try_mutant(self, mutant: Mutant) -> tuple[str, str]:
        """What became of it, and the test that failed."""
        path = self.source / "lib" / mutant.file
        original = path.read_text(encoding="utf-8")
        path.write_text(original[:mutant.start] + mutant.new + original[mutant.end:], encoding="utf-8")
        try:
            if not self.ninja("lib/libaepred-internal.a", "lib/libaepred-internal-double.a"):
                return "does not compile", ""
            if self.hash_objects() == self.objects:
                return "same object", ""
            for test in self.tests_of(mutant.file):
                if not self.passes(test, 10 + 4 * test.seconds):
                    return "killed", test.name
            return "survived", ""
        finally:
            path.write_text(original, encoding="utf-8")


def time_tests(copies: list[Copy], kept: Path, pool: concurrent.futures.Executor) -> dict[str, float]:
    """Seconds of each test, by name; those measured before are kept in a file."""
    seconds = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    missing = [test.name for test in copies[0].tests if test.name not in seconds]
    shares = [[t for t in copy.tests if t.name in missing[i::len(copies)]] for i, copy in enumerate(copies)]
    for share in pool.map(Copy.time, copies, shares):
        seconds |= share
    kept.write_text(json.dumps(seconds), encoding="utf-8")
    return seconds


def read_results(path: Path | None) -> dict[tuple, dict]:
    lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
    return {(r["file"], r["before"], r["after"], r["nth"]): r for r in map(json.loads, lines)}


def report(results: list[dict]) -> float:
    """Print a table by file, and the survivors; the share killed."""
    count = collections.defaultdict(collections.Counter)
    for r in results:
        count[r["file"]][r["outcome"]] += 1
    print("| file | places | killed | survived | equivalent |\n|---|---:|---:|---:|---:|")
    total = collections.Counter()
    for file in sorted(count):
        c = count[file]
        total += c
        print(f"| `{file}` | {c['killed'] + c['survived']} | {c['killed']} | {c['survived']} | {c['equivalent']} |")
    places = total["killed"] + total["survived"]
    print(f"| all | {places} | {total['killed']} | {total['survived']} | {total['equivalent']} |\n")
    share = total["killed"] / max(places, 1)
    print(f"{total['killed']} of {places} places killed, {share:.1%}; {total['equivalent']} equivalent; not counted: "
          f"{total['same object']} with the same objects, {total['does not compile']} that do not compile")
    for r in results:
        if r["outcome"] == "survived":
            print(f"\nlib/{r['file']}:{r['line']}\n- {r['before']}\n+ {r['after']}")
    return share


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only check the list of equivalent mutants")
    parser.add_argument("--places", type=int, default=300, help="mutants to count")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--file", action="append", help="only these files of lib/")
    parser.add_argument("--longest", type=float, default=1e9, metavar="SECONDS",
                        help="tests that take longer are made only for the module that they are named after")
    parser.add_argument("--folder", type=Path, default=ROOT / "build-mutate")
    parser.add_argument("--results", type=Path, help="a line of JSON for each mutant; continued if it is there")
    parser.add_argument("--again", action="store_true", help="try the survivors in these results")
    return parser.parse_args()


def all_mutants() -> list[Mutant]:
    return [m for path in sorted((ROOT / "lib").iterdir()) if path.suffix in (".c", ".h") for m in mutants_of(path)]


def check() -> int:
    """Every equivalent mutant that is listed is one."""
    places = {(m.file, m.before, m.after) for m in all_mutants()}
    stale = sorted(listed_equivalents() - places)
    for file, before, after in stale:
        print(f"tests/mutants.txt: lib/{file} has no such place\n- {before}\n+ {after}")
    print(f"{len(places)} places, {len(listed_equivalents())} listed as equivalent")
    return 1 if stale or len(places) < 5000 else 0


def sample(args: argparse.Namespace) -> list[Mutant]:
    mutants = [m for m in all_mutants() if not args.file or m.file in args.file]
    print(f"{len(mutants)} places", file=sys.stderr)
    random.Random(args.seed).shuffle(mutants)
    return mutants


def main() -> int:
    args = arguments()
    if args.check:
        return check()
    # a mutant may ask for any amount of memory, and crash often
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder, mutants = args.folder.resolve(), sample(args)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        copies = list(pool.map(lambda i: Copy(folder / str(i)), range(args.jobs)))
        seconds = time_tests(copies, folder / "seconds.json", pool)
        for copy in copies:
            copy.order(seconds, args.longest)
        free, equivalents = queue.SimpleQueue(), listed_equivalents()
        for copy in copies:
            free.put(copy)
        earlier, results, counted = read_results(args.results), [], 0
        log = args.results.open("a", encoding="utf-8") if args.results else None

        def handle(mutant: Mutant) -> None:
            nonlocal counted
            if counted >= args.places:
                return
            result = earlier.get(mutant.key)
            if mutant.key[:3] in equivalents:
                result = dataclasses.asdict(mutant) | {"outcome": "equivalent", "test": ""}
            elif not result or (args.again and result["outcome"] == "survived"):
                copy, begun = free.get(), time.monotonic()
                try:
                    outcome, test = copy.try_mutant(mutant)
                finally:
                    free.put(copy)
                result = dataclasses.asdict(mutant) | {"outcome": outcome, "test": test,
                                                       "seconds": round(time.monotonic() - begun, 1)}
                if log:
                    print(json.dumps(result), file=log, flush=True)
            counted += result["outcome"] in ("killed", "survived")
            results.append(result)

        list(pool.map(handle, mutants))
    return 0 if report(results) >= LEAST_KILLED else 1


if __name__ == "__main__":
    sys.exit(main())
