"""From the journal to figures: one row per tuning job, and what the stop cost.

Times are in seconds; instance-hours are billed instance time (B1 to B4), costs in US dollars from a price table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from hptsim.journal import Record, change
from hptsim.ledger import TOTAL, TUNING_JOBS
from hptsim.lifecycle import status
from hptsim.model import FINAL_TUNING
from hptsim.scenario import Scenario
from hptsim.world import BILLED

PRICES_USD_PER_HOUR: Mapping[str, float] = {
    "ml.m5.large": 0.115,
    "ml.m5.xlarge": 0.23,
    "ml.m5.2xlarge": 0.461,
    "ml.m5.4xlarge": 0.922,
    "ml.c5.xlarge": 0.204,
    "ml.c5.2xlarge": 0.408,
    "ml.g4dn.xlarge": 0.736,
    "ml.p3.2xlarge": 3.825,
}
"""On-demand training prices, us-east-1, as listed in mid 2023: an example; a scenario's own prices come first."""
SPOT_PRICE_RATIO = 0.3
"""Assumption `spot-price-ratio`."""


@attrs.define
class TuningJobFigures:
    """One tuning job in figures; *waiting_s* is from creation to its first training job, None if it had none."""

    name: str
    created_s: float
    status: str = "InProgress"
    children: dict[str, int] = attrs.field(factory=dict)
    waiting_s: float | None = None
    stop_s: float | None = None
    ended_s: float | None = None
    artifacts: int = 0
    billed_instance_s: float = 0.0
    reserved_instance_s: float = 0.0
    stopping_instance_s: float = 0.0
    """Instance-seconds that stayed reserved between the stop and Stopped."""
    cost_usd: float | None = 0.0

    @property
    def stop_to_stopped_s(self) -> float | None:
        """From the stop to Stopped; None if there was no stop or it has not ended."""
        return None if self.stop_s is None or self.ended_s is None else self.ended_s - self.stop_s

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, hours as hours."""
        plain = attrs.asdict(self)
        for name in ("billed_instance_s", "reserved_instance_s", "stopping_instance_s"):
            plain[name.replace("_s", "_hours") if name.endswith("_s") else name] = plain.pop(name) / 3600
        plain["stop_to_stopped_s"] = self.stop_to_stopped_s
        return plain


def instances(amounts: Mapping[str, int]) -> dict[str, int]:
    """*amounts* without the pools over all instance types.

    >>> instances({"ml.m5.xlarge": 2, "total-instances": 2})
    {'ml.m5.xlarge': 2}
    """
    return {pool: count for pool, count in amounts.items() if pool not in (TOTAL, TUNING_JOBS)}


class _Reader:
    """Reads a journal once, keeping only what is alive besides the rows."""

    def __init__(self, prices: Mapping[str, float]) -> None:
        self.prices = prices
        self.rows: dict[str, TuningJobFigures] = {}
        self.definitions: dict[str, Any] = {}
        self.jobs: dict[str, tuple[TuningJobFigures, Any]] = {}
        self.running: dict[str, Mapping[str, int]] = {}
        """The instances on which each training job runs, by type."""
        self.since: dict[str, tuple[str, float]] = {}
        self.held: dict[str, tuple[int, float]] = {}
        self.refused: dict[str, int] = {}
        self.end_s = 0.0

    def read(self, record: Record) -> None:
        self.end_s = record.time_s
        if record.trigger == "delete":
            return
        if record.thing == "tuning":
            self.tuning(record)
        elif record.thing == "training":
            self.training(record)
        elif record.thing == "reservation":
            self.reservation(record)
        elif record.trigger == "occupy" and record.name in self.jobs:
            self.running[record.name] = instances(record.data)
        elif record.thing == "artifact" and record.name in self.jobs:
            self.jobs[record.name][0].artifacts += 1
        elif record.thing == "refused":
            self.refused[record.data.partition(":")[0]] = 1 + self.refused.get(record.data.partition(":")[0], 0)

    def tuning(self, record: Record) -> None:
        if record.trigger == "create":
            self.rows[record.name] = TuningJobFigures(record.name, record.time_s)
            self.definitions[record.name] = record.data["spec"].definitions
        row = self.rows[record.name]
        if record.trigger == "launch" and row.waiting_s is None:
            row.waiting_s = record.time_s - row.created_s
        row.status = status(record.destination)
        if record.trigger == "stop":
            row.stop_s = record.time_s
        if row.status in FINAL_TUNING:
            row.ended_s = record.time_s

    def training(self, record: Record) -> None:
        if record.trigger == "create":
            if not record.data["tuning_job"]:
                return  # these figures are about tuning jobs
            row = self.rows[record.data["tuning_job"]]
            self.jobs[record.name] = (row, self.definitions[row.name][record.data["definition"]])
        if record.name not in self.jobs:
            return
        row, definition = self.jobs[record.name]
        source, since_s = self.since.get(record.name, ("", 0.0))
        if source in BILLED:
            for kind, count in self.running[record.name].items():
                seconds = (record.time_s - since_s) * count
                row.billed_instance_s += seconds
                price = self.prices.get(kind)
                ratio = SPOT_PRICE_RATIO if definition.spot else 1.0
                unknown = price is None or row.cost_usd is None
                row.cost_usd = None if unknown else (row.cost_usd or 0.0) + seconds / 3600 * ratio * (price or 0.0)
        self.since[record.name] = (record.destination, record.time_s)
        end = status(record.destination)
        if end in ("Completed", "Failed", "Stopped", "MaxRuntimeExceeded", "MaxWaitTimeExceeded"):
            row.children[end] = 1 + row.children.get(end, 0)
            del self.since[record.name], self.running[record.name]

    def reservation(self, record: Record) -> None:
        row = self.rows.get(record.data["holder"])
        if row is None:  # a training job without a tuning job
            return
        self.accrue(row, record.time_s)
        held, since_s = self.held.get(row.name, (0, record.time_s))
        self.held[row.name] = (held + sum(instances(change(record)).values()), since_s)

    def accrue(self, row: TuningJobFigures, now: float) -> None:
        """Book the time for which the tuning job has held its instances."""
        held, since_s = self.held.get(row.name, (0, now))
        row.reserved_instance_s += held * (now - since_s)
        if row.stop_s is not None:
            row.stopping_instance_s += held * (now - max(since_s, row.stop_s))
        self.held[row.name] = (held, now)


@attrs.frozen
class Metrics:
    """The figures of a run: *tuning_jobs* in order of creation, *refused* calls by error code, the last entry's time."""

    tuning_jobs: tuple[TuningJobFigures, ...]
    refused: Mapping[str, int]
    end_s: float

    @classmethod
    def of(cls, records: Iterable[Record], scenario: Scenario | None = None) -> Metrics:
        """Read a journal.

        >>> from hptsim import Simulation, TuningJobSpec
        >>> sim = Simulation()
        >>> job = sim.create_tuning_job(TuningJobSpec("demo"))
        >>> sim.run()
        >>> [(row.name, row.status, row.artifacts) for row in sim.metrics().tuning_jobs]
        [('demo', 'Completed', 1)]
        """
        own = scenario.prices_usd_per_hour if scenario is not None else {}
        reader = _Reader({**PRICES_USD_PER_HOUR, **own})
        for record in records:
            reader.read(record)
        return cls(tuple(reader.rows.values()), reader.refused, reader.end_s)
