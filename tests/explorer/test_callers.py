"""What the callers of an exploration do: every command, each of them throttled, timed out or with its response lost."""

import attrs
import pytest

import hptsim
from hptsim import Scenario, Simulation, TuningJobSpec, explore
from hptsim.audit.laws import LAWS
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.errors import InvalidInput, LawBroken, ServiceError
from hptsim.explorer.callers import COMMANDS, Callers, Given
from hptsim.explorer.system import System
from hptsim.model.assumptions import Assumptions
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.laws import Law
from hptsim.model.machine import TABLES
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.world import commands

ONE = Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))
ALONE = TrainingJobDefinition()
ONE_INSTANCE = {"ml.m5.xlarge": 1}
TWO_POOLS = {name: TrainingJobDefinition(keep_alive_s=60) for name in ("first", "second")}
POOL = {"alone": TrainingJobDefinition(keep_alive_s=60)}


def scope(jobs=1, total=1, repeated_stop="idempotent"):
    specs = [TuningJobSpec(name, limits=ResourceLimits(total, total)) for name in "abc"[:jobs]]
    assumptions = Assumptions(admission="queue", repeated_stop=repeated_stop)
    scheduled = tuple(map(ScheduledTuningJob, specs))
    return Scenario(capacity=ONE_INSTANCE, assumptions=assumptions, tuning_jobs=scheduled)


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
    assert ("create", 0) in callers.take(given, world, ("create", 0)).done and world.step == step


def test_what_is_no_command_is_refused():
    with pytest.raises(InvalidInput, match=r"commands: got 'stop_chil', .*did you mean 'stop_child'"):
        explore(ONE, commands={"stop_chil": 1})
    with pytest.raises(InvalidInput, match=r"commands.delete: got -1, expected .* a whole number of at least 0"):
        explore(ONE, commands={"delete": -1})


