"""Autotune: what the service chooses acts, is shown, and leaves what the request says alone."""

import pytest
from examples import config, definition, request, simulation
from extras import BOTO

from hptsim import TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.autotune import autotuned, ranges_from_hints
from hptsim.model.definitions import CompletionCriteria
from hptsim.model.journal import Journal, read
from hptsim.service.service import Service

ENABLED = {"Mode": "Enabled"}


def bare(hints, **changes):
    """A request that leaves out all that may be left out."""
    plain = request(definition_changes={"RetryStrategy": None}, Autotune=ENABLED)
    plain["HyperParameterTuningJobConfig"] = {
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
        "ParameterRanges": {"AutoParameters": [{"Name": name, "ValueHint": hint} for name, hint in hints.items()]},
        **changes,
    }
    del plain["TrainingJobDefinition"]["RetryStrategy"]
    return plain


@pytest.mark.parametrize(
    ("hint", "kind", "expected"),
    [
        ("0.01", "Continuous", ("0.001", "0.1", "Logarithmic")),
        ("0.5", "Continuous", ("0.05", "1", "Logarithmic")),
        ("2.5", "Continuous", ("0.25", "25", "Logarithmic")),
        ("0.0", "Continuous", ("0", "1", "Linear")),
        ("-2.5", "Continuous", ("-25", "-0.25", "Linear")),
        ("32", "Integer", ("3", "320", "Logarithmic")),
        ("1", "Integer", ("1", "10", "Logarithmic")),
        ("0", "Integer", ("0", "1", "Linear")),
        ("-3", "Integer", ("-30", "0", "Linear")),
    ],
)
def test_a_number_gets_a_decade_to_each_side(hint, kind, expected):
    [one] = ranges_from_hints({"AutoParameters": [{"Name": "x", "ValueHint": hint}]})[f"{kind}ParameterRanges"]
    assert (one["MinValue"], one["MaxValue"], one["ScalingType"]) == expected
    [span] = TuningJobSpec.from_request(bare({"x": hint})).ranges
    assert span.holds(hint) and span.kind == kind


@pytest.mark.parametrize(
    ("hint", "values"), [("true", ["true", "false"]), ("False", ["False", "True"]), ("adam", ["adam"])]
)
def test_a_text_gets_what_it_can_mean(hint, values):
    ranges = ranges_from_hints({"AutoParameters": [{"Name": "x", "ValueHint": hint}]})
    assert ranges["CategoricalParameterRanges"] == [{"Name": "x", "Values": values}]


def test_everything_that_is_left_out_is_chosen():
    spec = TuningJobSpec.from_request(bare({"rate": "0.01", "depth": "4"}))
    assert spec.strategy == "Bayesian" and spec.early_stopping and spec.criteria == CompletionCriteria(convergence=True)
    assert (spec.limits.max_training_jobs, spec.limits.max_parallel) == (20, 1)
    assert spec.definitions[0].max_retries == 3 and [one.name for one in spec.ranges] == ["depth", "rate"]


def test_what_the_request_says_stands():
    plain = request(
        total=7,
        parallel=2,
        Autotune=ENABLED,
        config_changes={
            "TrainingJobEarlyStoppingType": "Off",
            "TuningJobCompletionCriteria": {"ConvergenceDetected": {"CompleteOnConvergence": "Disabled"}},
        },
        definition_changes={"RetryStrategy": {"MaximumRetryAttempts": 1}},
    )
    spec = TuningJobSpec.from_request(plain)
    without = TuningJobSpec.from_request({name: value for name, value in plain.items() if name != "Autotune"})
    assert spec == without and spec.strategy == "Random"


def test_no_more_training_jobs_than_configurations_and_a_grid_is_its_own_number():
    assert TuningJobSpec.from_request(bare({"on": "true", "kind": "adam"})).limits.max_training_jobs == 2
    grid = bare({"on": "true", "off": "false"}, Strategy="Grid", TrainingJobEarlyStoppingType="Off")
    assert TuningJobSpec.from_request(grid).limits.max_training_jobs == 4


def test_hyperband_and_several_definitions_get_no_early_stopping():
    hyperband = {"StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": 9}}, "Strategy": "Hyperband"}
    assert not TuningJobSpec.from_request(bare({"x": "1.5"}, **hyperband)).early_stopping
    plain = request(Autotune=ENABLED)
    objective = {"Type": "Minimize", "MetricName": "loss"}
    hints = {"AutoParameters": [{"Name": "own", "ValueHint": "0.1"}]}
    plain["TrainingJobDefinitions"] = [
        definition(DefinitionName=name, TuningObjective=objective, HyperParameterRanges=hints) for name in "ab"
    ]
    del plain["TrainingJobDefinition"]
    spec = TuningJobSpec.from_request(plain)
    assert not spec.early_stopping and all(one.ranges[0].kind == "Continuous" for one in spec.definitions)


def test_another_mode_is_refused_and_without_it_nothing_changes():
    with pytest.raises(InvalidInput, match=r"Autotune: got .*'Off'"):
        autotuned({"Autotune": {"Mode": "Off"}})
    plain = request()
    assert autotuned(plain) is plain
    with pytest.raises(InvalidInput):
        TuningJobSpec.from_request({"Autotune": ENABLED, "HyperParameterTuningJobName": "x"})


@BOTO
def test_it_acts_is_described_and_reads_back_from_the_journal(tmp_path):
    sim = simulation()
    service = Service.of(sim)
    plain = request(Autotune=ENABLED)
    hint = {"AutoParameters": [{"Name": "rate", "ValueHint": "0.01"}]}
    limits = {"MaxParallelTrainingJobs": 2}
    plain["HyperParameterTuningJobConfig"] = config(ParameterRanges=hint, ResourceLimits=limits)
    service.call("CreateHyperParameterTuningJob", plain)
    sim.run()
    answer = service.call("DescribeHyperParameterTuningJob", {"HyperParameterTuningJobName": "demo"})
    shown = answer["HyperParameterTuningJobConfig"]
    assert answer["Autotune"] == ENABLED and shown["TrainingJobEarlyStoppingType"] == "Auto"
    assert shown["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 10, "MaxParallelTrainingJobs": 2}
    assert shown["ParameterRanges"]["AutoParameters"] == hint["AutoParameters"]
    assert answer["TrainingJobDefinition"]["RetryStrategy"] == {"MaximumRetryAttempts": 3}
    rates = {float(sim.training_job(name).hyperparameters["rate"]) for name in sim.tuning_job("demo").training_jobs}
    assert len(rates) > 1 and all(0.001 <= rate <= 0.1 for rate in rates)
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.open({"account": {"capacity": {}, "limits": {}, "assumptions": {}}})
    journal.entries.extend(sim.journal.entries)
    journal.close()
    [created] = [one for one in read(path).records if one.trigger == "create" and one.thing == "tuning"]
    assert created.data.spec == sim.tuning_job("demo").spec
