"""Symmetry: the states of a reduced search are the orbits of the full graph, counted by brute force over all renamings."""

import attrs
import pytest

from explorer.graphs import PLAIN, SPOT, jobs, opened, orbit, over, plain, system, walk
from hptsim import explore
from hptsim.audit.laws import LAWS
from hptsim.explorer.reduction import Reduction
from hptsim.explorer.symmetry import children_interchangeable, interchangeable, why_not
from hptsim.model.definitions import CompletionCriteria, InstanceRequest
from hptsim.model.laws import ALWAYS, STEP, Law
from hptsim.model.ranges import ParameterRange

SCOPES = {
    "training jobs": (jobs(plain("a", 2, 2)), {"algorithm_error": 1}),
    "training jobs on spot": (jobs(plain("a", 2, 2, SPOT)), {"interrupt": 1}),
    "training jobs in turn, that wait": (jobs(plain("a", 3, 2), capacity=1), {}),
    "reserved at once": (jobs(plain("a", 2, 2), reservation="upfront"), {"internal_error": 1}),
    "tuning jobs": (jobs(plain("a"), plain("b")), {}),
    "tuning jobs that wait": (jobs(plain("a"), plain("b"), capacity=1), {"algorithm_error": 1}),
    "tuning jobs that are refused": (jobs(plain("a"), plain("b"), capacity=1, admission="reject"), {}),
    "given back early": (jobs(plain("a"), plain("b"), capacity=1, reservation="as-observed"), {}),
    "two kinds": (jobs(plain("a"), plain("b", priority=1), capacity=1, discipline="priority"), {}),
    "lost calls": (jobs(plain("a", 2, 2)), {"lost_response": 1}),
    "two in the queue": (jobs(plain("a", 2, 2), plain("b"), capacity=1), {}),
}
QUICK = {"training jobs in turn, that wait", "reserved at once"}
scopes = pytest.mark.parametrize(
    "scope", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.long]) for name in SCOPES]
)


@scopes
def test_the_canonical_forms_are_the_orbits_of_the_full_graph(scope):
    scenario, faults = SCOPES[scope]
    full = system(scenario, faults)
    reduction = Reduction(full, forget=False)
    orbits = {}
    for state in walk(full)[0]:
        orbits.setdefault(reduction.key(state), set()).add(orbit(full, state))
    assert all(len(copies) == 1 for copies in orbits.values()), "one form for states of several orbits"
    assert len(orbits) == len(set.union(*orbits.values())), "several forms for the states of one orbit"


def reduced_states(full, reduction):
    """How many states a search by canonical forms visits."""
    seen, line = {reduction.key(full.root)}, [full.root]
    for state in line:
        for step in Reduction(full, independence=False).steps(state, list(full.moves(state))):
            if step.following is not None and (form := reduction.key(step.following)) not in seen:
                seen.add(form)
                line.append(step.following)
    return len(seen)


@pytest.mark.long
@scopes
def test_states_of_one_form_may_do_the_same_next_and_lead_to_the_same_forms(scope):
    scenario, faults = SCOPES[scope]
    full = system(scenario, faults)
    reduction = Reduction(full)
    states, steps = walk(full)
    forms = [reduction.key(state) for state in states]
    following = {}
    for form, found in zip(forms, steps, strict=True):
        kinds = frozenset((move.due, forms[number]) for move, number in found if number is not None)
        following.setdefault(form, set()).add((any(move.due for move, _ in found), kinds))
    assert all(len(ways) == 1 for ways in following.values())
    assert len(following) == reduced_states(full, reduction)
    assert len(following) < len(states)


@scopes
def test_what_has_ended_never_changes_and_is_like_the_world_already(scope):
    scenario, faults = SCOPES[scope]
    full = system(scenario, faults)
    states, steps = walk(full)
    ended = [over(full, state) for state in states]
    for number, found in enumerate(steps):
        world, auditor, _ = opened(full, states[number])
        auditor.compare(world)
        for _, following in found:
            if following is not None:
                assert ended[number].items() <= ended[following].items()
    assert any(ended)


def test_only_scopes_that_the_proof_reaches_are_reduced():
    law = Law("mine", ALWAYS, "", "", lambda state, nothing: None, (STEP,))
    assert why_not(jobs(plain("a")), LAWS) == ""
    assert why_not(jobs(plain("a")), (*LAWS, law)) == "nobody knows what the law 'mine' reads"
    assert "fair-share" in why_not(jobs(plain("a"), discipline="fair-share"), LAWS)
    assert "tpe" in why_not(jobs(plain("a"), bayesian="tpe"), LAWS)
    found = explore(jobs(plain("a")), laws=(*LAWS, law), reduction=True)
    assert (found.reduced, found.not_reduced) == (False, "nobody knows what the law 'mine' reads")
    assert found.states == explore(jobs(plain("a"))).states


@pytest.mark.parametrize(
    ("changes", "parents", "children"),
    [
        ({}, True, True),
        ({"early_stopping": True}, True, False),
        ({"criteria": CompletionCriteria(target=1.0)}, True, False),
        ({"definitions": (PLAIN, SPOT)}, True, False),
        ({"ranges": (ParameterRange("rate", "Continuous", 0, 1),)}, False, False),
        ({"strategy": "hptsim.strategies.random_search:Random"}, False, False),
        ({"definitions": (attrs.evolve(PLAIN, alternatives=(InstanceRequest("ml.g5.xlarge"),)),)}, False, False),
    ],
)
def test_jobs_are_interchangeable_where_nothing_depends_on_names_and_ordinals(changes, parents, children):
    spec = attrs.evolve(plain("a", 2, 2), **changes)
    assert (interchangeable(spec), children_interchangeable(spec)) == (parents, children)
    symmetry = Reduction(system(jobs(spec, spec.renamed("b")))).symmetry
    assert (symmetry.kind["a"] == symmetry.kind["b"], symmetry.alike["a"]) == (parents, children)


def test_the_law_that_compares_objectives_is_said_to_be_judged_in_part():
    found = explore(jobs(plain("a", 2, 2)), reduction=True)
    assert found.reduced and found.judged_in_part == ("the best is the best",)
    watched = explore(jobs(plain("a", early_stopping=True)), reduction=True)
    assert watched.reduced and watched.judged_in_part == ()
