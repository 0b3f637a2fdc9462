"""The layout of a graph: nothing overlaps, arrows go to the right, and those over several layers pass between the states."""

from itertools import pairwise, product

import pytest

from hptsim.views.graph_layout import COLUMN, ROW, TALL, WIDE, layout

pytest.importorskip("pygraphviz", reason="needs the extra 'plots'")
LATTICE = [
    ((one, two), other) for one, two in product(range(6), repeat=2) for other in ((one + 1, two), (one, two + 1))
]
NUMBERS = {place: number for number, place in enumerate(sorted({one for pair in LATTICE for one in pair}))}
ARROWS = [(NUMBERS[one], NUMBERS[other]) for one, other in LATTICE]
"""Two things that happen in any order: every state of 48, and two or fewer steps out of each."""


def apart(places):
    """How far the nearest two of some places in one layer are apart."""
    layers = {}
    for x, y in places:
        layers.setdefault(x, []).append(y)
    return min(low - high for layer in layers.values() for high, low in pairwise(sorted(layer)))


def test_states_do_not_overlap_and_every_arrow_goes_to_the_right():
    found = layout(len(NUMBERS), ARROWS)
    assert sorted(found.places) == list(range(len(NUMBERS))) and set(found.bends) == set(ARROWS)
    assert apart(found.places.values()) >= ROW > TALL and COLUMN > WIDE
    assert all(found.places[one][0] < found.places[other][0] for one, other in ARROWS)
    right, bottom = found.size
    for x, y in found.places.values():
        assert WIDE / 2 < x < right - WIDE / 2 and TALL / 2 < y < bottom - TALL / 2


def test_a_long_arrow_passes_the_layers_between_where_no_state_stands():
    found = layout(4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    places = found.places
    way = [(places[0][0] + WIDE / 2, places[0][1]), *found.bends[0, 3], (places[3][0] - WIDE / 2, places[3][1])]
    assert len(way) > 2 and found.bends[0, 1] == []
    for state in (1, 2):
        x, y = places[state]
        for (x0, y0), (x1, y1) in pairwise(way):
            for step in range(101):
                across, down = x0 + (x1 - x0) * step / 100 - x, y0 + (y1 - y0) * step / 100 - y
                assert abs(across) >= WIDE / 2 or abs(down) >= TALL / 2, (state, way)


def test_arrows_that_go_back_loops_and_repeated_ones_are_no_trouble():
    arrows = [(0, 1), (1, 2), (2, 3), (3, 0), (1, 1), (0, 1), (0, 1)]
    found = layout(4, arrows)
    assert len(set(found.places.values())) == 4 and found.places[0][0] == min(x for x, _ in found.places.values())
    assert (3, 0) in found.bends and (1, 1) not in found.bends


def test_a_single_state_is_drawn_too():
    assert layout(1, []).places == {0: (WIDE, TALL)}
    assert layout(1, [(0, 0)]).places == {0: (WIDE, TALL)}
