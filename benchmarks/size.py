"""How much memory a million training jobs take, and how long a snapshot of 10,000 live ones.

Each measurement runs in a process of its own, so that its peak is its own: `python benchmarks/size.py`.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

from measured import MEMORY, Row, Rows, lines, peak_mib

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.definitions import ResourceLimits, ServiceLimits
from hptsim.model.journal import Journal
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import ScheduledTuningJob

Found = TypeVar("Found")
TIMINGS = Timings(starting_s=Exponential(198.0), downloading_s=49.0, training_s=Exponential(103.0), uploading_s=7.0)


def stream(tuning_jobs: int, every_s: float, training_jobs: int = 100, parallel: int = 10) -> Scenario:
    """Tuning jobs that arrive one by one."""
    return Scenario(
        timings=TIMINGS,
        limits=ServiceLimits(None, None, None),
        tuning_jobs=tuple(
            ScheduledTuningJob(TuningJobSpec(f"job-{i}", limits=ResourceLimits(training_jobs, parallel)), i * every_s)
            for i in range(tuning_jobs)
        ),
    )


def many(tuning_jobs: int, journal: str) -> tuple[float, float]:
    """Run 100 training jobs for each tuning job: the peak of memory in MiB, and training jobs a second of processor time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl" if journal == "on disk" else None
        laws = journal == "not kept, laws on"
        sim = Simulation(stream(tuning_jobs, 30.0), laws=laws, journal=Journal(path, keep=False))
        begun = time.process_time()
        sim.run()
        sim.journal.close()
        took_s = time.process_time() - begun
    return peak_mib(), tuning_jobs * 100 / took_s


def snapshot(tuning_jobs: int) -> tuple[int, float, float, float]:
    """How many training jobs are live, and seconds to come there, to take a snapshot, and to restore it.

    Raises RuntimeError when what follows is not the same after both.
    """
    sim = Simulation(stream(tuning_jobs, 0.0))
    begun = time.process_time()
    sim.run(until=300.0)
    came = time.process_time()
    live = sum(len(sim.tuning_job(name).live) for name in sim.tuning_jobs)
    before = time.process_time()
    saved = sim.snapshot()
    taken = time.process_time()
    other = Simulation(sim.scenario)
    again = time.process_time()
    other.restore(saved)
    restored = time.process_time()
    sim.run(until=600.0)
    other.run(until=600.0)
    if list(sim.journal) != list(other.journal):
        raise RuntimeError("what follows a snapshot is not what follows its restore")
    return live, came - begun, taken - before, restored - again


def alone(function: Callable[..., Found], *arguments: object) -> Found:
    """What a function returns in a process of its own, so that its peak of memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as one:
        return one.submit(function, *arguments).result()


def rows(quick: bool) -> Rows:
    """The memory of ten times as many jobs beside that of a tenth; a snapshot beside running there again."""
    few = 100 if quick else 1000
    base_mib, base_rate = alone(many, few, "not kept")
    found: Rows = []
    for journal in ("not kept", "not kept, laws on", "on disk"):
        mib, rate = alone(many, few * 10, journal)
        what = f"{few * 1000:,} training jobs, journal {journal}"
        found.append(Row(what, mib, "MiB", f"{few * 100:,}, not kept", base_mib, MEMORY))
        found.append(Row(what, rate, "training jobs/s", f"{few * 100:,}, not kept", base_rate))
    live, came_s, taken_s, restored_s = alone(snapshot, 100 if quick else 1000)
    for name, value in (("a snapshot", taken_s), ("its restore", restored_s)):
        found.append(Row(f"{name} of {live:,} live training jobs", value, "s", "running there again", came_s))
    return found


if __name__ == "__main__":
    print(*lines(rows(quick=False)), sep="\n")
