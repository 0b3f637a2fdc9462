"""What a search has found: levels, depths, and the way to a state."""

from hptsim.explorer.visited import Visited


def test_levels_begin_with_the_first_state_found_from_the_level_before():
    visited = Visited()
    for origin in (0, 0, 1, 2, 2, 3):
        visited.add(origin, 0, visited.label(f"from {origin}"))
    assert visited.levels == [0, 1, 3, 6] and [visited.depth(number) for number in range(7)] == [0, 1, 1, 2, 2, 2, 3]
    assert visited.calls(6) == ["from 0", "from 1", "from 3"] and visited.calls(0) == []


def test_a_call_has_one_number():
    visited = Visited()
    assert visited.label("a") == visited.label("a") != visited.label("b")