SCOPES = {
    "stop_child": (scope(1, 2), {}),
    "delete": (ONE, {}),
    "update": (Scenario(capacity=ONE_INSTANCE), TWO_POOLS),
    "repeat": (scope(1, 2), {}),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("repeated_stop", ["idempotent", "reject"])
def test_every_command_everywhere_keeps_the_laws(command, repeated_stop):
    scenario, training_jobs = SCOPES[command]
    scenario = attrs.evolve(scenario, assumptions=attrs.evolve(scenario.assumptions, repeated_stop=repeated_stop))
    before = explore(scenario, training_jobs=training_jobs)
    found = explore(scenario, training_jobs=training_jobs, commands={command: 1})
    assert found.complete and found.counterexample is None, str(found.counterexample)
    assert found.transitions > before.transitions
    if command == "repeat":  # refused or idempotent: tried everywhere, and it leads nowhere
        assert found.states == before.states
    else:
        assert found.states > before.states


@pytest.mark.long
def test_all_commands_together_lost_throttled_and_with_warm_pools():
    every = dict.fromkeys(COMMANDS, 1)
    for answer in ("ThrottlingException", "lost_response"):
        found = explore(Scenario(), training_jobs={"alone": POOL["alone"]}, commands=every, faults={answer: 1})
        assert found.complete and found.counterexample is None, str(found.counterexample)
    found = explore(ONE, commands={"stop_child": 1, "delete": 1}, faults={"lost_response": 1})
    assert found.complete and found.counterexample is None, str(found.counterexample)


def test_jobs_are_created_in_any_order_and_the_states_are_symmetric():
    """Two equal tuning jobs: each order leads to as many states, and they share those without a tuning job and with both."""
    listed, any_order = explore(scope(2)), explore(scope(2), any_order=True)
    assert any_order.complete and listed.states < any_order.states < 2 * listed.states


@pytest.mark.long
@pytest.mark.parametrize(
    "scope",
    [(ONE, {}, {"delete": 1}, {"lost_response": 1}), (Scenario(), POOL, {"delete": 1, "update": 1}, {})],
    ids=["tuning job", "warm pool"],
)
def test_states_that_are_taken_for_one_lead_to_the_same_states_by_the_same_calls(scope):
    """Also after a deletion: what the name has meant before is part of the state."""
    scenario, training_jobs, given, faults = scope
    options = {"stops": True, "delayed_stop": False, "seed": 0, "tables": TABLES, "laws": LAWS}
    system = System(scenario, training_jobs, faults, commands=given, **options)
    known, line, again = {}, [system.root], 0
    for state in line:
        following = [(move.call, system.take(state, move)) for move in system.moves(state)]
        leads = {call: system.key(one) for call, one in following if one is not None}
        if (key := system.key(state)) in known:
            assert leads == known[key]
            again += 1
        else:
            known[key] = leads
            line += [one for _, one in following if one is not None]
    assert again > 100 < len(known)


def test_a_deleted_name_is_created_and_stopped_again_once():
    world = Simulation(cloud=EveryOutcome())._runner.world
    callers = Callers(ONE, {}, True, (), {"delete": 1})
    given = callers.take(Given(), world, ("create", 0))
    given = callers.take(given, world, ("stop", "a"))
    while world.armed:
        world.fire_armed(next(iter(world.armed)))
    assert ("delete", "a") in acts(callers, given, world)
    given = callers.take(given, world, ("delete", "a"))
    assert acts(callers, given, world) == [("create", 0)] and not world.tuning
    given = callers.take(given, world, ("create", 0))
    assert acts(callers, given, world) == [("stop", "a")], "it is deleted once only"


def acts(callers, given, world):
    return [act for _, act in callers.moves(given, world, set())]


def test_a_deletion_whose_response_was_lost_may_be_repeated_although_the_name_is_gone():
    world = Simulation(cloud=EveryOutcome(budget={"lost_response": 1}))._runner.world
    callers = Callers(Scenario(), {"alone": ALONE}, True, ("lost_response",), {"delete": 1})
    given = callers.take(Given(), world, ("train", "alone"))
    while world.armed:
        world.fire_armed(next(iter(world.armed)))
    given = callers.take(given, world, ("lost_response", ("delete_training", "alone")))
    assert not world.training and ("train", "alone") in given.done, "its caller does not know"
    offered = [act for _, act in callers.moves(given, world, {"lost_response"})]
    assert offered == [("delete_training", "alone")]
    given = callers.take(given, world, ("delete_training", "alone"))
    assert ("train", "alone") in acts(callers, given, world)


# ---------------------------------------------------------------------- planted bugs


def counts_as_an_attempt(patch):
    """A training job that its user stops counts as one without a result."""
    true = commands.deliver_stop

    def slip(world, child):
        true(world, child)
        if child.tuning_job:
            world.tuning[child.tuning_job].attempts += 1

    patch.setattr(commands, "deliver_stop", slip)


def gives_back_again(patch):
    """The deletion of a tuning job gives an instance back that others have reserved."""
    true = commands.delete_tuning_job

    def slip(world, name):
        true(world, name)
        world.ledger.reserved["ml.m5.xlarge"] = world.ledger.reserved.get("ml.m5.xlarge", 0) - 1

    patch.setattr(commands, "delete_tuning_job", slip)


def forgets_the_name(patch):
    """Of a deleted tuning job it is not remembered that there was one: the next one's training jobs have the same names."""
    true = commands.delete_tuning_job

    def slip(world, name):
        true(world, name)
        world.deleted.clear()

    patch.setattr(commands, "delete_tuning_job", slip)


def keeps_the_record_of_its_name(patch):
    """A training job is deleted, and its name stays in use."""
    true = commands.delete_training_job

    def slip(world, name):
        job = world.training[name]
        true(world, name)
        world.training[name] = job

    patch.setattr(commands, "delete_training_job", slip)


def drops_the_pool(patch):
    """A warm pool whose period becomes 0 is dropped, and what it has reserved is not."""
    true = commands.change_period

    def slip(world, job, keep_alive_s):
        pool = world.pools.get(job.name)
        if pool is None or keep_alive_s or pool.state != "Available":
            return true(world, job, keep_alive_s)
        world.armed.pop(pool.timer)
        del world.pools[job.name]

    patch.setattr(commands, "change_period", slip)


def stops_its_children_again(patch):
    """A second stop of a tuning job is written as another one."""

    def slip(world, kind):
        for job in world.tuning.values():
            if job.state == "Stopping" and kind == "hyperparameter tuning":
                world.step += 1
                world.write((world.now, "tuning", job.name, "stop", "Stopping", "Stopping", None, world.step))

    patch.setattr(commands, "_stop_again", slip)


def changes_something_and_refuses(patch):
    """A deletion that comes too early is refused, and gives up the tuning job's place all the same."""
    true = commands.delete_tuning_job

    def slip(world, name):
        job = world.tuning[name]
        if job.ended_s is None:
            job.admitted = False
        true(world, name)

    patch.setattr(commands, "delete_tuning_job", slip)


def starts_the_last_by_name(patch):
    """Whoever is created after a tuning job with a later name is forgotten: nothing is armed for it."""
    true = commands.create_tuning_job

    def slip(world, spec):
        job = true(world, spec)
        if max(world.tuning) != spec.name:
            for serial in job.timers:
                del world.armed[serial]
            job.timers = {}

    patch.setattr(commands, "create_tuning_job", slip)


AGAIN = "a repeated request changes nothing"
AT_REST = "the journal rebuilds the world"
PLANTED = [
    (counts_as_an_attempt, scope(), {}, "stop_child", "five attempts"),
    (gives_back_again, ONE, {}, "delete", AT_REST),
    (forgets_the_name, ONE, {}, "delete", AGAIN),
    (keeps_the_record_of_its_name, Scenario(), {"alone": ALONE}, "delete", AT_REST),
    (drops_the_pool, Scenario(), POOL, "update", AT_REST),
    (stops_its_children_again, scope(), {}, "repeat", AGAIN),
    (changes_something_and_refuses, ONE, {}, "delete", "a refused call changes nothing"),
]


@pytest.mark.parametrize(
    ("plant", "scenario", "training_jobs", "command", "law"), PLANTED, ids=[plant.__name__ for plant, *_ in PLANTED]
)
def test_a_planted_bug_is_found_by_its_command_alone_and_the_calls_show_it_again(
    plant, scenario, training_jobs, command, law, monkeypatch
):
    plant(monkeypatch)
    others = dict.fromkeys((other for other in COMMANDS if other != command), 1)
    without = explore(scenario, training_jobs=training_jobs, commands=others)
    assert without.complete and without.counterexample is None, "no other command finds it"
    found = explore(scenario, training_jobs=training_jobs, commands={command: 1}).counterexample
    assert found is not None and found.law == law, str(found)
    shown(found, scenario, training_jobs)


def test_an_order_of_creation_that_is_not_the_listed_one_finds_what_no_other_does(monkeypatch):
    starts_the_last_by_name(monkeypatch)
    listed = explore(scope(2))
    assert listed.complete and listed.counterexample is None
    found = explore(scope(2), any_order=True, stops=False).counterexample
    assert found is not None and found.law == "every job ends", str(found)
    assert found.calls[1] == "sim.create_tuning_job(scenario.tuning_jobs[1].spec)"
    shown(found, scope(2), {})


def shown(found, scenario, training_jobs):
    """The calls run when they are pasted, and the last one breaks the law; or it is refused, where that is what is wrong."""
    names = {"hptsim": hptsim, "attrs": attrs, "scenario": scenario, "training_jobs": training_jobs}
    *before, last = found.calls
    for call in before:
        exec(call, names)
    with pytest.raises((LawBroken, ServiceError)) as broken:
        exec(last, names)
    if found.law == "a refused call changes nothing":
        assert broken.type is ServiceError and broken.value.code in found.reason
    else:
        assert broken.value.law == found.law
