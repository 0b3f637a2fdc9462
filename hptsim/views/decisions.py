"""Pictures of a decision: designs against a figure, with the target as a line, a verdict for each, and the chosen one marked.

A verdict has a color, a shape and a sign. Where the designs differ so much that those near the target would lie on each other,
the axis is logarithmic.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill, wrap
from typing import Any, NamedTuple

from hptsim.optional import require
from hptsim.views import charts
from hptsim.views.axis_names import figure_name, is_share
from hptsim.views.chart_data import IntervalRow
from hptsim.views.palette import BLACK, BLUE, GRAY, GREEN, VERMILION

SIGNS = {"met": "✓", "missed": "✗", "open": "?"}
"""What stands beside a verdict."""
_STYLES = {"met": (GREEN, "o"), "missed": (VERMILION, "X"), "open": (GRAY, "D")}
_LETTERS = 32
"""An axis is so many letters high."""
_NAME_LETTERS, _NAME_LINES = 18, 2
"""So much of a name stands beside its row, so that at least half of a narrow picture is left for the figure."""
_FLAT = 20.0
"""The largest value is so many times the target, or the smallest one: then a plain axis would show the others flat."""


class DesignRow(NamedTuple):
    """A design by *name*, at *x* if it is a number: the mean of a figure, its interval (NaN without one), and its verdict."""

    name: str
    line: str
    x: Any
    mean: float
    low: float
    high: float
    verdict: str = ""
    chosen: bool = False


class Pair(NamedTuple):
    """Two figures of a design, and why it is out of the question, if it is.

    Another design *dominates* it, not worse in either and better in one; or too many are refused or never train: *turned_away*.
    """

    across: DesignRow
    up: DesignRow
    dominated: bool
    turned_away: bool = False

    @property
    def standing(self) -> str:
        """What a legend says of it."""
        if self.turned_away:
            return "leaves too many unserved"
        return "dominated by another" if self.dominated else "not dominated"


def decision(rows: Sequence[DesignRow], x: str, column: str, limit: float | None = None) -> Any:
    """A figure of each design, with its interval; *limit* is the target, if it is about this figure.

    >>> rows = [DesignRow("2", "", 2, 9.0, 8.0, 10.0, "missed"), DesignRow("4", "", 4, 3.0, 2.0, 4.0, "met", True)]
    >>> [axes] = decision(rows, "quota (instances)", "waiting_time_s.mean", 5.0).axes
    >>> axes.get_ylabel(), [text.get_text() for text in axes.texts]
    ('waiting of tuning jobs, mean (s)', ['✗', '✓'])
    """
    numbers = all(isinstance(row.x, (int, float)) for row in rows)
    figure = _over_numbers(rows, x, column) if numbers else _over_names(rows, x, column)
    [axes] = figure.axes
    axis = axes.yaxis if numbers else axes.xaxis
    for row in rows:
        place = (row.x, row.mean) if numbers else (row.mean, rows.index(row))
        _mark(axes, row, place)
    if limit is not None:
        line = axes.axhline if numbers else axes.axvline
        line(limit, color=BLACK, linestyle="--", linewidth=2, label=f"target: {_spoken(limit, column)}")
    _scale(axes, axis, rows, limit)
    if is_share(column):
        axis.set_major_formatter(require("matplotlib.ticker", "plots", "drawing").PercentFormatter(1.0))
    figure.legends.clear()  # the one for the lines alone
    return charts.with_legend(figure, axes)


def _over_numbers(rows: Sequence[DesignRow], x: str, column: str) -> Any:
    lines = [IntervalRow(row.line, row.x, row.mean, row.low, row.high) for row in rows]
    return charts.intervals(lines, x, _wrapped(column))


def _over_names(rows: Sequence[DesignRow], x: str, column: str) -> Any:
    """The designs below each other, the figure to the right."""
    figure, (axes,) = charts.empty(1, 2 + 0.55 * len(rows))
    for place, row in enumerate(rows):
        axes.plot([row.low, row.high], [place, place], color=BLUE, linewidth=6, alpha=0.35, solid_capstyle="butt")
        axes.plot([row.mean], [place], color=BLUE, marker="o", markersize=8)
    axes.set_yticks(range(len(rows)), [charts.unmarked(_brief(row.name)) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_ylabel(charts.unmarked(x))
    axes.set_xlabel(charts.unmarked(_wrapped(column)))
    return figure


def _brief(name: str) -> str:
    """The beginning of a name, in two lines at most; the page's table has all of it."""
    return "\n".join(wrap(name, _NAME_LETTERS, max_lines=_NAME_LINES, placeholder="…")) or name


def _wrapped(column: str) -> str:
    """A name that fits beside a picture."""
    return fill(figure_name(column), _LETTERS)


