"""Where the states of a graph stand, and how its arrows lead: in layers from left to right, by a library (Sugiyama's method).

Sugiyama, Tagawa and Toda: Methods for visual understanding of hierarchical system structures, IEEE Trans. SMC 11 (1981).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from hptsim.optional import require

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
    """Places for the states 0 to *states* - 1, all of which can be reached from 0.

    >>> layout(3, [(0, 1), (1, 2), (0, 2)]).places[2][0] > layout(3, [(0, 1), (1, 2), (0, 2)]).places[1][0]
    True
    """
    drawn = sorted({(one, other) for one, other in arrows if one != other})
    if not drawn:
        return Layout({0: (WIDE, TALL)}, {}, (2 * WIDE, 2 * TALL))
    library = require("fast_sugiyama", "plots", "drawing a graph of states")
    back = _back(states, drawn)  # laid out the other way round, so that the first state stands at the left
    ahead = sorted({(other, one) if (one, other) in back else (one, other) for one, other in drawn})  # each arrow once
    [(positions, _, _, links)] = library.from_edges(ahead, vertex_spacing=ROW, dummy_vertices=True)
    depths = sorted({round(y) for _, (_, y) in positions}, reverse=True)  # the first state's is the greatest
    layers = {depth: place for place, depth in enumerate(depths)}
    top = min(x for _, (x, _) in positions)
    points = {name: (WIDE + COLUMN * layers[round(y)], TALL + round(x - top)) for name, (x, y) in positions}
    places = {name: points[name] for name in range(states)}
    size = max(x for x, _ in points.values()) + WIDE, max(y for _, y in points.values()) + TALL
    return Layout(places, _bends(drawn, states, links, points), size)


def _back(states: int, arrows: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """The arrows that lead back to a state on the way to their own, searched in depth: without them there is no loop."""
    following: list[list[int]] = [[] for _ in range(states)]
    for one, other in arrows:
        following[one].append(other)
    found: set[tuple[int, int]] = set()
    way, seen, work = {0}, {0}, [(0, iter(following[0]))]
    while work:
        state, targets = work[-1]
        for target in targets:
            if target in way:
                found.add((state, target))
            elif target not in seen:
                seen.add(target)
                way.add(target)
                work.append((target, iter(following[target])))
                break
        else:
            work.pop()
            way.remove(state)
    return found


def _bends(
    drawn: Collection[tuple[int, int]],
    states: int,
    links: Collection[tuple[int, int]],
    points: Mapping[int, Point],
) -> dict[tuple[int, int], list[Point]]:
    """The chains of links that lead from state to state; an arrow that goes back has its chain the other way round."""
    following: dict[int, int] = {one: other for one, other in links if one >= states}
    chains: dict[tuple[int, int], list[Point]] = {}
    for one, other in links:
        if one < states:
            passed = []
            while other >= states:
                passed.append(points[other])
                other = following[other]
            chains[one, other] = passed
    return {(one, other): chains.get((one, other)) or chains.get((other, one), [])[::-1] for one, other in drawn}
