"""What a cloud does not say itself is the scenario's and the simulation's."""

import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cloud import EveryOutcome, SampledCloud, ScriptedCloud
from hptsim.errors import InvalidInput
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.scenario import Exponential, Faults, Recorded, ScheduledTuningJob, Script, Timings


def scenario(**changes):
    entry = {name: changes.pop(name) for name in ("faults", "recorded") if name in changes}
    spec = TuningJobSpec("a", limits=ResourceLimits(2, 2))
    return Scenario(
        tuning_jobs=(ScheduledTuningJob(spec, **entry),), **{"timings": Timings(training_s=1000), **changes}
    )


def ends(one, cloud, seed=0):
    sim = Simulation(one, seed=seed, cloud=cloud)
    sim.run()
    return [sim.training_job(name).ended_s for name in sim.tuning_job("a").training_jobs]


def test_a_plan_leaves_the_scenarios_times_alone():
    plan = {("a", 1): (("ready", 5.0),)}
    assert ends(scenario(), ScriptedCloud(plan=plan)) == [1005.0, 1000.0]


def test_what_the_cloud_says_itself_wins():
    assert ends(scenario(), ScriptedCloud(timings=Timings(training_s=7))) == [7.0, 7.0]
    recorded = (Recorded(training_s=3),)
    assert ends(scenario(recorded=recorded), SampledCloud(timings=Timings(training_s=7))) == [7.0, 7.0]
    assert ends(scenario(recorded=recorded), ScriptedCloud()) == [3.0, 1000.0]


def test_the_scenarios_faults_happen():
    def failures(one, cloud):
        sim = Simulation(one, cloud=cloud)
        sim.run()
        return sim.tuning_job("a").counters["NonRetryableError"]

    always = Faults(algorithm_error=1.0)
    assert failures(scenario(faults=always), ScriptedCloud()) == 2
    shared = Scenario(tuning_jobs=scenario().tuning_jobs, faults=always)
    assert failures(shared, ScriptedCloud()) == 2
    assert failures(shared, ScriptedCloud(faults=Faults())) == 0
    assert failures(scenario(faults=always), ScriptedCloud(faults=Faults())) == 0


def test_the_scenarios_script_gets_sigterm():
    spec = TuningJobSpec("a")
    one = Scenario(tuning_jobs=(ScheduledTuningJob(spec, 0.0, 50.0),), script=Script("ignore"), timings="instant")
    assert ends(one, ScriptedCloud()) == [170.0] and ends(one, ScriptedCloud(script=Script("exit"))) == [50.0]


def test_the_seed_is_the_simulations():
    one = scenario(timings=Timings(training_s=Exponential(100.0)))
    assert ends(one, SampledCloud(), 1) == ends(one, None, 1) != ends(one, SampledCloud(), 2)
    assert ends(one, SampledCloud(seed=5), 1) != ends(one, SampledCloud(), 1)


def test_a_cloud_can_be_used_again_for_another_scenario():
    cloud = ScriptedCloud(plan={})
    assert ends(scenario(), cloud) == [1000.0, 1000.0]
    assert ends(scenario(timings=Timings(training_s=5)), cloud) == [5.0, 5.0]
    assert cloud.timings is None


def test_every_outcome_has_the_scenarios_epochs():
    sim = Simulation(Scenario(script=Script(epochs=1)), cloud=EveryOutcome())
    sim.create_tuning_job(TuningJobSpec("a", early_stopping=True))
    for trigger in ("launch", "ready", "downloaded", "epoch"):
        sim.fire(next(name for name, one in sim.possible if one == trigger), trigger)
    assert "epoch" not in [trigger for _, trigger in sim.possible]


def test_nature_is_the_old_name_of_cloud():
    with pytest.deprecated_call(match="cloud="):
        sim = Simulation(scenario(), nature=ScriptedCloud(timings=Timings(training_s=7)))
    sim.run()
    assert sim.now == 7.0
    with pytest.raises(InvalidInput, match="nature is the old name of cloud"):
        Simulation(cloud=ScriptedCloud(), nature=ScriptedCloud())


def test_a_planned_error_leaves_less_of_max_runtime():
    definition = TrainingJobDefinition(max_runtime_s=30, max_retries=1)
    scenario = Scenario(
        tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a", (definition,))),), timings=Timings(training_s=100)
    )
    plan = {("a", 1): (("ready", 0.0), ("downloaded", 0.0), ("internal_error", 10.0))}
    sim = Simulation(scenario, cloud=ScriptedCloud(plan=plan))
    sim.run()
    assert [record.time_s for record in sim.journal if record.trigger == "max_runtime"] == [30.0]
