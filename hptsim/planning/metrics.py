"""From the journal to figures: one row per tuning job, averages over time, and what it cost.

Each figure is computed here and nowhere else; `figures.FIGURES` says what it is. Times are in seconds, costs in US dollars.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from hptsim import html
from hptsim.errors import invalid, nearest
from hptsim.model.account import OTHERS, Quota
from hptsim.model.entries import Entry
from hptsim.planning.accounting import Accounting
from hptsim.planning.figures import ABOVE_S, SAMPLES, check_thresholds, told_apart
from hptsim.planning.levels import Level
from hptsim.planning.steady_state import Interval, batch_means, mean, mser5, quantile
from hptsim.planning.usage import TuningJobFigures, Usage, WarmPoolFigures
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.gc_pause import collector_paused

Figures = dict[str, float]


@attrs.frozen
class TypeFigures:
    """One instance type over the time that is looked at; *limit* is None when nothing limits it."""

    limit: int | None
    reserved_instance_s: float
    occupied_instance_s: float
    billable_instance_s: float


@attrs.frozen
class Metrics:
    """The figures of a run from *begin_s* to *end_s*.

    *tuning_jobs* are rows in order of creation, each about its whole life, *alone* are the training jobs without a tuning job
    together, *warm_pools* what some of them left behind and was paid for, *types* what was reserved and occupied by instance
    type, *refused* calls by error code.
    """

    tuning_jobs: Sequence[TuningJobFigures]
    refused: Mapping[str, int]
    begin_s: float
    end_s: float
    alone: Usage
    types: Mapping[str, TypeFigures]
    queue: Level
    in_system: Level
    warm_pools: tuple[WarmPoolFigures, ...] = ()
    refused_creations: int = 0
    """How many tuning jobs were asked for in vain."""
    training_waits: Mapping[str, Sequence[float]] = attrs.field(factory=dict, repr=False)
    """The samples of training jobs."""

    def _repr_html_(self) -> str:
        """What a notebook shows: the tuning jobs."""
        head = ("tuning job", "status", "training jobs", "waiting (s)", "stop to Stopped (s)", "artifacts")
        hours = ("reserved (instance-hours)", "billed (instance-hours)", "cost (USD)")
        rows = [
            (
                *(job.name, job.status, ", ".join(f"{count} {end}" for end, count in sorted(job.children.items()))),
                *(job.waiting_s, job.stop_to_stopped_s, job.artifacts),
                *(job.reserved_instance_s / 3600, job.billed_instance_s / 3600, job.cost_usd),
            )
            for job in self.tuning_jobs
        ]
        return html.table(head + hours, rows)

    @classmethod
    def of(
        cls,
        entries: Iterable[Entry],
        scenario: Scenario | None = None,
        *,
        begin_s: float = 0.0,
        end_s: float | None = None,
    ) -> Metrics:
        """Read a journal, from a warm-up's end at *begin_s* to *end_s*, or to its last entry.

        What is still running at the end is counted, and billed, up to there.

        >>> from hptsim import Simulation, TuningJobSpec
        >>> sim = Simulation()
        >>> job = sim.create_tuning_job(TuningJobSpec("demo"))
        >>> sim.run()
        >>> [(row.name, row.status, row.artifacts) for row in sim.metrics().tuning_jobs]
        [('demo', 'Completed', 1)]
        """
        scenario = scenario or Scenario()
        accounting = Accounting.of(scenario, begin_s)
        with collector_paused():
            last = accounting.read_all(entries)
        last_s = 0.0 if last is None else last[0]
        return cls.counted_by(accounting, scenario, last_s if end_s is None else max(last_s, end_s))

    @classmethod
    def counted_by(cls, accounting: Accounting, scenario: Scenario, end_s: float) -> Metrics:
        """The figures that *accounting* has counted, which has read a journal up to *end_s* and is closed by this."""
        accounting.close(end_s)
        quota = Quota(scenario.capacity)
        kinds = [kind for kind in dict.fromkeys([*quota, *accounting.reserved]) if kind != OTHERS]
        types = {
            kind: TypeFigures(
                quota.get(kind),
                _integral(accounting.reserved, kind),
                _integral(accounting.occupied, kind),
                accounting.billable.get(kind, 0.0),
            )
            for kind in kinds
        }
        rows: Any = accounting.rows
        return cls(
            tuple(rows) if isinstance(rows, list) else rows,
            accounting.refused,
            accounting.begin_s,
            end_s,
            accounting.standalone,
            types,
            accounting.queue,
            accounting.in_system,
            tuple(accounting.warm_pools),
            accounting.refused_creations,
            {
                "training_waiting_time_s": accounting.training_waiting_s,
                "training_quota_waiting_time_s": accounting.training_quota_waiting_s,
            },
        )

    @property
    def cost_usd(self) -> float | None:
        """What everything costs, with training jobs that have no tuning job and warm pools; None for an unknown price."""
        costs = [row.cost_usd for row in (*self.tuning_jobs, self.alone)]
        costs += [pool.cost_usd for pool in self.warm_pools]
        return None if None in costs else math.fsum(cost or 0.0 for cost in costs)

    @property
    def counted(self) -> list[TuningJobFigures]:
        """The tuning jobs that were created after the warm-up."""
        return list(self._counted())

    def _counted(self) -> Iterator[TuningJobFigures]:
        return (row for row in self.tuning_jobs if row.created_s >= self.begin_s)

    def sample(self, name: str) -> list[float]:
        """One of `SAMPLES`, in order of creation; raises InvalidInput for another name.

        >>> Metrics.of([]).sample("waiting_time_s")
        []
        """
        if name not in SAMPLES:
            raise invalid("sample", name, "what is seen for each tuning job", nearest(name, SAMPLES))
        if name in self.training_waits:
            return list(self.training_waits[name])
        if name.startswith("training_"):
            return []
        field = _FIELDS.get(name, name)
        values = (getattr(row, field) for row in self._counted())  # of a million rows no other list is made
        return [value for value in values if value is not None]

    def _seen(self, name: str) -> list[tuple[float, float]]:
        """A sample with the times at which the tuning jobs were created."""
        field = _FIELDS.get(name, name)
        values = ((row.created_s, getattr(row, field)) for row in self.counted)
        return [(created_s, value) for created_s, value in values if value is not None]

    def warm_up_s(self, name: str = "waiting_time_s") -> float:
        """When the warm-up ends by MSER-5: the creation of the first tuning job that counts, for `sim.metrics(begin_s=...)`."""
        cut = mser5(self.sample(name))
        return self._seen(name)[cut][0] if cut else self.begin_s

    def share_above(self, name: str, threshold_s: float) -> float:
        """The share of a sample that is above a threshold; NaN when it is empty."""
        return _share_above(self.sample(name), threshold_s)

    def limited_by(self) -> dict[str, float]:
        """For each limit, the share of tuning jobs that waited for it longer than for any other before their first launch."""
        limits = Counter(row.limited_by for row in self._counted())
        return {limit: limits[limit] / limits.total() for limit in sorted(limits) if limit}

    def groups(self, by: str) -> dict[str, Metrics]:
        """The same for the tuning jobs of each template, team, priority or instance type; raises InvalidInput for others.

        What is refused, the line, the quota and training jobs are not told apart, and left out.
        """
        told_apart([by])
        rows: dict[str, list[TuningJobFigures]] = {}
        for row in self.tuning_jobs:
            rows.setdefault(str(getattr(row, by)), []).append(row)
        return {
            name: attrs.evolve(
                self, tuning_jobs=tuple(rows[name]), refused={}, refused_creations=0, types={}, training_waits={}
            )
            for name in sorted(rows)
        }

    def steady(self, name: str, *, confidence: float = 0.95, batches: int = 20, cut: int | None = None) -> Interval:
        """An interval for the mean of a sample from this one long run, by batch means after MSER-5 or a given *cut*."""
        return batch_means(self.sample(name), confidence=confidence, batches=batches, cut=cut)

    def figures(self, above_s: Sequence[float] = ABOVE_S, by: Sequence[str] = ()) -> Figures:
        """Every figure by its name, see `figures.FIGURES`; NaN for one that was not observed.

        *by* adds those of single tuning jobs for each of their `figures.GROUPS`: waiting_time_s.p95[team=vision].
        Raises InvalidInput for thresholds that are no times to wait.

        >>> from hptsim import Simulation, TuningJobSpec
        >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
        >>> sim.metrics().figures()["waiting_time_s.above_600"]
        0.0
        """
        refused, accepted = sum(self.refused.values()), len(self.tuning_jobs)
        span_s = self.end_s - self.begin_s
        check_thresholds(above_s)
        found = self._of_tuning_jobs(above_s)
        for name in SAMPLES:
            if name.startswith("training_"):
                found |= _distribution(name, self.sample(name))
        for group in by:
            for label, part in self.groups(group).items():
                found |= {f"{name}[{group}={label}]": value for name, value in part._of_tuning_jobs(above_s).items()}
        unstarted = sum(row.waiting_s is None for row in self._counted())
        asked = sum(1 for _ in self._counted()) + self.refused_creations
        return found | {
            **{f"waited_for_share.{limit}": share for limit, share in self.limited_by().items()},
            "refused_share": refused / (refused + accepted) if refused or accepted else 0.0,
            "unserved_share": (unstarted + self.refused_creations) / asked if asked else 0.0,
            "queue_length.mean": self.queue.integral / span_s if span_s > 0 else math.nan,
            "queue_length.max": float(self.queue.most),
            "in_system.mean": self.in_system.integral / span_s if span_s > 0 else math.nan,
            **self._shares(span_s),
        }

    def _of_tuning_jobs(self, above_s: Sequence[float]) -> Figures:
        """The figures that are made of single tuning jobs."""
        samples = {name: self.sample(name) for name in SAMPLES if not name.startswith("training_")}
        found: Figures = {}
        for name, values in samples.items():
            found |= _distribution(name, values)
        waits = samples["waiting_time_s"]
        found["waiting_time_s.count"] = float(len(waits))
        found |= {f"waiting_time_s.above_{wait_s:g}": _share_above(waits, wait_s) for wait_s in above_s}
        span_s, costs = self.end_s - self.begin_s, [row.cost_usd for row in self._counted()]
        return found | {
            "waited_share": _share_above(samples["quota_waiting_time_s"], _NO_TIME_S),
            "unstarted_share": mean([float(row.waiting_s is None) for row in self._counted()]),
            "throughput_per_hour": 3600 * len(samples["time_in_system_s"]) / span_s if span_s > 0 else math.nan,
            "preemptions": float(sum(row.preemptions for row in self._counted())),
            "lost_instance_hours": math.fsum(row.lost_instance_s for row in self._counted()) / 3600,
            "cost_usd": math.nan if None in costs else math.fsum(cost or 0.0 for cost in costs),
        }

    def _shares(self, span_s: float) -> Figures:
        found: Figures = {}
        for kind, one in self.types.items():
            if one.limit is not None:
                most = one.limit * span_s
                found[f"utilization.{kind}"] = one.occupied_instance_s / most if most > 0 else math.nan
            if one.reserved_instance_s > 0:
                found[f"idle_share.{kind}"] = 1 - one.occupied_instance_s / one.reserved_instance_s
        return found


_FIELDS = {
    "waiting_time_s": "waiting_s",
    "quota_waiting_time_s": "quota_waiting_s",
    "provisioning_time_s": "provisioning_s",
}
"""The fields of a row that have other names than their samples."""
_NO_TIME_S = 1e-9


def _distribution(name: str, values: Sequence[float]) -> Figures:
    """The mean, the median and the 95 % quantile of a sample."""
    ordered = sorted(values)  # `quantile` sorts, too, which takes little time for what is in order
    return {
        f"{name}.mean": mean(values),
        f"{name}.p50": quantile(ordered, 0.5),
        f"{name}.p95": quantile(ordered, 0.95),
    }


def _share_above(values: Sequence[float], threshold_s: float) -> float:
    """The share of *values* that is above a threshold; NaN when there are none."""
    return sum(value > threshold_s for value in values) / len(values) if values else math.nan


def _integral(levels: Mapping[str, Level], kind: str) -> float:
    return levels[kind].integral if kind in levels else 0.0
