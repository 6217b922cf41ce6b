# SPDX-License-Identifier: BSD-2-Clause
"""Models in several threads and processes, copied and pickled; the GIL while C runs."""

import copy
import ctypes
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback

import aepred
import numpy as np
import pytest
from aepred._library import lib

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def rows_of(n, seed):
    random = np.random.default_rng(seed)
    return (random.normal(size=(n, 2)) @ random.normal(size=(2, 6))).astype(np.float32)


@pytest.fixture(scope="module")
def trained():
    model = aepred.Model(6, epochs=3, seed=1)
    assert model.fit(rows_of(500, 1))
    model.calibrate(rows_of(500, 2))
    return model


def in_a_child(work):
    """Run work in a forked process, which must end without an exception."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


# --------------------------------------------------------------------------------------------------------- threads


def turns_during(call):
    """How often this thread got to run while another one was inside a call, which takes some tenths of a second."""
    inside, turns = threading.Event(), 0

    def work():
        inside.set()
        call()
        inside.clear()

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait()
    while inside.is_set():
        time.sleep(0.001)
        turns += 1
    thread.join()
    return turns


def test_the_gil_is_free_while_c_runs():
    model = aepred.Model(6, encoder=(256, 128, 4), epochs=1, seed=1)
    model.fit(rows_of(64, 1))
    model.score(rows_of(1, 1))
    rows = rows_of(1000, 2)
    start = time.perf_counter()
    model.score(rows)
    rows = np.tile(rows, (int(0.3 / (time.perf_counter() - start)) + 1, 1))
    scores = np.empty(len(rows), np.float32)

    holding = ctypes.PyDLL(aepred.library_path()).aep_score  # the same function, called with the GIL
    holding.restype, holding.argtypes = lib.aep_score.restype, lib.aep_score.argtypes
    arguments = (scores.ctypes.data, model._pointer, None, rows.ctypes.data, *rows.shape)
    held = turns_during(lambda: holding(*arguments))
    assert turns_during(lambda: model.score(rows)) > 10 * max(held, 1)


def test_models_are_trained_in_several_threads_at_once():
    rows = rows_of(400, 3)
    alone = aepred.Model(6, epochs=3, seed=5)
    alone.fit(rows)
    models = [aepred.Model(6, epochs=3, seed=5) for _ in range(4)]
    threads = [threading.Thread(target=model.fit, args=(rows,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {model.to_bytes() for model in models} == {alone.to_bytes()}


@pytest.mark.parametrize("work", ["model.score(rows)", "model.fit(rows)"])
def test_a_daemon_thread_does_not_crash_the_end_of_the_program(work):
    code = f"""
import threading, time, aepred, numpy as np
rows = np.random.default_rng(1).normal(size=(20_000, 6)).astype(np.float32)
model = aepred.Model(6, epochs=1000, seed=1)
model.fit(rows[:300], lambda *_: True)
model.calibrate(rows[:300])
started = threading.Event()
def work():
    started.set()
    while True:
        {work}
threading.Thread(target=work, daemon=True).start()
started.wait()
time.sleep(0.05)
"""
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


def in_a_thread(call):
    """What a call raised in another thread."""
    raised = []

    def work():
        try:
            call()
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return raised


def interrupted(guard, name):
    """A guard with the state that an interrupt leaves where it comes between the change and the block, or after that."""
    if name == "reader":
        guard._readers.append(threading.get_ident())
    else:
        guard._writer = threading.get_ident()


@pytest.mark.parametrize("left", ["reader", "writer"])
def test_an_interrupt_leaves_a_model_usable(trained, left):
    for use in (lambda model: model.set(epochs=2), lambda model: model.score(rows_of(5, 1))):
        model = trained.copy()
        interrupted(model._guard, left)
        assert in_a_thread(lambda: use(model)) == []
        interrupted(model._guard, left)
        use(model)
        model.set(epochs=3)


def test_interrupts_while_scoring_leave_a_model_usable(trained):
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    model = trained.copy()
    rows = rows_of(300, 1)
    for delay in np.linspace(0.001, 0.004, 30):
        signal.setitimer(signal.ITIMER_REAL, delay)
        try:
            while True:
                model.score(rows)
        except KeyboardInterrupt:
            pass
    signal.signal(signal.SIGALRM, before)
    model.set(epochs=2)
    assert in_a_thread(lambda: model.set(epochs=3)) == []


def test_a_signal_handler_may_use_a_model(trained):
    code = """
import os, signal, aepred, numpy as np
rows = np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)
model = aepred.Model(3, seed=1)
model.fit(rows, lambda *_: True)
used = []
def handler(*_):
    model.score(rows)
    used.append(1)
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0005)
while len(used) < 200:
    model.score(rows[:1])
    model.threads = 1
