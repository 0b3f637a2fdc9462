"""Whether everything comes to rest: endless loops in small graphs, and bugs that only the laws of endings find."""

from importlib import import_module

import attrs
import pytest

import hptsim.cloud  # counterexamples name it
from hptsim import LAWS, explore
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.explorer.endings import Graph
from hptsim.model.account import TUNING_JOBS
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.model.laws import ALWAYS
from hptsim.model.machine import Tables
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.world import controller

PLAIN = TrainingJobDefinition()
M5, GPU = "ml.m5.xlarge", "ml.g5.xlarge"
SAFETY = tuple(law for law in LAWS if law.kind == ALWAYS)


def graph(*steps):
    found = Graph()
    for state in steps:
        found.add(state)
    return found


@pytest.mark.parametrize(
    ("steps", "loop"),
    [
        pytest.param(([(1, 1)], [(2, 2), (3, 2)], []), None, id="no loop"),
        pytest.param(([(1, 1)], [(2, 2), (2, 7)]), None, id="what is unknown is taken for good"),
        pytest.param(([(1, 1)], [(2, 1)]), (1, (2,), False), id="one step again and again"),
        pytest.param(([(1, 1)], [(2, 1), (3, 2)], []), None, id="what stays armed happens at some time"),
        pytest.param(
            ([(1, 1)], [(2, 2), (9, 3)], [(3, 1)], []), (1, (2, 3), True), id="what is armed only now and then"
        ),
        pytest.param(([(1, 1), (9, 2)], [(2, 0), (9, 2)], []), None, id="armed throughout, and every way out is taken"),
        pytest.param(([(1, 0), (2, 1)], [(1, 0)]), (0, (1, 2, 1), False), id="all that stays armed is in the loop"),
        pytest.param(([(1, 1), (2, 2)], [(3, 1)], [(4, 2)]), (1, (3,), False), id="the loop that is found first"),
    ],
)
def test_a_loop_is_found_where_a_fair_run_can_stay(steps, loop):
    found = graph(*steps).endless()
    if loop is None:
        assert found is None
    else:
        start, labels, escapable = loop
        assert (found.start, found.escapable) == (start, escapable)
        assert found.labels == labels or (set(found.labels) == set(labels) and len(found.labels) <= len(labels))


def tuning_job(name, total=1, definitions=(PLAIN,)):
    return ScheduledTuningJob(TuningJobSpec(name, definitions, ResourceLimits(total, total)))


def scenario(*tuning_jobs, capacity=2, **quota):
    limits = {M5: capacity, GPU: capacity} | quota
    return Scenario(capacity=limits, tuning_jobs=tuning_jobs, assumptions=Assumptions(admission="queue"))


def never(patch, trigger, when=lambda job: True):
    """A cloud in which *trigger* is not armed."""
    possible = EveryOutcome.possible

    def wrong(self, job, other):
        return possible(self, job, other) and (other != trigger or not when(job))

    patch.setattr(EveryOutcome, "possible", wrong)
    return Tables.of()


def deciding(patch, **decisions):
    """The true tables, with other decisions of the controller."""
    wrong = {("tuning", trigger): decision for trigger, decision in decisions.items()}
    patch.setattr(import_module("hptsim.world.rules"), "DECISIONS", {**controller.DECISIONS, **wrong})
    return Tables.of()


def again(world, job):
    """A launch that arms itself again, and never launches."""
    world.arm_tuning(job, "launch", 0.0)


def until_there_is_quota(world, job):
    """A launch that asks again and again for what it wants, and does not wait in the queue."""
    amounts = job.needs[job.asked % len(job.needs)]
    if world.ledger.fits(amounts) or world.ledger.idle(job.name, amounts):
        controller.launch(world, job)
    else:
        world.arm_tuning(job, "launch", 0.0)


def after_you(world, job):
    """A launch that lets every other one pass."""
    if any(other.launching for other in world.tuning.values() if other is not job):
        world.arm_tuning(job, "launch", 0.0)
    else:
        controller.launch(world, job)


def launch_once_more(world, job):
    """The end is put off for one more launch."""
    if job.state == "InProgress":
        world.arm_tuning(job, "launch", 0.0)
    else:
        world.fire_tuning(job, "finish", None)


def finish_if_there_is_no_more(world, job):
    """... which finds nothing to launch, and arms the end."""
    if job.asked < job.spec.limits.max_training_jobs:
        controller.launch(world, job)
    else:
        world.arm_tuning(job, "finish", 0.0)


def lost_wake_up(patch):
    patient = TrainingJobDefinition(max_pending_s=8000.0)
    scope = scenario(tuning_job("a", 2, (patient,)))
    return scope, {"wait": 2, "max_pending": 1}, never(patch, "capacity")


def download_without_end(patch):
    return scenario(tuning_job("a")), {"client_error": 1}, never(patch, "downloaded")