def _mark(axes: Any, row: DesignRow, place: tuple[Any, float]) -> None:
    """The verdict at a design's mean, and a ring around the chosen one."""
    if row.chosen:
        style = {"color": BLACK, "markerfacecolor": "none", "markeredgewidth": 2.5, "markersize": 22, "clip_on": False}
        axes.plot(*place, marker="o", linestyle="none", label=f"chosen: {charts.unmarked(row.name)}", **style)
    if row.verdict:
        color, shape = _STYLES[row.verdict]
        style = {"color": color, "marker": shape, "markersize": 12, "linestyle": "none", "zorder": 5, "clip_on": False}
        axes.plot(*place, label=f"{SIGNS[row.verdict]} {row.verdict}", **style)
        axes.annotate(
            SIGNS[row.verdict],
            place,
            (0, 14),
            textcoords="offset points",
            ha="center",
            fontsize=charts.FONT,
            color=BLACK,
        )


def _scale(axes: Any, axis: Any, rows: Sequence[DesignRow], limit: float | None) -> None:
    """From zero on where nothing is below it; logarithmic where it must be."""
    drawn = [value for row in rows for value in (row.mean, row.low, row.high) if value == value]
    if limit is not None:
        drawn.append(limit)
    if not drawn or min(drawn) < 0:
        return
    vertical = axis.axis_name == "y"
    set_scale, set_limits = (axes.set_yscale, axes.set_ylim) if vertical else (axes.set_xscale, axes.set_xlim)
    highest = max(drawn) or 1.0
    if not logarithmic(rows, limit):
        set_limits(0, 1.1 * highest)
        return
    if min(drawn) > 0:
        set_scale("log")
        set_limits(min(drawn) / 2, 2 * highest)
    else:  # zero is on it too: it is plain up to the smallest value
        set_scale("symlog", linthresh=min(value for value in drawn if value > 0))
        set_limits(0, 2 * highest)
    charts.plain(axis)


def logarithmic(rows: Sequence[DesignRow], limit: float | None = None) -> bool:
    """Whether a plain axis would show the designs near the target, or the smallest ones, as one flat line.

    >>> rows = [DesignRow("", "", x, mean, mean, mean) for x, mean in ((1, 573070.0), (2, 4875.0), (3, 550.0))]
    >>> logarithmic(rows, 600.0), logarithmic(rows[1:], 600.0)
    (True, False)
    """
    means = [row.mean for row in rows if row.mean == row.mean]
    if not means or min(means) < 0:
        return False
    near = limit if limit else min((mean for mean in means if mean > 0), default=0.0)
    return near > 0 and max(means) >= _FLAT * near


def tradeoff(rows: Sequence[Pair], across: str, up: str, limit: float | None = None) -> Any:
    """Two figures of each design against each other, as pairs of rows; gray is a design that is out of the question.

    *limit* is the target of the figure that goes *up*.

    >>> one = DesignRow("2", "", 2, 5.0, 5.0, 5.0)
    >>> tradeoff([Pair(one, one._replace(mean=9.0), False)], "cost_usd", "waiting_time_s.mean").axes[0].get_xlabel()
    'cost (US dollars)'
    """
    figure, (axes,) = charts.empty(1, 6)
    for row in rows:
        first, second = row.across, row.up
        place, color = (first.mean, second.mean), GRAY if row.dominated or row.turned_away else BLUE
        axes.plot([first.low, first.high], [second.mean] * 2, color=color, linewidth=2)
        axes.plot([first.mean] * 2, [second.low, second.high], color=color, linewidth=2)
        shape = "s" if row.turned_away else "o"
        axes.plot(*place, color=color, marker=shape, markersize=9, linestyle="none", label=row.standing)
        _mark(axes, second._replace(verdict=""), place)
        axes.annotate(
            charts.unmarked(second.name),
            place,
            (10, 6),
            textcoords="offset points",
            fontsize=charts.FONT - 3,
            color=BLACK,
        )
    axes.set_xlabel(charts.unmarked(figure_name(across)))
    axes.set_ylabel(charts.unmarked(_wrapped(up)))
    if limit is not None:
        axes.axhline(limit, color=BLACK, linestyle="--", linewidth=2, label=f"target: {_spoken(limit, up)}")
    for axis, number in ((axes.xaxis, 0), (axes.yaxis, 1)):
        _scale(axes, axis, [(row.across, row.up)[number] for row in rows], limit if number else None)
        if is_share((across, up)[number]):
            axis.set_major_formatter(require("matplotlib.ticker", "plots", "drawing").PercentFormatter(1.0))
    axes.margins(x=0.12)
    return charts.with_legend(figure, axes)


def _spoken(limit: float, column: str) -> str:
    return f"{100 * limit:.6g} %" if is_share(column) else f"{limit:,.12g}"
