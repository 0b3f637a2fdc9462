"""What an exploration leaves out is said, and nothing that is left out goes unsaid; what a lagged read may answer."""

import itertools
import re

import attrs
import pytest

import hptsim
from hptsim import Scenario, Simulation, TuningJobSpec, explore
from hptsim.audit.laws import LAWS
from hptsim.cloud.every_outcome import FAULTS, EveryOutcome
from hptsim.errors import ServiceError
from hptsim.explorer.callers import COMMANDS, SERVICE_OPERATIONS
from hptsim.explorer.system import System
from hptsim.explorer.untried import untried
from hptsim.model import calls
from hptsim.model.calls import ANSWERS, TIMEOUT
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.machine import TABLES
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.service.service import Service
from hptsim.simulation.snapshots import OPERATIONS

JOBS = tuple(ScheduledTuningJob(TuningJobSpec(name, limits=ResourceLimits(1, 1))) for name in "ab")
ONE, TWO = Scenario(tuning_jobs=JOBS[:1]), Scenario(tuning_jobs=JOBS)
ALONE = {"alone": TrainingJobDefinition(keep_alive_s=60)}


def system(scenario=ONE, training_jobs=None, budget=None, stops=True, commands=None, **more):
    options = {"delayed_stop": False, "seed": 0, "tables": TABLES, "laws": LAWS, **more}
    return System(scenario, training_jobs or {}, budget or {}, stops=stops, commands=commands, **options)


def paths(system):
    """The moves that are made, and every state with the calls of a shortest way to it."""
    moves, seen, line = [], {system.key(system.root)}, [(system.root, ())]
    for state, calls_before in line:
        for move in system.moves(state):
            moves.append(move)
            following = system.take(state, move)
            if following is not None and (key := system.key(following)) not in seen:
                seen.add(key)
                line.append((following, (*calls_before, move.call)))
    return moves, [calls_before for _, calls_before in line]


def operations(act):
    """The service's operation behind an act, if there is one."""
    kind, what = act
    return operations(what) if kind in (*ANSWERS, "repeat") else {SERVICE_OPERATIONS.get(kind)}


_NAMED = {
    "stop_child": "stopping one training job of a tuning job",
    "delete": "deletion, and creation again",
    "update": "for how long a warm pool is kept",
    "repeat": "giving a command again",
}


def test_with_every_command_all_that_a_simulation_offers_is_tried():
    tuning, _ = paths(system(ONE, commands={"delete": 1}))
    training, _ = paths(system(Scenario(), ALONE, commands={"delete": 1, "update": 1}))
    unanswered, _ = paths(system(Scenario(), ALONE, {TIMEOUT: 1}))
    named = {name for move in (*tuning, *training, *unanswered) for name in re.findall(r"sim\.(\w+)\(", move.call)}
    assert named == set(OPERATIONS)


@pytest.mark.long
@pytest.mark.parametrize("alone", [{}, ALONE], ids=["tuning jobs", "training jobs"])
@pytest.mark.parametrize("stops", [True, False])
def test_every_operation_of_the_service_is_tried_or_named(alone, stops):
    scenario = Scenario() if alone else ONE
    for some in itertools.chain.from_iterable(itertools.combinations(COMMANDS, size) for size in range(3)):
        one = system(scenario, alone, stops=stops, commands=dict.fromkeys(some, 1))
        moves, _ = paths(one)
        tried = set().union(*(operations(move.act) for move in moves)) - {None}
        words = "\n".join(one.untried())
        named = {name for name in calls.OPERATIONS if re.search(rf"\b{name}\b", words)}
        assert tried | named == set(calls.OPERATIONS)
        kinds = {move.act[0] for move in moves}
        for command in set(COMMANDS) - set(some):
            assert kinds.isdisjoint(COMMANDS[command]) and _NAMED[command] in words


