"""Experiments: replications with honest intervals, sweeps, paired comparisons, and the smallest quota that meets a target.

Replication *n* has the same random numbers in every design (common random numbers), whatever the executor, the number of
workers or the order. Figures travel, journals do not.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import attrs

from hptsim.errors import invalid, nearest
from hptsim.extras import require
from hptsim.journal import change
from hptsim.ledger import TOTAL, TUNING_JOBS
from hptsim.scenario import Scenario
from hptsim.simulation import Simulation
from hptsim.workload import Arrivals, scheduled

np = require("numpy", "planning", "hptsim.planning")
pd = require("pandas", "planning", "hptsim.planning")
stats = require("scipy.stats", "planning", "hptsim.planning")

Figures = dict[str, float]


def figures(sim: Simulation, warm_up_s: float = 0.0) -> Figures:
    """The figures of one run, without the tuning jobs that were created before *warm_up_s*.

    `waiting_time_s` is from creation to the first training job, `time_in_system_s` from creation to the end; each has .mean, .p50
    and .p95. `utilization.TYPE` is the share of the quota in use over time, `idle_share.TYPE` the share of what is reserved that
    is not in use, `refused_share` that of the calls that were refused, `throughput_per_hour` counts tuning jobs that ended.
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
        if values:
            found |= {
                f"{name}.mean": float(np.mean(values)),
                f"{name}.p50": float(np.quantile(values, 0.5)),
                f"{name}.p95": float(np.quantile(values, 0.95)),
            }
    waited = [value > 1e-9 for value in samples["waiting_time_s"]]
    found["waited_share"] = float(np.mean(waited)) if waited else math.nan
    refused = sum(metrics.refused.values())
    found["refused_share"] = refused / (refused + len(metrics.tuning_jobs)) if refused or metrics.tuning_jobs else 0.0
    hours = (metrics.end_s - warm_up_s) / 3600
    found["throughput_per_hour"] = len(samples["time_in_system_s"]) / hours if hours > 0 else math.nan
    costs = [row.cost_usd for row in rows]
    found["cost_usd"] = math.nan if None in costs else float(sum(cost or 0.0 for cost in costs))
    return found | _shares(sim, warm_up_s, metrics.end_s)


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


@attrs.frozen
class Results:
    """Replications as a pandas *table*: one row each, with the columns of `figures`, `replication`, and what a sweep varied."""

    table: Any
    varied: tuple[str, ...] = ()

    def interval(self, column: str, confidence: float = 0.95) -> tuple[float, float]:
        """Student's confidence interval for the mean of *column* over the replications."""
        values = self._values(column)
        if len(values) < 2:
            raise invalid("replications", len(values), "at least 2 for an interval")
        half = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
        return float(np.mean(values) - half), float(np.mean(values) + half)

    def mean(self, column: str) -> float:
        """The mean of *column* over the replications."""
        return float(np.mean(self._values(column)))

    def summary(self, column: str, confidence: float = 0.95) -> Any:
        """A table of mean, low and high for each point of a sweep."""
        rows = []
        for point, part in self.table.groupby(list(self.varied), sort=False):
            one = Results(part)
            rows.append((*point, one.mean(column), *one.interval(column, confidence)))
        return pd.DataFrame(rows, columns=[*self.varied, "mean", "low", "high"])

    def sentence(self, column: str, confidence: float = 0.95) -> str:
        """The answer in words, with its interval."""
        low, high = self.interval(column, confidence)
        count = len(self._values(column))
        return (
            f"{column} is {self.mean(column):.4g} on average, with {confidence:.0%} confidence between {low:.4g} and "
            f"{high:.4g} ({count} replications)."
        )

    def to_parquet(self, path: str | Path) -> None:
        """Save the table."""
        self.table.assign(**{"varied": ",".join(self.varied)}).to_parquet(path)

    @classmethod
    def from_parquet(cls, path: str | Path) -> Results:
        """Load what `to_parquet` has saved."""
        table = pd.read_parquet(path)
        varied = tuple(name for name in table["varied"].iloc[0].split(",") if name) if len(table) else ()
        return cls(table.drop(columns="varied"), varied)

    def _values(self, column: str) -> Any:
        if column not in self.table:
            raise invalid("column", column, "one of the table's", nearest(column, map(str, self.table.columns)))
        return self.table[column].dropna().to_numpy()


def one_replication(
    scenario: Scenario, arrivals: tuple[Arrivals, ...], seed: int, until_s: float | None, warm_up_s: float, laws: bool
) -> Figures:
    """Run one replication and reduce it to its figures: what a worker does."""
    sim = Simulation(scheduled(scenario, arrivals, seed), seed=seed, laws=laws)
    sim.run(until_s)
    return figures(sim, warm_up_s)


