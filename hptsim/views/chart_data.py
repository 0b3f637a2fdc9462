"""The rows behind the pictures: what a journal says, as plain tuples that a test can compare.

Times are in seconds since the scenario's epoch. `hptsim.views.charts` (matplotlib) and `hptsim.views.interactive`
(plotly) draw them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from hptsim.errors import invalid
from hptsim.model.account import Quota, by_type
from hptsim.model.journal import QUEUED, Record, change
from hptsim.model.journal_reader import JournalReader
from hptsim.model.statuses import FINAL_TRAINING, FINAL_TUNING
from hptsim.planning.steady_state import quantile


class GanttRow(NamedTuple):
    """One phase of a job, from *begin_s* to *end_s*; a tuning job's own phases have no *training_job*.

    *ended* is the status in which the job ends with it, if it does.
    """

    tuning_job: str
    training_job: str
    phase: str
    begin_s: float
    end_s: float
    ended: str = ""


class BandRow(NamedTuple):
    """How many instances are reserved and occupied from *time_s* on; *limit* is None where there is none."""

    time_s: float
    instance_type: str
    limit: int | None
    reserved: int
    occupied: int


class QueueRow(NamedTuple):
    """How many requests for quota are waiting from *time_s* on."""

    time_s: float
    waiting: int


class StoredRow(NamedTuple):
    """How many artifacts are stored and log events written at *time_s*."""

    time_s: float
    artifacts: int
    logs: int


class ShareRow(NamedTuple):
    """The *share* of *tuning_jobs* in all that waited at most *waiting_s*."""

    waiting_s: float
    share: float
    tuning_jobs: int


class CurveRow(NamedTuple):
    """The objective metric of a training job after *epoch*; *stopped_by* says which rule stopped it then, if any."""

    tuning_job: str
    training_job: str
    epoch: int
    objective: float
    stopped_by: str


class IntervalRow(NamedTuple):
    """A mean with its interval at *x*; rows with the same *line* are drawn as one line."""

    line: str
    x: float
    mean: float
    low: float
    high: float


def gantt_rows(journal: Iterable[Record], until_s: float | None = None) -> list[GanttRow]:
    """The phases of every job, in order of creation: each tuning job, then its training jobs.

    A phase of no length is left out, unless the journal ends in it; a phase that has not ended ends at *until_s*, and where
    that is None with the journal.

    >>> from hptsim import Scenario, Simulation, TuningJobSpec
    >>> sim = Simulation(Scenario(timings="instant")); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> [row.phase for row in gantt_rows(sim.journal) if row.training_job]
    ['Training']
    """
    final = FINAL_TUNING | FINAL_TRAINING
    jobs: dict[tuple[str, str], list[GanttRow]] = {}
    parents: dict[str, str] = {}
    since: dict[tuple[str, str], tuple[str, float]] = {}
    now = 0.0
    for record in journal:
        now = record.time_s
        if record.thing not in ("tuning", "training") or record.trigger == "delete":
            continue
        if record.thing == "training" and record.trigger == "create":
            parents[record.name] = record.data.tuning_job
        job = (record.name, "") if record.thing == "tuning" else (parents[record.name], record.name)
        phase, begin = since.get(job, ("", now))
        if phase == record.destination:
            continue
        rows = jobs.setdefault(job, [])
        if begin < now:
            rows.append(GanttRow(*job, phase, begin, now))
        since[job] = (record.destination, now)
        if record.destination in final:
            del since[job]
            rows[-1:] = [row._replace(ended=record.destination) for row in rows[-1:]]
    for job, (phase, begin) in since.items():
        jobs[job].append(GanttRow(*job, phase, begin, now if until_s is None else until_s))
    order = {parent: place for place, parent in enumerate(dict.fromkeys(parent for parent, _ in jobs))}
    return [row for job in sorted(jobs, key=lambda job: (order[job[0]], job[1] != "")) for row in jobs[job]]


def band_rows(journal: Iterable[Record], limits: Mapping[str, int] | None = None) -> list[BandRow]:
    """Reservation and occupancy by instance type, one row whenever one of the two has changed (§5.5).

    *limits* is the account's quota (`Scenario.capacity`), which a journal's entries do not repeat.

    >>> from hptsim import Scenario, Simulation, TuningJobSpec
    >>> sim = Simulation(Scenario(timings="instant")); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> [(row.time_s, row.reserved, row.occupied) for row in band_rows(sim.journal)]
    [(0.0, 1, 1), (100.0, 0, 0)]
    """
    rows: list[BandRow] = []
    quota = Quota(limits or {})
    reserved: dict[str, int] = {}
    occupied: dict[str, int] = {}
    for now, records in groupby(journal, key=lambda record: record.time_s):
        before = {pool: (reserved[pool], occupied.get(pool, 0)) for pool in reserved}
        for record in records:
            book = occupied if record.thing == "occupancy" else reserved
            for kind, count in by_type(change(record)).items():
                book[kind] = book.get(kind, 0) + count
        for pool in sorted(reserved):
            after = (reserved[pool], occupied.get(pool, 0))
            if after != before.get(pool, (0, 0)):
                rows.append(BandRow(now, pool, quota.get(pool), *after))
    return rows


def queue_rows(journal: Iterable[Record]) -> list[QueueRow]:
    """The length of the queue for quota, one row whenever it has changed.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> queue_rows(sim.journal)  # no request waits
    []
    """
    rows: list[QueueRow] = []
    waiting = 0
    for now, records in groupby(journal, key=lambda record: record.time_s):
        before = waiting
        for record in records:
            if record.thing == "reservation":
                waiting += QUEUED.get(record.trigger, 0)
        if waiting != before:
            rows.append(QueueRow(now, waiting))
    return rows


def stored_rows(journal: Iterable[Record]) -> list[StoredRow]:
    """The numbers of artifacts and log events, which stay after their jobs have ended; one row whenever one has changed.

    >>> from hptsim import Scenario, Simulation, TuningJobSpec
    >>> sim = Simulation(Scenario(timings="instant")); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> stored_rows(sim.journal)[-1]
    StoredRow(time_s=100.0, artifacts=1, logs=2)
    """
    rows: list[StoredRow] = []
    stored: set[str] = set()
    logs = 0
    for now, records in groupby(journal, key=lambda record: record.time_s):
        for record in records:
            if record.thing == "artifact":
                stored.add(record.data)
            logs += record.thing == "log"
        if (len(stored), logs) != (rows[-1][1:] if rows else (0, 0)):
            rows.append(StoredRow(now, len(stored), logs))
    return rows


def share_rows(waiting_s: Iterable[float | None]) -> list[ShareRow]:
    """The distribution of waiting times: for each time that occurs, the share that waited at most that long.

    None stands for a tuning job that has no training job yet: it counts, and the share stays below 1.

    >>> [tuple(row) for row in share_rows([0.0, 60.0, 0.0, None])]
    [(0.0, 0.5, 4), (60.0, 0.75, 4)]
    """
    tuning_jobs = list(waiting_s)
    started = sorted(wait for wait in tuning_jobs if wait is not None)
    last = {wait: place for place, wait in enumerate(started, start=1)}  # of equal times the last place counts
    return [ShareRow(wait, place / len(tuning_jobs), len(tuning_jobs)) for wait, place in last.items()]


def share_quantile(rows: Sequence[ShareRow], share: float) -> float | None:
    """The quantile of the waiting times, defined as every other one; None where it is about who has not started.

    >>> share_quantile(share_rows([0.0, 60.0]), 0.95), share_quantile(share_rows([0.0, None]), 0.95)
    (57.0, None)
    """
    waits: list[float] = []
    for row in rows:
        waits += [row.waiting_s] * (round(row.share * row.tuning_jobs) - len(waits))
    found = quantile([*waits, *[math.inf] * (rows[0].tuning_jobs - len(waits))], share) if rows else math.inf
    return found if math.isfinite(found) else None


STOPPED_BY = ("early_stopping", "hyperband", "strategy")
"""The stopping rules that a curve is marked with; Hyperband's max_resource is none, since the training job was complete."""


