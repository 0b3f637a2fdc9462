"""What the callers of an exploration do: every command, each of them throttled, timed out or with its response lost."""

import attrs
import pytest

import hptsim
from hptsim import Scenario, Simulation, TuningJobSpec, explore
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.errors import InvalidInput
from hptsim.explorer.callers import Callers, Given
from hptsim.model.assumptions import Assumptions
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.laws import Law
from hptsim.scenario.workload import ScheduledTuningJob

ONE = Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))
POOL = {"alone": TrainingJobDefinition(keep_alive_s=60)}


def scope(jobs=1, total=1, repeated_stop="idempotent"):
    specs = [TuningJobSpec(name, limits=ResourceLimits(total, total)) for name in "ab"[:jobs]]
    assumptions = Assumptions(admission="queue", repeated_stop=repeated_stop)
    scheduled = tuple(map(ScheduledTuningJob, specs))
    return Scenario(capacity={"ml.m5.xlarge": 1}, assumptions=assumptions, tuning_jobs=scheduled)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("repeated_stop", ["idempotent", pytest.param("reject", marks=pytest.mark.long)])
def test_every_small_scope_keeps_the_laws(answer, repeated_stop):
    for scenario, often in ((scope(2, 1, repeated_stop), 1), (scope(1, 1, repeated_stop), 3)):
        found = explore(scenario, faults={answer: often})
        assert found.complete and found.counterexample is None
        assert found.states > explore(scenario).states


@pytest.mark.long
def test_all_answers_together_with_faults_of_training_jobs_and_warm_pools():
    every = dict.fromkeys(ANSWERS, 1)
    assert explore(scope(1, 1), faults={**every, "internal_error": 1}).counterexample is None
    found = explore(Scenario(), training_jobs=POOL, faults=every)
    assert found.complete and found.counterexample is None


def test_a_call_that_is_refused_leads_to_the_same_states_with_less_to_come():
    """What becomes of a refused call is only that one fewer can be: so there are exactly twice as many states."""
    assert explore(ONE, faults={"ThrottlingException": 1}).states == 2 * explore(ONE).states
    assert explore(ONE, faults={"ThrottlingException": 2}).states == 3 * explore(ONE).states


def test_a_broken_law_is_told_as_calls_that_break_it_again():
    def never_lost(state, entry):
        return f"{entry[2]} is lost" if entry[3] == "lost_response" else None

    mine = Law("nothing is lost", "always", "no response is lost", "my team", never_lost, ("call",))
    found = explore(ONE, faults={"lost_response": 1}, laws=[mine]).counterexample
    assert found.calls[1] == (
        "sim.create_tuning_job(scenario.tuning_jobs[0].spec); "
        "sim.note_answer('CreateHyperParameterTuningJob', 'a', 'lost_response', True)"
    )
    names = {"hptsim": hptsim, "attrs": attrs, "scenario": ONE, "sim": None}
    for call in found.calls:
        exec(call, names)
    (noted,) = [one for one in names["sim"].journal if one.thing == "call"]
    assert (noted.name, noted.trigger) == ("a", "lost_response")


def test_what_is_no_answer_is_refused():
    with pytest.raises(InvalidInput, match=r"faults: got 'lost_respons', .*did you mean 'lost_response'"):
        explore(ONE, faults={"lost_respons": 1})


def test_a_caller_who_lost_a_response_may_repeat_the_command_and_knows_then():
    world = Simulation(cloud=EveryOutcome(budget={"lost_response": 1}))._runner.world
    callers = Callers(ONE, {}, True, ("lost_response",))
    given = callers.take(Given(), world, ("lost_response", ("create", 0)))
    assert given == Given(lost=frozenset({("create", 0)})) and list(world.tuning) == ["a"]
    offered = [act for _, act in callers.moves(given, world, {"lost_response"})]
    assert offered == [("create", 0), ("stop", "a")]
    step = world.step
    assert callers.take(given, world, ("create", 0)).created == 1 and world.step == step
