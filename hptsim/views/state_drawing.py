"""The ink of a state diagram: SVG in light and dark, told apart by shape as well as by color.

A state's box has round corners, or square ones and a double line if it is final, or a dashed line if it is on the way to a stop.
What does not exist yet is a black dot, and rows that leave a state where it is stand in its box, both as in UML. Words are drawn
as words: they can be searched and copied.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

import attrs

from hptsim.views.dot_layout import Arranged, Pair, Point, Size, arranged
from hptsim.views.marks import MARKS
from hptsim.views.palette import css

NAME, LABEL, HEADING = 15, 13, 18
"""Letters of a state, of an arrow's label, and of the heading, in pixels."""
_LETTER, _BOLD, _LINE = 0.61, 0.69, 1.15
"""How wide a letter is on average, and a bold one, and how high a line, as parts of the letters' size, in DejaVu Sans."""
_MARGIN, _BOX, _DOT = 20.0, 28.0, 18.0
_HEAD, _FOOT, _NARROWEST = 62.0, 44.0, 560.0
_KINDS = {
    "initial": "does not exist yet",
    "running": "in progress",
    "stopping": "on the way to a stop",
    "final": "final",
}
_STYLE = """
.states text { font: 15px/1.15 system-ui, sans-serif; fill: var(--ink); }
.states .paper { fill: var(--paper); }
.states .heading { font-size: 18px; font-weight: bold; }
.states .said, .states .key text, .states .row { font-size: 13px; }
.states .row { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.states .inside { stroke: none; }
.states .guard, .states .said { fill: var(--muted); }
.states a .row { text-decoration: underline dotted; text-underline-offset: 3px; }
.states a:hover .row { text-decoration: underline; }
.states .arrow { fill: none; stroke: var(--muted); stroke-width: 1.3; }
.states .tip { fill: var(--muted); }
.states .arrow.stop { stroke: var(--end); }
.states .tip.stop { fill: var(--end); }
.states .state rect { stroke: var(--ink); stroke-width: 1.3; }
.states .initial circle { fill: var(--ink); }
.states .running rect { fill: var(--work-soft); }
.states .stopping rect { fill: var(--end-soft); stroke-dasharray: 5 3; }
.states .final rect { fill: var(--done-soft); }
.states .mark { fill: var(--fill); fill-rule: evenodd; stroke: var(--ink); stroke-width: .6; }
.states .fired.arrow { stroke-width: 3; }
.states .fired.row { font-weight: bold; }
.states .pale.arrow { stroke: var(--rule); }
.states .pale.tip { fill: var(--rule); }
.states .pale.row, .states .pale.row .guard, .states .pale.state text { fill: var(--muted); }
.states .pale.state rect { fill: var(--paper); stroke: var(--muted); }
.states .pale.state .mark { fill: none; stroke: var(--muted); }
"""


@attrs.frozen
class State:
    """A state of the drawing: its name, its kind, what its tooltip says, and whether it was visited (None: nobody asked)."""

    name: str
    kind: str
    tooltip: str
    visited: bool | None = None


@attrs.frozen
class Label:
    """A row at its arrow: words, guard, tooltip, where it links to, and whether it fired (None: nobody asked)."""

    words: str
    guard: str
    tooltip: str
    link: str = ""
    fired: bool | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """The words, and below them the guard if there is one."""
        return (self.words, f"[{self.guard}]") if self.guard else (self.words,)


@attrs.frozen
class Picture:
    """All that is drawn: states, and rows by the states that they tie; and the words around them.

    The *heading* names it, what is *said* stands below, and a screen reader reads the *description*.
    """

    name: str
    heading: str
    said: str
    description: str
    states: Sequence[State]
    rows: Mapping[Pair, Sequence[Label]]
    straight: frozenset[Pair] = frozenset()

    def inside(self, state: State) -> Sequence[Label]:
        """The rows that leave *state* where it is."""
        return self.rows.get((state.name, state.name), ())


