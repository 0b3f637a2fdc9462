"""When it became inevitable: compared with a backward search on the whole graph, and in words."""

from collections import deque
from heapq import heappop, heappush

import attrs
import pytest

from explorer.test_endings import BUGS
from explorer.test_scope import NO_STOP
from explorer.test_search import scope
from hptsim import explore
from hptsim.errors import InvalidInput, LawBroken
from hptsim.explorer.inevitable import Inevitable, LastChance
from hptsim.model.machine import TABLES


def ways_to_good_ends(system, forced):
    """The number of states, and by their keys how many moves that need not happen each needs to a good end, if it has one.

    The whole graph first, then backwards from the ends, those with fewer such moves first.
    """
    before, ends = {system.key(system.root): set()}, []
    line = deque([system.root])
    while line:
        state = line.popleft()
        here = system.key(state)
        if ends_well(system, state):
            ends.append(here)
        for move in system.moves(state):
            following = taken(system, state, move)
            if following is None:
                continue
            there = system.key(following)
            if there not in before:
                before[there] = set()
                line.append(following)
            if move.due or not forced:
                before[there].add((here, not move.due))
    needs, heap = {}, [(0, end) for end in ends]
    while heap:
        count, key = heappop(heap)
        if key not in needs:
            needs[key] = count
            for other, unforced in before[key]:
                heappush(heap, (count + unforced, other))
    return len(before), needs


def taken(system, state, move):
    try:
        return system.take(state, move)
    except LawBroken:
        return None


def ends_well(system, state):
    if any(move.due for move in system.moves(state)):
        return False
    try:
        system.check_at_rest(state)
    except LawBroken:
        return False
    return True


def along(system, state, calls):
    """The states after each of *calls*, and how many of these need not happen."""
    states, unforced = [state], 0
    for call in calls:
        (move,) = [move for move in system.moves(states[-1]) if move.call == call]
        states.append(system.take(states[-1], move))
        unforced += not move.due
    return states, unforced


LARGE = {"two that hold what the other wants", "two that let each other pass", "a lost wake-up"}


@pytest.mark.parametrize("stops", [False, True], ids=["", "stops"])
@pytest.mark.parametrize("bug", [pytest.param(bug, marks=pytest.mark.long) if bug in LARGE else bug for bug in BUGS])
def test_the_last_chance_is_the_one_of_a_backward_search(bug, stops, monkeypatch):
    scope, faults, tables = BUGS[bug](monkeypatch)
    found = explore(scope, faults=faults, tables=tables, stops=stops).counterexample
    before, when = found.calls[1:] if found.loop else found.calls[1:-1], found.inevitable()
    for chance, forced in ((when.may, False), (when.must, True)):
        system = found.known_scope.system()
        count, needs = ways_to_good_ends(system, forced)
        path, _ = along(system, system.root, before)
        expected = max(number for number, state in enumerate(path) if system.key(state) in needs)
        assert chance.known and chance.good_until == expected and chance.visited <= count
        assert chance.hopeless_from == (None if expected == len(before) else expected + 1)
        way, unforced = along(system, path[expected], chance.way_out)
        assert ends_well(system, way[-1])
        assert unforced == needs[system.key(path[expected])], "with as few commands and faults as can be"


def test_without_stops_a_stuck_job_is_inevitable_and_with_them_it_is_not(monkeypatch):
    scope, _, tables = BUGS["a lost wake-up"](monkeypatch)
    alone = explore(scope, faults={"wait": 2}, tables=tables, stops=False).counterexample.inevitable()
    helped = explore(scope, faults={"wait": 2}, tables=tables).counterexample.inevitable()
    assert (alone.may.good_until, alone.may.hopeless_from) == (3, 4), "the first that waits for machines waits for ever"
    assert helped.may.good_until == 5 and helped.may.hopeless_from is None
    assert helped.may.way_out[0] == "sim.stop_tuning_job('a')", "with as few commands and faults as can be"
    assert helped.must.good_until == 3
    said = alone.sentence()
    assert said.startswith(
        "No run ends well after step 4: each breaks a law, or never comes to rest. After step 3 one still"
    )
    assert "By what has to happen alone, no run ends well after step 4" in helped.sentence()


def test_a_broken_safety_law_is_avoidable_as_long_as_its_last_call_is():
    found = explore(scope(total=2), tables=NO_STOP).counterexample
    when = found.inevitable()
    assert when.may.good_until == when.must.good_until == 2 == len(found.calls) - 2
    assert when.sentence().startswith(
        "It was never inevitable: even after step 2 a run could still end well, by what has to"
    )


def test_where_there_are_too_many_states_it_is_not_known(monkeypatch):
    scope, _, tables = BUGS["a lost wake-up"](monkeypatch)
    found = explore(scope, faults={"wait": 2}, tables=tables, stops=False).counterexample
    whole = found.inevitable().may
    few = found.inevitable(max_states=3).may
    assert not few.known and few.good_until is None and few.visited == 3 and whole.visited > 3
    assert few.hopeless_from is not None, "what was found until then stays"
    assert "is not known: the search for a good end was given up after 3 states." in found.inevitable(3).sentence()
    assert found.inevitable(max_states=whole.visited).may == whole


def test_the_last_chance_in_words():
    nothing = LastChance(0, 1, (), True, 5)
    assert Inevitable(nothing, nothing).sentence() == (
        "No run ends well after step 1: each breaks a law, or never comes to rest. At the beginning one still could, "
        "by what has to happen alone:\n    (nothing has to happen there)"
    )
    never = LastChance(None, 0, (), True, 5)
    assert Inevitable(never, never).sentence().startswith("No run ends well from the beginning on: each breaks a law")
    unknown = LastChance(None, None, (), False, 1000)
    assert Inevitable(unknown, never).sentence().splitlines()[0] == (
        "When it became inevitable is not known: the search for a good end was given up after 1,000 states."
    )


@pytest.mark.parametrize("bug", ["an end that is put off for ever", "a lost wake-up"])
def test_a_bug_that_is_no_longer_in_place_is_an_error_that_says_so(bug, monkeypatch):
    with monkeypatch.context() as patch:
        scope, faults, tables = BUGS[bug](patch)
        found = explore(scope, faults=faults, tables=tables).counterexample
        assert "no more can be told" not in found.story()
    with pytest.raises(InvalidInput, match="is what made the bug still in place"):
        found.inevitable()
    assert "(no more can be told: " in found.story() and str(found) in found.story()


def test_a_law_that_is_kept_after_all_is_no_counterexample():
    found = explore(scope(total=2), tables=NO_STOP).counterexample
    mended = attrs.evolve(found, scope=attrs.evolve(found.scope, tables=TABLES))
    with pytest.raises(InvalidInput, match="is what made the bug still in place"):
        mended.inevitable()
    with pytest.raises(InvalidInput, match="does not know what was explored"):
        attrs.evolve(found, scope=None).inevitable()
