"""The designs of an answer, with their verdicts, and the one that a page looks at closely."""

from __future__ import annotations

import math
from typing import Any

import attrs

from hptsim.planning.answers import Answer
from hptsim.planning.results import Results
from hptsim.views.decisions import DesignRow

COST = "cost_usd"
Design = dict[str, Any]


@attrs.frozen
class Choice:
    """The *design* that an answer comes to, None where it comes to none, and its own replications."""

    design: Design | None
    part: Results | None = None

    @classmethod
    def of(cls, answer: Answer) -> Choice:
        """What a search found, the only design, or the cheapest of those that are shown to meet the target."""
        points = answer.points()
        if answer.search is not None:
            wanted = answer.search.value
            points = [
                (set_, part) for set_, part in points if wanted is not None and set_[answer.search.what] == wanted
            ]
        elif len(points) > 1:
            met = [(set_, part) for set_, part in points if answer.target is not None and answer.verdict(part) == "met"]
            known = [point for point in met if not math.isnan(mean_of(point[1], COST))]
            points = sorted(known, key=lambda point: mean_of(point[1], COST))[:1] if len(known) == len(met) else []
        return cls(*points[0]) if points else cls(None)

    def closer(self, answer: Answer) -> tuple[Design, Results]:
        """The design to look at closely: the one that was chosen, or the first."""
        return answer.points()[0] if self.design is None or self.part is None else (self.design, self.part)


def mean_of(part: Results, column: str) -> float:
    """The mean of a figure over the replications; NaN where none has it.

    >>> import pandas
    >>> mean_of(Results(pandas.DataFrame({"replication": [0, 1], "cost_usd": [2.0, 4.0]})), "cost_usd")
    3.0
    """
    return float(part.table[column].mean()) if column in part.table else math.nan


def design_rows(answer: Answer, column: str, choice: Choice) -> list[DesignRow]:
    """Each design's mean and interval of *column*, with the verdict where the target is about it.

    Designs in which nobody has the figure are left out.
    """
    rows = []
    for set_, part in answer.points():
        row = part.summary(column, answer.confidence).to_dict("records")[0]
        first, *others = set_.items()
        judged = answer.target is not None and answer.target.column == column
        if row["replications"]:
            rows.append(
                DesignRow(
                    name=", ".join(str(value) for value in set_.values()),
                    line=", ".join(f"{path} = {value}" for path, value in others),
                    x=str(first[1]) if isinstance(first[1], bool) else first[1],
                    mean=row["mean"],
                    low=row["low"],
                    high=row["high"],
                    verdict=answer.verdict(part) if judged else "",
                    chosen=len(answer.points()) > 1 and set_ == choice.design,
                )
            )
    return sorted(rows, key=lambda row: row.x) if all(isinstance(row.x, (int, float)) for row in rows) else rows