def test_every_fault_and_every_answer_is_named_with_how_often_it_is_left_out():
    for kind in (*FAULTS, *ANSWERS):
        never = "\n".join(untried(system().callers, {}, True))
        assert re.search(rf"the (faults|answers) .*\b{kind}\b", never)
        for often, words in ((1, "once"), (3, "3 times")):
            bounded = untried(system().callers, {kind: often}, True)
            assert f"{kind} more than {words}" in bounded
            assert not any(re.search(rf"the (faults|answers) .*\b{kind}\b", line) for line in bounded)


def test_orders_and_how_often_a_command_is_given_are_named():
    order = "creation in another order than the one in which the jobs are listed"
    assert order in system(TWO).untried() and order not in system(ONE).untried()
    assert order not in system(TWO, any_order=True).untried()
    one_by_one = "the stop of a tuning job that reaches its training jobs one after the other"
    assert one_by_one in system().untried() and one_by_one not in system(delayed_stop=True).untried()
    deleted = [line for line in system(commands={"delete": 2}).untried() if "deletion" in line]
    assert deleted == [
        "deletion, and creation again under the same name: more than 2 times in all, or a name twice",
    ]


def test_an_exploration_says_it():
    found = explore(ONE, commands={"repeat": 1})
    assert found.untried == system(commands={"repeat": 1}).untried()
    assert "Not tried:\n- " in found.sentence() and f"- {found.untried[-1]}" in found.left_out()


# ---------------------------------------------------------------------- reads that lag


class ByHand(EveryOutcome):
    """What may happen does so only by hand, while seconds go by."""

    def delay(self, world, job, trigger):
        return 0.0 if trigger == "stop_propagation" else 1e6

    def next(self, world, job):
        return [(trigger, 1e6) for trigger, _ in super().next(world, job)]


def answers(sim):
    """What a caller reads now of all that may lag."""
    service, said = Service.of(sim), {}
    asked = [("ListTrainingJobs", {}), ("ListHyperParameterTuningJobs", {})]
    asked += [("ListTrainingJobsForHyperParameterTuningJob", {"HyperParameterTuningJobName": "a"})]
    asked += [("DescribeTrainingJob", {"TrainingJobName": name}) for name in sim.training_jobs]
    for operation, request in asked:
        try:
            said[operation, *request.values()] = service.call(operation, request)
        except ServiceError as error:
            said[operation, *request.values()] = error.code
    return said


def reads(path, scenario, lag_s=None):
    """A path of the explorer with a second after each call, and what is read after each (or with a lag, only at the end)."""
    scenario = attrs.evolve(scenario, assumptions=attrs.evolve(scenario.assumptions, read_lag_s=lag_s))
    sim = Simulation(attrs.evolve(scenario, tuning_jobs=()), cloud=ByHand())
    said = [answers(sim)] if lag_s is None else []
    for call in path:
        sim.run(until=sim.now + 1)
        exec(call, {"sim": sim, "scenario": scenario, "hptsim": hptsim})
        if lag_s is None:
            state, entries = sim._runner.world.freeze(), len(sim.journal)
            said.append(answers(sim))
            assert sim._runner.world.freeze() == state and len(sim.journal) == entries, "a read changes nothing"
    return said or [answers(sim)]


def test_a_read_changes_nothing_and_one_that_lags_answers_with_a_state_before_on_the_same_path():
    """All pairs: every state of a scope, and each of those on the way to it."""
    pairs = 0
    _, ways = paths(system(ONE))
    for way in ways:
        told = reads(way, ONE)
        for back in range(len(way) + 1):
            (lagged,) = reads(way, ONE, lag_s=float(back))
            earlier = told[len(way) - back]
            for question, said in lagged.items():
                assert said == expected(question, earlier, told[-1])
            pairs += 1
    assert pairs == sum(len(way) + 1 for way in ways) > 100


def expected(question, earlier, now):
    """What was read then; of a job that was not there yet: its list is empty, and it cannot be described."""
    if question in earlier and isinstance(earlier[question], dict):
        return earlier[question]
    if question[0] == "DescribeTrainingJob":
        return "ValidationException"
    return now[question] if isinstance(now[question], str) else {"TrainingJobSummaries": []}
