"""The system that an exploration visits: what is remembered is what is so, and states go on in another process."""

import attrs
import pytest

from explorer import test_search as scopes
from explorer.plain import Plain, forgetting, remembering, visit
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import Hyperband, ResourceLimits, TrainingJobDefinition
from hptsim.model.laws import Law
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob


def scenario(**changes):
    spec = TuningJobSpec(
        "a", (TrainingJobDefinition(spot=True, checkpoint_uri="s3://b/c"),), ResourceLimits(2, 2), **changes
    )
    other = TuningJobSpec("b", (TrainingJobDefinition(),), ResourceLimits(1, 1))
    return Scenario(
        capacity={"ml.m5.xlarge": 2},
        assumptions=Assumptions(admission="queue"),
        tuning_jobs=(ScheduledTuningJob(spec), ScheduledTuningJob(other)),
    )


def some_states(system, count):
    """The first states of a breadth-first search, each once."""
    found = {system.key(system.root): system.root}
    for state in (line := [system.root]):
        for move in system.moves(state):
            following = system.take(state, move)
            if following is not None and system.key(following) not in found:
                found[system.key(following)] = following
                line.append(following)
        if len(found) >= count:
            break
    return list(found.values())


def after(system, state):
    """What each move leads to."""
    following = [system.take(state, move) for move in system.moves(state)]
    return [None if one is None else system.key(one) for one in following]


def test_a_state_that_was_encoded_goes_on_as_it_would_have():
    here = remembering(scenario(strategy="Hyperband", hyperband=Hyperband(1, 3)), faults={"interrupt": 1})
    for state in some_states(here, 150):
        back = here.decode(here.encode(state))
        assert here.key(back) == here.key(state)
        assert list(here.moves(back)) == list(here.moves(state)) and after(here, back) == after(here, state)


def test_another_system_of_the_same_scenario_goes_on_from_it():
    here, there = (remembering(scenario(), faults={"interrupt": 1}) for _ in "ab")
    for state in some_states(here, 100):
        there_state = there.decode(here.encode(state))
        calls = [move.call for move in here.moves(state)]
        assert sorted(calls) == sorted(move.call for move in there.moves(there_state))
        assert here.key(here.decode(there.encode(there_state))) == here.key(state)


def twins(capacity, *totals, **changes):
    """Two tuning jobs side by side."""
    definition = TrainingJobDefinition(spot=True, max_retries=0)
    specs = [TuningJobSpec(name, (definition,), ResourceLimits(n, n)) for name, n in zip("ab", totals, strict=True)]
    assumptions = Assumptions(admission="queue", **changes)
    jobs = tuple(map(ScheduledTuningJob, specs))
    return Scenario(capacity={"ml.m5.xlarge": capacity}, assumptions=assumptions, tuning_jobs=jobs)


BUG = scopes.planted(scopes.RESERVATION, "release", "Held", effects=("FREE", "FREE"))
LEFT_IN_THE_QUEUE = scopes.planted(scopes.RESERVATION, "withdraw", "Requested", effects=())
NOT_STOPPED = scopes.without(scopes.TRAINING, "stop", "Starting")
SMALL = {
    "every fault on spot": lambda make: make(scopes.scope(scopes.PIPE), faults=scopes.EVERY_FAULT),
    "two tuning jobs": lambda make: make(twins(1, 1, 1), faults={"interrupt": 1}),
    "reservation by training job": lambda make: make(twins(1, 1, 1, reservation="as-observed"), faults={"wait": 1}),
    "refused at once": lambda make: make(attrs.evolve(twins(1, 1, 1), assumptions=Assumptions())),
    "two types": lambda make: make(scopes.two_types(), faults={"shortage": 3}),
    "criterion": lambda make: make(scopes.enough()),
    "warm pools": lambda make: make(Scenario(), {"first": scopes.WARM, "second": scopes.WARM}, {"client_error": 1}),
    "Hyperband": lambda make: make(scopes.hyperband(1, 1), faults={"internal_error": 1}),
    "delayed stop": lambda make: make(scopes.scope(total=2, parallel=2, capacity=2), delayed_stop=True),
    "preemption": lambda make: make(scopes.lending(), stops=False),
    "lost responses": lambda make: make(scopes.scope(TrainingJobDefinition()), faults={"lost_response": 2}),
    "a bug in a release": lambda make: make(scopes.scope(total=2), tables=BUG),
    "a bug in a withdrawal": lambda make: make(scopes.lending(), tables=LEFT_IN_THE_QUEUE),
    "a bug in a stop": lambda make: make(scopes.scope(total=2), tables=NOT_STOPPED),
}
LARGE = {
    "three on two types": lambda make: make(scopes.two_types(total=3, parallel=2), faults={"shortage": 1}),
    "two as observed": lambda make: make(twins(2, 1, 1, reservation="as-observed")),
    "two that pass": lambda make: make(twins(2, 1, 1, discipline="easy-backfill")),
    "preemption of spot": lambda make: make(
        scopes.lending("s3://b/c", spot=True), faults={"interrupt": 1}, stops=False
    ),
    "two of Hyperband": lambda make: make(scopes.hyperband(2, 2), stops=False),
}


QUICK = ("two types", "lost responses", "Hyperband", "preemption", "a bug in a release", "a bug in a withdrawal")


@pytest.mark.parametrize(
    "scope",
    [pytest.param(one, id=name, marks=() if name in QUICK else pytest.mark.long) for name, one in SMALL.items()],
)
def test_what_is_remembered_is_what_every_step_does_when_it_is_done_again(scope):
    assert visit(scope(remembering)) == visit(scope(forgetting))


@pytest.mark.long
@pytest.mark.parametrize("scope", [*SMALL.values(), *LARGE.values()], ids=[*SMALL, *LARGE])
def test_what_is_remembered_is_what_happens_to_whole_worlds(scope):
    assert visit(scope(remembering)) == visit(scope(Plain))


def behind_the_back(state, entry):
    """Broken if another training job is in Training, which is seen without asking for it."""
    opened = state.opened
    for slot, number in zip(opened.parts.slots, opened.state, strict=False):
        other = slot.parts[number].content.get("training")
        if other is not None and other.name != entry[2] and other.state == "Training":
            return f"{other.name} trains"
    return None


def by_asking(state, entry):
    """The same by asking for it."""
    others = [one for one in state.training.values() if one.name != entry[2]]
    return next((f"{one.name} trains" for one in others if one.state == "Training"), None)


@pytest.mark.parametrize(("check", "noticed"), [(behind_the_back, True), (by_asking, False)])
def test_a_rule_that_reads_what_nobody_notes_is_noticed_by_the_comparison(check, noticed):
    laws = [Law("trains alone", "always", "one trains at a time", "this test", check, ("training downloaded",))]
    scope = scopes.scope(TrainingJobDefinition(), 2, 2, capacity=2)
    remembered, done_again = (visit(make(scope, laws=laws, stops=False)) for make in (remembering, forgetting))
    assert done_again[1] == "trains alone"
    assert (remembered != done_again) is noticed


def test_a_footprint_is_what_a_move_reads_and_changes():
    here = remembering(twins(2, 1, 1))
    for state in some_states(here, 100):
        for move in here.moves(state):
            reads, changes = here.footprint(state, move)
            following = here.take(state, move)
            if following is None:
                assert not changes
                continue
            padded = zip((*state, *[0] * 99), (*following, *[0] * 99), strict=False)
            assert {place for place, (before, after) in enumerate(padded) if before != after} == changes
            orders = {place for place in changes if here.parts.slots[place].kind == "order"}
            assert changes - orders <= reads
