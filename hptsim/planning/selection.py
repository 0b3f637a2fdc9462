"""Which of these designs is best: with a stated guarantee (Kim and Nelson), or as good as a budget allows (OCBA).

All designs share their random numbers replication by replication, so that differences are less noisy than the designs are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

import attrs

from hptsim.errors import invalid
from hptsim.optional import require
from hptsim.planning.executors import workers
from hptsim.planning.experiments import Settings, run_points, seeds, with_figure
from hptsim.planning.intervals import check_confidence, check_unserved
from hptsim.planning.results import Results, digits, percent, spelled
from hptsim.scenario.scenario import Scenario

np = require("numpy", "planning", "hptsim.planning")
pd = require("pandas", "planning", "hptsim.planning")
stats = require("scipy.stats", "planning", "hptsim.planning")
Draw = Callable[[int, int, int], Sequence[float]]
"""A design's figures: of the design with this number, from this replication on, so many."""


@attrs.frozen
class Selection:
    """The *best* of some *designs*, with the mean of each figure and the replications that it took to tell.

    *promise* says what is known of the choice, *probability* how likely it is right (at least, or as estimated). Designs that
    are *left_out* turn too many away.
    """

    designs: tuple[Mapping[str, Any], ...]
    column: str
    best: int
    means: tuple[float, ...]
    replications: tuple[int, ...]
    probability: float
    promise: str
    left_out: tuple[int, ...] = ()
    unserved: float = 0.0

    def sentence(self) -> str:
        """The answer in words."""
        least, most = min(self.replications), max(self.replications)
        of_each = f"{least} of each design" if least == most else f"{least} to {most} of a design"
        counts = f"{sum(self.replications)} replications, {of_each}"
        mean = digits(self.means[self.best])
        out = "; ".join(spelled(self.designs[design]) for design in self.left_out)
        away = (
            f" Left out, for more than {percent(self.unserved)} of the tuning jobs are refused or have not trained when it "
            f"ends: {out}."
        )
        best = f"Best is {spelled(self.designs[self.best])}: {self.column} is {mean} on average ({counts})."
        return f"{best} {self.promise}{away if out else ''}"


