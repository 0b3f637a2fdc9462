"""State diagrams drawn from the tables: Mermaid for Markdown, and SVG that needs no other program.

The Mermaid text is written by `transitions`. Its SVG would need the program graphviz, which pip does not install, and has no
tooltips, in which our rows name their sources; so the SVG is laid out here. It is layered, from left to right: a state stands
one column behind the last state that leads to it, final states stand at the right. Arrows that pass a column have a place of
their own in it, so that they cross no box.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import attrs
from transitions import State
from transitions.extensions import GraphMachine

from hptsim.model import specification
from hptsim.model.statuses import NEW, STOPPING
from hptsim.model.tables import BOOKINGS, EFFECTS, Row, Table
from hptsim.views.palette import BLACK, PALETTE, PAPER

COLORS: Mapping[str, str] = {
    kind: PALETTE[name].light
    for kind, name in {"initial": "paper", "running": "work-soft", "stopping": "end-soft", "final": "done-soft"}.items()
}
_ARROW = PALETTE["muted"].light
_WIDE, _TALL, _COLUMN, _LINE, _GAP = 190, 36, 400, 15, 46
"""In pixels: a box, from column to column, a line of text, between two neighbors in a column."""
_SPOKEN = {"tuning": "tuning job", "training": "training job", "warm_pool": "warm pool"}
Point = tuple[float, float]
Area = tuple[float, float, float, float]


def kind(table: Table, state: str) -> str:
    """What kind of state this is: initial, running, stopping or final.

    >>> from hptsim.model import TRAINING
    >>> kind(TRAINING, "Starting"), kind(TRAINING, "Starting:stopping"), kind(TRAINING, "Failed")
    ('running', 'stopping', 'final')
    """
    if state == NEW:
        return "initial"
    if state in table.final:
        return "final"
    return "stopping" if state in STOPPING else "running"


class _Named(State):
    """A state under a name that Mermaid can read, which is drawn with its *label*."""

    def __init__(self, name: str, label: str) -> None:
        super().__init__(name)
        self.label = label


def mermaid(table: Table) -> str:
    """A table as a Mermaid state diagram, its states colored by kind; what does not exist yet is called "none".

    >>> from hptsim.model import RESERVATION
    >>> mermaid(RESERVATION).splitlines()[-2].strip()
    'Held --> Released: release'
    """
    names = {state: "none" if state == NEW else state.replace(":", "_") for state in table.states}
    states = [_Named(name, name if state == NEW else state) for state, name in names.items()]
    machine: Any = GraphMachine(
        None, states, names[NEW], auto_transitions=False, show_conditions=True, graph_engine="mermaid"
    )
    machine.machine_attributes = {"direction": "LR"}
    machine.style_attributes = {"node": {name: {"fill": fill, "color": BLACK} for name, fill in COLORS.items()}}
    for row in table.rows:
        machine.add_transition(row.trigger, names[row.source], names[row.destination], row.guard or None)
    graph = machine.graph_cls(machine)
    for state, name in names.items():
        graph.set_node_style(name, kind(table, state))
    written = str(graph.get_graph().source)
    return written[written.index("stateDiagram") :]  # without the title: where it is embedded there is one above it


def tooltip(row: Row) -> str:
    """What a row says and rests on, in words: the tooltip of its arrow.

    >>> from hptsim.model import RESERVATION
    >>> print(tooltip(RESERVATION.rows[2]))
    withdraw: Requested → Withdrawn
    rests on: quota-wait
    takes the request out of the queue
    quota-wait: a training job that finds no quota at its launch waits and is never failed for it (A-22)
    """
    guard = [f"if: {row.guard}"] if row.guard else []
    does = [*[BOOKINGS[name] for name in row.books], *[EFFECTS[name] for name in row.effects]]
    sources = [f"{code}: {said}" for code, said in specification.words(row.rests_on).items()]
    return "\n".join(
        [f"{row.trigger}: {row.source} → {row.destination}", f"rests on: {row.rests_on}", *guard, *does, *sources]
    )


@attrs.define
class _Place:
    """A state's box, or the place where an arrow passes a column."""

    column: int
    box: bool
    x: float = 0.0
    y: float = 0.0


