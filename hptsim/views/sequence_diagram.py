"""A counterexample as a sequence diagram in SVG, in the variables of the palette, for where there is no Mermaid."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from hptsim.explorer.sequence import Message, messages, participants
from hptsim.explorer.story import Step

_ROW, _LETTER, _NARROWEST = 28, 6.9, 320.0
"""Pixels: the distance of two messages, the width of a letter of the 13 pixels' font, and the least width of all."""
_HALO = 'fill="var(--ink)" paint-order="stroke" stroke="var(--paper)" stroke-width="4" stroke-linejoin="round"'
"""Keeps words apart from the lines that they cross."""
_CENTERED = 'fill="var(--ink)" text-anchor="middle"'


def sequence_svg(steps: Sequence[Step], broken: str) -> str:
    """*steps* as messages between the caller, the jobs and the quota, from top to bottom, and what is *broken* below in red.

    >>> "law broken: mine" in sequence_svg([], "law broken: mine")
    True
    """
    said = messages(steps)
    who = participants(said)
    places = _places(who)
    columns = dict(zip(who, places, strict=True))
    ends = [min(columns[one.source], columns[one.target]) + _LETTER * len(one.line) for one in said]
    wide = max([_NARROWEST, places[-1] + _LETTER * len(who[-1]) / 2, *ends]) + 30
    tall = 60 + _ROW * (len(said) + any(one.repeated for one in said))
    lines = [_participant(name, x, tall) for name, x in zip(who, places, strict=True)]
    for row, one in enumerate(said):
        lines.append(_drawn(one, columns, 64 + _ROW * row))
    note, end = _wrapped(broken, int((wide - 40) / _LETTER)), tall + 8
    lines.append(
        f'<rect x="8" y="{end}" width="{wide - 16:.0f}" height="{18 * len(note) + 10}" rx="4" '
        'fill="var(--end-soft)" stroke="var(--end)"/>'
    )
    again = [row for row, one in enumerate(said) if one.repeated]
    if again:
        lines.append(_loop(48 + _ROW * again[0] - 4, 44 + _ROW * (again[-1] + 2), wide))
    lines += [_text(18, end + 20 + 18 * row, line, 'fill="var(--end-text)"') for row, line in enumerate(note)]
    tall = end + 18 * len(note) + 20
    size = f'width="{wide:.0f}" height="{tall}" viewBox="0 0 {wide:.0f} {tall}"'
    label = f'role="img" aria-label="sequence diagram; {escape(broken)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {label} font-family="system-ui, sans-serif">{"".join(lines)}</svg>'


def _places(who: Sequence[str]) -> list[float]:
    """Where each participant's line is. A row has one message, so its words may cross the lines of others."""
    places = [_LETTER * len(who[0]) / 2 + 20]
    for one, other in pairwise(who):
        places.append(places[-1] + max(110.0, _LETTER * (len(one) + len(other)) / 2 + 30))
    return places


def _participant(name: str, x: float, bottom: float) -> str:
    half = _LETTER * len(name) / 2 + 10
    return (
        f'<line x1="{x:.0f}" y1="36" x2="{x:.0f}" y2="{bottom:.0f}" stroke="var(--rule)"/>'
        f'<rect x="{x - half:.0f}" y="8" width="{2 * half:.0f}" height="28" rx="4" fill="var(--panel)" stroke="var(--rule)"/>'
        f"{_text(x, 27, name, _CENTERED)}"
    )


def _drawn(one: Message, columns: dict[str, float], y: float) -> str:
    start, stop = columns[one.source], columns[one.target]
    if start == stop:
        return f'<circle cx="{start:.0f}" cy="{y}" r="4" fill="var(--work)"/>{_text(start + 10, y + 4, one.line)}'
    tip = 7 if stop > start else -7
    return (
        f'<line x1="{start:.0f}" y1="{y}" x2="{stop:.0f}" y2="{y}" stroke="var(--work)" stroke-width="1.5"/>'
        f'<path d="M{stop:.0f} {y} l{-tip} -4 v8 z" fill="var(--work)"/>'
        f"{_text(min(start, stop) + 10, y - 5, one.line)}"
    )


def _loop(top: float, bottom: float, wide: float) -> str:
    """A frame around what goes on for ever."""
    box = f'x="2" y="{top}" width="{wide - 4:.0f}" height="{bottom - top}" rx="4"'
    words = _text(12, bottom - 8, "again and again", 'fill="var(--muted)"')
    return f'<rect {box} fill="none" stroke="var(--muted)" stroke-dasharray="4 3"/>{words}'


def _text(x: float, y: float, words: str, look: str = _HALO) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="13" {look}>{escape(words)}</text>'


def _wrapped(text: str, width: int) -> list[str]:
    """*text* in lines of at most *width* letters; a longer word stays whole."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
