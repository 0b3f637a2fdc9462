"""Partial order: steps that are taken for independent are, and the reduced search finds what the full one finds."""

import attrs
import pytest
from audit.planted import BUG, BUGS

from explorer.graphs import SPOT, by_name, jobs, plain, system, walk
from explorer.test_endings import BUGS as NEVER_ENDING
from explorer.test_search import LAUNCH_AFTER_STOP, planted, without
from hptsim import LAWS, explore
from hptsim.explorer.reduction import Reduction
from hptsim.model.machine import Tables
from hptsim.model.tables import RESERVATION, TRAINING, TUNING

SCOPES = {
    "two tuning jobs": (jobs(plain("a"), plain("b")), {"algorithm_error": 1}),
    "two that wait": (jobs(plain("a"), plain("b"), capacity=1), {"algorithm_error": 1}),
    "lost calls": (jobs(plain("a"), plain("b"), capacity=1), {"lost_response": 1}),
    "given back early": (jobs(plain("a"), plain("b"), capacity=1, reservation="as-observed"), {}),
}


names = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] if name != "two that wait" else []) for name in SCOPES]
)


def again(full, state, move):
    """The move that is called the same in another state: serial numbers may differ."""
    return next((one for one in full.moves(state) if one.call == move.call), None)


@names
def test_a_local_step_and_anybody_elses_lead_to_the_same_state_in_either_order(name):
    assert both_orders(system(*SCOPES[name])) > 50


def test_nobody_else_gives_a_tuning_job_something_to_do_whose_steps_go_first():
    full = system(jobs(plain("a", 2, 2), plain("b"), capacity=2), stops=False)
    independence = Reduction(full).independence
    waited = 0
    for state, found in zip(*walk(full), strict=True):
        moves = [move for move, _ in found]
        mine = {name: called(independence, moves, name) for name in "ab"}
        for group in independence.candidates(state, moves):
            name = independence.concerns(group[0])
            others = [move for move, number in found if number is not None and independence.concerns(move) != name]
            waited += len(others)
            for other in others:
                assert called(independence, full.moves(full.take(state, other)), name) == mine[name]
    assert waited > 100


def called(independence, moves, name):
    return sorted(move.call for move in moves if independence.concerns(move) == name)


def both_orders(full):
    """How many pairs of a local step and a step of anybody else were taken in both orders, which had to make no difference."""
    independence = Reduction(full).independence
    pairs = 0
    for state, found in zip(*walk(full), strict=True):
        moves = [move for move, number in found if number is not None]
        groups = [
            independence.concerns(group[0]) for group in independence.candidates(state, [move for move, _ in found])
        ]
        for local in moves:
            mine = independence.concerns(local)
            if mine not in groups or not independence.is_local(state, local):
                continue
            for other in moves:
                if independence.concerns(other) == mine:
                    continue
                pairs += 1
                first, second = full.take(state, local), full.take(state, other)
                after_local, after_other = again(full, first, other), again(full, second, local)
                assert after_local is not None and after_other is not None, "one disables the other"
                one, two = full.take(first, after_local), full.take(second, after_other)
                assert one is not None and two is not None
                assert one == two or by_name(full, one) == by_name(full, two)
    return pairs


def at_rest(full, states):
    """The canonical forms of the states in which nothing more has to happen."""
    reduction = Reduction(full)
    return {reduction.key(state) for state in states if not any(move.due for move in full.moves(state))}


def reduced_walk(full, reduction):
    """The states of a reduced search."""
    seen, line = {reduction.key(full.root)}, [full.root]
    for state in line:
        for step in reduction.steps(state, full.moves(state)):
            assert step.broken is None
            if step.following is not None and (form := reduction.key(step.following)) not in seen:
                seen.add(form)
                line.append(step.following)
    return line


@names
@pytest.mark.parametrize("symmetry", [False, True])
def test_a_reduced_search_visits_states_of_the_full_graph_and_every_state_at_rest(name, symmetry):
    scenario, faults = SCOPES[name]
    full = system(scenario, faults)
    states = walk(full)[0]
    visited = reduced_walk(full, Reduction(full, symmetry=symmetry))
    assert set(visited) <= set(states) and len(visited) < len(states)
    assert at_rest(full, visited) == at_rest(full, states)


