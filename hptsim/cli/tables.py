"""Tables of jobs on the command line: how they are read, under which quota and prices they run, and what is said of them.

`hptsim replay` and `hptsim plan --trace` share it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from hptsim.cli.assignments import each_once
from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.model.account import OTHERS, Quota
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest
from hptsim.scenario.csv_traces import from_csv
from hptsim.scenario.prices import Prices
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.trace import Trace
from hptsim.scenario.workload import ScheduledTuningJob


@attrs.frozen
class Workload:
    """What a table brings: a *trace* as it was read, the *scenario* that runs, and the jobs that want nothing limited *apart*."""

    trace: Trace
    scenario: Scenario
    apart: tuple[ScheduledTuningJob, ...] = ()

    def sentences(self) -> list[str]:
        """How the table was read, what was taken, what is apart, and what it cost by its own account."""
        return [*self.taken(), *self.own_costs()]

    def own_costs(self) -> list[str]:
        """What the jobs cost by the table's own account, if it has one."""
        cost_usd = self.trace.cost_usd
        return (
            []
            if cost_usd is None
            else [f"By the table's own account all that was taken cost {cost_usd:,.2f} US dollars."]
        )

    def taken(self) -> list[str]:
        """How the table was read, what was taken, and what is apart."""
        scenario = self.scenario
        lines = [f"{scenario.name}: {self.trace.sentence()}", f"Read by {'; '.join(self.trace.notes)}."]
        if self.apart:
            instance_s = math.fsum((one.recorded[0].training_s or 0.0) * instances(one).count for one in self.apart)
            lines.append(
                f"{len(self.apart):,} of them want nothing that is limited ({instance_s / 3600:,.1f} instance-hours): they would "
                "start at once, and are in none of the figures."
            )
        return lines

    def data(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "read_by": list(self.trace.notes),
            "taken": len(self.trace.scenario.tuning_jobs),
            "left_out": len(self.trace.left_out),
            "reasons": self.trace.reasons,
            "want_nothing_limited": len(self.apart),
            "table_cost_usd": self.trace.cost_usd,
        }


def workload(
    path: Path,
    mapping: str | None,
    skip: bool,
    capacity: Mapping[str, int],
    *,
    varied: Iterable[str] = (),
    discipline: str = "fifo",
    prices: Path | None = None,
    price: Mapping[str, float] | None = None,
) -> Workload:
    """Read a table, with a quota; *varied* are paths whose kinds are limited too. Raises InvalidInput for what cannot be meant.

    Jobs that want nothing limited are set apart, unless nothing is limited at all: they would only dilute the waiting times.
    """
    trace = read(path, mapping, skip)
    assumptions = Assumptions(admission="queue", discipline=discipline)
    scenario = attrs.evolve(trace.scenario, capacity=capacity, assumptions=assumptions)
    kinds_varied = [path.removeprefix("capacity.") for path in varied if path.startswith("capacity.")]
    limited = Quota(dict.fromkeys([*capacity, *kinds_varied], 0))
    kinds = {instances(one).instance_type for one in scenario.tuning_jobs}
    _check_kinds("--capacity", set(capacity) - {OTHERS}, kinds)
    _check_kinds("--price", price or {}, kinds)
    for kind in kinds_varied:
        _check_kinds(f"capacity.{kind}", {kind} - {OTHERS}, kinds)
    if prices is not None:
        scenario = attrs.evolve(scenario, prices=Prices.load(prices))
    if price:
        scenario = attrs.evolve(scenario, prices_usd_per_hour=price)
    if not limited:
        return Workload(trace, scenario)
    inside = [one for one in scenario.tuning_jobs if instances(one).instance_type in limited]
    apart = [one for one in scenario.tuning_jobs if instances(one).instance_type not in limited]
    return Workload(trace, attrs.evolve(scenario, tuning_jobs=inside), tuple(apart))


def read(path: Path, mapping: str | None, skip: bool) -> Trace:
    """The table's jobs; the error for rows that cannot be read names the option that leaves them out."""
    try:
        return from_csv(path, mapping, skip=skip)
    except InvalidInput as error:
        raise attrs.evolve(error, message=error.message.replace("(skip=True leaves", "(--skip leaves")) from None


def instances(job: ScheduledTuningJob) -> InstanceRequest:
    """What a job of a table wants: its tuning job has one definition."""
    return job.spec.definitions[0].instances


def quotas(given: Iterable[str] | None) -> dict[str, int]:
    """What `--capacity` says.

    >>> quotas(["gpu=100", "cpu=8"])
    {'gpu': 100, 'cpu': 8}
    """
    return each_once("--capacity", given, _quota)


def own_prices(given: Iterable[str] | None) -> dict[str, float]:
    """What `--price` says, in US dollars an hour.

    >>> own_prices(["gpu=2.5"])
    {'gpu': 2.5}
    """
    return each_once("--price", given, _usd_per_hour)


def _quota(text: str) -> tuple[str, int]:
    kind, _, count = (part.strip() for part in text.partition("="))
    if not kind or not (count.isascii() and count.isdigit()):
        raise invalid("--capacity", text, "KIND=COUNT", "for example gpu=100")
    return kind, int(count)


def _usd_per_hour(text: str) -> tuple[str, float]:
    kind, _, usd = (part.strip() for part in text.partition("="))
    try:
        value = float(usd)
    except ValueError:
        value = math.nan
    if not kind or not 0 <= value < math.inf:
        raise invalid("--price", text, "KIND=US dollars an hour", "for example gpu=2.50")
    return kind, value


def _check_kinds(where: str, named: Iterable[str], kinds: Iterable[str]) -> None:
    """Refuse what no job of the table wants: it is a misspelling."""
    known = sorted(kinds)
    for kind in sorted(named):
        if known and kind not in known:
            hint = nearest(kind, known)
            raise invalid(where, kind, "a kind of instances that jobs of the table want", hint)
