"""Executors: the same numbers whoever computes them, chunks, a bar, and nothing lost by Ctrl-C, a crash or a lost worker."""

import os
import pickle
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.model.definitions import ServiceLimits
from hptsim.planning import executors
from hptsim.planning.executors import Design, run, run_chunk
from hptsim.planning.experiments import replicate, sweep
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

TYPE = "ml.m5.xlarge"
SCENARIO = Scenario(
    capacity={TYPE: 2},
    timings=Timings(training_s=Exponential(100.0)),
    limits=ServiceLimits(None, None, None),
    arrivals=(Arrivals(TuningJobSpec("c"), Exponential(80.0), 60),),
)


class Shuffled(Executor):
    """Runs everything in this process, in a random order, when the first result is asked for."""

    def __init__(self, seed=0):
        self.seed, self.waiting, self.calls = seed, [], []

    def submit(self, fn, *arguments, **keywords):
        future = Future()
        self.waiting.append((future, fn, arguments, keywords))
        self.calls.append(arguments)
        return future

    def drain(self):
        random.Random(self.seed).shuffle(self.waiting)
        while self.waiting:
            future, fn, arguments, keywords = self.waiting.pop()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(fn(*arguments, **keywords))
                except BaseException as error:
                    future.set_exception(error)


@pytest.fixture
def shuffled(monkeypatch):
    """An executor that runs its tasks when everything has been submitted."""
    executor = Shuffled()
    collect = executors._collect
    monkeypatch.setattr(executors, "_collect", lambda *arguments: (executor.drain(), collect(*arguments))[1])
    return executor


def test_the_numbers_do_not_depend_on_who_computes_them(shuffled):
    with ThreadPoolExecutor(1) as one:
        once = replicate(SCENARIO, 6, seed=3, executor=one).table
        assert replicate(SCENARIO, 3, seed=3, executor=one).table.equals(once.iloc[:3])
        assert not replicate(SCENARIO, 6, seed=4, executor=one).table.equals(once)
    for count in (1, 2):
        with ProcessPoolExecutor(count) as processes:
            assert replicate(SCENARIO, 6, seed=3, executor=processes).table.equals(once)
    with ThreadPoolExecutor(4) as threads:
        assert replicate(SCENARIO, 6, seed=3, executor=threads).table.equals(once)
    assert replicate(SCENARIO, 6, seed=3, executor=shuffled).table.equals(once)
    assert replicate(SCENARIO, 6, seed=3).table.equals(once), "processes of its own"
    assert once["waiting_time_s.mean"].nunique() == 6


@pytest.mark.long
def test_every_task_is_in_one_chunk_of_one_design(shuffled):
    sweep(SCENARIO, {f"capacity.{TYPE}": [2, 3]}, 50, executor=shuffled)
    sizes = [len(seeds) for _, seeds in shuffled.calls]
    assert sum(sizes) == 100 and len({(id(design), seed) for design, seeds in shuffled.calls for seed in seeds}) == 100
    assert max(sizes) > 1, "small replications travel together"
    assert len(sizes) >= 2 * os.cpu_count(), "every worker has something to do"


@pytest.mark.long
def test_a_long_replication_travels_alone(shuffled):
    long = attrs.evolve(SCENARIO, arrivals=[Arrivals(TuningJobSpec("c"), Exponential(80.0), 5001)])
    design = Design(long, until_s=1.0)
    run([(design, seed) for seed in range(32)], shuffled)
    assert [len(seeds) for _, seeds in shuffled.calls] == [1] * 32


def test_the_longest_replications_come_first_and_the_last_chunks_are_small(shuffled, monkeypatch):
    """So that no worker is left with the longest one when the others have nothing to do any more."""
    monkeypatch.setattr(Design, "run", lambda design, seed: {"length": design.training_jobs(seed), "seed": seed})
    table = sweep(SCENARIO, {"arrivals.c.count": [10, 900, 60]}, 40, executor=shuffled).table
    assert list(table["length"]) == [10] * 40 + [900] * 40 + [60] * 40
    work = [(design.training_jobs(0), len(seeds)) for design, seeds in shuffled.calls]
    assert [length for length, _ in work] == sorted([length for length, _ in work], reverse=True)
    assert max(length * count for length, count in work) <= executors._CHUNK_TRAINING_JOBS
    assert work[-1][0] * work[-1][1] <= executors._LEAST_TRAINING_JOBS < work[0][0] * work[0][1]