def not_ready_a_second_time(patch):
    spot = TrainingJobDefinition(spot=True)
    return (
        scenario(tuning_job("a", 1, (spot,))),
        {"interrupt": 1, "client_error": 1},
        never(patch, "ready", lambda job: job.attempt > 1),
    )


def two_that_hold_and_want(patch):
    patch.setattr("hptsim.world.commands.first_amounts", lambda world, spec: {TUNING_JOBS: 1})
    one, other = TrainingJobDefinition(), TrainingJobDefinition(instances=InstanceRequest(GPU))
    jobs = tuning_job("a", 2, (one, other)), tuning_job("b", 2, (other, one))
    jobs = [attrs.evolve(job, spec=attrs.evolve(job.spec, limits=ResourceLimits(2, 1))) for job in jobs]
    return scenario(*jobs, capacity=1), {}, deciding(patch, launch=until_there_is_quota)


BUGS = {
    "a lost wake-up": lost_wake_up,
    "a launch that arms itself again": lambda patch: (scenario(tuning_job("a")), {}, deciding(patch, launch=again)),
    "a download without end": download_without_end,
    "an interrupted job that is never ready again": not_ready_a_second_time,
    "an end that is put off for ever": lambda patch: (
        scenario(tuning_job("a")),
        {},
        deciding(patch, finish=launch_once_more, launch=finish_if_there_is_no_more),
    ),
    "two that let each other pass": lambda patch: (
        scenario(tuning_job("a"), tuning_job("b")),
        {},
        deciding(patch, launch=after_you),
    ),
    "two that hold what the other wants": two_that_hold_and_want,
}
STUCK = {"a lost wake-up", "a download without end", "an interrupted job that is never ready again"}
"""Where nothing more happens by itself; in the others something happens for ever."""


@pytest.mark.parametrize("bug", BUGS)
@pytest.mark.parametrize("stops", [False, True], ids=["", "stops"])
def test_only_the_laws_of_endings_find_a_bug_by_which_nothing_wrong_happens(bug, stops, monkeypatch):
    scope, faults, tables = BUGS[bug](monkeypatch)
    tame = explore(scope, faults=faults, tables=tables, stops=stops, laws=SAFETY)
    assert tame.complete and tame.counterexample is None, str(tame.counterexample)
    found = explore(scope, faults=faults, tables=tables, stops=stops).counterexample
    assert found is not None
    assert found.law == ("every job ends" if bug in STUCK else "nothing goes on for ever")
    assert bool(found.loop) is (bug not in STUCK) and not any("stop_" in call for call in found.calls)


@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug not in STUCK])
def test_a_loop_is_told_as_calls_that_lead_into_it_and_round(bug, monkeypatch):
    scope, faults, tables = BUGS[bug](monkeypatch)
    found = explore(scope, faults=faults, tables=tables).counterexample
    names = {"attrs": attrs, "hptsim": hptsim, "scenario": scope, "tables": tables}
    exec("\n".join(call.replace("cloud=", "tables=tables, cloud=") for call in found.calls), names)
    world = names["sim"]._runner.world
    before = world.freeze()
    for call in found.loop:
        exec(call, names)
    assert world.freeze() == before, "the loop leads back to where it began"
    assert str(found).endswith("\n".join(["and then again and again:", *(f"    {call}" for call in found.loop)]))


def test_one_that_asks_again_and_again_while_another_works_is_no_endless_loop(monkeypatch):
    scope = scenario(tuning_job("a"), tuning_job("b"), capacity=1)
    found = explore(scope, tables=deciding(monkeypatch, launch=until_there_is_quota))
    assert found.complete and found.counterexample is None, str(found.counterexample)


def test_the_endless_loop_is_a_law_that_may_be_left_out(monkeypatch):
    without_it = [law for law in LAWS if law.name != "nothing goes on for ever"]
    tables = deciding(monkeypatch, launch=again)
    assert explore(scenario(tuning_job("a")), tables=tables, laws=without_it).counterexample is None


def test_a_fault_that_may_strike_is_nothing_that_has_to_happen():
    calm = explore(scenario(tuning_job("a")), stops=False)
    faulty = explore(scenario(tuning_job("a")), faults={"client_error": 1}, stops=False)
    assert calm.counterexample is faulty.counterexample is None
    assert faulty.resting > calm.resting > 1, "before the tuning job is created, and after its end"


def test_the_time_limit_of_a_tuning_job_is_no_fault_of_a_training_job():
    spec = TuningJobSpec("a", (TrainingJobDefinition(),), ResourceLimits(1, 1, 500.0))
    scope = scenario(ScheduledTuningJob(spec))
    free = explore(scope, stops=False)
    spent = explore(scope, stops=False, faults={"max_runtime": 0})
    assert spent.states == free.states > explore(scenario(tuning_job("a")), stops=False).states
