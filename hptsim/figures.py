"""The figures of one run: what an experiment keeps of a replication, one number by name."""

from __future__ import annotations

import math

from hptsim.extras import require
from hptsim.journal import change
from hptsim.ledger import TOTAL, TUNING_JOBS
from hptsim.simulation import Simulation

np = require("numpy", "planning", "hptsim.planning")

Figures = dict[str, float]


def figures(sim: Simulation, warm_up_s: float = 0.0) -> Figures:
    """The figures of one run, without the tuning jobs that were created before *warm_up_s*.

    `waiting_time_s` is from creation to the first training job, `time_in_system_s` from creation to the end; each has .mean, .p50
    and .p95. `utilization.TYPE` is the share of the quota in use over time, `idle_share.TYPE` the share of what is reserved that
    is not in use, `refused_share` that of the calls that were refused, `throughput_per_hour` counts tuning jobs that ended.
    A figure that nobody has shown is not a number.
    """
    metrics = sim.metrics()
    rows = [row for row in metrics.tuning_jobs if row.created_s >= warm_up_s]
    samples = {
        "waiting_time_s": [row.waiting_s for row in rows if row.waiting_s is not None],
        "time_in_system_s": [row.ended_s - row.created_s for row in rows if row.ended_s is not None],
        "stop_to_stopped_s": [row.stop_to_stopped_s for row in rows if row.stop_to_stopped_s is not None],
    }
    found: Figures = {}
    for name, values in samples.items():
        found |= {
            f"{name}.mean": float(np.mean(values)) if values else math.nan,
            f"{name}.p50": float(np.quantile(values, 0.5)) if values else math.nan,
            f"{name}.p95": float(np.quantile(values, 0.95)) if values else math.nan,
        }
    waited = [value > 1e-9 for value in samples["waiting_time_s"]]
    found["waited_share"] = float(np.mean(waited)) if waited else math.nan
    refused = sum(metrics.refused.values())
    found["refused_share"] = refused / (refused + len(metrics.tuning_jobs)) if refused or metrics.tuning_jobs else 0.0
    hours = (sim.now - warm_up_s) / 3600
    found["throughput_per_hour"] = len(samples["time_in_system_s"]) / hours if hours > 0 else math.nan
    costs = [row.cost_usd for row in rows]
    found["cost_usd"] = math.nan if None in costs else float(sum(cost or 0.0 for cost in costs))
    return found | _shares(sim, warm_up_s, sim.now)


def _shares(sim: Simulation, begin_s: float, end_s: float) -> Figures:
    """Utilization and idle share of each limited instance type, averages over the time from *begin_s* to *end_s*."""
    reserved: dict[str, float] = {}
    occupied: dict[str, float] = {}
    for record in sim.journal:
        if record.thing not in ("reservation", "occupancy"):
            continue
        book = reserved if record.thing == "reservation" else occupied
        left = end_s - max(record.time_s, begin_s)  # what is taken now is held to the end, unless it is given back
        for pool, count in change(record).items():
            book[pool] = book.get(pool, 0.0) + count * left
    found: Figures = {}
    for pool, limit in sim.capacity.limit.items():
        if pool in (TOTAL, TUNING_JOBS) or end_s <= begin_s:
            continue
        found[f"utilization.{pool}"] = occupied.get(pool, 0.0) / (limit * (end_s - begin_s)) if limit else math.nan
        if reserved.get(pool):
            found[f"idle_share.{pool}"] = 1 - occupied.get(pool, 0.0) / reserved[pool]
    return found
