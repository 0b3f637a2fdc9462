"""A matplotlib figure as a part of a page: SVG in the page's own colors and fonts, in a wide and a narrow shape, with a key.

The words of a drawing stay words: a reader can search and copy them. Its key is HTML, which wraps where the window is narrow.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import attrs

from hptsim.optional import require
from hptsim.views.palette import themed

_NARROW_INCHES = 5.6
"""Half as wide as the wide shape: its letters are twice as large on the same screen."""
_DASHES = {"-": "solid", "--": "dashed", ":": "dotted", "-.": "dash-dot", "None": "point"}


@attrs.frozen
class Key:
    """What a *color* and a *shape* of a drawing stand for: a line's dashes, a point, an area, or the mark of a status."""

    words: str
    color: str
    shape: str


@attrs.frozen
class Drawing:
    """A picture under its *caption*, as two elements of a page: *wide*, and *narrow* for a window of a telephone's width."""

    caption: str
    wide: str
    narrow: str
    keys: tuple[Key, ...] = ()


def drawing(caption: str, draw: Callable[[], Any], name: str) -> Drawing:
    """What *draw* gives, as a part of a page; *name* sets it apart from the page's other drawings.

    >>> from hptsim.views.charts import queue
    >>> from hptsim.views.chart_data import QueueRow
    >>> one = drawing("The line", lambda: queue([QueueRow(0.0, 1)]), "a")
    >>> "requests waiting</text>" in one.wide, "var(--wait)" in one.narrow
    (True, True)
    """
    wide, narrow = draw(), draw()
    keys = _keys(wide)
    narrow.set_size_inches(_NARROW_INCHES, max(4.0, 0.9 * narrow.get_figheight()))
    for figure in (wide, narrow):
        for legend in figure.legends[:]:
            legend.remove()
    return Drawing(caption, element(wide, caption, f"{name}-wide"), element(narrow, caption, f"{name}-narrow"), keys)


def _keys(figure: Any) -> tuple[Key, ...]:
    if not figure.legends:
        return ()
    legend = figure.legends[0]
    pairs = zip(legend.legend_handles, (text.get_text() for text in legend.get_texts()), strict=True)
    return tuple(Key(words.replace(r"\$", "$"), *_look(handle)) for handle, words in pairs)


def _look(handle: Any) -> tuple[str, str]:
    """The color and the shape of what a legend shows."""
    to_hex = require("matplotlib.colors", "plots", "drawing").to_hex
    if hasattr(handle, "get_linestyle") and hasattr(handle, "get_marker"):
        if not isinstance(handle.get_marker(), str):  # a path of `views.marks`
            return themed(to_hex(handle.get_color())), "mark"
        ring = handle.get_markerfacecolor() == "none"
        return themed(to_hex(handle.get_color())), "ring" if ring else _DASHES[handle.get_linestyle()]
    hatched = bool(handle.get_hatch())
    return themed(
        to_hex(handle.get_edgecolor() if hatched else handle.get_facecolor())
    ), "hatched" if hatched else "area"


def element(figure: Any, caption: str, name: str) -> str:
    """A figure as an element of a page, whose names no other one of the page has."""
    matplotlib = require("matplotlib", "plots", "drawing")
    stream = StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    text = stream.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\g<1>{name}-", text).replace("xlink:href", "href")
    text = re.sub(r'font-family: [^;"]*', "font-family: system-ui, sans-serif", text)
    text = re.sub(r' (?:width|height)="[\d.]+pt"', "", text, count=2)
    label = caption.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return themed(text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1))
