"""One state expanded, or only judged."""

import attrs

from explorer.scopes import BROKEN, FAULTS, jobs
from hptsim.audit.laws import LAWS
from hptsim.explorer.expansion import Expander
from hptsim.explorer.scope import Scope
from hptsim.model.laws import Law
from hptsim.model.machine import TABLES

SCOPE = Scope(jobs(), {}, FAULTS, True, False, 0, TABLES, LAWS)


def walked(expander, *calls):
    """The state after these calls."""
    system, state = expander.system, expander.system.root
    for call in calls:
        state = next(expander.take(state, move) for move in system.moves(state) if call in move.call)
    return state


def test_an_expansion_has_every_step_that_is_not_refused_in_order():
    expander = Expander(SCOPE.system())
    state = walked(expander, "create_tuning_job", "launch")
    moves = list(expander.system.moves(state))
    found = expander.expand(state, expander.system.key)
    assert [(step.place, step.call, step.due) for step in found.steps] == [
        (place, move.call, move.due) for place, move in enumerate(moves)
    ]
    assert found.moves == len(moves) > 3 and not found.resting and found.broken is None
    assert len({step.key for step in found.steps}) > 3


def test_what_was_witnessed_and_reached_is_told_once():
    expander = Expander(SCOPE.system(), coverage=True)
    state = walked(expander, "create_tuning_job", "launch", "launch")
    first = expander.expand(walked(expander, "create_tuning_job", "launch", "launch"), expander.system.key)
    again = expander.expand(state, expander.system.key)
    assert first.reached and not again.reached
    assert first.witnessed and not again.witnessed


def test_a_broken_law_ends_an_expansion_at_its_move():
    expander = Expander(attrs.evolve(SCOPE, tables=BROKEN).system())
    state = walked(expander, "create_tuning_job", "launch")
    found = expander.expand(state, expander.system.key)
    assert found.broken.law == "a stop reaches every child" and "stop_tuning_job" in found.broken.call
    assert found.moves == len(found.steps) + 1


def test_a_state_at_rest_is_judged_and_not_left_when_it_breaks_a_law():
    never = Law("never", "eventually", "nothing comes to rest", "a test", lambda state, what: "it has", ("rest",))
    expander = Expander(attrs.evolve(SCOPE, laws=(never,)).system())
    for found in (expander.judge(expander.system.root), expander.expand(expander.system.root, hash)):
        assert found.resting and found.broken == ("sim.run()", "never", "it has") and not found.steps


def test_a_judged_state_says_how_many_moves_it_allows():
    expander = Expander(SCOPE.system())
    assert expander.judge(expander.system.root).moves == 1
    assert not expander.judge(walked(expander, "create_tuning_job")).resting