def svg(table: Table, docs: str | None = None) -> str:
    """A table as an SVG drawing; pointing at an arrow's label or a state shows the source.

    *docs* is the path from the drawing to the site of the documentation ("../"): with it, a label links to the first source
    of its row.

    >>> from hptsim.model import RESERVATION
    >>> svg(RESERVATION).count('class="state')
    5
    """
    arrows: dict[tuple[str, str], list[Row]] = {}
    for row in table.rows:
        arrows.setdefault((row.source, row.destination), []).append(row)
    columns = _columns(table)
    places = {state: _Place(column, True) for state, column in columns.items()}
    ways = {pair: _way(pair, places) for pair in arrows}
    _arrange(places, ways)
    taken = [(p.x - _WIDE / 2, p.y - _TALL / 2, p.x + _WIDE / 2, p.y + _TALL / 2) for p in places.values() if p.box]
    lines: list[str] = []
    labels: list[str] = []
    passed: list[Area] = []
    for pair, rows in arrows.items():
        points = _curve([places[name] for name in ways[pair]])
        lines.append(f'<path d="{_path(points)}" class="arrow" marker-end="url(#tip)"/>')
        labels += _labels(rows, points, taken, docs)
        passed += [(x, y, x, y) for x, y in points]
    boxes = [line for state in table.states for line in _box(table, state, places[state])]
    return "\n".join([*_head(table, [*taken, *passed]), *lines, *boxes, *labels, "</svg>", ""])


def _columns(table: Table) -> dict[str, int]:
    """Each state's column: to the right of every state that is listed before it and leads to it."""
    columns = dict.fromkeys(table.states, 0)
    for state in table.states:
        before = table.states[: table.states.index(state)]
        leading = [columns[row.source] for row in table.rows if row.destination == state and row.source in before]
        columns[state] = 1 + max(leading, default=-1)
    last = 1 + max(column for state, column in columns.items() if state not in table.final)
    return columns | dict.fromkeys(table.final, last)


def _way(pair: tuple[str, str], places: dict[str, _Place]) -> list[str]:
    """The places that an arrow leads through: one in every column between its ends."""
    source, destination = places[pair[0]].column, places[pair[1]].column
    between = range(source + 1, destination) if source < destination else range(source - 1, destination, -1)
    passed = []
    for column in between:
        name = f"{pair[0]} → {pair[1]} at {column}"
        places[name] = _Place(column, False)
        passed.append(name)
    return [pair[0], *passed, pair[1]]


def _arrange(places: dict[str, _Place], ways: Mapping[tuple[str, str], list[str]]) -> None:
    """Give every place its point: in its column, near those it is tied to."""
    ties: dict[str, list[str]] = {name: [] for name in places}
    for way in ways.values():
        for one, other in itertools.pairwise(way):
            ties[one].append(other)
            ties[other].append(one)
    columns: dict[int, list[str]] = {}
    for name, place in places.items():
        columns.setdefault(place.column, []).append(name)
    for _ in range(12):
        for column, names in sorted(columns.items()):
            desired = {name: _mean([places[tie].y for tie in ties[name]] or [0.0]) for name in names}
            names.sort(key=desired.__getitem__)
            heights = [_TALL + 2 * _GAP if places[name].box else _GAP for name in names]
            y = -math.fsum(heights) / 2
            for name, height in zip(names, heights, strict=True):
                places[name].x, places[name].y = column * _COLUMN, y + height / 2
                y += height


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def _curve(way: list[_Place]) -> list[Point]:
    """An arrow as points: from the edge of its first box to the edge of its last one."""
    first, last = way[0], way[-1]
    if first is last:  # a loop above the box
        top = first.y - _TALL / 2
        return [(first.x - 40, top), (first.x - 40, top - 26), (first.x + 40, top - 26), (first.x + 40, top)]
    if first.column == last.column:  # round the side
        side = first.x + _WIDE / 2
        return [(side, first.y), (side + 50, first.y), (side + 50, last.y), (side, last.y)]
    ahead = 1 if first.column < last.column else -1
    shift = 0 if ahead > 0 else 9  # there and back are two lines
    knots = [(place.x, place.y + shift) for place in way]
    knots[0] = (first.x + ahead * _WIDE / 2, first.y + shift)
    knots[-1] = (last.x - ahead * _WIDE / 2, last.y + shift)
    points = [knots[0]]
    for (x0, y0), (x1, y1) in itertools.pairwise(knots):
        middle = (x0 + x1) / 2
        points += [(middle, y0), (middle, y1), (x1, y1)]
    return points


