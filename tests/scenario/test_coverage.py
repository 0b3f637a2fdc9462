"""A duration or a curve that lacks a key is refused before anything runs; what only the run can show ends it by name."""

import json
import re

import attrs
import pytest
from extras import CLI, SCIPY

from hptsim import Scenario, Simulation, TuningJobSpec, explore, planning
from hptsim.cli.app import main
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.errors import InvalidInput, invalid
from hptsim.model.definitions import Objective, ResourceLimits, TrainingJobDefinition
from hptsim.model.ranges import ParameterRange
from hptsim.model.request_writer import to_request
from hptsim.scenario import Arrivals, Linear, ScheduledTuningJob, Script, Table, Tabulated, Timings

DEPTH = ParameterRange("depth", "Categorical", values=("4", "8"))
WHOLE = ParameterRange("depth", "Integer", 4, 6)
RATE = ParameterRange("depth", "Continuous", 0.5, 1)
TABLE = Table("depth", {"4": 100, "8": 200})
ENOUGH = ResourceLimits(2, 2)


def spec(name, *ranges, **static):
    return TuningJobSpec(name, (TrainingJobDefinition(static=static),), ENOUGH, ranges=ranges)


def scenario(rule, *specs, **changes):
    jobs = [ScheduledTuningJob(one, stop_at_s=50) for one in specs]
    return Scenario("trees", tuning_jobs=jobs, timings=Timings(training_s=rule), **changes)


def table_by(configuration):
    """A function of the user's own that knows two depths only."""
    return {"4": 100, "8": 200}[configuration["depth"]]


@pytest.mark.parametrize("laws", [True, False, "end"])
def test_a_missing_key_never_refuses_a_call(laws):
    """What is wrong in a scenario is not the service's answer: it ends the run, and nothing says refused."""
    one = scenario(table_by, spec("good", depth="4"), spec("bad", depth="6"), spec("later", depth="8"))
    sim = Simulation(one, laws=laws)
    with pytest.raises(InvalidInput) as ended:
        sim.run()
    assert re.match(
        r"scenario 'trees': training job bad-001-\w{8}: timings.training_s: got {'depth': '6'}", str(ended.value)
    )
    assert "it raised KeyError: '6'" in str(ended.value) and isinstance(ended.value.__cause__, KeyError)
    assert [entry for entry in sim.journal if entry.thing == "refused"] == []


@SCIPY
def test_planning_counts_no_mistake_as_refused():
    with pytest.raises(InvalidInput, match=r"scenario 'trees': training job bad-001"):
        planning.replicate(scenario(table_by, spec("good", depth="4"), spec("bad", depth="6")), 2, laws=False)


def test_stepping_and_commands_name_it_too():
    sim = Simulation(scenario(table_by))
    with pytest.raises(InvalidInput, match=r"scenario 'trees': training job alone: timings.training_s"):
        sim.create_training_job("alone", TrainingJobDefinition(static={"depth": "6"}))
    sim = Simulation(scenario(table_by, spec("bad", depth="6")))
    with pytest.raises(InvalidInput, match=r"scenario 'trees': training job bad-001"):
        while sim.step():
            pass


@pytest.mark.parametrize(
    ("rule", "one", "message"),
    [
        (TABLE, spec("a"), "tuning job 'a': timings.training_s.table: got 'depth'.*has no hyper"),
        (TABLE, spec("a", dept="4"), "did you mean 'dept'"),
        (TABLE, spec("a", depth="6"), r"timings.training_s.table: depth: got '6', expected one of the table's values"),
        (TABLE, spec("a", ParameterRange("depth", "Categorical", values=("4", "6"))), "depth: got '6'"),
        (TABLE, spec("a", WHOLE), "any other value.*add other_s"),
        (TABLE, spec("a", RATE), "any other value.*add other_s"),
        (Linear("epochs", 1), spec("a", DEPTH), "linear: got 'epochs'"),
        (Linear("depth", 1), spec("a", ParameterRange("depth", "Integer", -1, 6)), "depth: got -1"),
        (Linear("depth", 1), spec("a", depth="deep"), "depth: got 'deep'"),
        (Linear("depth", 1), spec("a", ParameterRange("depth", "Categorical", values=("4", "x"))), "depth: got 'x'"),
    ],
)
def test_what_a_table_does_not_cover_is_refused_before_anything_runs(rule, one, message):
    with pytest.raises(InvalidInput, match=message):
        scenario(rule, one)
    with pytest.raises(InvalidInput, match=message):
        Scenario(arrivals=[Arrivals(one, 60, 3)], timings=Timings(training_s=rule))
    sim = Simulation(scenario(rule))
    with pytest.raises(InvalidInput, match=message):
        sim.create_tuning_job(one)
    assert sim.tuning_jobs == [] and len(sim.journal) == 0


