"""A page for people who decide: question, answer, how sure, what it costs, what was left out, then pictures and tables.

It is one file that needs no network: the drawings are SVG, in which words stay words; a script sorts tables and copies them.
How it looks is in report.html, a template of jinja2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs

from hptsim import __version__
from hptsim.planning.results import digits
from hptsim.scenario.price_sources import PriceSources
from hptsim.views.decisions import SIGNS
from hptsim.views.drawings import Drawing
from hptsim.views.templates import rendered


@attrs.frozen
class Line:
    """A sentence of the answer, with the verdict that it tells, if it tells one."""

    text: str
    verdict: str = ""

    @property
    def sign(self) -> str:
        """The verdict's sign.

        >>> Line("It is met.", "met").sign
        '✓'
        """
        return SIGNS.get(self.verdict, "")


@attrs.frozen
class Cell:
    """What stands in a table: *text* for people, *value* for sorting and for CSV; a *verdict*, or a *chosen* row's."""

    text: str
    value: Any
    verdict: str = ""
    chosen: bool = False

    @classmethod
    def of(cls, value: Any) -> Cell:
        """A value as it is shown: numbers with four digits, what is not known as a dash.

        >>> Cell.of(17534.2).text, Cell.of(math.nan).text, Cell.of("fifo").text
        ('17,534', '–', 'fifo')
        """
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return cls("–", "")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            shown = digits(float(value))
            return cls(f"{float(shown):,.0f}" if abs(value) >= 1000 and "e" not in shown else shown, value)
        return cls(str(value), str(value))

    @classmethod
    def judged(cls, verdict: str) -> Cell:
        """A verdict, with its sign."""
        return cls(f"{SIGNS[verdict]} {verdict}", verdict, verdict)

    @property
    def number(self) -> bool:
        """Whether it is one: numbers stand to the right."""
        return isinstance(self.value, (int, float))


@attrs.frozen
class Table:
    """Rows under a *head*, which readers can sort and copy."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@attrs.frozen
class Report:
    """All that a page says, in the order in which it says it."""

    title: str
    question: str
    answer: Sequence[Line]
    sure: Sequence[str]
    costs: Sequence[str]
    left_out: Sequence[str]
    pictures: Sequence[Drawing]
    tables: Sequence[Table]
    footer: Sequence[str]

    def html(self) -> str:
        """One HTML file that needs nothing else; every text in it is a text, whatever a name contains.

        >>> page = Report("a < b", "Why?", [Line("So.", "met")], [], [], [], [], [], []).html()
        >>> "<title>a &lt; b</title>" in page, "✓" in page
        (True, True)
        """
        return rendered("report.html", page=self)


def footer(prices: PriceSources, warning: str, written: str) -> list[str]:
    """The last lines of a page: which hptsim, when it was written, and whose prices.

    >>> from hptsim.scenario.prices import Prices
    >>> footer(PriceSources(Prices("2023-06", "us-east-1", "a list", {}), ("gpu",)), "", "2026-11-27")[1]
    'Prices in US dollars, of 2023-06, us-east-1. Their source: a list. The price of gpu is your own.'
    """
    lines = [f"Written by hptsim {__version__}" + (f" on {written}." if written else "."), prices.sentences()]
    return [*lines, *([f"{warning[:1].upper()}{warning[1:]}."] if warning else [])]
