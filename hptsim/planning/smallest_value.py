"""The smallest value that meets a target, such as the smallest quota, found by bisection with common random numbers."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Unpack

import attrs

from hptsim.errors import invalid
from hptsim.optional import require
from hptsim.planning.bisection import first_that
from hptsim.planning.executors import workers
from hptsim.planning.experiments import Settings, run_points, seeds, with_figure
from hptsim.planning.fitting import never_fit, smallest_that_fits
from hptsim.planning.intervals import check_confidence, least_replications
from hptsim.planning.pooled_shares import beside
from hptsim.planning.results import Comparison, Results, digits, html_table, percent
from hptsim.planning.targets import Target
from hptsim.planning.variation import vary
from hptsim.scenario.scenario import Scenario

pd = require("pandas", "planning", "hptsim.planning")


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
        """The answer in words, with what is known of the next smaller value, and of whether more always helped."""
        tried = self.tried.set_index(self.what)
        if self.value is None:
            shown = f"is shown to meet {self.target} with {percent(self.confidence)} confidence"
            largest = self.results.at({self.what: max(tried.index)})
            why = self.target.why(largest) or self.target.unseen(largest)
            return f"No {self.what} up to {max(tried.index)} {shown}{why}.{self._too_few() or self._no_help()}{self._worse()}"
        row, found = tried.loc[self.value], self.results.at({self.what: self.value})
        text = f"{self.what} = {self.value} meets {self.target}: its mean is {digits(row['mean'])}"
        if math.isnan(row["low"]):
            text += f" in each of {row['replications']} replications ({found.no_interval})."
        else:
            bound = f"at most {digits(row['high'])}" if self.target.sign == "<=" else f"at least {digits(row['low'])}"
            text += f" and, with {percent(self.confidence)} confidence, {bound} ({row['replications']} replications)."
        below = self.value - 1
        if below not in tried.index:
            text += " It is the smallest that was allowed."
        elif tried.loc[below, "verdict"] == "missed":
            text += f" With {below} the target is missed{self.target.why(self.results.at({self.what: below}))}."
        else:
            unseen = self.target.unseen(self.results.at({self.what: below}))
            text += f" Whether {below} meets it too is open{unseen or ': more replications would tell'}."
        column = self.target.column
        return text + self._worse() + found.caveat(column) + beside(found, column, self.confidence)

    def worse(self) -> list[tuple[int, int]]:
        """Neighbors among the values that were tried of which the larger is worse, as far as the replications show it.

        Bisection needs that more of *what* is never worse. Pairs share their random numbers; each is tested two-sided with the
        confidence of the search.
        """
        values, column = sorted(self.results.table[self.what].unique()), self.target.column
        parts = [self.results.at({self.what: value}) for value in values]
        found = []
        for (smaller, first), (larger, second) in pairwise(zip(values, parts, strict=True)):
            differences = Comparison(first, second).differences.values(column)
            if len(differences) < 2:
                continue
            low, high = Comparison(first, second).interval(column, self.confidence)
            if math.isnan(low):  # the same difference in every pair
                low = high = float(differences.mean())
            if low > 0 if self.target.sign == "<=" else high < 0:
                found.append((int(smaller), int(larger)))
        return found

    def _worse(self) -> str:
        pairs = " and ".join(f"{larger} than {smaller}" for smaller, larger in self.worse())
        text = "so a value that was not tried may meet the target too, or a larger one miss it"
        return f" More is not always better here: worse with {pairs}, {text}." if pairs else ""

    def _no_help(self) -> str:
        """That more would not help, where the figure is the same at the two largest values, in every replication."""
        values = sorted(self.results.table[self.what].unique())[-2:]
        if len(values) < 2:
            return ""
        smaller, larger = (self.results.at({self.what: value}) for value in values)
        same = Comparison(smaller, larger).differences.values(self.target.column)
        if not len(same) or same.any():
            return ""
        return f" More does not help: from {values[0]} to {values[1]} nothing changes.{larger.waited_for()}"

    def _too_few(self) -> str:
        """What to do where so few replications can show no share as small as the target's."""
        least, most = (
            least_replications(self.target.share, self.confidence),
            int(self.results.table["replication"].max()) + 1,
        )
        if not least > most:
            return ""
        if math.isinf(least):
            return " No number of replications shows that there is not a single one."
        return f" It takes at least {least} replications to show so small a share, and these are {most}."

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html_table(self.tried)


def smallest(
    scenario: Scenario,
    what: str,
    target: str,
    *,
    confidence: float = 0.95,
    replications: int | None = None,
    low: int = 1,
    high: int = 4096,
    unserved: float = 0.0,
    seed: int = 0,
    **settings: Unpack[Settings],
) -> Smallest:
    """The smallest whole number for *what* (a path as in `vary`) that is shown to meet *target*, found by bisection.

    *target* is "COLUMN <= NUMBER" or ">=", about the column's mean, for example "waiting_time_s.above_600 <= 0.05": at most
    5 % wait for more than ten minutes. Without *replications* there are 20, or as many as the target's share needs, up to 100
    (59 for 5 %). The promise: the value is too small with a probability of at most 1 - *confidence* (how nearly that is so for
    skewed figures is in docs/validation/intervals.md); it may be larger than need be, and the sentence says so. Looking at
    many values does not weaken it as long as more of *what* is never worse: all values have the same random numbers, so bisection
    ends where testing downwards from the top would, which errs only at the last value that misses.
    Whether more was worse anywhere on the way is tested, and said (`Smallest.worse`).

    At most the share *unserved* of the tuning jobs that are asked for may be refused or never train. Where none may, values
    at which some can never run are passed over; raises InvalidInput where that is so up to *high*, with the value that it takes.
    """
    wanted = Target.parse(target, unserved)
    check_confidence(confidence, 0.5)
    if not (isinstance(low, int) and isinstance(high, int) and low <= high):
        raise invalid("low, high", (low, high), "two whole numbers, the first not above the second")
    if not unserved:
        low = _where_all_fit(scenario, what, low, high)
    settings = with_figure(settings, wanted.column)
    own = seeds(seed, wanted.replications(confidence) if replications is None else replications)
    looks: dict[int, Results] = {}
    with workers(settings.get("executor")) as pool:
        settings["executor"] = pool

        def meets(value: int) -> bool:
            looks[value] = run_points(scenario, [{what: value}], own, 0, (what,), settings)
            return wanted.verdict(looks[value], confidence) == "met"

        found = first_that(meets, low, high)
    evidence = Results(pd.concat([one.table for one in looks.values()], ignore_index=True), (what,))
    return Smallest(what, wanted, found, confidence, evidence)


def _where_all_fit(scenario: Scenario, what: str, low: int, high: int) -> int:
    """The smallest value from *low* on at which no tuning job is too large for an empty account; raises InvalidInput."""
    needed = smallest_that_fits(scenario, what, low, high)
    if needed is not None and needed <= high:
        return needed
    names = list(never_fit(vary(scenario, what, high)))
    jobs = ", ".join(names[:5]) + (f" and {len(names) - 5} others" if len(names) > 5 else "")
    more = "more of it does not help them" if needed is None else f"from {needed} on they fit"
    raise invalid(
        "high", high, f"a value of {what} with which all tuning jobs can run", f"never with it: {jobs}; {more}"
    )
