"""What replications say: a table, means with confidence intervals (`hptsim.planning.intervals`), and the answer in a sentence.

An interval is about the mean over all replications that could have been drawn. Several intervals hold one by one, each with its
confidence, not all together.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from hptsim.errors import invalid, nearest
from hptsim.model.account import TOTAL, TUNING_JOBS
from hptsim.optional import require
from hptsim.planning import horizon
from hptsim.planning.figures import settings_for
from hptsim.planning.intervals import ANYTHING, Limits, interval, limits_of
from hptsim.planning.reduction import Reduction

np = require("numpy", "planning", "hptsim.planning")
pd = require("pandas", "planning", "hptsim.planning")
HEADLINE = "waiting_time_s.mean"
"""The column that a sentence is about unless another is named."""
SAME = "all are the same in every figure, so that there is no interval; recorded jobs can be resampled for other days"
"""What is said instead of an interval when all replications are the same: it may be one history, or nothing has happened."""
_META = b"hptsim"


_WAITED_FOR = "waited_for_share."
_COUNTS_ALL = (
    "unserved_share",
    "refused_share",
    "unstarted_share",
    "utilization.",
    "idle_share.",
    "queue_length",
    "in_system",
)
"""The beginnings of figures that leave nobody out."""


def _without(column: str) -> str:
    """What a figure is without those who were not served."""
    return "what they would have cost is not in it" if column.startswith("cost") else "they are not in it"


@attrs.frozen
class Results:
    """Replications as a pandas *table*: one row each, with a column by figure, `replication`, and what a sweep *varied*.

    >>> results = Results(pd.DataFrame({"replication": [0, 1, 2], "waiting_time_s.mean": [9.0, 10.0, 11.0]}))
    >>> results.sentence()
    'waiting_time_s.mean is 10 on average, with 95% confidence between 7.516 and 12.48 (3 replications).'
    """

    table: Any
    varied: tuple[str, ...] = ()
    signed: bool = False
    """Whether the figures are differences, which may be below zero whatever they are differences of."""
    reduction: Reduction | None = None
    """How a figure was found with less variance; its values are corrected then, and single ones may leave its limits."""

    @property
    def columns(self) -> list[str]:
        """The names of the figures."""
        return [name for name in map(str, self.table.columns) if name not in (*self.varied, "replication")]

    def points(self) -> Iterator[tuple[dict[str, Any], Results]]:
        """Each point of a sweep, what it set and its own replications; a single empty point when nothing was varied."""
        if not self.varied:
            yield {}, self
            return
        for point, part in self.table.groupby(list(self.varied), sort=False, dropna=False):
            yield (
                dict(zip(self.varied, point, strict=True)),
                Results(part.drop(columns=list(self.varied)), (), self.signed),
            )

    def at(self, point: Mapping[str, Any]) -> Results:
        """The replications at one *point* of a sweep.

        >>> both = Results(pd.DataFrame({"capacity.gpu": [2, 4], "replication": [0, 0], "x": [7.0, 5.0]}), ("capacity.gpu",))
        >>> both.at({"capacity.gpu": 4}).mean("x")
        5.0
        """
        known = [(set_, part) for set_, part in self.points()]
        for set_, part in known:
            if set_ == dict(point):
                return part
        raise invalid("point", dict(point), "one of the sweep's", "; ".join(str(set_) for set_, _ in known))

    def values(self, column: str) -> Any:
        """*column* of every replication that has one, as an array; raises InvalidInput for a column that is not there."""
        if column not in self.table:
            asked = settings_for(column, self.columns)
            instead = f"write {asked} in the experiment" if asked else nearest(column, self.columns)
            raise invalid("column", column, "one of the table's", instead)
        return self.table[column].dropna().to_numpy()

    def mean(self, column: str) -> float:
        """The mean of *column* over the replications."""
        return float(np.mean(self._single(column)))

    @property
    def one_history(self) -> bool:
        """Whether all replications, at least two, are the same in every figure: one history, as far as they show."""
        return len(self.table) > 1 and len(self.table[self.columns].drop_duplicates()) == 1

    @property
    def no_interval(self) -> str:
        """Why there is none, in words."""
        return SAME if self.one_history else "they show no spread, so that there is no interval"

    @property
    def unserved(self) -> float:
        """The share of tuning jobs that are refused or never train, in these replications together; 0 where that is not told."""
        return float(self.table["unserved_share"].mean()) if "unserved_share" in self.table else 0.0

    def limits(self, column: str) -> Limits:
        """What *column* cannot leave, such as 0 and 1 for a share."""
        if self.signed:
            return ANYTHING
        low, high = limits_of(column)
        corrected = self.reduction is not None and self.reduction.column == column and self.reduction.corrects
        return (low, math.inf) if corrected else (low, high)

    def interval(self, column: str, confidence: float = 0.95) -> tuple[float, float]:
        """The confidence interval for the mean of *column* over the replications; NaN where they show no spread."""
        values = self._single(column)
        if len(values) < 2:
            raise invalid("replications", len(values), f"at least 2 that have {column}, for an interval")
        return (math.nan, math.nan) if self.one_history else interval(values, confidence, self.limits(column))

    def summary(self, column: str | None = None, confidence: float = 0.95) -> Any:
        """A table of mean, low and high for each point of a sweep: of one *column*, or of every one.

        `replications` counts those that have the figure: in some runs no tuning job starts, so that none has waited. Without
        spread, or of a single replication, `low` and `high` are NaN.
        """
        rows = []
        for set_, part in self.points():
            same = part.one_history
            for name in self.columns if column is None else [column]:
                values = part.values(name)
                mean = float(np.mean(values)) if len(values) else math.nan
                low, high = (math.nan, math.nan) if same else interval(values, confidence, self.limits(name))
                rows.append((*set_.values(), name, mean, low, high, len(values)))
        return pd.DataFrame(rows, columns=[*self.varied, "figure", "mean", "low", "high", "replications"])

    def sentence(self, column: str = HEADLINE, confidence: float = 0.95) -> str:
        """The answer in words, with its interval; a line for each point of a sweep."""
        lines = []
        runs = "replications" if self.reduction is None else self.reduction.observations
        for set_, part in self.points():
            count = len(part.values(column))
            where = f"With {spelled(set_)}, " if set_ else ""
            missing = f"; {len(part.table) - count} without it" if count < len(part.table) else ""
            if not count:
                lines.append(f"{where}{column} was not observed ({len(part.table)} replications).{part.caveat(column)}")
                continue
            low, high = part.interval(column, confidence) if count > 1 else (math.nan, math.nan)
            if count == 1:
                text = f"in one replication{missing}: of one there is no interval."
            elif math.isnan(low):
                text = f"in each of {count} {runs}{missing}: {part.no_interval}."
            else:
                around = f"with {percent(confidence)} confidence between {digits(low)} and {digits(high)}"
                text = f"on average, {around} ({count} {runs}{missing})."
            gained = (
                f" {part.reduction.sentence()}"
                if part.reduction is not None and part.reduction.column == column
                else ""
            )
            lines.append(f"{where}{column} is {digits(part.mean(column))} {text}{gained}{part.caveat(column)}")
        return "\n".join(lines)

    def caveat(self, column: str) -> str:
        """What a figure of tuning jobs leaves out: those that were refused or never trained; and whether runs are too short."""
        short = horizon.warning(self.table) if column.startswith("waiting_time_s.") else ""
        text = self._left_out(column)
        return f"{text} {short}" if short else text

    def _left_out(self, column: str) -> str:
        if "unserved_share" not in self.table or column.startswith(_COUNTS_ALL):
            return ""
        left = float(self.table["unserved_share"].mean())
        text = "of the tuning jobs that were asked for were refused or never trained"
        return f" {left:.2%} {text}: {_without(column)}." if left > 0 else ""

    def waited_for(self) -> str:
        """What the tuning jobs waited for, in a sentence, the limit that held most of them first; nothing if for none."""
        shares = {
            name.removeprefix(_WAITED_FOR): float(self.table[name].fillna(0.0).mean())
            for name in self.columns
            if name.startswith(_WAITED_FOR) and "[" not in name
        }
        held = sorted(((share, limit) for limit, share in shares.items() if share > 0), reverse=True)
        if not held:
            return ""
        words = [f"{share:.0%} for {limit_in_words(limit)}" for share, limit in held]
        return f" Before their first launch tuning jobs waited the longest: {', '.join(words)}."

    def to_parquet(self, path: str | Path) -> None:
        """Save the table; what was varied stands in the file's own metadata."""
        arrow, parquet = _parquet()
        saved = arrow.Table.from_pandas(self.table, preserve_index=False)
        about = {"varied": self.varied, "reduction": self.reduction and attrs.asdict(self.reduction)}
        meta = {**saved.schema.metadata, _META: json.dumps(about).encode()}
        parquet.write_table(saved.replace_schema_metadata(meta), path)

    @classmethod
    def from_parquet(cls, path: str | Path) -> Results:
        """Load what `to_parquet` has saved; raises InvalidInput for a file that is something else."""
        arrow, parquet = _parquet()
        try:
            saved = parquet.read_table(path)
            meta = json.loads(saved.schema.metadata[_META])
        except (OSError, KeyError, TypeError, arrow.ArrowException) as error:
            raise invalid(str(path), str(error), "a Parquet file that to_parquet has saved") from error
        reduction = meta.get("reduction")
        return cls(saved.to_pandas(), tuple(meta["varied"]), reduction=reduction and Reduction(**reduction))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html_table(self.summary())

    def _single(self, column: str) -> Any:
        """The values at the only point: a mean over several designs would be the mean of nothing."""
        points = [set_ for set_, _ in self.points()]
        if len(points) > 1:
            raise invalid(
                "results", f"{len(points)} points", "one point", f"write results.at({points[0]!r}), or summary"
            )
        return self.values(column)