def laws_broken(scenario, faults, **wrong):
    """What the full and the reduced search say: the law that each finds broken, if any, and the laws that were seen."""
    full, reduced = (explore(scenario, faults=faults, reduction=reduction, **wrong) for reduction in (False, True))
    assert not full.reduced
    return full, reduced


@names
def test_true_tables_keep_every_law_in_both_searches_and_the_same_laws_are_seen(name):
    full, reduced = laws_broken(*SCOPES[name])
    assert reduced.reduced and full.complete and reduced.complete
    assert full.counterexample is reduced.counterexample is None
    assert full.witnessed == reduced.witnessed and full.witnessed
    assert reduced.states < full.states and reduced.transitions < full.transitions


RETRIED = attrs.evolve(SPOT, max_retries=1, max_wait_s=90000.0)
ONE = (jobs(plain("a", 2, 2), capacity=1), {})
TWO = (jobs(plain("a"), plain("b"), capacity=1), {})
FAULTY = (jobs(plain("a", definition=RETRIED)), {"interrupt": 1, "internal_error": 1, "max_runtime": 1})
REACHED = {
    "a stopped job counts as Completed": TWO,
    "the last result is the best": ONE,
    "a user's stop is an attempt": TWO,
    "a retry is used up only in Starting": FAULTY,
    "one retry too few": FAULTY,
    "checkpoints share one place": FAULTY,
    "a stop stores no model": TWO,
    "a completed job stores no model": ONE,
    "a checkpoint is not stored": FAULTY,
    "no SIGTERM": TWO,
    "no log at the start": TWO,
    "no log at the end": ONE,
    "a stop forgets the queue": TWO,
    "a stop forgets the training jobs": TWO,
    "an interrupted job trains on at once": FAULTY,
    "nobody is served": TWO,
    "twice the quota": TWO,
}
"""The planted bugs that these scopes reach."""


@pytest.mark.parametrize("name", REACHED)
def test_a_planted_bug_breaks_the_same_law_in_both_searches(name):
    with BUG[name].planted() as wrong:
        full, reduced = laws_broken(*REACHED[name], **wrong)
        assert reduced.reduced and full.counterexample is not None and reduced.counterexample is not None
        assert reduced.counterexample.law == full.counterexample.law
        alone = [law for law in LAWS if law.name == full.counterexample.law]
        for found in laws_broken(*REACHED[name], laws=alone, **wrong):
            assert found.counterexample is not None and found.counterexample.law == alone[0].name


@pytest.mark.long
@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.name not in REACHED], ids=lambda bug: bug.name)
def test_a_planted_bug_that_the_full_search_does_not_reach_is_none_for_the_reduced_one(bug):
    if bug.name == "the last in the queue is served first":  # it reverses the queue, which in these states it cannot
        return
    with bug.planted() as wrong:
        full, reduced = laws_broken(*ONE, **wrong)
        assert full.counterexample is reduced.counterexample is None


@pytest.mark.parametrize(
    "tables",
    [
        planted(TUNING, "stop", "InProgress", effects=("WITHDRAW", "STOP_CHILDREN", "PROCEED", "RELEASE")),
        planted(TUNING, "stop", "InProgress", destination="InProgress", effects=("STOP_CHILDREN", "PROCEED")),
        planted(RESERVATION, "release", "Held", effects=("FREE", "FREE")),
        planted(TUNING, "finish", "Stopping", effects=()),
        without(TRAINING, "stop", "Starting"),
        Tables.of(tuning=LAUNCH_AFTER_STOP),
    ],
)
@pytest.mark.parametrize("scope", [ONE, TWO], ids=["one", "two"])
def test_a_wrong_table_breaks_the_same_law_in_both_searches(tables, scope):
    full, reduced = laws_broken(*scope, tables=tables)
    assert (full.counterexample and full.counterexample.law) == (reduced.counterexample and reduced.counterexample.law)


@pytest.mark.parametrize("bug", NEVER_ENDING)
def test_what_never_ends_is_found_by_both_searches(bug, monkeypatch):
    scenario, faults, tables = NEVER_ENDING[bug](monkeypatch)
    full, reduced = laws_broken(scenario, faults, tables=tables)
    assert full.counterexample is not None and reduced.counterexample is not None
    assert (reduced.counterexample.law, bool(reduced.counterexample.loop)) == (
        full.counterexample.law,
        bool(full.counterexample.loop),
    )
    if full.counterexample.loop:  # only the states themselves tell whether a run can stay in a loop
        assert "loops" in reduced.not_reduced and not reduced.reduced
