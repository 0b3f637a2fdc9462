"""The frontier of several figures, such as cost against waiting: designs that another beats in every respect are struck out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs

from hptsim.errors import invalid
from hptsim.optional import require
from hptsim.planning.intervals import bounds, check_confidence, check_unserved
from hptsim.planning.results import Comparison, Results, digits, html_table, percent, spelled

np = require("numpy", "planning", "hptsim.planning")
pd = require("pandas", "planning", "hptsim.planning")


@attrs.frozen
class Frontier:
    """The designs of a sweep, a row each: the means of the figures, which design dominates it, and whether that is *shown*.

    A design is dominated when another has means that are not worse in any figure and better in one; that is shown when the paired
    differences have the confidence. Less is better, but more in a figure that is named with a plus sign: "+throughput_per_hour".
    A design that leaves more than the share *unserved* of its tuning jobs refused or untrained is struck out, and dominates none:
    whom it turns away neither waits nor costs.
    """

    table: Any
    varied: tuple[str, ...]
    figures: tuple[str, ...]
    confidence: float
    unserved: float = 0.0

    @property
    def best(self) -> Any:
        """The rows of the frontier: they serve enough, and no other design dominates them."""
        left = (self.table["dominated_by"] == "") & ~self._turned_away
        return self.table[left].drop(columns=["dominated_by", "shown"]).reset_index(drop=True)

    @property
    def _turned_away(self) -> Any:
        """Which rows leave too many unserved."""
        return self.table["unserved"] > self.unserved

    def sentence(self) -> str:
        """The designs that are left, and how many were struck out for which reason."""
        lines = []
        for row in self.best.to_dict("records"):
            values = ", ".join(f"{name} {digits(row[name])}" for name in map(bare, self.figures))
            lines.append(f"{spelled({path: row[path] for path in self.varied})}: {values}.")
        out, shown = int((self.table["dominated_by"] != "").sum()), int(self.table["shown"].sum())
        lines.append(
            f"{out} of {len(self.table)} designs are struck out by better ones, {shown} of them with "
            f"{percent(self.confidence)} confidence each."
        )
        if away := int(self._turned_away.sum()):
            lines.append(
                f"{away} are struck out because more than {percent(self.unserved)} of their tuning jobs are refused or have not "
                "trained when it ends (that is what unserved allows)."
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html_table(self.table)


def frontier(results: Results, figures: Sequence[str], confidence: float = 0.95, unserved: float = 0.0) -> Frontier:
    """What is left of a sweep when dominated designs are struck out, cheapest first in the first of *figures*.

    So are designs that leave more than the share *unserved* of their tuning jobs refused or untrained. A design that is
    dominated by several is said to be dominated by the one that comes first. Each domination is shown by itself, at *confidence*
    over all its figures (Bonferroni). Raises InvalidInput for fewer than two figures, or no sweep.

    >>> table = {"gpus": [1, 1, 2, 2], "replication": [0, 1, 0, 1], "cost_usd": [5.0, 5, 6, 6], "wait": [9.0, 9, 3, 3]}
    >>> frontier(Results(pd.DataFrame(table), ("gpus",)), ["cost_usd", "wait"]).best["gpus"].tolist()
    [1, 2]
    """
    check_confidence(confidence, 0.5)
    check_unserved(unserved)
    if not results.varied or len(figures) < 2:
        raise invalid(
            "frontier", f"{len(figures)} figures of {len(results.varied)} paths", "at least two figures of a sweep"
        )
    points = list(results.points())
    means = [objectives(part, figures) for _, part in points]
    order = sorted(range(len(points)), key=lambda place: [math.inf if math.isnan(one) else one for one in means[place]])
    serving = [place for place in order if points[place][1].unserved <= unserved]
    rows = []
    for place in order:
        better = (other for other in serving if _dominates(means[other], means[place]))
        by = next(better, None) if place in serving else None
        worse = by is not None and _shown(points[by][1], points[place][1], figures, confidence)
        values = {bare(name): _sign(name) * mean for name, mean in zip(figures, means[place], strict=True)}
        reason = {"dominated_by": "" if by is None else spelled(points[by][0]), "shown": worse}
        rows.append({**points[place][0], **values, "unserved": points[place][1].unserved, **reason})
    return Frontier(pd.DataFrame(rows), results.varied, tuple(figures), confidence, unserved)


def bare(name: str) -> str:
    """The column of a figure, without the plus sign that says more is better."""
    return name.removeprefix("+")


def objectives(part: Results, figures: Sequence[str]) -> list[float]:
    """The means of a design's figures, of each of which less is better; NaN where no replication has it: nobody has waited."""
    values = [(name, part.values(bare(name))) for name in figures]
    return [_sign(name) * float(np.mean(found)) if len(found) else math.nan for name, found in values]


def _sign(name: str) -> float:
    return -1.0 if name.startswith("+") else 1.0


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether *one* is not worse in any figure and better in one; NaN compares with nothing."""
    pairs = list(zip(one, other, strict=True))
    return all(mine <= its or _equal(mine, its) for mine, its in pairs) and any(
        mine < its and not _equal(mine, its) for mine, its in pairs
    )


def _equal(one: float, other: float) -> bool:
    """Whether two sums differ by rounding only."""
    return math.isclose(one, other, rel_tol=1e-9)


def _shown(better: Results, worse: Results, figures: Sequence[str], confidence: float) -> bool:
    """Whether the paired differences show it: none is worse, as far as the confidence tells, and one is better."""
    differences, each = Comparison(better, worse).differences, 1 - (1 - confidence) / len(figures)
    lows = []
    for name in figures:
        values = _sign(name) * differences.values(bare(name))
        values = np.where(np.abs(values) > 1e-9 * abs(better.mean(bare(name))), values, 0.0)  # less is rounding
        low = float(bounds(values, each)[0])
        lows.append(float(values.mean()) if math.isnan(low) and len(values) > 1 else low)
    return all(low >= 0 for low in lows) and any(low > 0 for low in lows)
