"""The system that an exploration visits: its states travel between processes and go on there as they would have here."""

from hptsim.audit.laws import LAWS
from hptsim.explorer.system import System
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import Hyperband, ResourceLimits, TrainingJobDefinition
from hptsim.model.machine import TABLES
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


def system(scenario, training_jobs=None, faults=None, **changes):
    options = {"stops": True, "delayed_stop": False, "seed": 0, "tables": TABLES, "laws": LAWS} | changes
    return System(scenario, dict(training_jobs or {}), dict(faults or {}), **options)


def some_states(system, count):
    """The first states of a breadth-first search, each once."""
    found = {system.key(system.root): system.root}
    for state in (line := [system.root]):
        for move in system.moves(state):
            following = system.take(state, move, last=False)
            if following is not None and system.key(following) not in found:
                found[system.key(following)] = following
                line.append(following)
        if len(found) >= count:
            break
    return list(found.values())


def after(system, state):
    """What each move leads to."""
    following = [system.take(state, move, last=False) for move in system.moves(state)]
    return [None if one is None else system.key(one) for one in following]


def test_a_state_that_was_encoded_goes_on_as_it_would_have():
    here = system(scenario(strategy="Hyperband", hyperband=Hyperband(1, 3)), faults={"interrupt": 1})
    for state in some_states(here, 150):
        back = here.decode(here.encode(state))
        assert here.key(back) == here.key(state)
        assert list(here.moves(back)) == list(here.moves(state)) and after(here, back) == after(here, state)


def test_another_system_of_the_same_scenario_goes_on_from_it():
    here, there = (system(scenario(), faults={"interrupt": 1}) for _ in "ab")
    for state in some_states(here, 100):
        there_state = there.decode(here.encode(state))
        calls = [move.call for move in here.moves(state)]
        assert sorted(calls) == sorted(move.call for move in there.moves(there_state))
        assert here.key(here.decode(there.encode(there_state))) == here.key(state)