signal.setitimer(signal.ITIMER_REAL, 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_thread_that_reads_keeps_others_from_changing(trained):
    model = trained.copy()
    rows = np.tile(rows_of(1000, 1), (300, 1))
    thread = threading.Thread(target=lambda: [model.score(rows) for _ in range(3)])
    thread.start()
    refused = 0
    while thread.is_alive():
        refused += len(in_a_thread(lambda: model.set(epochs=2)))
    assert refused
    model.set(epochs=3)


# ------------------------------------------------------------------------------------------------------------ fork


@needs_fork
@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_child_process_scores_and_trains(trained, n_threads):
    model = trained.copy()
    model.threads = n_threads
    rows = rows_of(20_000, 4)
    scores = model.score(rows)

    def work():
        assert np.array_equal(model.score(rows), scores)
        model.fit(rows[:500])
        model.calibrate(rows[:500])
        with pytest.raises(aepred.ColumnsError):
            model.score(rows[:, :2])

    in_a_child(work)
    assert np.array_equal(model.score(rows), scores)


@needs_fork
def test_a_child_process_is_not_held_up_by_threads_that_it_does_not_have(trained):
    model = trained.copy()
    rows = rows_of(50, 5)
    reading, go_on = threading.Event(), threading.Event()

    def read():
        with model._guard.reading():
            reading.set()
            go_on.wait()

    thread = threading.Thread(target=read)
    thread.start()
    reading.wait()
    in_a_child(lambda: model.set(epochs=1) or model.fit(rows))
    go_on.set()
    thread.join()


@needs_fork
def test_a_child_process_refuses_a_model_that_was_being_changed():
    model = aepred.Model(6, epochs=1)
    training, go_on = threading.Event(), threading.Event()

    def progress(*_):
        training.set()
        go_on.wait()

    def work():
        for use in (lambda: model.score(rows_of(5, 6)), model.copy, lambda: model.set(epochs=2)):
            with pytest.raises(RuntimeError):
                use()

    thread = threading.Thread(target=model.fit, args=(rows_of(100, 6), progress))
    thread.start()
    training.wait()
    in_a_child(work)
    go_on.set()
    thread.join()
    assert model.score(rows_of(5, 6)).shape == (5,)


@needs_fork
def test_a_pool_of_processes_scores(trained):
    parts = np.split(rows_of(400, 7), 4)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        results = pool.map(trained.score, parts)
    assert np.array_equal(np.concatenate(results), trained.score(np.concatenate(parts)))


# -------------------------------------------------------------------------------------------------- copies, pickles


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_and_pickles_are_models_of_their_own(trained, duplicate):
    rows = rows_of(20, 8)
    before = trained.score(rows)
    other = duplicate(trained)
    assert other is not trained and other.to_bytes() == trained.to_bytes()
    other.fit_batch(rows)
    other.threshold = 5
    assert np.array_equal(trained.score(rows), before) and trained.threshold != 5
    assert not np.array_equal(other.score(rows), before)


def test_subclasses_stay_what_they_are(trained):
    class Pump(aepred.Model):
        pass

    pump = Pump.from_bytes(trained.to_bytes())
    assert type(pump.copy()) is type(copy.deepcopy(pump)) is Pump


def test_exceptions_can_be_pickled(tmp_path):
    for error in (aepred.RangeError("x"), aepred.FileError(2, "nowhere", tmp_path)):
        other = pickle.loads(pickle.dumps(error))
        assert type(other) is type(error) and str(other) == str(error) and other.status == error.status
    assert other.errno == 2 and other.filename == tmp_path


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib_runs_models(trained, backend):
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")
    parts = np.split(rows_of(400, 9), 4)
    results = joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(trained.score)(part) for part in parts)
    assert np.array_equal(np.concatenate(results), trained.score(np.concatenate(parts)))


def test_joblib_saves_and_loads(trained, tmp_path):
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")
    joblib.dump(trained, tmp_path / "model.joblib", compress=3)
    assert joblib.load(tmp_path / "model.joblib").to_bytes() == trained.to_bytes()
    assert joblib.hash(trained) == joblib.hash(trained.copy())


# --------------------------------------------------------------------------------------------------------- imports


def test_importing_the_package_takes_numpy_only():
    code = "import sys, aepred; dir(aepred); print(*{'sklearn', 'scipy', 'pandas', 'joblib'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout.strip() == ""


def test_an_estimator_without_scikit_learn_says_what_is_missing():
    code = """
import sys
sys.modules["sklearn"] = None
import aepred
assert hasattr(aepred, "Model") and not hasattr(aepred, "Nothing")
try:
    aepred.AEPDetector
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.startswith("aepred.AEPDetector needs scikit-learn")


def test_names_of_the_package_can_be_had_without_scikit_learn():
    code = """
import sys
sys.modules["sklearn"] = None
import inspect, aepred
from aepred import *
assert Model and "AEPDetector" not in dir(aepred) and inspect.getmembers(aepred)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
