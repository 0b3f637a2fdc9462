"""What an experiment found: its replications, the target if there is one, and the search if there was one."""

from __future__ import annotations

import math
from typing import Any

import attrs

from hptsim.planning.pooled_shares import beside
from hptsim.planning.results import Results, percent, spelled
from hptsim.planning.smallest_value import Smallest
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
    search: Smallest | None = None

    def points(self) -> list[tuple[dict[str, Any], Results]]:
        """The designs, those of a search in order."""
        points = list(self.results.points())
        return points if self.search is None else sorted(points, key=lambda point: next(iter(point[0].values())))

    def verdict(self, part: Results) -> str:
        """Whether a design meets the target; nothing without one."""
        return "" if self.target is None else self.target.verdict(part, self.confidence)

    def sentence(self) -> str:
        """The answer in words."""
        if self.search is not None:
            return self.search.sentence()
        if self.target is None:
            return self.results.sentence(confidence=self.confidence)
        words = {"met": "is met", "missed": "is missed", "open": "is neither shown to be met nor to be missed"}
        lines = []
        for set_, part in self.points():
            where = f" with {spelled(set_)}" if set_ else ""
            caveat = part.caveat(self.target.column)
            sure = f" ({percent(self.confidence)} confidence)"
            if part.one_history:
                sure = " in the one history that was run; nothing in it is random, so resample it for other days"
            all_jobs = beside(part, self.target.column, self.confidence)
            why = self.target.why(part)
            lines.append(f"{self.target} {words[self.verdict(part)]}{where}{sure}{why}.{caveat}{all_jobs}")
        return "\n".join(lines)

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
        return {**head, "sentence": self.sentence(), "points": points}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
