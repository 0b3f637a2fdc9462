"""The colors of every picture and page, each with one meaning: reports, charts, the player, the live timeline, diagrams.

The strong colors are those of Okabe and Ito, which color-blind readers tell apart. No verdict is told by color alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import attrs


@attrs.frozen
class Color:
    """A color on a light page and on a dark one, and the one thing that it *means*."""

    light: str
    dark: str
    means: str


PALETTE: Mapping[str, Color] = {
    "paper": Color("#FFFFFF", "#14171C", "the page itself"),
    "panel": Color("#F4F5F6", "#20252C", "the background of a head, a key or a button"),
    "rule": Color("#D4D7DB", "#3A414B", "a line that divides"),
    "edge": Color("#767676", "#8A93A0", "the outline of a bar, a mark or a control, whatever it is filled with"),
    "act": Color("#0B57D0", "#A8C7FA", "what a reader acts on: a link, what has the focus, what is pressed"),
    "act-soft": Color("#E3EDFD", "#22324A", "the same, as a background"),
    "ink": Color("#111111", "#F0F0F0", "words, axes, and limits: a quota, a target"),
    "muted": Color("#595959", "#A9B1BB", "words that matter less"),
    "work": Color("#0072B2", "#56A8DC", "occupied: instances at work; and the figure that was asked for"),
    "work-soft": Color("#D6E8F4", "#12304A", "the same, as a background"),
    "data": Color("#56B4E9", "#8CCBF2", "data comes in"),
    "start": Color("#F0E442", "#E8DC3C", "instances start"),
    "done": Color("#009E73", "#2CC295", "reached: results are saved, a target is met, a job has ended"),
    "done-text": Color("#00714F", "#4FD3A8", "the same, for words"),
    "done-soft": Color("#DDF3EB", "#12352B", "the same, as a background"),
    "end": Color("#D55E00", "#F07848", "wrong or cut short: a stop, a target that is missed, a broken law"),
    "end-text": Color("#B34700", "#FF9E6D", "the same, for words"),
    "end-soft": Color("#FCEADF", "#43260F", "the same, as a background"),
    "idle": Color("#E69F00", "#F0B429", "reserved: held for a job; only the color of work over it says that they work"),
    "wait": Color("#CC79A7", "#DD97BD", "waits: for quota, or for instances"),
    "rest": Color("#8A8A8A", "#939AA3", "nothing happens any more: it winds down, or is not looked at further"),
    "there": Color("#CCCCCC", "#4A525C", "a tuning job that is in progress"),
    "lost": Color("#882255", "#E05A7A", "work is lost: an interruption, a failure"),
    "mark": Color("#FFF4B8", "#4A4318", "the background of what is new at this moment"),
    "line-2": Color("#5B3FA8", "#A993F0", "a second line of a picture, which its legend names"),
    "line-3": Color("#7A5230", "#C79A6B", "a third line of a picture"),
    "line-4": Color("#4F6272", "#9DB4C6", "a fourth line of a picture"),
}
"""Every color by its name; pages call them --name."""

PHASES: Mapping[str, str] = {
    "InProgress": "there",
    "InProgress:closing": "rest",
    "InProgress:failing": "lost",
    "Starting": "start",
    "Pending": "wait",
    "Downloading": "data",
    "Training": "work",
    "Uploading": "done",
    "Interrupted": "lost",
    "Interrupted:grace": "end",
    "Interrupted:teardown": "rest",
    "Interrupted:queued": "wait",
    "Stopping": "end",
    "Stopping:uploading": "done",
    "Stopping:teardown": "rest",
    "Starting:stopping": "rest",
}
"""The palette's name of the color of every state in which a job spends time; phases that do the same have the same color."""
PHASE_COLORS: Mapping[str, str] = {phase: PALETTE[name].light for phase, name in PHASES.items()}
"""The same as colors of a light page."""

PAPER, BLACK = PALETTE["paper"].light, PALETTE["ink"].light
BLUE, SKY, GREEN = PALETTE["work"].light, PALETTE["data"].light, PALETTE["done"].light
VERMILION, ORANGE, PURPLE = PALETTE["end"].light, PALETTE["idle"].light, PALETTE["wait"].light
GRAY = PALETTE["rest"].light
LINES = tuple(PALETTE[name].light for name in ("work", "line-2", "line-3", "line-4", "ink"))
"""The colors of several lines in one picture, in order; none of them says that a target is met or missed."""


WARM_POOLS: Mapping[str, str] = {"InUse": "work", "Available": "idle"}
"""The palette's name of the color of what a warm pool does with its instances: occupied, or reserved only."""


def css(*, dark: bool = True, switch: bool = False) -> str:
    """The palette as variables of a style sheet, with the dark colors for readers who want a dark screen, unless *dark* is false.

    With *switch*, an element whose data-theme is "light" or "dark" has these colors, whatever the reader's system wants:
    the documentation site's button sets it. Paper is always light.

    >>> css(dark=False)[:44]
    ':root { color-scheme: light; --paper: #FFFFF'
    """
    day = _variables("light" if not dark else "light dark", {name: one.light for name, one in PALETTE.items()})
    rules = [f":root {day}"]
    if dark:
        night = _variables("dark", {name: one.dark for name, one in PALETTE.items()})
        rules.append(f"@media screen and (prefers-color-scheme: dark) {{ :root {night} }}")
        if switch:
            day = day.replace("light dark", "light")
            rules.append(f'@media screen {{ [data-theme="light"] {day} [data-theme="dark"] {night} }}')
    return "\n".join(rules)


def _variables(scheme: str, colors: Mapping[str, str]) -> str:
    return f"{{ color-scheme: {scheme}; " + "; ".join(f"--{name}: {color}" for name, color in colors.items()) + " }"


def phase_variables() -> dict[str, str]:
    """The page's variable for each state in which a job spends time: its color.

    >>> phase_variables()["Training"]
    'var(--work)'
    """
    return {phase: f"var(--{name})" for phase, name in PHASES.items()}


def themed(drawing: str) -> str:
    """A drawing in the light colors, with the page's variables in their place: it follows the theme of its reader.

    >>> themed('<path style="fill: #0072b2"/>')
    '<path style="fill: var(--work)"/>'
    """
    for name, one in PALETTE.items():
        for written in (one.light, one.light.lower()):
            drawing = drawing.replace(written, f"var(--{name})")
    return drawing


def contrast(one: str, other: str) -> float:
    """How much two colors differ in luminance (WCAG 2.2): from 1, alike, to 21, black on white; words need 4.5.

    >>> round(contrast("#000000", "#FFFFFF")), round(contrast("#767676", "#FFFFFF"), 2)
    (21, 4.54)
    """
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return math.fsum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