def _path(points: list[Point]) -> str:
    """A start and cubic Bézier curves, three points each."""
    return f"M{points[0][0]:.0f},{points[0][1]:.0f} C" + " ".join(f"{x:.0f},{y:.0f}" for x, y in points[1:])


def _spots(points: list[Point]) -> Iterator[Point]:
    """Points on an arrow, the middle of each of its curves first, then further out."""
    for t in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8):
        for at in range(0, len(points) - 1, 3):
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            four = points[at : at + 4]
            yield (
                math.fsum(weight * x for weight, (x, _) in zip(weights, four, strict=True)),
                math.fsum(weight * y for weight, (_, y) in zip(weights, four, strict=True)),
            )


def _labels(rows: list[Row], points: list[Point], taken: list[Area], docs: str | None) -> list[str]:
    """The triggers of an arrow, each with its tooltip, where nothing else stands; the place is taken then."""
    texts = [row.trigger + (f" [{row.guard}]" if row.guard else "") for row in rows]
    wide, tall = 7.0 * max(map(len, texts)), _LINE * len(texts)
    areas = [(x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2) for x, y in _spots(points)]
    area = next((area for area in areas if not any(_meet(area, other) for other in taken)), None)
    while area is None:  # nowhere on the arrow: the nearest free place above it
        raised = [(left, top - _LINE, right, bottom - _LINE) for left, top, right, bottom in areas]
        areas, area = raised, next((one for one in raised if not any(_meet(one, other) for other in taken)), None)
    taken.append(area)
    x, top = (area[0] + area[2]) / 2, area[1]
    drawn = [
        f'<text class="row" x="{x:.0f}" y="{top + _LINE * line + 11:.0f}">{escape(text)}'
        f"<title>{escape(tooltip(row))}</title></text>"
        for line, (row, text) in enumerate(zip(rows, texts, strict=True))
    ]
    return drawn if docs is None else [_linked(row, label, docs) for row, label in zip(rows, drawn, strict=True)]


def _linked(row: Row, label: str, docs: str) -> str:
    """A label that leads to the first of what its row rests on, if that is said anywhere."""
    sources = list(specification.words(row.rests_on))
    return f"<a href={quoteattr(docs + specification.place(sources[0], '.html'))}>{label}</a>" if sources else label


def _meet(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _box(table: Table, state: str, place: _Place) -> list[str]:
    sources = ", ".join(dict.fromkeys(row.rests_on for row in table.rows if row.destination == state))
    which = kind(table, state)
    said = f"{state} ({which})" + (f"\nreached by: {sources}" if sources else "")
    return [
        f'<g class="state {which}"><title>{escape(said)}</title>',
        f'<rect x="{place.x - _WIDE / 2:.0f}" y="{place.y - _TALL / 2:.0f}" width="{_WIDE}" height="{_TALL}" rx="8" '
        f'fill="{COLORS[which]}"/>',
        f'<text x="{place.x:.0f}" y="{place.y + 5:.0f}">{escape(state)}</text></g>',
    ]


def _head(table: Table, drawn: list[Area]) -> list[str]:
    """The opening of the drawing: its size, its style, the tip of an arrow."""
    left, top = min(area[0] for area in drawn) - 20, min(area[1] for area in drawn) - 30
    wide, tall = max(area[2] for area in drawn) + 20 - left, max(area[3] for area in drawn) + 30 - top
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{tall:.0f}" '
        f'viewBox="{left:.0f} {top:.0f} {wide:.0f} {tall:.0f}">',
        f"<title>The lifecycle of a {escape(_SPOKEN.get(table.name, table.name))}</title>",
        "<style>text { font: 14px sans-serif; text-anchor: middle } .row { font-size: 12px; paint-order: stroke; "
        f"stroke: {PAPER}; stroke-width: 4px }} .arrow {{ fill: none; stroke: {_ARROW} }} rect {{ stroke: {BLACK} }}</style>",
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="8" markerHeight="8" '
        f'orient="auto"><path d="M0,0 L10,5 L0,10 z" fill="{_ARROW}"/></marker></defs>',
        f'<rect class="paper" x="{left:.0f}" y="{top:.0f}" width="{wide:.0f}" height="{tall:.0f}" '
        f'fill="{PAPER}" style="stroke: none"/>',
    ]