def curve_rows(journal: Iterable[Record]) -> list[CurveRow]:
    """The learning curve of every training job, in order of creation, without the epochs that an interruption undid.

    A curve that early stopping or a rung of Hyperband stopped ends with a row that says so.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> from hptsim.model import Hyperband
    >>> spec = TuningJobSpec("demo", strategy="Hyperband", hyperband=Hyperband(1, 3))
    >>> sim = Simulation(); job = sim.create_tuning_job(spec); sim.run()
    >>> [(row.epoch, round(row.objective, 2), row.stopped_by) for row in curve_rows(sim.journal)]
    [(1, 0.53, ''), (2, 0.37, ''), (3, 0.29, '')]
    """
    curves = _Curves()
    for record in journal:
        curves.read(record)
    return [row for rows in curves.jobs.values() for row in rows]


class _Curves(JournalReader):
    """The rows of every training job's learning curve."""

    def __init__(self) -> None:
        self.jobs: dict[str, list[CurveRow]] = {}
        self._parents: dict[str, str] = {}

    def on_training_create(self, record: Record) -> None:
        self._parents[record.name] = record.data.tuning_job
        self.jobs[record.name] = []

    def on_training_epoch(self, record: Record) -> None:
        epoch, objective = record.data
        curve = self.jobs[record.name]
        while curve and curve[-1].epoch >= epoch:
            curve.pop()
        curve.append(CurveRow(self._parents[record.name], record.name, epoch, objective, ""))

    def on_signal_stop(self, record: Record) -> None:
        if record.data in STOPPED_BY:
            self.jobs[record.name][-1] = self.jobs[record.name][-1]._replace(stopped_by=record.data)


def interval_rows(summary: Any) -> list[IntervalRow]:
    """The rows of a sweep's summary of one figure (`planning.Results.summary`): what was varied first is *x*.

    The values of what else was varied name the line. Raises InvalidInput for a summary of several figures.

    >>> import pandas
    >>> points = {"capacity.gpu": [1, 2], "figure": "cost_usd", "mean": [9.0, 3.0], "low": [8.0, 2.0], "high": [10.0, 4.0]}
    >>> interval_rows(pandas.DataFrame(points))[1]
    IntervalRow(line='', x=2, mean=3.0, low=2.0, high=4.0)
    """
    figures = list(dict.fromkeys(summary["figure"]))
    if len(figures) > 1:
        raise invalid("summary", f"{len(figures)} figures", "one", f"write results.summary({figures[0]!r})")
    given = ("figure", "mean", "low", "high", "replications")
    x, *others = (name for name in summary.columns if name not in given)
    return [
        IntervalRow(", ".join(f"{name} = {row[name]}" for name in others), *(row[name] for name in (x, *given[1:4])))
        for row in summary.to_dict("records")
    ]
