"""Pieces of HTML for notebooks, in which every string is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows under a head; numbers with four digits, None as a dash.

    >>> table(["name", "wait (s)"], [["<b>", 60.0]])
    '<table><tr><th>name</th><th>wait (s)</th></tr><tr><td>&lt;b&gt;</td><td>60</td></tr></table>'
    """
    lines = [("th", head), *(("td", row) for row in rows)]
    cells = ["".join(f"<{kind}>{escape(_said(value))}</{kind}>" for value in values) for kind, values in lines]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in cells)}</table>"


def _said(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def lines(text: object) -> str:
    """A string of several lines, as it is.

    >>> lines("a < b")
    '<pre>a &lt; b</pre>'
    """
    return f"<pre>{escape(str(text))}</pre>"


def frame(page: str, height_px: int, title: str) -> str:
    """A whole page inside another one, which its scripts cannot reach; a screen reader says its *title*.

    >>> frame("<p>", 100, "a page")[:59]
    '<iframe title="a page" sandbox="allow-scripts" style="width'
    """
    style = f"width: 100%; height: {height_px}px; border: 0"
    return f'<iframe title="{escape(title)}" sandbox="allow-scripts" style="{style}" srcdoc="{escape(page)}"></iframe>'