def digits(value: float, count: int = 4) -> str:
    """A number with this many significant digits, and all of those before the point; 0 for what is below a billionth.

    >>> digits(17534.2), digits(0.123456), digits(730.0, 2), digits(7.34, 2), digits(1.24e-46)
    ('17534', '0.1235', '730', '7.3', '0')
    """
    if abs(value) < 1e-9:
        return "0"
    return f"{value:.0f}" if abs(value) >= 10**count else f"{value:.{count}g}"


def percent(confidence: float) -> str:
    """A confidence in words: never rounded up to certainty.

    >>> percent(0.95), percent(0.99975)
    ('95%', '99.975%')
    """
    return f"{100 * confidence:.6g}%"


def limit_in_words(limit: str) -> str:
    """A limit by its name.

    >>> limit_in_words("tuning-jobs"), limit_in_words("ml.m5.xlarge")
    ('the limit of tuning jobs at a time', 'ml.m5.xlarge')
    """
    words = {TUNING_JOBS: "the limit of tuning jobs at a time", TOTAL: "the limit of all instances together"}
    return words.get(limit, limit)


def spelled(point: Mapping[str, Any]) -> str:
    """A point of a sweep in words.

    >>> spelled({"capacity.ml.m5.xlarge": 4, "assumptions.reservation": "reuse"})
    'capacity.ml.m5.xlarge = 4 and assumptions.reservation = reuse'
    """
    return " and ".join(f"{path} = {value}" for path, value in point.items())