@pytest.mark.parametrize(
    ("rule", "one"),
    [
        (TABLE, spec("a", DEPTH)),
        (TABLE, spec("a", depth="8")),
        (attrs.evolve(TABLE, other_s=9), spec("a", RATE)),
        (Table("depth", {"4": 1, "5": 2, "6": 3}), spec("a", WHOLE)),
        (Linear("depth", 1), spec("a", WHOLE)),
        (Linear("depth", 1), spec("a", RATE)),
    ],
)
def test_what_a_table_covers_runs(rule, one):
    sim = Simulation(scenario(rule, one))
    sim.run()
    assert sim.tuning_job("a").status in ("Completed", "Stopped")


def test_a_training_job_without_a_tuning_job_is_checked_too():
    sim = Simulation(scenario(TABLE))
    with pytest.raises(InvalidInput, match="depth: got '6'"):
        sim.create_training_job("alone", TrainingJobDefinition(static={"depth": "6"}))
    assert len(sim.journal) == 0 and sim.create_training_job("alone", TrainingJobDefinition(static={"depth": "4"}))


def test_epochs_that_say_the_time_need_no_table():
    assert scenario(TABLE, spec("a"), script=Script(epoch_s=3)).script.epoch_s == 3


CURVE = Tabulated([({"depth": "4"}, [0.5]), ({"depth": "8"}, [0.4])])


def test_a_table_of_curves_covers_what_is_drawn():
    assert scenario(100, spec("a", DEPTH), script=Script(curve=CURVE))
    for one in (spec("a", depth="6"), spec("a"), spec("a", WHOLE)):
        with pytest.raises(InvalidInput, match=r"tuning job 'a': script.curve.tabulated: got {'depth': .*add a run"):
            scenario(100, one, script=Script(curve=CURVE))
    anything = Tabulated([({"depth": "4"}, [0.5]), ({}, [0.9])])
    assert scenario(100, spec("a", RATE), script=Script(curve=anything))


def nonsense(configuration, epoch):
    return "low"


def test_a_curve_that_returns_nonsense_ends_the_run():
    one = scenario(100, spec("a", DEPTH), script=Script(curve=nonsense))
    with pytest.raises(InvalidInput, match=r"scenario 'trees': training job a-001-\w+: script.curve: .*ValueError"):
        Simulation(attrs.evolve(one, tuning_jobs=[ScheduledTuningJob(spec("a", DEPTH))])).run()


def test_a_curve_sees_static_hyperparameters_too():
    one = Simulation(
        attrs.evolve(scenario(100, script=Script(curve=CURVE)), tuning_jobs=[ScheduledTuningJob(spec("a", depth="8"))])
    )
    one.run()
    assert {one.training_job(name).objective for name in one.tuning_job("a").training_jobs} == {0.4}


def test_the_explorer_swallows_no_mistake_either(monkeypatch):
    def begin(self, world, job):
        raise invalid(f"training job {job.name}: hyperparameters", None, "some")

    monkeypatch.setattr(EveryOutcome, "begin", begin)
    with pytest.raises(InvalidInput, match=r"training job a-001-\w+: hyperparameters"):
        explore(scenario(100, spec("a", DEPTH)))


class Backwards:
    """A distribution that is fine at its ends and draws a negative time in between."""

    def ppf(self, q):
        return 1.0 if q in (0.0, 1 - 2.0**-32) else -1.0

    def mean(self):
        return 1.0


@pytest.mark.parametrize("key", ["starting_s", "launch_s"])
def test_a_distribution_that_draws_a_negative_time_is_not_blamed_on_the_twin(key):
    one = attrs.evolve(spec("a"), limits=ResourceLimits(2, 1))
    sim = Simulation(Scenario("trees", tuning_jobs=[ScheduledTuningJob(one)], timings=Timings(**{key: Backwards()})))
    with pytest.raises(InvalidInput, match=rf"scenario 'trees': t.* job a.*: {key.removesuffix('_s')}: .*it drew -1.0"):
        sim.run()


@CLI
def test_the_command_line_says_it_and_runs_nothing(tmp_path, capsys):
    (tmp_path / "a.json").write_text(json.dumps(to_request(spec("a", depth="6"))))
    path = tmp_path / "x.toml"
    path.write_text(
        "[timings]\ntraining_s = {table = {hyperparameter = 'depth', values_s = {'4' = 9}}}\n"
        "[[tuning_jobs]]\nrequest = 'a.json'\n"
    )
    assert main(["run", str(path)]) == 2
    captured = capsys.readouterr()
    assert "x.toml:2: tuning job 'a': timings.training_s.table: depth: got '6'" in captured.err
    assert captured.out == ""


def test_an_objective_stays_what_it_was():
    """A curve may still say that there is no objective: NaN is no nonsense."""
    one = spec("a", DEPTH)
    silent = scenario(
        100, attrs.evolve(one, objective=Objective("loss")), script=Script(curve=lambda known, epoch: float("nan"))
    )
    sim = Simulation(silent)
    sim.run()
    assert sim.tuning_job("a").status == "Stopped"
