"""Reads what was observed of the live service: how long phases took, and tuning jobs with the times of their training jobs.

The data are no part of the project; `DATA` says where they are looked for.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

DATA = Path(os.environ.get("HPTSIM_OBSERVED", Path(__file__).parents[2] / "shared" / "data" / "observed"))
"""The folder with `timings.csv` and `tuning_runs.json`."""
REUSE = "2022-10"
"""Since this month the training jobs of a tuning job are seen to reuse its instances."""
POLL_S = 30.0
"""How often the SDK looks at a training job whose log it prints."""


@attrs.frozen
class Sample:
    """Times in seconds: some known, some known to lie in an interval."""

    exact: tuple[float, ...]
    within: tuple[tuple[float, float], ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.exact) + len(self.within)

    def ends(self) -> tuple[list[float], list[float]]:
        """All of them in order, with the intervals at their low ends and at their high ends."""
        low, high = zip(*self.within, strict=True) if self.within else ((), ())
        return sorted((*self.exact, *low)), sorted((*self.exact, *high))

    def __add__(self, other: Sample) -> Sample:
        return Sample(self.exact + other.exact, self.within + other.within)


@attrs.frozen
class Job:
    """The phases of one training job whose log a client printed, by the stamps in the log."""

    date: str
    instance_type: str
    spot: bool
    phases: dict[str, float]

    @property
    def large(self) -> bool:
        """Whether it asked for one of the largest accelerated machines."""
        return self.instance_type.startswith("ml.p4")

    @property
    def gpu(self) -> bool:
        """Whether it asked for another GPU."""
        return self.instance_type.startswith(("ml.p", "ml.g")) and not self.large

    @property
    def cpu(self) -> bool:
        """Whether it asked for neither."""
        return not (self.gpu or self.large)


def rows() -> Iterator[dict[str, str]]:
    """The intervals of `timings.csv`."""
    with (DATA / "timings.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def logged() -> list[Job]:
    """Training jobs by their printed logs; one that stands in two notebooks counts once."""
    found: dict[tuple[str, str, str], Job] = {}
    for row in rows():
        if row["kind"] == "sdk-log":
            key = (row["job"], row["source"], row["instance_type"])
            job = Job(row["job"][:10], row["instance_type"], row["spot"] == "True", {})
            found.setdefault(key, job).phases[row["phase"]] = float(row["seconds"])
    once = {(key[0][:19], str(sorted(job.phases.items()))): job for key, job in found.items()}
    return list(once.values())


def starting(jobs: Sequence[Job]) -> Sample:
    """Creation to Downloading. Where Downloading and what follows were seen in one poll, up to a poll less than stamped."""
    exact, within = [], []
    for job in jobs:
        stamp = job.phases.get("start→Downloading")
        if stamp is not None:
            merged = 0.0 in (job.phases.get("Downloading→Training"), job.phases.get("Downloading→Stopping"))
            within.extend([(max(0.0, stamp - POLL_S), stamp)] if merged else [])
            exact.extend([] if merged else [stamp])
    return Sample(tuple(exact), tuple(within))


def logged_phase(jobs: Sequence[Job], phase: str) -> Sample:
    """A phase between two stamps; 0 says that both were seen in one poll, so it took no longer than a poll."""
    seen = [job.phases[phase] for job in jobs if phase in job.phases]
    return Sample(tuple(time_s for time_s in seen if time_s), ((0.0, POLL_S),) * seen.count(0.0))


def exact(phase: str, keep: Callable[[dict[str, str]], bool] = lambda row: True) -> Sample:
    """A phase by the exact times of its transitions, in training jobs that *keep* takes."""
    times = [float(row["seconds"]) for row in rows() if row["kind"].startswith("transition") and row["phase"] == phase]
    kept = [keep(row) for row in rows() if row["kind"].startswith("transition") and row["phase"] == phase]
    return Sample(tuple(time_s for time_s, taken in zip(times, kept, strict=True) if taken))


def warm_starting() -> Sample:
    """Creation to TrainingStart of training jobs of a tuning job that reused its instances, in whole seconds."""
    found = [
        float(row["seconds"])
        for row in rows()
        if row["kind"] == "describe/tuner" and row["phase"] == "creation→TrainingStart" and float(row["seconds"]) < 20
    ]
    return Sample(tuple(found))


@attrs.frozen
class Run:
    """A tuning job as it was observed: when which of its training jobs was in training, upload included."""

    name: str
    date: str
    instance_type: str
    spot: bool
    complete: bool
    parallel: int
    parallel_recorded: bool
    times_s: dict[int, tuple[float, float]]
    """By ordinal: start and end of training, in seconds from the first start."""

    @property
    def reuse(self) -> bool:
        """Whether it ran since training jobs reuse instances."""
        return self.date >= REUSE

    @property
    def lengths_s(self) -> list[float]:
        """How long its training jobs were in training."""
        return [end - start for start, end in self.times_s.values()]

    @property
    def makespan_s(self) -> float:
        """From the first start to the last end."""
        return max(end for _, end in self.times_s.values()) - min(start for start, _ in self.times_s.values())


def runs() -> list[Run]:
    """The tuning jobs of `tuning_runs.json`."""
    return [_run(data) for data in json.loads((DATA / "tuning_runs.json").read_text(encoding="utf-8"))]


def _run(data: dict[str, Any]) -> Run:
    times = {job["ordinal"]: (job["start_s"], job["end_s"]) for job in data["training_jobs"]}
    recorded = data["parallel_observed"]
    return Run(
        data["tuning_job"],
        data["first_training_start"][:10],
        data["instance_type"],
        data["spot"],
        data["complete"],
        recorded or parallelism(times),
        recorded is not None,
        dict(sorted(times.items())),
    )


def parallelism(times_s: dict[int, tuple[float, float]]) -> int:
    """MaxParallelTrainingJobs by throughput: the least number of slots that leaves a time between two jobs of a slot.

    Ordinals say how many training jobs were launched between two starts, recorded or not, so the time from launch to launch
    is known; that many times the number of slots, less the mean length, is what a slot is free in between. It is at least as
    many as were seen in training at the same time.
    """
    ordinals = sorted(times_s)
    starts = [times_s[ordinal][0] for ordinal in ordinals]
    cycle_s = (max(starts) - min(starts)) / (ordinals[-1] - ordinals[0])
    length_s = sum(end - start for start, end in times_s.values()) / len(times_s)
    together = max(sum(start <= at < end for start, end in times_s.values()) for at in starts)
    return next(slots for slots in range(together, 1000) if slots * cycle_s > length_s)


def gaps(run: Run) -> list[float]:
    """From a slot's end to the next start in it, where the training jobs before it are known without a hole.

    Of P slots the k-th training job takes that which the (k-P)-th end leaves free; the 2P-1 jobs before it must be known.
    """
    found = []
    for ordinal, (start, _) in run.times_s.items():
        before = range(max(1, ordinal - 2 * run.parallel + 1), ordinal)
        if ordinal > run.parallel and all(other in run.times_s for other in before):
            ends = sorted(run.times_s[other][1] for other in before)
            found.append(start - ends[ordinal - run.parallel - before.start])
    return found
