"""Which inputs move an answer most: one at a time, with intervals; or all at once, by Sobol's indices.

Sources: Saltelli et al., Global sensitivity analysis: the primer (2008); the indices are `scipy.stats.sobol_indices`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Unpack

import attrs

from hptsim.errors import invalid
from hptsim.optional import require
from hptsim.planning.executors import workers
from hptsim.planning.experiments import Settings, entropy, run_points, seeds, with_figure
from hptsim.planning.intervals import check_confidence
from hptsim.planning.results import HEADLINE, Comparison, digits, html_table, percent
from hptsim.scenario.scenario import Scenario

np = require("numpy", "planning", "hptsim.planning")
pd = require("pandas", "planning", "hptsim.planning")
stats = require("scipy.stats", "planning", "hptsim.planning")
_SHOWN = 3


@attrs.frozen
class Sensitivity:
    """A *table* with a row for each input, the one that moves the *column* most first."""

    column: str
    table: Any
    confidence: float

    def sentence(self) -> str:
        """The three inputs that move the answer most."""
        lines = []
        for row in self.table.head(_SHOWN).to_dict("records"):
            moved = digits(row["difference"])
            between = (
                f"with {percent(self.confidence)} confidence between {digits(row['low'])} and {digits(row['high'])}"
            )
            between = "in every replication" if np.isnan(row["low"]) else between
            lines.append(
                f"{row['input']} from {row['from']} to {row['to']}: {self.column} changes by {moved}, {between}."
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html_table(self.table)


def one_at_a_time(
    scenario: Scenario,
    inputs: Mapping[str, tuple[Any, Any]],
    column: str = HEADLINE,
    *,
    confidence: float = 0.95,
    replications: int = 20,
    seed: int = 0,
    **settings: Unpack[Settings],
) -> Sensitivity:
    """What each of *inputs* (a path as in `vary`, and its two ends) does alone, with all others as they are in the scenario.

    The difference of the means at its two ends has an interval over pairs of replications with the same random numbers. What two
    inputs do only together is not seen; `sobol` sees it. Raises InvalidInput for inputs without two ends, and for a figure that
    fewer than two pairs of replications have.
    """
    check_confidence(confidence)
    if not inputs:
        raise invalid("inputs", dict(inputs), "at least one path with its two ends")
    for path, ends in inputs.items():
        if len(ends) != 2:
            raise invalid(f"inputs[{path!r}]", ends, "two values: from, to")
    settings = with_figure(settings, column)
    own, rows = seeds(seed, replications), []
    with workers(settings.get("executor")) as pool:
        settings["executor"] = pool
        for path, ends in inputs.items():
            low, high = (run_points(scenario, [{path: value}], own, 0, (path,), settings) for value in ends)
            pairs = Comparison(low, high)
            bounds = pairs.interval(column, confidence)
            rows.append((path, *ends, pairs.differences.mean(column), *bounds))
    table = pd.DataFrame(rows, columns=["input", "from", "to", "difference", "low", "high"])
    order = table["difference"].abs().sort_values(ascending=False, kind="stable").index
    return Sensitivity(column, table.loc[order].reset_index(drop=True), confidence)


def sobol(
    scenario: Scenario,
    inputs: Mapping[str, tuple[float, float]],
    column: str = HEADLINE,
    *,
    samples: int = 64,
    replications: int = 1,
    seed: int = 0,
    **settings: Unpack[Settings],
) -> Any:
    """A table of Sobol's indices, the largest total first: which share of the variance comes from each input.

    Inputs are uniform in their ranges. *first* is what one does by itself, *total* with all that it does together with others.
    It takes *samples* (a power of two, at least 2) times the number of inputs + 2 points, all with the same random numbers, so
    that they judge the inputs and not the noise. The indices are estimates: of few samples they may lie outside of 0 to 1.
    Raises InvalidInput for fewer than two inputs, for what is no range of numbers, and for a figure that a point does not have.
    """
    _check_ranges(inputs)
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 2 or samples & (samples - 1):
        raise invalid("samples", samples, "a power of two, at least 2", "for example 64")
    settings = with_figure(settings, column)
    paths, own = list(inputs), seeds(seed, replications)
    with workers(settings.get("executor")) as pool:
        settings["executor"] = pool

        def answers(values: Any) -> Any:
            points = [dict(zip(paths, map(float, point), strict=True)) for point in values.T]
            found = run_points(scenario, points, own, 0, tuple(paths), settings)
            if len(found.values(column)) < len(found.table):
                expected = (
                    "a figure that every replication has, at every point: without it there is no variance to share"
                )
                raise invalid("column", column, expected)
            return found.table[column].to_numpy().reshape(len(points), replications).mean(axis=1)[None, :]

        ranges = [stats.uniform(low, high - low) for low, high in inputs.values()]
        found = stats.sobol_indices(func=answers, n=samples, dists=ranges, rng=np.random.default_rng(entropy(seed)))
    rows = zip(paths, np.ravel(found.first_order), np.ravel(found.total_order), strict=True)
    table = pd.DataFrame(rows, columns=["input", "first", "total"])
    return table.sort_values("total", ascending=False, kind="stable").reset_index(drop=True)


def _check_ranges(inputs: Mapping[str, Sequence[Any]]) -> None:
    """Refuse what Sobol's indices make no sense for: a single input, and ends between which there are no numbers."""
    if len(inputs) < 2:
        raise invalid(
            "inputs", dict(inputs), "at least two paths, each with a range", "of one alone comes all of the variance"
        )
    for path, ends in inputs.items():
        numbers = [end for end in ends if isinstance(end, Real) and not isinstance(end, bool)]
        if len(ends) != 2 or len(numbers) != 2 or not -math.inf < ends[0] < ends[1] < math.inf:
            raise invalid(f"inputs[{path!r}]", ends, "two finite numbers, the lower end first")