def seeds(seed: int, count: int) -> list[int]:
    """The seeds of *count* replications: the first ones stay the same when there are more.

    >>> seeds(0, 3)[:2] == seeds(0, 2)
    True
    """
    return [int(child.generate_state(1)[0]) for child in np.random.SeedSequence(seed).spawn(count)]


def replicate(
    scenario: Scenario,
    replications: int,
    seed: int = 0,
    *,
    arrivals: Iterable[Arrivals] = (),
    executor: Executor | None = None,
    until_s: float | None = None,
    warm_up_s: float = 0.0,
    laws: bool = False,
    checkpoint: str | Path | None = None,
) -> Results:
    """Run *scenario* with *arrivals* so many times, each with random numbers of its own.

    *executor* is any of `concurrent.futures`' kind; without one, a process per core. *checkpoint* names a file that keeps every
    replication as it ends: after a crash or Ctrl-C the same call does only what is missing.
    """
    return sweep(
        scenario,
        {},
        replications,
        seed,
        arrivals=arrivals,
        executor=executor,
        until_s=until_s,
        warm_up_s=warm_up_s,
        laws=laws,
        checkpoint=checkpoint,
    )


def sweep(
    scenario: Scenario,
    over: Mapping[str, Sequence[Any]],
    replications: int,
    seed: int = 0,
    *,
    arrivals: Iterable[Arrivals] = (),
    executor: Executor | None = None,
    until_s: float | None = None,
    warm_up_s: float = 0.0,
    laws: bool = False,
    checkpoint: str | Path | None = None,
) -> Results:
    """`replicate` at every point of a grid: *over* maps paths such as "capacity.ml.m5.xlarge" to their values."""
    streams = tuple(arrivals)
    points: list[dict[str, Any]] = [{}]
    for path, values in over.items():
        points = [{**point, path: value} for point in points for value in values]
    tasks = []
    for point in points:
        changed = scenario
        for path, value in point.items():
            changed = vary(changed, path, value)
        for number, own in enumerate(seeds(seed, replications)):
            tasks.append((point, number, (changed, streams, own, until_s, warm_up_s, laws)))
    done = _Checkpoint(checkpoint)
    found = _run(tasks, executor, done)
    rows = [{**point, "replication": number, **found[place]} for place, (point, number, _) in enumerate(tasks)]
    return Results(pd.DataFrame(rows), tuple(over))


Task = tuple[dict[str, Any], int, tuple[Any, ...]]


def _run(tasks: Sequence[Task], executor: Executor | None, done: _Checkpoint) -> dict[int, Figures]:
    """The figures of every task by its place; those that the checkpoint knows are not run again."""
    keys = [done.key(arguments) for _, _, arguments in tasks]
    found = {place: done.known[key] for place, key in enumerate(keys) if key in done.known}
    own = executor is None
    pool = executor if executor is not None else ProcessPoolExecutor(os.cpu_count())
    try:
        missing = [place for place in range(len(tasks)) if place not in found]
        futures = {pool.submit(one_replication, *tasks[place][2]): place for place in missing}
        for future in as_completed(futures):
            place = futures[future]
            found[place] = future.result()
            done.keep(keys[place], found[place])
    finally:
        if own:
            pool.shutdown(cancel_futures=True)
    return found


class _Checkpoint:
    """Finished replications in a file of JSON Lines, by a digest of everything that they depend on."""

    def __init__(self, path: str | Path | None) -> None:
        self.path = None if path is None else Path(path)
        self.known: dict[str, Figures] = {}
        if self.path is not None and self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    entry = json.loads(line)
                except ValueError:  # the line that a crash has cut
                    continue
                self.known[entry["key"]] = entry["figures"]

    def key(self, arguments: tuple[Any, ...]) -> str:
        return hashlib.blake2b(repr(arguments).encode(), digest_size=16).hexdigest() if self.path is not None else ""

    def keep(self, key: str, found: Figures) -> None:
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "figures": found}) + "\n")


def vary(scenario: Scenario, path: str, value: Any) -> Scenario:
    """The scenario with one thing changed: "capacity.TYPE", or a field of timings, faults, script, assumptions or limits.

    >>> vary(Scenario(), "capacity.ml.m5.xlarge", 4).capacity
    {'ml.m5.xlarge': 4}
    """
    part, _, name = path.partition(".")
    if not hasattr(scenario, part):
        raise invalid("path", path, "a part of a scenario", nearest(part, [one.name for one in attrs.fields(Scenario)]))
    if not name:
        return attrs.evolve(scenario, **{part: value})
    inner = getattr(scenario, part)
    if isinstance(inner, Mapping):
        changed: dict[str, Any] = {part: {**inner, name: value}}
        return attrs.evolve(scenario, **changed)
    names = [field.name for field in attrs.fields(type(inner))]
    if name not in names:
        raise invalid("path", path, f"a key of {part}", nearest(name, names))
    return attrs.evolve(scenario, **{part: attrs.evolve(inner, **{name: value})})