def kim_nelson(
    draw: Draw, designs: int, indifference: float, *, confidence: float = 0.95, first: int = 20, most: int = 10_000
) -> tuple[int, list[list[float]], bool]:
    """The design with the smallest mean by KN, all figures that were drawn, and whether it ended before *most* replications.

    It is the best with a probability of at least *confidence* if the best is better than any other by *indifference*, for
    figures that are normal. Designs are dropped as soon as they are seen to be worse. Designs may share random numbers.
    Source: Kim and Nelson, A fully sequential procedure for indifference-zone selection in simulation, ACM TOMACS 11 (2001),
    with c = 1.
    """
    drawn = [list(draw(design, 0, first)) for design in range(designs)]
    left = list(range(designs))
    if designs == 1:
        return 0, drawn, True
    eta = ((2 * (1 - confidence) / (designs - 1)) ** (-2 / (first - 1)) - 1) / 2
    table = np.array(drawn)
    reach = 2 * eta * (first - 1) * (table[:, None, :] - table[None, :, :]).var(-1, ddof=1) / indifference**2
    count, step = first, max(1, first // 2)
    while True:
        means = {design: float(np.mean(drawn[design])) for design in left}
        slack = {pair: max(0.0, indifference / 2 * (reach[pair] / count - 1)) for pair in _pairs(left)}
        left = [
            one for one in left if all(means[one] <= means[other] + slack[one, other] for other in left if other != one)
        ]
        if len(left) == 1 or count > max(reach[pair] for pair in _pairs(left)):
            return min(left, key=means.__getitem__), drawn, True
        if count >= most:
            return min(left, key=means.__getitem__), drawn, False
        more = min(step, most - count)
        for design in left:
            drawn[design] += draw(design, count, more)
        count += more


def _pairs(left: Sequence[int]) -> list[tuple[int, int]]:
    return [(one, other) for one in left for other in left if one != other]


def allocated(draw: Draw, designs: int, budget: int, *, first: int = 10) -> tuple[int, list[list[float]], float]:
    """The design with the smallest mean after *budget* replications, spent by OCBA, and how likely it is the best.

    More replications go to designs that are close to the best and to noisy ones. The probability is an estimate (Bonferroni's
    bound with the estimated means and variances in place of the true ones), no guarantee. Source: Chen, Lin, Yücesan and Chick,
    Simulation budget allocation for further enhancing the efficiency of ordinal optimization, DEDS 10 (2000).
    """
    drawn = [list(draw(design, 0, first)) for design in range(designs)]
    while (spent := sum(map(len, drawn))) < budget:
        wanted = _shares(drawn) * min(budget, spent + max(designs, spent // 5))
        lacking = np.array([max(0.0, float(want) - len(one)) for want, one in zip(wanted, drawn, strict=True)])
        if not lacking.any():
            lacking[:] = 1.0
        for design in np.argsort(-lacking)[: max(1, designs // 2)]:
            more = min(max(1, round(float(lacking[design]))), budget - sum(map(len, drawn)))
            if more > 0:
                drawn[design] += draw(int(design), len(drawn[design]), more)
    means = [float(np.mean(one)) for one in drawn]
    best = min(range(designs), key=means.__getitem__)
    errors = [float(np.var(one, ddof=1)) / len(one) for one in drawn]
    chances = [
        float(stats.norm.sf((means[other] - means[best]) / math.sqrt(errors[best] + errors[other])))
        for other in range(designs)
        if other != best and errors[best] + errors[other] > 0
    ]
    return best, drawn, max(0.0, 1 - math.fsum(chances))


def _shares(drawn: Sequence[Sequence[float]]) -> Any:
    """Which share of all replications each design should have."""
    means = np.array([np.mean(one) for one in drawn])
    spreads = np.maximum([np.std(one, ddof=1) for one in drawn], 1e-12)
    best = int(np.argmin(means))
    others = np.arange(len(drawn)) != best
    gaps = np.maximum(means - means[best], 1e-9 + 1e-3 * spreads)
    parts = np.where(others, (spreads / gaps) ** 2, 0.0)
    parts[best] = spreads[best] * math.sqrt(float(((parts / spreads)[others] ** 2).sum()))
    return parts / parts.sum()


def best_of(
    scenario: Scenario,
    designs: Sequence[Mapping[str, Any]],
    column: str,
    *,
    indifference: float | None = None,
    budget: int | None = None,
    confidence: float = 0.95,
    largest: bool = False,
    first: int = 20,
    most: int = 2000,
    unserved: float = 0.0,
    seed: int = 0,
    **settings: Unpack[Settings],
) -> Selection:
    """The design (paths and values, as in `vary`) whose *column* has the smallest mean, or the *largest*.

    With *indifference*, the smallest difference that matters, by `kim_nelson`; with *budget*, so many replications in all, by
    `allocated`. Designs that leave more than the share *unserved* of their tuning jobs refused or untrained are left out: whom
    they turn away neither waits nor costs. Raises InvalidInput without exactly one of the two, where all designs are left out,
    and for figures that a replication does not have.
    """
    check_confidence(confidence, 0.5)
    check_unserved(unserved)
    if (indifference is None) == (budget is None):
        raise invalid(
            "best_of", "both or neither", "either an indifference, for a guarantee, or a budget, for a fast choice"
        )
    if indifference is not None and not 0 < indifference < math.inf:
        raise invalid("indifference", indifference, "a finite number above 0: the smallest difference that matters")
    if len(designs) < 2 or first < 3:
        raise invalid("designs, first", (len(designs), first), "at least 2 designs and 3 first replications")
    if budget is not None and budget < first * len(designs):
        raise invalid("budget", budget, f"at least {first * len(designs)}: {first} for each design")
    settings = with_figure(settings, column)
    own = seeds(seed, max(most, budget or 0))
    sign = -1.0 if largest else 1.0
    with workers(settings.get("executor")) as pool:
        settings["executor"] = pool
        drawn = _Drawn(
            lambda design, begin, end: run_points(scenario, [designs[design]], own[begin:end], begin, (), settings)
        )
        left = [design for design in range(len(designs)) if drawn.unserved(design, first) <= unserved]
        while True:
            if not left:
                expected = (
                    f"designs that leave at most {unserved:.2%} refused or untrained (that is what unserved allows)"
                )
                raise invalid("designs", "each leaves more", expected)

            def draw(place: int, begin: int, count: int, left: Sequence[int] = tuple(left)) -> list[float]:
                return [sign * value for value in drawn.values(left[place], column, begin, count)]

            if budget is not None:
                spent = sum(drawn.counts[design] for design in range(len(designs)) if design not in left)
                place, _, probability = allocated(draw, len(left), budget - spent, first=first)
                promise = f"It is estimated to be the best with a probability of {percent(round(probability, 3))}."
            else:
                assert indifference is not None
                place, _, ended = kim_nelson(
                    draw, len(left), indifference, confidence=confidence, first=first, most=most
                )
                probability = confidence if ended else math.nan
                others = "no other" if len(left) == len(designs) else "no other that is not left out"
                promise = _promise(ended, confidence, indifference, most, others)
            best = left[place]
            if drawn.unserved(best, drawn.counts[best]) <= unserved:
                break
            left.remove(best)  # seen only now: choose among the others
    means = tuple(drawn.mean(design, column) for design in range(len(designs)))
    counts, out = tuple(drawn.counts), tuple(design for design in range(len(designs)) if design not in left)
    return Selection(tuple(designs), column, best, means, counts, probability, promise, out, unserved)


def _promise(ended: bool, confidence: float, indifference: float, most: int, others: str) -> str:
    """What Kim and Nelson's procedure lets one say."""
    if ended:
        return f"With {percent(confidence)} confidence {others} is better by {digits(indifference)} or more."
    return f"It took more than the {most} replications that were allowed: nothing is promised."


class _Drawn:
    """The replications of each design so far; each is run once, however often it is asked for."""

    def __init__(self, more: Callable[[int, int, int], Results]) -> None:
        self._more = more
        self._tables: dict[int, Any] = {}

    def _upto(self, design: int, count: int) -> Results:
        """The first *count* replications of a design."""
        table = self._tables.get(design)
        have = 0 if table is None else len(table)
        if have < count:
            added = self._more(design, have, count).table
            self._tables[design] = added if table is None else pd.concat([table, added], ignore_index=True)
        return Results(self._tables[design].iloc[:count])

    @property
    def counts(self) -> list[int]:
        """How many replications each design has, once each has some."""
        return [len(table) for _, table in sorted(self._tables.items())]

    def unserved(self, design: int, count: int) -> float:
        """The share of tuning jobs of a design's first *count* replications that are refused or never train."""
        return self._upto(design, count).unserved

    def values(self, design: int, column: str, begin: int, count: int) -> list[float]:
        """A figure in *count* replications from *begin* on; raises InvalidInput where one does not have it."""
        part = Results(self._upto(design, begin + count).table.iloc[begin:])
        values = part.values(column)
        if len(values) < count:
            raise invalid("column", column, "a figure that every replication has")
        return [float(value) for value in values]

    def mean(self, design: int, column: str) -> float:
        """The mean of a figure over all that was run; NaN where no replication has it."""
        values = Results(self._tables[design]).values(column)
        return float(np.mean(values)) if len(values) else math.nan
