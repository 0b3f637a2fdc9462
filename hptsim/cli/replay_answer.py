"""What a replay has shown: figures, sentences, rows for people and data for machines."""

from __future__ import annotations

from math import isnan, nan
from typing import Any

from hptsim.cli import tables
from hptsim.planning.metrics import Metrics
from hptsim.planning.streamed import Streamed
from hptsim.scenario.price_sources import PriceSources

_DAY_S = 86400
_WAITS = {"mean": "mean waiting time", "p50": "median", "p95": "95 % wait at most", "max": "longest"}


class Answer:
    """What a replay has shown: the figures of the run, and the share that waited for more than *above* seconds."""

    def __init__(self, run: Streamed, brought: tables.Workload, above: float) -> None:
        self.brought, self.above, self.scenario, self.end_s = brought, above, brought.scenario, run.sim.now
        self.metrics: Metrics = run.metrics()
        self.figures = self.metrics.figures(above_s=[above])
        self.figures["waiting_time_s.max"] = max(self.metrics.sample("waiting_time_s"), default=nan)

    @property
    def rules(self) -> str:
        """The quota and the discipline, in words."""
        capacity = self.scenario.capacity
        each = "each kind" if len(capacity) == 1 else "each other kind"
        quota = (
            ", ".join(f"{each if kind == '*' else kind} = {count}" for kind, count in capacity.items()) or "no quota"
        )
        return f"{quota}, {self.scenario.assumptions.discipline}"

    def sentences(self) -> list[str]:
        """What was replayed, under which quota, and what was refused."""
        return [*self.brought.sentences(), f"Replayed with {self.rules}.", *self.refusals()]

    def refusals(self) -> list[str]:
        """What was refused, by the error's code."""
        return [f"Refused: {count:,} × {code}." for code, count in self.metrics.refused.items()]

    def rows(self) -> list[tuple[str, str]]:
        """The figures that are printed, in words."""
        figures, end_s = self.figures, self.end_s
        cost = figures["cost_usd"]
        limited = [kind for kind, one in self.metrics.types.items() if one.limit is not None]
        shares = {
            "waited at all": "waited_share",
            f"waited more than {self.above:g} s": f"waiting_time_s.above_{self.above:g}",
            **{f"utilization of {kind}": f"utilization.{kind}" for kind in limited},
        }
        return [
            *((text, _seconds(figures[f"waiting_time_s.{name}"])) for name, text in _WAITS.items()),
            *((text, "–" if isnan(figures[name]) else f"{figures[name]:.1%}") for text, name in shares.items()),
            ("mean queue", f"{figures['queue_length.mean']:,.1f} requests" if end_s else "–"),
            ("cost", "–, for a price is not known (--price)" if isnan(cost) else f"{cost:,.2f} US dollars"),
            ("makespan", f"{_seconds(end_s)} ({end_s / _DAY_S:,.1f} days)"),
        ]

    def data(self) -> dict[str, Any]:
        """The results for machines; a figure that was not observed is null."""
        return {
            "trace": self.scenario.name,
            "table": self.brought.data(),
            "prices": PriceSources.of(self.scenario).data(),
            "capacity": dict(self.scenario.capacity),
            "discipline": self.scenario.assumptions.discipline,
            "refused": dict(self.metrics.refused),
            "makespan_s": self.end_s,
            "figures": {name: None if isnan(value) else value for name, value in self.figures.items()},
        }

    def jobs(self) -> list[dict[str, Any]]:
        """A row for each job that was taken; one that was refused has no times but its submission."""
        found = {row.name: row for row in self.metrics.tuning_jobs}
        table = []
        for one in self.scenario.tuning_jobs:
            row, wanted = found.get(one.spec.name), tables.instances(one)
            waited = row.waiting_s if row is not None else None
            table.append(
                {
                    "job": one.spec.name,
                    "kind": wanted.instance_type,
                    "instances": wanted.count,
                    "submitted_s": one.at_s,
                    "waited_s": waited,
                    "started_s": None if waited is None else one.at_s + waited,
                    "ended_s": row.ended_s if row is not None else None,
                }
            )
        return table


def _seconds(value: float) -> str:
    return "–" if isnan(value) else f"{value:,.0f} s"
