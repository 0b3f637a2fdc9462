"""What is remembered of steps: found again by what they read, whatever else is in the state."""

import pytest

from hptsim.explorer.memory import Memory, Outcome
from hptsim.explorer.parts import Part, Parts


def parts():
    """Three slots, the first with two contents, which differ in shape, and a third of the shape of the second."""
    known = Parts()
    slots = [known.slot("training", name) for name in "abc"]
    for content in ({"logs": [1]}, {"logs": [1, 2]}):
        slots[0].number(Part(content))
    return slots


def test_a_step_is_found_where_it_reads_the_same_and_nowhere_else():
    first, second, _ = parts()
    memory, outcome = Memory(), Outcome(writes=((1, 7),))
    memory.keep("step", [(first, False, 1), (second, False, 0)], outcome)
    assert memory.find("step", (1, 0, 5)) is outcome
    assert memory.find("step", (1,)) is outcome  # what is beyond the end of a state is not there
    assert memory.find("step", (2, 0, 5)) is memory.find("step", (1, 3)) is memory.find("other", (1, 0)) is None
    assert memory.path("step", (1, 0, 5)) == [0, 1]


def test_a_step_that_has_read_only_a_shape_is_found_for_every_content_of_that_shape():
    first, *_ = parts()
    memory, outcome = Memory(), Outcome()
    memory.keep("step", [(first, True, first.shapes[1])], outcome)
    assert memory.find("step", (1,)) is memory.find("step", (2,)) is outcome
    assert memory.find("step", (0,)) is None


def test_what_is_read_next_may_depend_on_what_was_read():
    first, second, third = parts()
    memory, one, other = Memory(), Outcome(), Outcome()
    memory.keep("step", [(first, False, 1), (second, False, 0)], one)
    memory.keep("step", [(first, False, 2), (third, False, 0)], other)
    assert memory.find("step", (1, 0, 9)) is one and memory.find("step", (2, 9, 0)) is other


def test_a_step_that_reads_something_else_after_the_same_is_refused():
    first, second, third = parts()
    memory = Memory()
    memory.keep("step", [(first, False, 1), (second, False, 0)], Outcome())
    for reads in ([(first, False, 1), (third, False, 0)], [(first, True, 1)], [(first, False, 1)]):
        with pytest.raises(AssertionError, match=r"reads training|ends where"):
            memory.keep("step", reads, Outcome())


def test_what_is_forgotten_is_not_found():
    first, *_ = parts()
    memory = Memory()
    memory.keep("step", [(first, False, 1)], Outcome())
    memory.clear()
    assert memory.find("step", (1,)) is None
