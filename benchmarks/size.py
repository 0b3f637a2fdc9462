"""How much memory a million training jobs take, and how long a snapshot of 10,000 live ones.

Each measurement runs in a process of its own, so that its peak is its own: `python benchmarks/size.py`.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.definitions import ResourceLimits, ServiceLimits
from hptsim.model.journal import Journal
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import ScheduledTuningJob

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


def many(tuning_jobs: int, journal: str) -> None:
    """Run 100 training jobs for each tuning job and print the peak of memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl" if journal == "disk" else None
        sim = Simulation(stream(tuning_jobs, 30.0), laws=journal == "counts+laws", journal=Journal(path, keep=False))
        begun = time.perf_counter()
        sim.run()
        sim.journal.close()
        took = time.perf_counter() - begun
        size = f", {path.stat().st_size / 1e6:,.0f} MB on disk" if path else ""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    label = {"counts": "counts only", "counts+laws": "counts only, laws on", "disk": "journal to disk"}[journal]
    jobs = tuning_jobs * 100
    print(f"{jobs:9,} training jobs, {label:20} {peak:6,.0f} MiB at its peak, {jobs / took:7,.0f} a second{size}")


def snapshot() -> None:
    """Time a snapshot and a restore of 10,000 live training jobs, and compare what follows."""
    sim = Simulation(stream(1000, 0.0))
    sim.run(until=300.0)
    live = sum(len(sim.tuning_job(name).live) for name in sim.tuning_jobs)
    begun = time.perf_counter()
    saved = sim.snapshot()
    middle = time.perf_counter()
    other = Simulation(sim.scenario)
    begun_again = time.perf_counter()
    other.restore(saved)
    ended = time.perf_counter()
    sim.run(until=600.0)
    other.run(until=600.0)
    same = "identical" if list(sim.journal) == list(other.journal) else "DIFFERENT"
    print(
        f"snapshot of {live:,} live training jobs: {middle - begun:.2f} s, restore {ended - begun_again:.2f} s, "
        f"the journal after both resume: {same}"
    )


if __name__ == "__main__":
    if len(sys.argv) == 1:
        for arguments in (
            ["1000", "counts"],
            ["10000", "counts"],
            ["10000", "counts+laws"],
            ["10000", "disk"],
            ["snapshot"],
        ):
            subprocess.run([sys.executable, __file__, *arguments], check=True)
    elif sys.argv[1] == "snapshot":
        snapshot()
    else:
        many(int(sys.argv[1]), sys.argv[2])
