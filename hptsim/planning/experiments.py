"""Experiments: replications with honest intervals, sweeps, paired comparisons, and the smallest quota that meets a target.

Replication *n* has the same random numbers in every design (common random numbers), whatever the executor, the number of
workers or the order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from itertools import product
from pathlib import Path
from typing import Any, TypedDict, Unpack

import attrs

from hptsim.errors import invalid, nearest
from hptsim.model.specs import TuningJobSpec
from hptsim.optional import require
from hptsim.planning.executors import Design, run, workers
from hptsim.planning.results import (
    HEADLINE,
    Comparison,
    Target,
    check_confidence,
    digits,
    half_width,
    html_table,
    percent,
)
from hptsim.planning.results import Results as Results
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import Arrivals

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
    """Thresholds: 600 adds `waiting_time_s.above_600`, the share that waits for longer; see `hptsim.planning.metrics.FIGURES`."""
    laws: bool
    """Whether the laws are checked as it runs."""
    checkpoint: str | Path | None
    """A file that keeps every replication as it ends: after a crash or Ctrl-C the same call does only what is missing."""
    progress: bool | None
    """A bar on stderr; None shows it where stderr is a terminal."""


def seeds(seed: int, count: int) -> list[int]:
    """The seeds of *count* replications: the first ones stay the same when there are more.

    >>> seeds(0, 3)[:2] == seeds(0, 2)
    True
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise invalid("replications", count, "a whole number of at least 1")
    return [int(child.generate_state(1, np.uint64)[0]) for child in np.random.SeedSequence(seed).spawn(count)]


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
    for path, values in over.items():
        if not values or len({_label(value) for value in values}) < len(values):
            raise invalid(f"over[{path!r}]", values, "values that differ, at least one")
    points = [dict(zip(over, values, strict=True)) for values in product(*over.values())]
    return _run(scenario, points, seeds(seed, replications), 0, tuple(over), settings)


def _run(
    scenario: Scenario,
    points: Sequence[Mapping[str, Any]],
    own: Sequence[int],
    first: int,
    varied: tuple[str, ...],
    settings: Settings,
) -> Results:
    """Replications of the seeds *own*, which are numbered from *first*, at every point."""
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


def vary(scenario: Scenario, path: str, value: Any) -> Scenario:
    """The scenario with one thing changed: its path has dots, such as "capacity.TYPE", "timings.training_s",
    "tuning_jobs.NAME.spec.strategy", or "arrivals.NAME.interarrival_s.mean_s" and "arrivals.NAME.template.strategy" of the
    arrivals whose first template has that name.

    Raises InvalidInput with the nearest spelling.

    >>> vary(Scenario(), "capacity.ml.m5.xlarge", 4).capacity
    {'ml.m5.xlarge': 4}
    """
    changed: Scenario = _changed(scenario, path, "a scenario", path.split("."), value)
    return changed


def _changed(thing: Any, path: str, what: str, names: Sequence[str], value: Any) -> Any:
    """*thing*, which is called *what*, with *value* below it, where *names* lead."""
    if not names:
        return value
    if isinstance(thing, Mapping):
        return {**thing, ".".join(names): value}
    first, rest = names[0], names[1:]
    if isinstance(thing, tuple) and what in ("arrivals", "tuning_jobs"):
        known = [one.name if isinstance(one, Arrivals) else one.spec.name for one in thing]
        if first not in known:
            expected = "the name of some arrivals" if what == "arrivals" else "the name of a tuning job"
            raise invalid("path", path, expected, nearest(first, known) if known else "there are none")
        named = zip(known, thing, strict=True)
        return [_changed(one, path, first, rest, value) if name == first else one for name, one in named]
    if isinstance(thing, tuple) and len(thing) == 1 and isinstance(thing[0], TuningJobSpec):  # the only template
        return _changed(thing[0], path, what, names, value)
    if not attrs.has(type(thing)):
        raise invalid("path", path, f"{what} as a whole: it has no keys")
    fields = {str(field.alias): field.name for field in attrs.fields(type(thing))}
    if first not in fields:
        raise invalid("path", path, f"a key of {what}", nearest(first, fields))
    return attrs.evolve(thing, **{first: _changed(getattr(thing, fields[first]), path, first, rest, value)})


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


