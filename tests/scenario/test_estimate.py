"""What would not end is not begun: it is refused with an estimate of the work, unless it is asked for."""

import attrs
import pytest
from extras import CLI, SCIPY

from hptsim import Scenario, Simulation, TuningJobSpec, planning
from hptsim.cli.app import main
from hptsim.cli.run import demo
from hptsim.errors import InvalidInput
from hptsim.model.definitions import Hyperband, ResourceLimits, TrainingJobDefinition
from hptsim.scenario import Arrivals, Exponential, Faults, Profile, ScheduledTuningJob, Script, Timings

SPEC = TuningJobSpec("a")
SPOT = TrainingJobDefinition(spot=True)
SAVING = TrainingJobDefinition(checkpoint_uri="s3://bucket/checkpoints")


def one(definition=None, total=1, **search):
    return [
        ScheduledTuningJob(
            TuningJobSpec("a", [definition or TrainingJobDefinition()], ResourceLimits(total, 1), **search)
        )
    ]


ENDLESS = {
    "arrivals": Scenario(arrivals=[Arrivals(SPEC, 1, count=10**7)]),
    "gaps": Scenario(arrivals=[Arrivals(SPEC, 1e-300, until_s=3600)]),
    "random gaps": Scenario(arrivals=[Arrivals(SPEC, Exponential(1e-300), until_s=3600)]),
    "batches": Scenario(arrivals=[Arrivals(SPEC, 3600, until_s=7200, batch=10**8)]),
    "a profile that hardly ever brings one": Scenario(arrivals=[Arrivals(SPEC, Profile([1e-300] * 24), count=1)]),
    "training jobs": Scenario(limits="none", tuning_jobs=one(total=10**12)),
    "epochs": Scenario(script=Script(epochs=10**9, log_epochs=True), tuning_jobs=one()),
    "epochs of a hyperparameter": Scenario(
        script=Script(log_epochs=True), tuning_jobs=one(TrainingJobDefinition(static={"epochs": "1000000000"}))
    ),
    "checkpoints": Scenario(timings=Timings(checkpoint_s=1e-300), tuning_jobs=one(SAVING)),
    "interruptions": Scenario(faults=Faults(spot_interruptions_per_hour=1e300), tuning_jobs=one(SPOT)),
    "interruptions that leave no time": Scenario(
        timings=Timings(training_s=86400), faults=Faults(spot_interruptions_per_hour=1e6), tuning_jobs=one(SPOT)
    ),
    "shortages": Scenario(faults=Faults(capacity_shortage=1, shortage_limit=10**9), tuning_jobs=one()),
    "retries": Scenario(faults=Faults(internal_error=1), tuning_jobs=one(TrainingJobDefinition(max_retries=10**9))),
}


@SCIPY
@pytest.mark.parametrize("scenario", ENDLESS.values(), ids=ENDLESS)
def test_no_replication_of_what_would_not_end_is_begun(scenario):
    with pytest.raises(InvalidInput, match="max_entries: got about"):
        planning.replicate(scenario, 2)


@pytest.mark.parametrize("scenario", ENDLESS.values(), ids=ENDLESS)
def test_what_would_not_end_is_refused_with_an_estimate(scenario):
    for begin in (Simulation, Scenario.with_arrivals):
        with pytest.raises(
            InvalidInput, match=r"max_entries: got about .* journal entries of .* expected at most 100,0"
        ):
            begin(scenario)


@pytest.mark.parametrize(
    "scenario",
    [
        demo(),
        Scenario(arrivals=[Arrivals(SPEC, 1e-300, count=10)]),
        Scenario(arrivals=[Arrivals(SPEC, 1e-300, until_s=3600, count=10)]),
        Scenario(script=Script(epochs=10**9), tuning_jobs=one()),
        Scenario(tuning_jobs=one(total=10**12)),
        Scenario(faults=Faults(spot_interruptions_per_hour=1e300), tuning_jobs=one()),
    ],
)
def test_what_ends_runs(scenario):
    sim = Simulation(scenario)
    sim.run()
    assert len(sim.journal) < 2000


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(arrivals=[Arrivals(SPEC, Exponential(60), until_s=36_000)], limits="none"),
        Scenario(tuning_jobs=one(total=50)),
        Scenario(tuning_jobs=one(total=50, strategy="Hyperband", hyperband=Hyperband(1, 9))),
        Scenario(tuning_jobs=one(SAVING, total=50), timings=Timings(training_s=3600)),
        Scenario(tuning_jobs=one(SPOT, total=50), faults=Faults(spot_interruptions_per_hour=20)),
        Scenario(
            tuning_jobs=one(TrainingJobDefinition(max_retries=9), total=50),
            faults=Faults(capacity_shortage=0.5, internal_error=0.5),
        ),
    ],
    ids=["arrivals", "plain", "epochs", "checkpoints", "interruptions", "shortages"],
)
def test_the_estimate_is_near_what_is_written(scenario):
    expected = scenario.estimate()
    sim = Simulation(scenario)
    sim.run()
    assert expected.entries / 2.5 < len(sim.journal) < 2.5 * expected.entries
    assert 0.8 * expected.tuning_jobs < len(sim.tuning_jobs) < 1.2 * expected.tuning_jobs


@CLI
def test_it_runs_when_it_is_asked_for(tmp_path, capsys):
    small = attrs.evolve(Scenario("small", tuning_jobs=one(total=3)), max_entries=10)
    path = tmp_path / "small.json"
    small.dump(path)
    assert Scenario.load(path) == small
    assert main(["run", str(path)]) == 2
    assert "max_entries: got about 42 journal entries of 3 training jobs in 1 tuning jobs" in capsys.readouterr().err
    assert main(["run", str(path), "--yes", "--json"]) == 0
    assert main(["plan", str(path), "--replications", "2", "--json"]) == 2
    assert main(["plan", str(path), "--replications", "2", "--json", "--yes"]) == 0
    sim = Simulation(attrs.evolve(small, max_entries=100))
    sim.run()
    assert 10 < len(sim.journal) < 100


def test_what_is_cut_off_by_its_end_may_be_large():
    large = {"tuning_jobs": one(total=10**8), "limits": "none", "timings": Timings(training_s=100)}
    with pytest.raises(InvalidInput, match="max_entries"):
        Simulation(Scenario(**large))
    cut_off = Scenario(**large, until_s=1000.0)
    assert cut_off.estimate().training_jobs <= 22
    sim = Simulation(cut_off)
    sim.run(until=cut_off.until_s)
    assert 1 < len(sim.training_jobs) <= 22
