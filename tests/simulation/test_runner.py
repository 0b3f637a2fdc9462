"""The runner: every command of the scenario is a step, also one that is refused, and what is not used any more is freed."""

import gc
import weakref

import pytest

from hptsim import Journal, Scenario, Simulation, TuningJobSpec
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.cloud.sampled import SampledCloud
from hptsim.errors import InvalidInput, LawBroken
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.model.laws import EVENTUALLY, REST, Law
from hptsim.model.machine import TABLES
from hptsim.scenario.cloud import Recorded, Timings
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.simulation.judge import Judge
from hptsim.simulation.runner import Runner
from hptsim.strategies.search import Searches
from hptsim.world.rules import rules
from hptsim.world.world import World


def runner(scenario):
    cloud = SampledCloud(0).for_scenario(scenario, 0)
    world = World(scenario.account, cloud, Searches(uniforms, 0, "parzen"), rules(TABLES))
    journal = Journal()
    return Runner(scenario, world, journal, Judge(True, scenario, 0, journal, cloud))


def test_a_refused_command_of_the_scenario_is_a_step_and_an_entry():
    twice = tuple(ScheduledTuningJob(TuningJobSpec("same"), at_s) for at_s in (0.0, 10.0))
    one = runner(Scenario(tuning_jobs=twice, timings="instant"))
    one.run(5.0)
    before = one.world.step
    one.run(10.0)
    (entry,) = [entry for entry in one.journal if entry.trigger == "create" and entry.thing == "refused"]
    assert (entry.time_s, entry.name, entry.step) == (10.0, "same", before + 1)
    assert one.world.step == before + 1


def test_it_runs_to_a_time_or_until_nothing_is_left():
    one = runner(Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("one"), 7.0),)))
    one.run(5.0)
    assert (one.env.now, one.world.now, len(one.journal)) == (5.0, 5.0, 0)
    one.run(None)
    assert one.world.tuning["one"].ended_s == one.env.now > 7.0 and not one.world.armed


@pytest.mark.parametrize("laws", [True, False])
def test_a_simulation_that_is_not_used_any_more_is_freed_at_once(laws):
    gc.disable()
    try:
        sim = Simulation(laws=laws)
        sim.create_tuning_job(TuningJobSpec("one"))
        sim.run(until=100)
        env, freed = sim.env, [weakref.ref(part) for part in (sim, sim._runner, sim.journal)]
        del sim
        assert [part() for part in freed] == [None, None, None], env
    finally:
        gc.enable()


def cannot(spec):
    """What makes a strategy that can neither be asked nor told."""
    return object()


def test_what_a_scheduled_job_does_wrong_names_its_scenario_once():
    entry = ScheduledTuningJob(TuningJobSpec("mine", strategy=cannot))
    with pytest.raises(InvalidInput) as found:
        Simulation(Scenario("trees", tuning_jobs=(entry,))).run()
    assert str(found.value).count("scenario 'trees'") == 1


@pytest.mark.parametrize(("discipline", "first"), [("fifo", "large"), ("backfill", "small")])
def test_of_ends_at_one_instant_each_is_granted_before_the_next(discipline, first):
    """Assumption `ends-one-by-one`: after the first end one instance is free, which is enough for the small one only."""
    runs = {
        "a": (0, 1, 100.0),
        "b": (0, 1, 100.0),
        "large": (10, 2, 50.0),
        "small": (20, 1, 50.0),
        "new": (100, 1, 50.0),
    }
    jobs = [
        ScheduledTuningJob(
            TuningJobSpec(name, (TrainingJobDefinition(instances=InstanceRequest("ml.m5.xlarge", count)),)),
            at_s,
            recorded=(Recorded(run_s),),
        )
        for name, (at_s, count, run_s) in runs.items()
    ]
    assumptions = Assumptions(admission="queue", discipline=discipline)
    sim = Simulation(
        Scenario(capacity={"ml.m5.xlarge": 2}, tuning_jobs=jobs, timings=Timings.instant(), assumptions=assumptions)
    )
    sim.run(100)
    started = {name for name in ("large", "small", "new") if sim.tuning_job(name).training_jobs}
    assert started == ({"large"} if discipline == "fifo" else {"small", "new"})
    assert first in started


def test_a_tuning_jobs_time_limit_that_is_fired_takes_no_fault_from_the_budget():
    sim = Simulation(cloud=EveryOutcome(budget={"max_runtime": 1}))
    sim.create_tuning_job(TuningJobSpec("a", limits=ResourceLimits(1, 1, 500.0)))
    sim.fire("a", "max_runtime")
    sim.create_training_job("mine")
    sim.fire("mine", "ready"), sim.fire("mine", "downloaded")
    assert ("mine", "max_runtime") in sim.possible
    sim.fire("mine", "max_runtime")
    assert sim.training_job("mine").secondary_status == "Stopping"
    sim.create_training_job("other")
    sim.fire("other", "ready"), sim.fire("other", "downloaded")
    assert ("other", "max_runtime") not in sim.possible, "a training job's takes it"


def test_the_end_is_judged_where_only_faults_may_still_strike():
    idle = Law("nobody trains at the end", EVENTUALLY, "", "", lambda state, _: "somebody does", (REST,))
    sim = Simulation(cloud=EveryOutcome(budget={"client_error": 1}), laws=[idle])
    sim.create_training_job("mine")
    sim.run()  # it may get ready, so this is no end
    never = type("Never", (EveryOutcome,), {"possible": lambda self, job, trigger: trigger == "client_error"})
    sim = Simulation(cloud=never(budget={"client_error": 1}), laws=[idle])
    sim.create_training_job("mine")
    assert sim.armed == [("mine", "client_error")]
    with pytest.raises(LawBroken, match="somebody does"):
        sim.run()