def drawn(picture: Picture, *, colors: bool = True) -> str:
    """*picture* as SVG, with its own *colors*, light and dark, or with those of the page that it becomes a part of."""
    boxes = {state.name: _box_size(state, picture.inside(state)) for state in picture.states}
    arrows = {pair: labels for pair, labels in picture.rows.items() if pair[0] != pair[1]}
    places = arranged(boxes, {pair: _label_size(labels) for pair, labels in arrows.items()}, picture.straight)
    wide = max(
        _NARROWEST,
        places.size[0],
        _width(picture.heading, HEADING, True),
        _width(picture.said, LABEL),
        _key_width(picture),
    )
    wide += 2 * _MARGIN
    left = (wide - places.size[0]) / 2
    top = _HEAD if _covered(picture, boxes, places, left) else _MARGIN
    tall = top + places.size[1] + _FOOT
    return "\n".join(
        [
            *_head(picture, wide, tall, colors),
            f'<g class="drawing" transform="translate({left:.0f} {top:.0f})">',
            *(_arrow(picture, pair, places) for pair in arrows),
            *(_box(state, places.boxes[state.name], boxes[state.name]) for state in picture.states),
            *(line for pair, labels in arrows.items() for line in _labels(labels, places.labels[pair])),
            *(line for state in picture.states for line in _inside(picture, state, places, boxes[state.name])),
            "</g>",
            *_key(picture, tall - 14),
            "</svg>",
            "",
        ]
    )


def _covered(picture: Picture, boxes: Mapping[str, Size], places: Arranged, left: float) -> bool:
    """Whether the heading would lie on the drawing, if that began beside it."""
    right, bottom = (
        max(_width(picture.heading, HEADING, True), _width(picture.said, LABEL)) + 2 * _MARGIN - left,
        _HEAD - _MARGIN,
    )
    corners = [(x - boxes[name][0] / 2, y - boxes[name][1] / 2) for name, (x, y) in places.boxes.items()]
    for pair, (x, y) in places.labels.items():
        wide, tall = _label_size(picture.rows[pair])
        corners.append((x - wide / 2, y - tall / 2))
    return any(
        x < right and y < bottom for x, y in (*corners, *(one for course in places.courses.values() for one in course))
    )


def _width(words: str, letters: int, bold: bool = False) -> float:
    return len(words) * letters * (_BOLD if bold else _LETTER)


def _box_size(state: State, inside: Sequence[Label]) -> Size:
    if state.kind == "initial":
        return _DOT, _DOT
    wide = _width(state.name, NAME) + 16 + (20 if state.kind == "final" and state.name in MARKS else 0)
    if not inside:
        return wide, _BOX
    more, tall = _label_size(inside)
    return max(wide, more + 12), _BOX + tall


def _label_size(labels: Sequence[Label]) -> Size:
    widths = [_width(line, LABEL, bool(label.fired)) for label in labels for line in label.lines]
    return max(widths) + 8, len(widths) * LABEL * _LINE + 4


def _head(picture: Picture, wide: float, tall: float, colors: bool) -> Iterator[str]:
    """The opening of the drawing: its size, its words for those who cannot see it, its style, the tips of arrows."""
    size = f'width="{wide:.0f}" height="{tall:.0f}" viewBox="0 0 {wide:.0f} {tall:.0f}"'
    linked = any(label.link for labels in picture.rows.values() for label in labels)
    role = "group" if linked else "img"  # what is within an image is no link to a screen reader
    yield f'<svg xmlns="http://www.w3.org/2000/svg" class="states" role="{role}" {size}>'
    yield f"<title>{escape(picture.heading)}</title>"
    yield f"<desc>{escape(picture.description)}</desc>"
    yield f"<style>{css().replace(':root', '.states') if colors else ''}{_STYLE}</style>"
    yield "<defs>"
    for look in ("", " stop", " pale"):
        name = f"{picture.name}{look.replace(' ', '-')}-tip"
        yield (
            f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" '
            f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0.5 L10,5 L0,9.5 z" class="tip{look}"/></marker>'
        )
    yield "</defs>"
    yield f'<rect class="paper" width="{wide:.0f}" height="{tall:.0f}"/>'
    yield f'<text class="heading" x="{_MARGIN:.0f}" y="28">{escape(picture.heading)}</text>'
    yield f'<text class="said" x="{_MARGIN:.0f}" y="48">{escape(picture.said)}</text>'