class Weighed(ProcessPoolExecutor):
    """Knows how many bytes each message has."""

    def submit(self, fn, *arguments, **keywords):
        self.__dict__.setdefault("sent", []).append((len(pickle.dumps(arguments)), arguments))
        return super().submit(fn, *arguments, **keywords)


def test_a_design_is_sent_once():
    jobs = [ScheduledTuningJob(TuningJobSpec(f"job-{number}"), 10.0 * number) for number in range(100)]
    large = attrs.evolve(SCENARIO, tuning_jobs=jobs)
    whole = len(pickle.dumps(Design(large)))
    with Weighed(2) as pool, ThreadPoolExecutor(1) as one:
        found = replicate(large, 8, executor=pool)
        assert found.table.head(2).equals(replicate(large, 2, executor=one).table)
        files = {design for _, (design, _) in pool.sent}
        assert len(pool.sent) > 2 and len(files) == 1 and max(size for size, _ in pool.sent) < whole / 10
        assert not Path(*files).exists(), "it is left behind"
        pool.sent.clear()
        replicate(SCENARIO, 1, executor=pool)
        assert isinstance(pool.sent[0][1][0], Design), "a single chunk needs no file"


def test_an_interrupted_chunk_hands_over_what_has_ended(monkeypatch):
    whole = [Design.run(Design(SCENARIO), seed) for seed in (1, 2)]

    def interrupted(design, seed):
        if seed == 3:
            raise KeyboardInterrupt
        return whole[seed - 1]

    monkeypatch.setattr(Design, "run", interrupted)
    assert run_chunk(Design(SCENARIO), [1, 2, 3, 4]) == whole
    assert not executors._working


def test_an_idle_worker_does_not_stop_on_ctrl_c_and_a_busy_one_does(monkeypatch, ctrl_c):
    executors._stop_on_ctrl_c()
    signal.raise_signal(signal.SIGINT)
    monkeypatch.setattr(executors, "_working", True)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_worker_of_a_background_job_never_hears_ctrl_c(monkeypatch, ctrl_c_ignored):
    executors._stop_on_ctrl_c()
    monkeypatch.setattr(executors, "_working", True)
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, MemoryError])
def test_whatever_ends_a_run_keeps_what_has_ended_and_the_rest_is_done_next_time(tmp_path, monkeypatch, error):
    path, real, calls = tmp_path / "kept.jsonl", Design.run, []
    monkeypatch.setattr(executors, "_CHUNK_TRAINING_JOBS", 1)  # chunks of one
    with ThreadPoolExecutor(1) as one:
        whole = replicate(SCENARIO, 8, executor=one).table

        def fragile(design, seed):
            calls.append(seed)
            if len(calls) == 5:
                raise error
            return real(design, seed)

        monkeypatch.setattr(Design, "run", fragile)
        with pytest.raises(error):
            replicate(SCENARIO, 8, executor=one, checkpoint=path)
        kept = len(path.read_text().splitlines())
        assert kept == len(calls) - 1 >= 4
        before = len(calls)
        again = replicate(SCENARIO, 8, executor=one, checkpoint=path)
        assert again.table.equals(whole) and len(calls) - before == 8 - kept
        assert replicate(SCENARIO, 8, executor=one, checkpoint=path).table.equals(whole)
        assert len(calls) - before == 8 - kept, "all of it is known now"


def test_another_design_or_seed_is_not_taken_from_the_checkpoint(tmp_path):
    path = tmp_path / "kept.jsonl"
    with ThreadPoolExecutor(1) as one:
        replicate(SCENARIO, 2, executor=one, checkpoint=path)
        other = replicate(SCENARIO, 2, seed=1, executor=one, checkpoint=path)
        assert other.table.equals(replicate(SCENARIO, 2, seed=1, executor=one).table)
        later = replicate(SCENARIO, 2, executor=one, checkpoint=path, until_s=500.0)
        assert later.table.equals(replicate(SCENARIO, 2, executor=one, until_s=500.0).table)
    assert len(path.read_text().splitlines()) == 6