@attrs.frozen
class Comparison:
    """Two designs over the same replications: *difference* is the second minus the first, replication by replication."""

    column: str
    difference: tuple[float, ...]
    confidence: float = 0.95

    @property
    def interval(self) -> tuple[float, float]:
        """Student's interval for the mean difference."""
        return Results(pd.DataFrame({"d": self.difference})).interval("d", self.confidence)

    def sentence(self) -> str:
        """The answer in words."""
        low, high = self.interval
        verdict = "no difference is shown" if low <= 0 <= high else ("more" if low > 0 else "less") + " in the second"
        return f"{self.column}: {verdict}, by {np.mean(self.difference):.4g} on average ({low:.4g} to {high:.4g})."


def compare(first: Results, second: Results, column: str, confidence: float = 0.95) -> Comparison:
    """Compare two results of the same seed and number of replications, pair by pair (common random numbers)."""
    pairs = first.table[["replication", column]].merge(second.table[["replication", column]], on="replication")
    if len(pairs) < len(first.table) or len(pairs) < len(second.table):
        raise invalid("second", len(second.table), f"the same replications as the first ({len(first.table)})")
    return Comparison(column, tuple(pairs[f"{column}_y"] - pairs[f"{column}_x"]), confidence)


_TARGET = re.compile(r"\s*(\S+)\s*(<=|>=)\s*(\S+)\s*")


@attrs.frozen
class Smallest:
    """The smallest value that meets a target, None when none does; *tried* is the evidence, a table of bounds by value."""

    what: str
    target: str
    value: int | None
    confidence: float
    tried: Any

    def sentence(self) -> str:
        """The answer in words."""
        if self.value is None:
            return f"No {self.what} up to {int(self.tried[self.what].max())} meets {self.target}."
        return f"{self.what} = {self.value} is the smallest that meets {self.target} with {self.confidence:.0%} confidence."


def smallest(
    scenario: Scenario,
    what: str,
    target: str,
    *,
    replications: int = 20,
    confidence: float = 0.95,
    low: int = 1,
    high: int = 4096,
    seed: int = 0,
    arrivals: Iterable[Arrivals] = (),
    executor: Executor | None = None,
    until_s: float | None = None,
    warm_up_s: float = 0.0,
) -> Smallest:
    """The smallest whole number for *what* (a path as in `vary`) whose confidence bound meets *target*, found by bisection.

    *target* is "COLUMN <= NUMBER" or ">="; the bound is one-sided. More of *what* must be better, as it is for quota.
    """
    parsed = _TARGET.fullmatch(target)
    if parsed is None:
        raise invalid(
            "target", target, "COLUMN <= NUMBER or COLUMN >= NUMBER", "for example 'waiting_time_s.p95 <= 600'"
        )
    column, sign, limit = parsed[1], parsed[2], float(parsed[3])
    streams = tuple(arrivals)
    tried: list[tuple[int, float, float]] = []

    def meets(value: int) -> bool:
        run = sweep(
            scenario,
            {what: [value]},
            replications,
            seed,
            arrivals=streams,
            executor=executor,
            until_s=until_s,
            warm_up_s=warm_up_s,
        )
        bounds = run.interval(column, 2 * confidence - 1)  # one side of it has the confidence that is asked for
        bound = bounds[1] if sign == "<=" else bounds[0]
        tried.append((value, run.mean(column), bound))
        return bound <= limit if sign == "<=" else bound >= limit

    failing, passing = low - 1, low
    while not meets(passing):
        failing = passing
        if passing >= high:
            passing = 0
            break
        passing = min(2 * passing, high)
    while passing and passing - failing > 1:
        middle = (failing + passing) // 2
        failing, passing = (failing, middle) if meets(middle) else (middle, passing)
    table = pd.DataFrame(sorted(tried), columns=[what, "mean", "bound"])
    return Smallest(what, target, passing or None, confidence, table)


def until_precise(
    scenario: Scenario,
    column: str,
    relative_half_width: float = 0.05,
    *,
    confidence: float = 0.95,
    first: int = 10,
    most: int = 1000,
    **settings: Any,
) -> Results:
    """Replicate until the interval's half width is so small a share of the mean, or *most* replications are done.

    Stopping when it looks good makes such an interval a little too narrow; *first* replications keep that small.
    """
    count = first
    while True:
        found = replicate(scenario, count, **settings)
        low, high = found.interval(column, confidence)
        if (high - low) / 2 <= relative_half_width * abs(found.mean(column)) or count >= most:
            return found
        count = min(2 * count, most)