def html_table(table: Any) -> str:
    """A table of figures as HTML, four digits each."""
    return str(table.to_html(index=False, na_rep="–", float_format=digits, border=0))


def _parquet() -> tuple[Any, Any]:
    return require("pyarrow", "planning", "Parquet"), require("pyarrow.parquet", "planning", "Parquet")


@attrs.frozen
class Comparison:
    """Two designs, replication by replication: *differences* are the second minus the first, a column by figure."""

    first: Results
    second: Results

    def __attrs_post_init__(self) -> None:
        for name, results in (("first", self.first), ("second", self.second)):
            if len(list(results.points())) > 1:
                raise invalid(name, "a sweep", "the results of one design", "write results.at({...})")
        mine, other = (sorted(results.table["replication"]) for results in (self.first, self.second))
        if mine != other:
            raise invalid("second", f"{len(other)} replications", f"the same replications as the first ({len(mine)})")

    @property
    def differences(self) -> Results:
        """The second minus the first: pairs share their random numbers, so that what they have in common cancels."""
        shared = [name for name in self.first.columns if name in self.second.columns]
        mine, other = (results.table.set_index("replication")[shared] for results in (self.first, self.second))
        return Results((other - mine).reset_index(), signed=True)

    def interval(self, column: str = HEADLINE, confidence: float = 0.95) -> tuple[float, float]:
        """The confidence interval for the mean difference; NaN where the pairs show no spread."""
        return self.differences.interval(column, confidence)

    def summary(self, confidence: float = 0.95) -> Any:
        """A table with a row for each figure: both means, their difference and its interval."""
        table = self.differences.summary(confidence=confidence)
        for place, (name, results) in enumerate((("first", self.first), ("second", self.second)), start=1):
            table.insert(place, name, [float(results.table[figure].mean()) for figure in table["figure"]])
        return table.rename(columns={"mean": "difference"})

    def sentence(self, column: str = HEADLINE, confidence: float = 0.95) -> str:
        """The answer in words."""
        low, high = self.interval(column, confidence)
        mean, pairs = self.differences.mean(column), len(self.differences.values(column))
        if math.isnan(low):
            by = f"{digits(abs(mean))} {'more' if mean > 0 else 'less'} in the second" if mean else "no difference"
            return f"{column}: {by} in each of {pairs} pairs, which show no spread, so that there is no interval."
        verdict = "no difference is shown" if low <= 0 <= high else ("more" if low > 0 else "less") + " in the second"
        return (
            f"{column}: {verdict}, by {digits(mean)} on average, with {percent(confidence)} confidence between "
            f"{digits(low)} and {digits(high)} ({pairs} pairs)."
        )

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html_table(self.summary())
