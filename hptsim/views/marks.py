"""The shape and the color of each status of a job, in one place: a status is never told by its color alone.

A shape is a path of straight lines in a box of 16 by 16, filled by the rule "evenodd": SVG takes it as it is, a canvas by
`new Path2D(path)`. What has ended has a shape that is known from elsewhere: a check mark, a cross, and the square of a Stop
button, which is hollow as long as the job is stopping.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

import attrs

from hptsim.optional import require


@attrs.frozen
class Mark:
    """How a status is shown: a path, the palette's name of its color, and a character where only text can be."""

    path: str
    color: str
    sign: str


_CHECK = "M1 9 L4 6 L7 9 L13 2 L15.5 4.5 L7 14 Z"
_CROSS = "M2 5 L5 2 L8 5 L11 2 L14 5 L11 8 L14 11 L11 14 L8 11 L5 14 L2 11 L5 8 Z"
_SQUARE = "M2 2 L14 2 L14 14 L2 14 Z"
_HOLLOW = f"{_SQUARE} M6 6 L10 6 L10 10 L6 10 Z"
_TRIANGLE = "M3 1 L15 8 L3 15 Z"
_STOPPED = Mark(_SQUARE, "rest", "■")
MARKS: Mapping[str, Mark] = {
    "InProgress": Mark(_TRIANGLE, "there", "▶"),
    "Stopping": Mark(_HOLLOW, "end", "□"),
    "Completed": Mark(_CHECK, "done", "✓"),
    "Failed": Mark(_CROSS, "lost", "✗"),
    "Stopped": _STOPPED,
    "MaxRuntimeExceeded": _STOPPED,
    "MaxWaitTimeExceeded": _STOPPED,
}
"""By status. What exceeded a limit of time has the shape of Stopped, which is its primary status then."""


def mark_svg(status: str, *, label: bool = False) -> str:
    """The mark of a status as an element of a page with the shared style; screen readers hear it only with a *label*.

    Without a label the status stands beside it in words. Raises KeyError if the status has no mark.

    >>> mark_svg("Stopped")
    '<svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><path style="--fill: var(--rest)" d="M2 2 ...
    """
    mark = MARKS[status]
    said = f'role="img" aria-label="{escape(status)}"' if label else 'aria-hidden="true"'
    path = f'<path style="--fill: var(--{mark.color})" d="{mark.path}"/>'
    return f'<svg class="mark" viewBox="0 0 16 16" {said}>{path}</svg>'


def mark_marker(status: str) -> Any:
    """The shape of a final status as a marker of matplotlib (extra `plots`), about its middle. Raises KeyError if it has none.

    A shape that is hollow, as that of Stopping is, would be filled.

    >>> len(mark_marker("Stopped").vertices)
    5
    """
    path = require("matplotlib.path", "plots", "drawing").Path
    corners, codes = [], []
    for letter, numbers in re.findall(r"([MLZ])([ \d.]*)", MARKS[status].path):
        x, y = map(float, numbers.split() or (8, 8))  # where a shape closes, its corner does not matter
        corners.append((x - 8, 8 - y))
        codes.append({"M": path.MOVETO, "L": path.LINETO, "Z": path.CLOSEPOLY}[letter])
    return path(corners, codes)


def mark_data() -> dict[str, dict[str, str]]:
    """The marks for a page's script, as JSON takes them: the path, and the page's variable of the color.

    >>> mark_data()["Failed"]["color"]
    'var(--lost)'
    """
    return {status: {"path": mark.path, "color": f"var(--{mark.color})"} for status, mark in MARKS.items()}
