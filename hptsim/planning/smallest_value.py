"""The smallest value that meets a target, such as the smallest quota, found by bisection with common random numbers."""

from __future__ import annotations

import math
from typing import Any, Unpack

import attrs

from hptsim.errors import invalid
from hptsim.optional import require
from hptsim.planning.executors import workers
from hptsim.planning.experiments import Settings, run_points, seeds, thresholds
from hptsim.planning.intervals import check_confidence, least_replications
from hptsim.planning.pooled_shares import beside
from hptsim.planning.results import Results, Target, digits, html_table, percent
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
        """The answer in words, with what is known of the next smaller value."""
        tried = self.tried.set_index(self.what)
        if self.value is None:
            shown = f"is shown to meet {self.target} with {percent(self.confidence)} confidence"
            return f"No {self.what} up to {max(tried.index)} {shown}.{self._too_few()}"
        row, found = tried.loc[self.value], self.results.at({self.what: self.value})
        text = f"{self.what} = {self.value} meets {self.target}: its mean is {digits(row['mean'])}"
        if math.isnan(row["low"]):
            text += f" in each of {row['replications']} replications ({found.no_interval})."
        else:
            bound = f"at most {digits(row['high'])}" if self.target.sign == "<=" else f"at least {digits(row['low'])}"
            text += f" and, with {percent(self.confidence)} confidence, {bound} ({row['replications']} replications)."
        below = self.value - 1
        if below not in tried.index:
            return f"{text} It is the smallest that was allowed."
        if tried.loc[below, "verdict"] == "missed":
            text += f" With {below} the target is missed."
        else:
            text += f" Whether {below} meets it too is open: more replications would tell."
        column = self.target.column
        return text + found.caveat(column) + beside(found, column, self.confidence)

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
    seed: int = 0,
    **settings: Unpack[Settings],
) -> Smallest:
    """The smallest whole number for *what* (a path as in `vary`) that is shown to meet *target*, found by bisection.

    *target* is "COLUMN <= NUMBER" or ">=", about the column's mean, for example "waiting_time_s.above_600 <= 0.05": at most
    5 % wait for more than ten minutes. Without *replications* there are 20, or as many as the target's share needs, up to 100
    (59 for 5 %). The promise: the value is too small with a probability of at most 1 - *confidence* (how nearly that is so for
    skewed figures is in docs/validation/intervals.md); it may be larger than need be, and the sentence says so. Looking at
    many values does not weaken it as long as more of *what* is better: all values have the same random numbers, so bisection
    ends where testing downwards from the top would, which errs only at the last value that misses.
    """
    wanted = Target.parse(target)
    check_confidence(confidence, 0.5)
    if not (isinstance(low, int) and isinstance(high, int) and low <= high):
        raise invalid("low, high", (low, high), "two whole numbers, the first not above the second")
    settings["above_s"] = [*settings.get("above_s", ()), *thresholds([wanted.column])]
    own = seeds(seed, wanted.replications(confidence) if replications is None else replications)
    looks: dict[int, Results] = {}
    with workers(settings.get("executor")) as pool:
        settings["executor"] = pool

        def meets(value: int) -> bool:
            looks[value] = run_points(scenario, [{what: value}], own, 0, (what,), settings)
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
