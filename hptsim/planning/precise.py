"""As many replications as a precision needs, plain or with less variance (`hptsim.planning.variance_reduction`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any, Unpack

import attrs

from hptsim.errors import invalid, nearest
from hptsim.optional import require
from hptsim.planning.executors import run, workers
from hptsim.planning.experiments import Settings, run_points, seeds, with_figure
from hptsim.planning.intervals import check_confidence
from hptsim.planning.reduction import UNREDUCED, Reduction
from hptsim.planning.results import HEADLINE, Results
from hptsim.planning.variance_reduction import (
    ALONE,
    CONTROL,
    PLAIN,
    QUEUE,
    TECHNIQUES,
    Reduced,
    as_it_is,
    chosen,
    worth_it,
)
from hptsim.scenario.scenario import Scenario

np = require("numpy", "planning", "hptsim.planning")
pd = require("pandas", "planning", "hptsim.planning")
stats = require("scipy.stats", "planning", "hptsim.planning")

_FIRST_LOOK = 10
"""After so many corrected replications an interval is looked at: from 10 on its two sides are what they say."""
_MARGIN = 0.6
"""The variance that is aimed at for the first look, as a share of what would just do."""


def until_precise(
    scenario: Scenario,
    column: str = HEADLINE,
    relative_half_width: float = 0.05,
    *,
    confidence: float = 0.95,
    first: int = 20,
    most: int = 1000,
    seed: int = 0,
    variance_reduction: str = "none",
    **settings: Unpack[Settings],
) -> Results:
    """Replicate until half of the interval is at most *relative_half_width* times the mean, or *most* replications are done.

    Stopping when it looks good makes the interval cover the mean less often than it says. Looking rarely (after *first*
    replications and whenever half as many more are done) keeps the shortfall small, but it is not zero: of 95 % there were 94
    to 95 % left at a relative half width of 0.1 and 90 to 93 % at 0.3, for the skewed waiting times of a short M/M/1 queue.

    *variance_reduction* takes fewer replications for the same precision: "antithetic", "controls" or "plain-queue"
    (`hptsim.planning.variance_reduction`), or "auto" for that of them which up to *first* pilot replications promise most of, and
    none where they promise too little or plain ones are soon enough. A pilot to which a factor was fitted is no part of the
    answer. The table then has the corrected *column* alone, and `reduction` says what it was worth in this run. An answer of ten
    replications has hardly seen what happens in one of thirty: where rare faults matter, take "none", and a *first* that will
    have had some. Raises InvalidInput for a technique that does not fit the scenario.
    """
    check_confidence(confidence)
    check_precision(relative_half_width, "relative_half_width")
    if isinstance(first, bool) or not isinstance(first, int) or first < 2:
        raise invalid("first", first, "a whole number of replications, at least 2")
    if variance_reduction not in TECHNIQUES:
        expected = f"one of {', '.join(TECHNIQUES)}"
        raise invalid("variance_reduction", variance_reduction, expected, nearest(variance_reduction, TECHNIQUES))
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise invalid("most", most, "a whole number of replications, at least 1")
    settings = with_figure(settings, column)

    def enough(found: Results) -> bool:
        return is_precise(found, column, relative_half_width, confidence)

    with workers(settings.get("executor")) as pool:
        settings["executor"] = pool
        if variance_reduction == "none":

            def more(begin: int, count: int) -> Results:
                return run_points(scenario, [{}], seeds(seed, count, begin), begin, (), settings)

            return _grown(more, enough, first, most)
        if first < _FIRST_LOOK or most < first + _FIRST_LOOK:
            expected = f"a pilot of at least {_FIRST_LOOK} with variance_reduction, and {_FIRST_LOOK} more in most"
            raise invalid("first, most", (first, most), expected)
        reduced = _Reducing(scenario, column, settings, seed, first, most)
        reduced.choose(variance_reduction, relative_half_width, confidence)
        return reduced.told(_grown(reduced.more, enough, reduced.first, reduced.most))


def check_precision(precision: float, where: str) -> None:
    """Refuse what is no precision, before hours of computation; *where* it was given stands in the error."""
    number = isinstance(precision, Real) and not isinstance(precision, bool)
    if not number or not 0 < precision < 1:
        raise invalid(where, precision, "a share of the mean above 0 and below 1, such as 0.05")


def is_precise(found: Results, column: str, relative_half_width: float, confidence: float = 0.95) -> bool:
    """Whether half of the interval is at most *relative_half_width* times the mean, or more replications would be the same.

    >>> table = pd.DataFrame({"replication": range(4), "x": [9.0, 10.0, 11.0, 10.0]})
    >>> is_precise(Results(table), "x", 0.2), is_precise(Results(table), "x", 0.1)
    (True, False)
    """
    low, high = found.interval(column, confidence)
    return not (high - low) / 2 > relative_half_width * abs(found.mean(column))  # NaN: more would be the same


def _grown(more: Callable[[int, int], Results], enough: Callable[[Results], bool], first: int, most: int) -> Results:
    """*first* replications, and half as many again until they are *enough* or *most* are done."""
    found = more(0, min(first, most))
    while (count := len(found.table)) < most and not enough(found):
        again = more(count, min(-(-count // 2), most - count)).table
        found = attrs.evolve(found, table=pd.concat([found.table, again], ignore_index=True))
    return found


class _Reducing:
    """Replications with less variance: a pilot, what it chose, and the replications of the answer."""

    def __init__(self, scenario: Scenario, column: str, settings: Settings, seed: int, pilot: int, most: int) -> None:
        rest: dict[str, Any] = dict(settings)
        self._how = {name: rest.pop(name) for name in ("executor", "checkpoint", "progress") if name in rest}
        self._design = Reduced(scenario, **rest, column=column)
        self._seed, self._most, self._pilot = seed, most, pilot
        self._pilot_runs = self._skipped = 0
        self._plain: list[float] = []
        self._kept = pd.DataFrame()

    def choose(self, wanted: str, relative_half_width: float, confidence: float) -> None:
        """Run the pilot, and take the *wanted* technique or the best one, for this precision; a short one where it is clear."""
        pilot = self._run(self._design, 0, _FIRST_LOOK)
        self._check(pilot)
        half = relative_half_width * abs(float(pilot[PLAIN].mean()))
        error = half * math.sqrt(_MARGIN) / _student(_FIRST_LOOK, confidence)
        enough = error**2 * _FIRST_LOOK
        whole = as_it_is(pilot, self._design, enough) if wanted in ("auto", "plain-queue") else None
        clear = worth_it(pilot, self._design, wanted)
        if whole is not None:
            alone = self._run(attrs.evolve(whole, technique="alone"), 0, _FIRST_LOOK)
            column = whole.column
            self._answer(whole, pilot.assign(**{column: pilot[column] - pilot[QUEUE] + alone[column]}))
        elif wanted == "auto" and not clear and self._soon_enough(pilot, half, confidence):
            self._answer(attrs.evolve(self._design, technique="plain"), pilot)
        else:
            self._fit(pilot, clear, wanted, enough)

    def _fit(self, pilot: Any, clear: bool, wanted: str, enough: float) -> None:
        """A longer pilot where it is not *clear*, mirror images where they may be best, and the technique that it chooses."""
        mirrored = None
        if not clear:
            rest = self._run(self._design, _FIRST_LOOK, self._pilot - _FIRST_LOOK)
            pilot = pd.concat([pilot, rest], ignore_index=True)
        if wanted == "antithetic" or (wanted == "auto" and not clear):
            mirrored = self._run(attrs.evolve(self._design, technique="mirrored"), 0, len(pilot))
            self._pilot_runs += len(mirrored)
        self._check(pilot)
        design = chosen(pilot, mirrored, self._design, wanted, enough)
        if design.technique == "none":
            self._answer(design, pilot)
        else:
            self._design, self._skipped = design, len(pilot)
            self._plain += pilot[PLAIN].tolist()
            self._pilot_runs += len(pilot)

    def _answer(self, design: Reduced, pilot: Any) -> None:
        """Go on with *design*; the *pilot* is the beginning of the answer."""
        self._design = design
        self._kept = pilot[[name for name in pilot if not name.startswith((QUEUE, ALONE, CONTROL))]]

    def _soon_enough(self, pilot: Any, half: float, confidence: float) -> bool:
        """Whether plain replications are expected to be enough when the least that a fitted technique takes is done."""
        error = half / _student(self._pilot, confidence)
        return float(pilot[PLAIN].var(ddof=1)) <= error**2 * (self._pilot + _FIRST_LOOK)

    def _check(self, pilot: Any) -> None:
        if pilot[PLAIN].isna().any():
            expected = "a figure that every replication of the pilot has, with variance_reduction"
            raise invalid("column", self._design.column, expected)

    @property
    def first(self) -> int:
        """After how many replications of the answer it is looked at first: plain ones as without a pilot."""
        return self._pilot if self._design.technique in UNREDUCED else _FIRST_LOOK

    @property
    def most(self) -> int:
        """How many replications of the answer are allowed, those of the pilot taken off that are no part of it."""
        return max(self.first, (self._most - self._pilot_runs) // self._each)

    @property
    def _each(self) -> int:
        return 2 if self._design.technique == "antithetic" else 1

    def more(self, begin: int, count: int) -> Results:
        """Some replications of the answer; they have the numbers after those of a pilot that is no part of it."""
        kept = self._kept.iloc[begin : begin + count]
        rest = self._run(self._design, self._skipped + begin + len(kept), count - len(kept))
        table = pd.concat([part for part in (kept, rest) if len(part)], ignore_index=True)
        self._plain += table[PLAIN].tolist()
        return Results(table.drop(columns=PLAIN), reduction=self._reduction(0, math.nan))

    def told(self, found: Results) -> Results:
        """What was *found*, and what it was worth."""
        values = found.values(self._design.column)
        plain, corrected = np.nanvar(self._plain, ddof=1), values.var(ddof=1)
        gain = plain / corrected if corrected > 0 else math.inf
        if plain == 0:  # where every replication says the same, plain ones say as much
            gain = 1.0
        return attrs.evolve(found, reduction=self._reduction(len(found.table), float(len(values) * gain)))

    def _reduction(self, count: int, plain: float) -> Reduction:
        design, runs = self._design, count * self._each
        return Reduction(design.column, design.technique, self._pilot_runs, runs, count * design.queues, plain)

    def _run(self, design: Reduced, begin: int, count: int) -> Any:
        own = seeds(self._seed, count, begin) if count else []
        found = run([(design, seed) for seed in own], **self._how)
        return pd.DataFrame([{"replication": begin + place, **one} for place, one in enumerate(found)])


def _student(count: int, confidence: float) -> float:
    """Student's t for the two sides of an interval of so many values."""
    return float(stats.t.ppf((1 + confidence) / 2, count - 1))
