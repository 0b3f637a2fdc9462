"""What an experiment found: its replications, the target if there is one, and the search if there was one."""

from __future__ import annotations

import math
from typing import Any

import attrs

from hptsim.planning.pooled_shares import beside
from hptsim.planning.precise import is_precise
from hptsim.planning.results import HEADLINE, Results, percent, spelled
from hptsim.planning.targets import Target


@attrs.frozen
class Answer:
    """What was found: all replications, the target if there is one, and the search if there was one.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from hptsim import Scenario, planning
    >>> with ThreadPoolExecutor(1) as one:
    ...     results = planning.replicate(Scenario(), 2, executor=one)
    >>> [set_ for set_, part in Answer(results, confidence=0.95).points()]
    [{}]
    """

    results: Results
    confidence: float
    target: Target | None = None
    search: Any = None
    """A `Smallest`, or the search in one history."""
    told: tuple[str, ...] = ()
    """What is said of the workload before the answer."""
    column: str = HEADLINE
    """The figure that the sentence is about, without a target."""
    also: tuple[str, ...] = ()
    """More figures, each with a sentence of its own after it."""
    precision: float | None = None
    """What half of its interval was to be at most, as a share of its mean."""

    def points(self) -> list[tuple[dict[str, Any], Results]]:
        """The designs, those of a search in order."""
        points = list(self.results.points())
        return points if self.search is None else sorted(points, key=lambda point: next(iter(point[0].values())))

    def verdict(self, part: Results) -> str:
        """Whether a design meets the target; nothing without one."""
        return "" if self.target is None else self.target.verdict(part, self.confidence)

    def tested(self, part: Results) -> bool:
        """Whether the verdict on a design's figure is a test: every replication has the figure, and they differ in it.

        A share that is 0 or 1 in all of them has bounds, and so a test, as long as they differ in some figure.
        """
        if self.target is None or self.target.unseen(part) or len(part.table) < 2:
            return False
        return not math.isnan(part.interval(self.target.column, self.confidence)[0])

    def sentence(self) -> str:
        """What is told of the workload, and the answer in words."""
        return "\n".join([*self.told, *self.lines()])

    def lines(self) -> list[str]:
        """The answer in words, a line for each design if a target is judged."""
        if self.search is not None:
            return [self.search.sentence()]
        if self.target is None:
            told = [self.results.sentence(name, self.confidence) for name in (self.column, *self.also)]
            return [*told, *self._imprecise()]
        words = {"met": "is met", "missed": "is missed", "open": "is neither shown to be met nor to be missed"}
        lines = []
        for set_, part in self.points():
            where = f" with {spelled(set_)}" if set_ else ""
            all_jobs = beside(part, self.target.column, self.confidence)
            judged = f"{self.target} {words[self.verdict(part)]}{where}"
            if unserved := self.target.why(part):  # who is not served is counted, which is no test
                lines.append(f"{judged}{unserved}.")
            else:
                lines.append(f"{judged}{self._grounds(part, self.target)}.{part.caveat(self.target.column)}{all_jobs}")
        return lines

    def _grounds(self, part: Results, target: Target) -> str:
        """What a verdict on those who are served rests on: a test, or why there is none."""
        if unseen := target.unseen(part):
            return unseen
        if len(part.table) == 1:
            return ": of one replication there is no interval"
        if not self.tested(part):
            return f" in each of {len(part.table)} replications: {part.no_interval}"
        return f" ({percent(self.confidence)} confidence)"

    def _imprecise(self) -> list[str]:
        """That the precision which was asked for is not reached, where it is not."""
        wanted = self.precision
        if wanted is None or is_precise(self.results, self.column, wanted, self.confidence):
            return []
        return [f"The precision that was asked for, {percent(wanted)} of the mean to each side, is not reached."]

    def basis(self, seed: int) -> str:
        """What the numbers are, for the reader of a page."""
        counts, places = [len(part.table) for _, part in self.points()], "of each design" if self.results.varied else ""
        runs = "replications" if self.results.reduction is None else self.results.reduction.observations
        many = f"{max(counts)} {runs if max(counts) > 1 else 'replication'} {places}".rstrip()
        if max(counts) == 1:
            return f"{many}, seed {seed}: of one there is no interval."
        if all(part.one_history for _, part in self.points()):
            return f"{many}, the same in every figure, so that there is no interval."
        interval = f"{percent(self.confidence)} confidence intervals (Student's t, adjusted for skewness)"
        return f"Means over {many} with {interval}, each of which holds by itself. Seed {seed}."

    def data(self, scenario: str, seed: int) -> dict[str, Any]:
        """The answer for machines; a figure that was not observed is null."""
        points = []
        for set_, part in self.points():
            summary = part.summary(confidence=self.confidence).set_index("figure").to_dict("index")
            figures = {name: {key: _number(value) for key, value in row.items()} for name, row in summary.items()}
            points.append(
                {"point": set_, "figures": figures, **({"target": self.verdict(part)} if self.target else {})}
            )
        found = {} if self.search is None else {"what": self.search.what, "smallest": self.search.value}
        head = {"scenario": scenario, "seed": seed, "confidence": self.confidence, **found}
        reduction = self.results.reduction
        if reduction is not None:
            head["variance_reduction"] = {**attrs.asdict(reduction), "plain": _number(reduction.plain)}
        return {**head, "sentence": self.sentence(), "points": points}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