@attrs.frozen
class Smallest:
    """The smallest *value* of *what* that is shown to meet the *target*, None when none is; *results* are all replications."""

    what: str
    target: Target
    value: int | None
    confidence: float
    results: Results

    @property
    def tried(self) -> Any:
        """The evidence: for each value its mean, the two bounds that have the confidence one by one, and the verdict."""
        table = self.results.summary(self.target.column, 2 * self.confidence - 1).sort_values(self.what)
        verdicts = {set_[self.what]: self.target.verdict(part, self.confidence) for set_, part in self.results.points()}
        return table.assign(verdict=[verdicts[value] for value in table[self.what]]).reset_index(drop=True)

    def sentence(self) -> str:
        """The answer in words, with what is known of the next smaller value."""
        tried = self.tried.set_index(self.what)
        if self.value is None:
            shown = f"is shown to meet {self.target} with {percent(self.confidence)} confidence"
            return f"No {self.what} up to {max(tried.index)} {shown}."
        row = tried.loc[self.value]
        bound = f"at most {digits(row['high'])}" if self.target.sign == "<=" else f"at least {digits(row['low'])}"
        text = (
            f"{self.what} = {self.value} meets {self.target}: its mean is {digits(row['mean'])} and, with "
            f"{percent(self.confidence)} confidence, {bound} ({row['replications']} replications)."
        )
        below = self.value - 1
        if below not in tried.index:
            return f"{text} It is the smallest that was allowed."
        if tried.loc[below, "verdict"] == "missed":
            text += f" With {below} the target is missed."
        else:
            text += f" Whether {below} meets it too is open: more replications would tell."
        return text + self.results.at({self.what: self.value}).caveat(self.target.column)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html_table(self.tried)


def smallest(
    scenario: Scenario,
    what: str,
    target: str,
    *,
    confidence: float = 0.95,
    replications: int = 20,
    low: int = 1,
    high: int = 4096,
    seed: int = 0,
    **settings: Unpack[Settings],
) -> Smallest:
    """The smallest whole number for *what* (a path as in `vary`) that is shown to meet *target*, found by bisection.

    *target* is "COLUMN <= NUMBER" or ">=", about the column's mean, for example "waiting_time_s.above_600 <= 0.05": at most
    5 % wait for more than ten minutes. The promise: the value is too small with a probability
    of at most 1 - *confidence* (as far as means of this many replications are normal); it may be larger than need be, and the
    sentence says so. Looking at many values does not weaken it as long as more of *what* is better: all values have the same
    random numbers, so bisection ends where testing downwards from the top would, which errs only at the last value that misses.
    """
    wanted = Target.parse(target)
    check_confidence(confidence, 0.5)
    if not (isinstance(low, int) and isinstance(high, int) and low <= high):
        raise invalid("low, high", (low, high), "two whole numbers, the first not above the second")
    settings["above_s"] = [*settings.get("above_s", ()), *thresholds([wanted.column])]
    own = seeds(seed, replications)
    looks: dict[int, Results] = {}
    with workers(settings.get("executor")) as pool:
        settings["executor"] = pool

        def meets(value: int) -> bool:
            looks[value] = _run(scenario, [{what: value}], own, 0, (what,), settings)
            return wanted.verdict(looks[value], confidence) == "met"

        failing, passing = low - 1, low
        while not meets(passing) and passing < high:
            failing, passing = passing, min(2 * max(1, passing), high)
        found = wanted.verdict(looks[passing], confidence) == "met"
        while found and passing - failing > 1:
            middle = (failing + passing) // 2
            failing, passing = (failing, middle) if meets(middle) else (middle, passing)
    evidence = Results(pd.concat([one.table for one in looks.values()], ignore_index=True), (what,))
    return Smallest(what, wanted, passing if found else None, confidence, evidence)


def thresholds(columns: Iterable[str]) -> list[float]:
    """The `above_s` that figures of these names need.

    >>> thresholds(["waiting_time_s.above_600", "cost_usd"])
    [600.0]
    """
    return [float(found[1]) for column in columns if (found := re.fullmatch(r".*\.above_(\d+(?:\.\d+)?)", column))]


def until_precise(
    scenario: Scenario,
    column: str = HEADLINE,
    relative_half_width: float = 0.05,
    *,
    confidence: float = 0.95,
    first: int = 20,
    most: int = 1000,
    seed: int = 0,
    **settings: Unpack[Settings],
) -> Results:
    """Replicate until the interval's half width is so small a share of the mean, or *most* replications are done.

    Stopping when it looks good makes the interval cover the mean less often than it says. Looking rarely (after *first*
    replications and whenever half as many more are done) keeps the shortfall small, but it is not zero: of 95 % there were 94
    to 95 % left at a relative half width of 0.1 and 90 to 93 % at 0.3, for the skewed waiting times of a short M/M/1 queue.
    """
    check_confidence(confidence)
    if first < 2:
        raise invalid("first", first, "at least 2 replications")
    settings["above_s"] = [*settings.get("above_s", ()), *thresholds([column])]
    own = seeds(seed, most)
    with workers(settings.get("executor")) as pool:
        settings["executor"] = pool
        found = _run(scenario, [{}], own[:first], 0, (), settings)
        while (count := len(found.table)) < most:
            mean, half = found.mean(column), half_width(found.values(column), confidence)
            if half <= relative_half_width * abs(mean):
                break
            more = _run(scenario, [{}], own[count : count + -(-count // 2)], count, (), settings)
            found = Results(pd.concat([found.table, more.table], ignore_index=True))
    return found
