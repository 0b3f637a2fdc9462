"""Experiments: replications with confidence intervals, sweeps, paired comparisons.

Replication *n* has the same random numbers in every design (common random numbers), whatever the executor, the number of
workers or the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from itertools import product
from pathlib import Path
from typing import Any, TypedDict, Unpack

from hptsim.errors import invalid, nearest
from hptsim.optional import require
from hptsim.planning.executors import Design, run, workers
from hptsim.planning.figures import groups_in, thresholds
from hptsim.planning.results import Comparison, Results
from hptsim.planning.variation import vary
from hptsim.scenario.resampling import Resampling
from hptsim.scenario.scenario import Scenario

np = require("numpy", "planning", "hptsim.planning")
pd = require("pandas", "planning", "hptsim.planning")


class Settings(TypedDict, total=False):
    """How replications are run, in every kind of experiment."""

    executor: Executor | None
    """Any of `concurrent.futures`' kind, a dask client's `get_executor()` too; without one, a process per core."""
    until_s: float | None
    """When each replication ends; without it, the scenario's own `until_s`, or when nothing is left to do."""
    warm_up_s: float
    """Tuning jobs that were created earlier do not count."""
    above_s: Sequence[float]
    """Thresholds beside a minute, ten minutes and an hour: 30 adds `waiting_time_s.above_30`, the share that waits for longer."""
    by: Sequence[str]
    """Also tell the figures of tuning jobs apart by template, team, priority or instance_type (`hptsim.planning.figures.GROUPS`):
    "team" adds `waiting_time_s.p95[team=vision]`."""
    resample: Resampling | str | None
    """How recorded tuning jobs become other days in each replication, such as "days"; see `hptsim.scenario.Resampling`."""
    laws: bool
    """Whether the laws are checked as it runs."""
    checkpoint: str | Path | None
    """A file that keeps every replication as it ends: after a crash or Ctrl-C the same call does only what is missing."""
    progress: bool | None
    """A bar on stderr; None shows it where stderr is a terminal."""


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse what is no setting of experiments.

    >>> check_settings({"warm_up": 600})
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: warm_up: got 600, expected a setting of experiments; did you mean 'warm_up_s'?
    """
    for name, value in settings.items():
        if name not in Settings.__annotations__:
            raise invalid(name, value, "a setting of experiments", nearest(name, Settings.__annotations__))


def seeds(seed: int, count: int, first: int = 0) -> list[int]:
    """The seeds of *count* replications, from number *first* on: the first ones stay the same when there are more.

    >>> seeds(0, 3)[:2] == seeds(0, 2), seeds(0, 3)[2:] == seeds(0, 1, first=2)
    (True, True)
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise invalid("replications", count, "a whole number of at least 1")
    own = (np.random.SeedSequence(entropy(seed), spawn_key=(number,)) for number in range(first, first + count))
    return [int(one.generate_state(1, np.uint64)[0]) for one in own]


def entropy(seed: int) -> int:
    """What numpy takes for a *seed*, which may be any whole number, as in a run: numpy has none below 0.

    Of seeds within 64 bits no two have the same. Raises InvalidInput for what is no whole number.

    >>> entropy(7), entropy(-1) == 2**64 + 1
    (7, True)
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise invalid("seed", seed, "a whole number")
    return int(seed) if seed >= 0 else 2**64 - int(seed)


def replicate(scenario: Scenario, replications: int, seed: int = 0, **settings: Unpack[Settings]) -> Results:
    """Run *scenario* this many times, each with random numbers of its own; for the settings see `Settings`.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from hptsim import TuningJobSpec
    >>> from hptsim.scenario import Arrivals, Exponential
    >>> busy = Arrivals(TuningJobSpec("nightly"), Exponential(90), count=50)
    >>> scenario = Scenario(capacity={"ml.m5.xlarge": 1}, arrivals=[busy])
    >>> results = replicate(scenario, 2, executor=ThreadPoolExecutor(1))
    >>> results.table[["replication", "waiting_time_s.mean"]].shape
    (2, 2)
    """
    return sweep(scenario, {}, replications, seed, **settings)


def sweep(
    scenario: Scenario,
    over: Mapping[str, Sequence[Any]],
    replications: int,
    seed: int = 0,
    **settings: Unpack[Settings],
) -> Results:
    """`replicate` at every point of a grid: *over* maps paths such as "capacity.ml.m5.xlarge" to their values."""
    return run_points(scenario, grid_points(over), seeds(seed, replications), 0, tuple(over), settings)


def grid_points(over: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """The points of a grid, the last path's values changing fastest.

    >>> grid_points({"capacity.gpu": [1, 2], "timings.starting_s": [60]})
    [{'capacity.gpu': 1, 'timings.starting_s': 60}, {'capacity.gpu': 2, 'timings.starting_s': 60}]
    """
    for path, values in over.items():
        if not values or len({_label(value) for value in values}) < len(values):
            raise invalid(f"over[{path!r}]", values, "values that differ, at least one")
    return [dict(zip(over, values, strict=True)) for values in product(*over.values())]


def run_points(
    scenario: Scenario,
    points: Sequence[Mapping[str, Any]],
    own: Sequence[int],
    first: int,
    varied: tuple[str, ...],
    settings: Settings,
) -> Results:
    """Replications of the seeds *own*, which are numbered from *first*, at every point; raises InvalidInput."""
    check_settings(settings)
    rest: dict[str, Any] = dict(settings)
    how: dict[str, Any] = {name: rest.pop(name) for name in ("executor", "checkpoint", "progress") if name in rest}
    tasks, heads = [], []
    for point in points:
        changed = scenario
        for path, value in point.items():
            changed = vary(changed, path, value)
        design = Design(changed, **rest)
        labels = {path: _label(value) for path, value in point.items()}
        for number, seed in enumerate(own, start=first):
            tasks.append((design, seed))
            heads.append({**labels, "replication": number})
    found = run(tasks, **how)
    return Results(pd.DataFrame([{**head, **one} for head, one in zip(heads, found, strict=True)]), varied)


def _label(value: Any) -> Any:
    """A value as a table holds it, in memory and on disk, without a memory address."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "dist") and hasattr(value, "kwds"):  # a frozen distribution of scipy.stats
        return f"{value.dist.name}{value.args}{value.kwds or ''}"
    return getattr(value, "__qualname__", None) or repr(value)


def compare(
    first: Scenario | Results,
    second: Scenario | Results,
    replications: int = 20,
    seed: int = 0,
    **settings: Unpack[Settings],
) -> Comparison:
    """Compare two scenarios pair by pair, each pair with the same random numbers; or two results that are there already.

    Of two results, the pairs are those of the same replication; they share their random numbers if their seed was the same.
    """
    if isinstance(first, Results) and isinstance(second, Results):
        return Comparison(first, second)
    if isinstance(first, Results) or isinstance(second, Results):
        raise invalid("compare", "a scenario and results", "two scenarios, or two results")
    with workers(settings.get("executor")) as pool:
        settings["executor"] = pool
        mine, other = (replicate(scenario, replications, seed, **settings) for scenario in (first, second))
    return Comparison(mine, other)


def with_figure(settings: Settings, *columns: str) -> Settings:
    """*settings* with what the figures *columns* need beyond those that are always there: their thresholds, their groups.

    >>> with_figure({}, "waiting_time_s.above_30[team=vision]")
    {'above_s': [30.0], 'by': ['team']}
    """
    check_settings(settings)
    return {
        **settings,
        "above_s": [*settings.get("above_s", ()), *thresholds(columns)],
        "by": [*settings.get("by", ()), *groups_in(columns)],
    }
