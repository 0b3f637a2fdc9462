"""From the journal to figures: one row per tuning job, averages over time, and what it cost.

Each figure is computed here and nowhere else; `FIGURES` says what it is. Times are in seconds, costs in US dollars.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from hptsim import html
from hptsim.errors import invalid, nearest
from hptsim.model.journal import Record
from hptsim.planning.accounting import Accounting, Level
from hptsim.planning.steady_state import Interval, batch_means, mean, mser5, quantile
from hptsim.planning.usage import TuningJobFigures, Usage, WarmPoolFigures
from hptsim.scenario.scenario import Scenario

Figures = dict[str, float]
SAMPLES: Mapping[str, str] = {
    "waiting_time_s": "from the creation of a tuning job to its first training job, of those that had one",
    "time_in_system_s": "from the creation of a tuning job to its end, of those that have ended",
    "stop_to_stopped_s": "from the stop of a tuning job to Stopped, of those that were stopped and have ended",
}
"""What is seen once for each tuning job: as a figure with .mean, .p50 and .p95."""
ABOVE_S = (60, 600, 3600)
"""The share that waits for longer is a figure for each: a minute, ten minutes, an hour."""
FIGURES: Mapping[str, str] = {
    **{f"{name}.mean": f"the mean time {text}" for name, text in SAMPLES.items()},
    **{f"{name}.p50": f"the median time {text}" for name, text in SAMPLES.items()},
    **{f"{name}.p95": f"the time that 95 % stay within, {text}" for name, text in SAMPLES.items()},
    "waiting_time_s.above_SECONDS": f"the share that waits for more than this many seconds ({', '.join(map(str, ABOVE_S))}, or "
    "those that are asked for), of those that had a training job",
    "waited_share": "the share of tuning jobs that waited at all, of those that had a training job",
    "unstarted_share": "the share of tuning jobs that had no training job, most of them because they still wait at the end",
    "refused_share": "the share of calls that were refused",
    "throughput_per_hour": "tuning jobs that ended in an hour",
    "queue_length.mean": "requests that wait for quota, averaged over time",
    "queue_length.max": "the most requests that have waited at once for any time",
    "in_system.mean": "tuning jobs that were created and have not ended, averaged over time",
    "cost_usd": "what all training of the tuning jobs costs; NaN when a price is not known",
    "utilization.TYPE": "the share of the quota that training jobs occupy, averaged over time",
    "idle_share.TYPE": "the share of what is reserved that no training job occupies, averaged over time",
}
"""Every figure by name; all leave out the warm-up: tuning jobs created in it, and time that passed in it."""


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
        records: Iterable[Record],
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
        accounting = Accounting(scenario.price_list, begin_s)
        read, record = accounting.read, None
        for record in records:
            read(record)
        last_s = 0.0 if record is None else record.time_s
        return cls.counted_by(accounting, scenario, last_s if end_s is None else max(last_s, end_s))

    @classmethod
    def counted_by(cls, accounting: Accounting, scenario: Scenario, end_s: float) -> Metrics:
        """The figures that *accounting* has counted, which has read a journal up to *end_s* and is closed by this."""
        accounting.close(end_s)
        kinds = dict.fromkeys([*scenario.capacity, *accounting.reserved])
        types = {
            kind: TypeFigures(
                scenario.capacity.get(kind),
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
        field = {"waiting_time_s": "waiting_s"}.get(name, name)
        values = (getattr(row, field) for row in self._counted())  # of a million rows no other list is made
        return [value for value in values if value is not None]

    def _seen(self, name: str) -> list[tuple[float, float]]:
        """A sample with the times at which the tuning jobs were created."""
        field = {"waiting_time_s": "waiting_s"}.get(name, name)
        values = ((row.created_s, getattr(row, field)) for row in self.counted)
        return [(created_s, value) for created_s, value in values if value is not None]

    def warm_up_s(self, name: str = "waiting_time_s") -> float:
        """When the warm-up ends by MSER-5: the creation of the first tuning job that counts, for `sim.metrics(begin_s=...)`."""
        cut = mser5(self.sample(name))
        return self._seen(name)[cut][0] if cut else self.begin_s

    def share_above(self, name: str, threshold_s: float) -> float:
        """The share of a sample that is above a threshold; NaN when it is empty."""
        return mean([float(value > threshold_s) for value in self.sample(name)])

    def steady(self, name: str, *, confidence: float = 0.95, batches: int = 20, cut: int | None = None) -> Interval:
        """An interval for the mean of a sample from this one long run, by batch means after MSER-5 or a given *cut*."""
        return batch_means(self.sample(name), confidence=confidence, batches=batches, cut=cut)

    def figures(self, above_s: Sequence[float] = ABOVE_S) -> Figures:
        """Every figure by its name, see `FIGURES`; NaN for one that was not observed.

        >>> from hptsim import Simulation, TuningJobSpec
        >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
        >>> sim.metrics().figures()["waiting_time_s.above_600"]
        0.0
        """
        found: Figures = {}
        for name in SAMPLES:
            values = self.sample(name)
            found |= {f"{name}.mean": mean(values), f"{name}.p50": quantile(values, 0.5)}
            found[f"{name}.p95"] = quantile(values, 0.95)
        refused, accepted = sum(self.refused.values()), len(self.tuning_jobs)
        span_s = self.end_s - self.begin_s
        costs = [row.cost_usd for row in self._counted()]
        found |= {f"waiting_time_s.above_{wait_s:g}": self.share_above("waiting_time_s", wait_s) for wait_s in above_s}
        return found | {
            "waited_share": mean([float(value > 1e-9) for value in self.sample("waiting_time_s")]),
            "unstarted_share": mean([float(row.waiting_s is None) for row in self._counted()]),
            "refused_share": refused / (refused + accepted) if refused or accepted else 0.0,
            "throughput_per_hour": 3600 * len(self.sample("time_in_system_s")) / span_s if span_s > 0 else math.nan,
            "queue_length.mean": self.queue.integral / span_s if span_s > 0 else math.nan,
            "queue_length.max": float(self.queue.most),
            "in_system.mean": self.in_system.integral / span_s if span_s > 0 else math.nan,
            "cost_usd": math.nan if None in costs else math.fsum(cost or 0.0 for cost in costs),
            **self._shares(span_s),
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


def _integral(levels: Mapping[str, Level], kind: str) -> float:
    return levels[kind].integral if kind in levels else 0.0
