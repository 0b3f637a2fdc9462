"""Trainings whose length depends on their hyperparameters: in Python, in files, and in what a run does."""

import pytest
from extras import SCIPY, TOML, stats

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.ranges import ParameterRange
from hptsim.scenario.cloud import Timings
from hptsim.scenario.configured_durations import Linear, Table
from hptsim.scenario.durations import Exponential, Uniform

SPEC = TuningJobSpec(
    "t",
    (TrainingJobDefinition(static={"epochs": "3"}),),
    ResourceLimits(40, 10),
    ranges=(ParameterRange("depth", "Categorical", values=("4", "8")), ParameterRange("rate", "Continuous", 0.0, 1.0)),
)


def trained(training_s):
    sim = Simulation(Scenario(timings=Timings(training_s=training_s)))
    sim.create_tuning_job(SPEC)
    sim.run()
    jobs = [sim.training_job(name) for name in sim.tuning_job("t").training_jobs]
    assert len(jobs) == 40
    return [(job.hyperparameters, job.ended_s - job.started_s) for job in jobs]


def test_a_table_gives_each_value_its_duration():
    found = {(known["depth"], round(length, 6)) for known, length in trained(Table("depth", {"4": 100, "8": 300}))}
    assert found == {("4", 100), ("8", 300)}


def test_a_line_counts_static_hyperparameters_and_proposed_ones():
    assert {round(length, 6) for _, length in trained(Linear("epochs", 60, fixed_s=30))} == {210}
    assert all(length == pytest.approx(50 * float(known["rate"])) for known, length in trained(Linear("rate", 50)))


def test_a_function_may_give_a_distribution():
    found = trained(lambda known: Uniform(100 * int(known["depth"]), 110 * int(known["depth"])))
    assert all(100 * int(known["depth"]) <= length <= 110 * int(known["depth"]) for known, length in found)
    assert len({length for _, length in found}) > 10


@SCIPY
def test_a_stretched_distribution_is_stretched():
    scaled = Linear("epochs", Exponential(60), fixed_s=30)({"epochs": "10"})
    assert scaled.mean() == 630 and scaled.ppf(0.5) == pytest.approx(30 + 10 * Exponential(60).ppf(0.5))
    assert Linear("epochs", stats.gamma(2, scale=5))({"epochs": "3"}).mean() == pytest.approx(30)


@pytest.mark.parametrize("ending", [pytest.param("toml", marks=TOML), "json"])
@pytest.mark.parametrize(
    "rule",
    [Linear("epochs", Exponential(60), 30), Linear("epochs", 5), Table("depth", {"4": 1, "8": Uniform(1, 2)}, 9)],
    ids=["random", "fixed", "table"],
)
def test_files_hold_them(tmp_path, rule, ending):
    scenario = Scenario(timings=Timings(training_s=rule))
    scenario.dump(tmp_path / f"x.{ending}")
    assert Scenario.load(tmp_path / f"x.{ending}") == scenario


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: trained(Linear("epoch", 1)), "training_s.linear: got 'epoch', .*did you mean 'epochs'"),
        (lambda: trained(Table("depth", {"4": 100})), "training_s.table: depth: got '8', .*other_s"),
        (lambda: Linear("epochs", 1)({"epochs": "many"}), "linear: epochs: got 'many', expected a number"),
        (lambda: trained(lambda known: -1), r"training_s \(of a function\): got -1"),
        (lambda: Linear("epochs", -1), "each_s: got -1"),
        (lambda: Table("depth", {}), "values_s: got {}"),
        (lambda: Table("depth", {"4": "x"}), "values_s.4: got 'x'"),
        (lambda: Timings(training_s=Linear), "training_s: got"),
        (lambda: Scenario(timings=Timings(training_s=len)).to_dict(), "duration: got .*one that a file can hold"),
    ],
)
def test_what_is_wrong_is_named(build, message):
    with pytest.raises(InvalidInput, match=message):
        build()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ linear = { hyperparameter = 'a' } }", "a value for each_s"),
        ("{ linear = { hyperparamter = 'a', each_s = 3 } }", "did you mean 'hyperparameter'"),
        ("{ liner = { hyperparameter = 'a', each_s = 3 } }", "did you mean 'linear'"),
        ("{ linear = { hyperparameter = 'a', each_s = { uniorm = {} } } }", "did you mean 'uniform'"),
        ("{ table = { hyperparameter = 'a', values_s = { x = -3 } } }", r"table\.values_s\.x: got -3"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path, text, message):
    path = tmp_path / "x.toml"
    path.write_text(f"[timings]\ntraining_s = {text}\n")
    with pytest.raises(InvalidInput, match=rf"x\.toml:2: timings\.training_s.*{message}"):
        Scenario.load(path)