SCRIPT = """
import sys
from planning import test_executors as t
if __name__ == "__main__":
    t.replicate(t.LONGER, 400, checkpoint=sys.argv[1], progress=True)
"""
LONGER = attrs.evolve(SCENARIO, arrivals=[Arrivals(TuningJobSpec("c"), Exponential(80.0), 600)])


@pytest.mark.parametrize(
    "group",
    [
        pytest.param(True, id="as a terminal does", marks=pytest.mark.long),
        pytest.param(False, id="the parent alone", marks=pytest.mark.long),
    ],
)
def test_ctrl_c_keeps_every_finished_replication(tmp_path, group, ctrl_c):
    path, script = tmp_path / "kept.jsonl", tmp_path / "script.py"
    script.write_text(SCRIPT)
    folder = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, str(script), str(path)],
        env={**os.environ, "PYTHONPATH": f"{folder.parent}:{folder.parents[1]}"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and (not path.exists() or path.read_bytes().count(b"\n") < 10):
        time.sleep(0.01)
    (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode != 0 and error.rstrip().endswith("KeyboardInterrupt")
    assert error.count("Traceback") == 1, "a worker has died noisily"
    kept = path.read_text()
    assert kept.endswith("\n") and 10 <= len(kept.splitlines()) < 400
    count = len(kept.splitlines()) + 3
    path.write_text(kept + '{"key": "cut')
    again = replicate(LONGER, count, checkpoint=path)
    with ThreadPoolExecutor(1) as one:
        assert again.table.head(5).equals(replicate(LONGER, 5, executor=one).table)
    now = path.read_text()
    assert now.startswith(kept) and len(now.splitlines()) >= count


def test_the_bar_is_on_stderr_and_only_when_asked(capsys):
    with ThreadPoolExecutor(1) as one:
        replicate(SCENARIO, 2, executor=one)
        assert capsys.readouterr() == ("", "")
        replicate(SCENARIO, 2, executor=one, progress=True)
    captured = capsys.readouterr()
    assert captured.out == "" and "2/2" in captured.err


@pytest.mark.long
def test_a_cluster_that_loses_a_worker_half_way_loses_nothing(tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    path = tmp_path / "kept.jsonl"
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp://"
    )
    with ThreadPoolExecutor(1) as one:
        whole = replicate(LONGER, 40, executor=one).table
    with cluster, distributed.Client(cluster) as client, ThreadPoolExecutor(1) as beside:
        before = client.run(os.getpid)
        running = beside.submit(replicate, LONGER, 40, executor=client.get_executor(), checkpoint=path)
        while not running.done() and (not path.exists() or path.read_bytes().count(b"\n") < 5):
            time.sleep(0.01)
        assert not running.done()
        os.kill(next(iter(before.values())), signal.SIGKILL)
        assert running.result(timeout=120).table.equals(whole)
        assert set(client.run(os.getpid).values()) != set(before.values()), "nobody was killed"
    assert len(path.read_text().splitlines()) == 40


WORKING = """
import os, time
from hptsim.planning.executors import workers

with workers(None) as pool:
    begun = [pool.submit(time.sleep, 0.2 + number) for number in range(os.cpu_count())]  # so that each has its worker
    print(*pool._processes, flush=True)
    time.sleep(60)
"""


def alive(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_workers_end_with_the_process_that_started_them_also_when_it_is_killed():
    with subprocess.Popen([sys.executable, "-c", WORKING], stdout=subprocess.PIPE, text=True) as parent:
        processes = [int(one) for one in parent.stdout.readline().split()]
        assert processes and all(map(alive, processes))
        parent.kill()
    for _ in range(300):  # a busy machine may take its time
        if not any(map(alive, processes)):
            return
        time.sleep(0.1)
    raise AssertionError("workers outlive the process that started them")
