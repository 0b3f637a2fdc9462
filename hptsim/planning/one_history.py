"""Questions to one recorded history: each design is run once, and what it shows has no interval.

A table of jobs happened once. Its replay has no random numbers, so that a second replication would be the first again.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Unpack

import attrs

from hptsim.errors import invalid
from hptsim.optional import require
from hptsim.planning.answers import Answer
from hptsim.planning.bisection import first_that
from hptsim.planning.experiments import Settings, run_points, seeds, with_figure
from hptsim.planning.results import Results, digits, html_table, spelled
from hptsim.planning.targets import Target
from hptsim.scenario.scenario import Scenario

pd = require("pandas", "planning", "hptsim.planning")


@attrs.frozen
class HistoryTarget(Target):
    """A target for what one history shows: the figure itself is compared, and all but the share *unserved* must be served.

    >>> target = HistoryTarget("waiting_time_s.p95", "<=", 600.0)
    >>> shown = Results(pd.DataFrame({"replication": [0], "waiting_time_s.p95": [500.0], "unserved_share": [0.1]}))
    >>> target.verdict(shown)  # a tenth was refused
    'missed'
    """

    def verdict(self, results: Results, confidence: float = 0.95) -> str:
        """ "met" or "missed"; missed too where too many jobs are not served, or the figure was not observed."""
        shown, limit = value_of(results, self.column), self.limit
        holds = shown <= limit if self.sign == "<=" else shown >= limit
        return "met" if holds and self.served(results) else "missed"


def value_of(results: Results, column: str) -> float:
    """What the only run shows; NaN where it was not observed. Raises InvalidInput for a column that is not there."""
    values = results.values(column)
    return float(values[0]) if len(values) else math.nan


def unserved(results: Results) -> float:
    """The share of the jobs that were asked for that did not train: refused, or still waiting at the end."""
    return value_of(results, "unserved_share")


@attrs.frozen
class HistorySearch:
    """The smallest *value* of *what* that meets the *target* in this history, None when none does; *results* are all runs."""

    what: str
    target: Target
    value: int | None
    results: Results

    @property
    def tried(self) -> Any:
        """For each value what it shows, the share that is not served, and the verdict."""
        rows = []
        for set_, part in self.results.points():
            shown = value_of(part, self.target.column)
            rows.append((set_[self.what], shown, unserved(part), self.target.verdict(part)))
        names = [self.what, self.target.column, "unserved", "verdict"]
        return pd.DataFrame(rows, columns=names).sort_values(self.what).reset_index(drop=True)

    def sentence(self) -> str:
        """The answer in words, with what the next smaller value shows."""
        tried = self.tried.set_index(self.what)
        if self.value is None:
            return f"No {self.what} up to {max(tried.index)} meets {self.target}: {self._shown(max(tried.index))}. {ONE_HISTORY}"
        text = f"{self.what} = {self.value} meets {self.target}: {self._shown(self.value)}."
        if (below := self.value - 1) in tried.index:
            text += f" With {below} it is missed: {self._shown(below)}."
        else:
            text += " It is the smallest that was allowed."
        return f"{text} {ONE_HISTORY}"

    def _shown(self, value: int) -> str:
        row = self.tried.set_index(self.what).loc[value]
        shown = (
            "it is not observed" if math.isnan(row[self.target.column]) else f"it is {digits(row[self.target.column])}"
        )
        return shown + (
            f", and {row['unserved']:.2%} of the jobs are refused or never start" if row["unserved"] else ""
        )

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html_table(self.tried)


ONE_HISTORY = "One history, no interval: it says what would have been, not how sure next month is."
"""What is said instead of a confidence."""


def smallest_in_history(
    scenario: Scenario,
    what: str,
    target: str,
    *,
    low: int = 1,
    high: int = 4096,
    unserved: float = 0.0,
    **settings: Unpack[Settings],
) -> HistorySearch:
    """The smallest whole number for *what* that meets *target* in the one history that *scenario* replays, by bisection.

    The value before it is always run as well and misses the target. That still smaller ones miss it too is assumed.
    At most the share *unserved* of the tuning jobs may be refused or never train.
    Raises InvalidInput for bounds, a path or a target that cannot be meant.

    >>> from hptsim.model.definitions import ServiceLimits
    >>> from hptsim.scenario import Recorded, ScheduledTuningJob, Timings
    >>> from hptsim.model import TuningJobSpec, Assumptions
    >>> jobs = [ScheduledTuningJob(TuningJobSpec(name), recorded=[Recorded(60)]) for name in ("a", "b", "c")]
    >>> history = Scenario(tuning_jobs=jobs, timings=Timings.instant(), assumptions=Assumptions(admission="queue"))
    >>> smallest_in_history(history, "capacity.ml.m5.xlarge", "waiting_time_s.mean <= 30", progress=False).value
    2
    """
    if not (isinstance(low, int) and isinstance(high, int) and low <= high):
        raise invalid("low, high", (low, high), "two whole numbers, the first not above the second")
    wanted = HistoryTarget.parse(target, unserved)
    settings = with_figure(settings, wanted.column)
    looks: dict[int, Results] = {}
    with ThreadPoolExecutor(1) as here:
        settings["executor"] = settings.get("executor") or here

        def meets(value: int) -> bool:
            looks[value] = run_points(scenario, [{what: value}], seeds(0, 1), 0, (what,), settings)
            return wanted.verdict(looks[value]) == "met"

        found = first_that(meets, low, high)
    evidence = Results(pd.concat([one.table for one in looks.values()], ignore_index=True), (what,))
    return HistorySearch(what, wanted, found, evidence)


def _seen(value: float) -> str:
    return "was not observed" if math.isnan(value) else f"is {digits(value)}"


@attrs.frozen
class HistoryAnswer(Answer):
    """What one history shows: single values in place of means with intervals."""

    def lines(self) -> list[str]:
        """The answer in words, a line for each design."""
        if self.search is not None:
            return [self.search.sentence()]
        lines = []
        for set_, part in self.points():
            columns = (self.column, *self.also) if self.target is None else (self.target.column,)
            shown = ", ".join(f"{column} {_seen(value_of(part, column))}" for column in columns)
            shown += f" with {spelled(set_)}" if set_ else ""
            left = f"; {share:.2%} of the jobs are refused or never start" if (share := unserved(part)) else ""
            verdict = "" if self.target is None else f": {self.target} is {self.verdict(part)}"
            lines.append(f"{shown}{verdict}{left}.")
        return [*lines, ONE_HISTORY]

    def basis(self, seed: int) -> str:
        """What the numbers are."""
        return "One history, replayed once for each design: there are no random numbers and no intervals."

    def data(self, scenario: str, seed: int) -> dict[str, Any]:
        """The answer for machines; there is no confidence, and no interval."""
        return {**super().data(scenario, seed), "confidence": None}
