"""Where boxes stand, how arrows lead and where their labels have room: by graphviz's engine `dot` (extra `plots`).

It keeps room for the labels of arrows, and pip installs it on a bare machine: pygraphviz brings it as a library for Linux, macOS
and Windows, and calls no program. Weighed against it: ELK needs Node.js, and its port to Python places no labels of arrows; d2 is
a program that draws by itself, without our tooltips and themes; fast-sugiyama knows no labels.

Gansner, Koutsofios, North and Vo: A technique for drawing directed graphs, IEEE Trans. Software Engineering 19 (1993).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import attrs

from hptsim.optional import require

Point = tuple[float, float]
Size = tuple[float, float]
Pair = tuple[str, str]
INCH = 72
"""Pixels: dot takes a box's size in inches."""
_STRAIGHT = "10"
"""How much more than others an arrow resists a bend, if it is to lead straight down."""
_ROOM = (
    '<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" FIXEDSIZE="TRUE" WIDTH="{:.0f}" HEIGHT="{:.0f}">'
    "<TR><TD></TD></TR></TABLE>>"
)
"""A label of a given size without words, so that the engine measures no font: the layout is alike on every machine."""


@attrs.frozen
class Arranged:
    """The middle of each box and of each arrow's label, and the course of each arrow, in pixels from the left upper corner.

    A course is a start, three points for each cubic Bézier curve that follows, and at last the arrow's tip.
    """

    boxes: Mapping[str, Point]
    labels: Mapping[Pair, Point]
    courses: Mapping[Pair, Sequence[Point]]
    size: Size


def arranged(boxes: Mapping[str, Size], labels: Mapping[Pair, Size], straight: Collection[Pair] = ()) -> Arranged:
    """Boxes of given sizes in ranks from top to bottom, and arrows between them whose labels have given sizes.

    Arrows in *straight* lead straight down where that is possible. Raises MissingExtra without pygraphviz.

    >>> found = arranged({"a": (60, 20), "b": (60, 20)}, {("a", "b"): (80, 15)})
    >>> found.boxes["a"][1] < found.labels["a", "b"][1] < found.boxes["b"][1]
    True
    """
    numbers = {
        name: str(number) for number, name in enumerate(boxes)
    }  # a name may have letters that mean something to dot
    graph = engine().AGraph(directed=True, nodesep="0.08", ranksep="0.15")
    for name, (wide, tall) in boxes.items():
        graph.add_node(numbers[name], shape="box", fixedsize="true", width=wide / INCH, height=tall / INCH, label="")
    for pair, size in labels.items():
        weight = _STRAIGHT if pair in straight else "1"
        graph.add_edge(*(numbers[name] for name in pair), label=_ROOM.format(*size), weight=weight)
    graph.layout(prog="dot")
    _, _, wide, tall = map(float, graph.graph_attr["bb"].split(","))
    edges = {pair: graph.get_edge(*(numbers[name] for name in pair)) for pair in labels}
    return Arranged(
        {name: point(graph.get_node(number).attr["pos"], tall) for name, number in numbers.items()},
        {pair: point(edge.attr["lp"], tall) for pair, edge in edges.items()},
        {pair: course(edge, tall) for pair, edge in edges.items()},
        (wide, tall),
    )


def engine() -> Any:
    """pygraphviz, the library; raises MissingExtra without it."""
    return require("pygraphviz", "plots", "laying out a diagram")


def point(written: str, tall: float) -> Point:
    """A point as dot writes it, counted from the lower edge; here from the upper one of a drawing that is *tall*.

    >>> point("30,20", 100)
    (30.0, 80.0)
    """
    x, y = written.split(",")
    return float(x), tall - float(y)


def course(edge: Any, tall: float) -> list[Point]:
    """The points of an arrow, as `Arranged` has them: dot writes the tip first, after an e."""
    tip, *points = edge.attr["pos"].split()
    return [*(point(one, tall) for one in points), point(tip.removeprefix("e,"), tall)]
