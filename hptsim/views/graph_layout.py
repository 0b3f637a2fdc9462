"""Where the states of a graph stand, and how its arrows lead: in layers from left to right, by graphviz's engine `dot`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from hptsim.views.dot_layout import INCH, course, engine, point

WIDE, TALL = 30, 18
"""A state's size, in pixels."""
COLUMN, ROW = 66, 28
"""How far layers are apart, and states within one at least, in pixels."""
Point = tuple[int, int]


@attrs.frozen
class Layout:
    """The middle of each state, and for each arrow (from, to) the points that it passes on its way, without its ends."""

    places: Mapping[int, Point]
    bends: Mapping[tuple[int, int], Sequence[Point]]
    size: Point


def layout(states: int, arrows: Collection[tuple[int, int]]) -> Layout:
    """Places for the states 0 to *states* - 1, all of which can be reached from 0. Raises MissingExtra without pygraphviz.

    >>> layout(3, [(0, 1), (1, 2), (0, 2)]).places[2][0] > layout(3, [(0, 1), (1, 2), (0, 2)]).places[1][0]
    True
    """
    drawn = sorted({(one, other) for one, other in arrows if one != other})
    graph = engine().AGraph(directed=True, rankdir="LR", splines="polyline")
    graph.graph_attr.update(nodesep=(ROW - TALL) / INCH, ranksep=(COLUMN - WIDE) / INCH)
    for name in range(states):
        graph.add_node(name, shape="box", fixedsize="true", width=WIDE / INCH, height=TALL / INCH, label="")
    graph.add_edges_from(drawn)
    graph.layout(prog="dot")
    _, _, wide, tall = map(float, graph.graph_attr["bb"].split(","))
    places = {name: _moved(point(graph.get_node(name).attr["pos"], tall)) for name in range(states)}
    bends = {(one, other): _bends(course(graph.get_edge(one, other), tall)) for one, other in drawn}
    return Layout(places, bends, (round(wide) + WIDE, round(tall) + TALL))


def _moved(middle: tuple[float, float]) -> Point:
    """A point of dot's on the paper, which has an edge of half a state around the drawing."""
    return round(middle[0] + WIDE / 2), round(middle[1] + TALL / 2)


def _bends(points: Sequence[tuple[float, float]]) -> list[Point]:
    """Where a course of straight lines turns: between its curves, which are lines here."""
    return [_moved(one) for one in points[3:-2:3]]