def _arrow(picture: Picture, pair: Pair, places: Arranged) -> str:
    labels = picture.rows[pair]
    kinds = {state.name: state.kind for state in picture.states}
    look = " stop" if "stopping" in (kinds[pair[0]], kinds[pair[1]]) else ""
    tip = look
    if labels[0].fired is not None:
        fired = any(label.fired for label in labels)
        look, tip = (f"{look} fired", look) if fired else (" pale", " pale")
    start, *curves, end = places.courses[pair]
    course = f"M{_at(start)} C{' '.join(map(_at, curves))} L{_at(end)}"
    said = f"{pair[0]} → {pair[1]}: {', '.join(' '.join(label.lines) for label in labels)}"
    marker = f"{picture.name}{tip.replace(' ', '-')}-tip"
    return f'<path d="{course}" class="arrow{look}" marker-end="url(#{marker})"><title>{escape(said)}</title></path>'


def _at(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _box(state: State, middle: Point, size: Size) -> str:
    (x, y), (wide, tall) = middle, size
    title = f"<title>{escape(state.tooltip)}</title>"
    pale = " pale" if state.visited is False else ""
    opening = (
        f'<g class="state {state.kind}{pale}" transform="translate({x - wide / 2:.1f} {y - tall / 2:.1f})">{title}'
    )
    if state.kind == "initial":
        return f'{opening}<circle cx="{wide / 2:.0f}" cy="{tall / 2:.0f}" r="{wide / 2:.0f}"/></g>'
    shape = _shape(state.kind, wide, tall)
    end = MARKS.get(state.name) if state.kind == "final" else None
    mark = end and f'<path class="mark" style="--fill: var(--{end.color})" d="{end.path}" transform="translate(8 6)"/>'
    middle_x = (wide + (20 if mark else 0)) / 2
    return f'{opening}{shape}{mark or ""}<text x="{middle_x:.1f}" y="19" text-anchor="middle">{escape(state.name)}</text></g>'


def _shape(kind: str, wide: float, tall: float) -> str:
    corner = 0 if kind == "final" else 8
    box = f'<rect width="{wide:.0f}" height="{tall:.0f}" rx="{corner}"/>'
    return box + (f'<rect x="3" y="3" width="{wide - 6:.0f}" height="{tall - 6:.0f}"/>' if kind == "final" else "")


def _labels(labels: Sequence[Label], middle: Point, place: str = "") -> Iterator[str]:
    """The rows of an arrow, one below the other, each with its tooltip, where the layout has kept room for them."""
    wide, tall = _label_size(labels)
    x, y = middle[0] - wide / 2 + 5, middle[1] - tall / 2 + 2
    step = LABEL * _LINE
    for label in labels:
        look = {None: "", True: " fired", False: " pale"}[label.fired]
        guard = (
            f'<tspan class="guard" x="{x:.1f}" dy="{step:.2f}">{escape(label.lines[1])}</tspan>' if label.guard else ""
        )
        text = (
            f'<text class="row{place}{look}" x="{x:.1f}" y="{y + 0.85 * LABEL:.1f}"><title>{escape(label.tooltip)}</title>'
            f'<tspan x="{x:.1f}">{escape(label.words)}</tspan>{guard}</text>'
        )
        yield f'<a href="{escape(label.link)}">{text}</a>' if label.link else text
        y += step * len(label.lines)


def _inside(picture: Picture, state: State, places: Arranged, size: Size) -> Iterator[str]:
    """The rows that stand in a state's box, below its name."""
    labels = picture.inside(state)
    if labels:
        x, y = places.boxes[state.name]
        yield from _labels(labels, (x, y + (size[1] - _label_size(labels)[1]) / 2 - 3), " inside")


def _keys(picture: Picture) -> list[tuple[str, str]]:
    """The kinds of state that are in the picture, each with its words."""
    kinds = {state.kind for state in picture.states}
    return [(kind, words) for kind, words in _KINDS.items() if kind in kinds]


def _key_width(picture: Picture) -> float:
    return math.fsum(_width(words, LABEL) + 62 for _, words in _keys(picture))


def _key(picture: Picture, y: float) -> Iterator[str]:
    """What the shapes stand for, at the foot."""
    x = _MARGIN
    for kind, words in _keys(picture):
        shape = '<circle cx="10" cy="9" r="8"/>' if kind == "initial" else _shape(kind, 30, 18)
        yield (
            f'<g class="key" transform="translate({x:.0f} {y - 14:.0f})"><g class="state {kind}">{shape}</g>'
            f'<text x="38" y="14">{words}</text></g>'
        )
        x += _width(words, LABEL) + 62
