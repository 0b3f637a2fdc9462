"""The service's own request: every member that the twin acts on is read, and every mistake has its path."""

import copy

import attrs
import pytest
from hypothesis import given

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.definitions import INPUT_MODES, WARM_STARTS, InstanceRequest, Objective
from hptsim.model.ranges import SCALINGS, ParameterRange
from hptsim.model.request_reader import STRATEGIES
from hptsim.model.request_structure import MEMBERS
from hptsim.model.request_writer import to_request
from hptsim.model.specs import BESIDE
from hptsim.scenario import ScheduledTuningJob
from hptsim.testing import specs

FULL = {
    "HyperParameterTuningJobName": "full",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "auc"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 9, "MaxParallelTrainingJobs": 3, "MaxRuntimeInSeconds": 7200},
        "ParameterRanges": {
            "IntegerParameterRanges": [{"Name": "depth", "MinValue": "2", "MaxValue": "9", "ScalingType": "Linear"}],
            "ContinuousParameterRanges": [
                {"Name": "eta", "MinValue": "0.01", "MaxValue": "0.3", "ScalingType": "Logarithmic"}
            ],
            "CategoricalParameterRanges": [{"Name": "optimizer", "Values": ["adam", "sgd"]}],
            "AutoParameters": [{"Name": "alpha", "ValueHint": "0.5"}],
        },
        "TrainingJobEarlyStoppingType": "Auto",
        "TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 0.9},
        "RandomSeed": 7,
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {"TrainingInputMode": "Pipe", "TrainingImage": "image:1"},
        "RoleArn": "arn:aws:iam::111122223333:role/role",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
        "ResourceConfig": {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30},
        "StoppingCondition": {
            "MaxRuntimeInSeconds": 3600,
            "MaxWaitTimeInSeconds": 7200,
            "MaxPendingTimeInSeconds": 8000,
        },
        "StaticHyperParameters": {"epochs": "10"},
        "EnableManagedSpotTraining": True,
        "CheckpointConfig": {"S3Uri": "s3://bucket/checkpoints"},
        "RetryStrategy": {"MaximumRetryAttempts": 4},
    },
    "WarmStartConfig": {
        "WarmStartType": "TransferLearning",
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "old"}],
    },
    "Tags": [{"Key": "team", "Value": "x"}],
}


def changed(path, value):
    """`FULL` with the member at *path* set to *value*, or taken out when that is `...`."""
    request = copy.deepcopy(FULL)
    *above, last = path.split(".")
    inner = request
    for name in above:
        inner = inner[int(name) if name.isdigit() else name]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return request


def test_every_member_that_the_twin_acts_on_is_read():
    spec = TuningJobSpec.from_request(FULL, priority=2)
    assert (spec.name, spec.strategy, spec.priority, spec.objective) == ("full", "Bayesian", 2, Objective("auc", True))
    assert (spec.limits.max_training_jobs, spec.limits.max_parallel, spec.limits.max_runtime_s) == (9, 3, 7200)
    assert spec.ranges == (
        ParameterRange("depth", "Integer", 2, 9, (), "Linear"),
        ParameterRange("eta", "Continuous", 0.01, 0.3, (), "Logarithmic"),
        ParameterRange("optimizer", "Categorical", values=("adam", "sgd")),
        ParameterRange("alpha", "Auto", values=("0.5",)),
    )
    (definition,) = spec.definitions
    assert definition.instances.amounts == {"ml.p3.2xlarge": 2}
    assert (definition.input_mode, definition.spot, definition.max_retries) == ("Pipe", True, 4)
    assert (definition.max_runtime_s, definition.max_wait_s, definition.max_pending_s) == (3600, 7200, 8000)
    assert (definition.output_path, definition.checkpoint_uri) == ("s3://bucket/out", "s3://bucket/checkpoints")
    assert definition.static == {"epochs": "10"}


def test_the_request_is_echoed_as_it_came():
    assert to_request(TuningJobSpec.from_request(FULL)) == FULL


@given(spec=specs())
def test_every_spec_written_as_a_request_reads_back_equal(spec):
    beside = {name: getattr(spec, name) for name in BESIDE}
    assert TuningJobSpec.from_request(to_request(spec), **beside) == spec


def test_several_definitions_and_several_instance_types():
    request = changed("TrainingJobDefinition", ...)
    del request["WarmStartConfig"], request["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"]
    definition = copy.deepcopy(FULL["TrainingJobDefinition"])
    del definition["ResourceConfig"]
    definition["HyperParameterTuningResourceConfig"] = {
        "InstanceConfigs": [
            {"InstanceType": "ml.m5.xlarge", "InstanceCount": 3},
            {"InstanceType": "ml.m5.2xlarge", "InstanceCount": 1},
        ]
    }
    definition |= {"DefinitionName": "first", "TuningObjective": {"Type": "Minimize", "MetricName": "loss"}}
    request["TrainingJobDefinitions"] = [definition, {**definition, "DefinitionName": "second"}]
    spec = TuningJobSpec.from_request(request)
    assert [one.name for one in spec.definitions] == ["first", "second"]
    assert spec.definitions[0].objective == Objective("loss", False)
    assert spec.definitions[1].instances.amounts == {"ml.m5.xlarge": 3}
    assert spec.definitions[1].alternatives == (InstanceRequest("ml.m5.2xlarge", 1),)


LIMITS, TARGET = "HyperParameterTuningJobConfig.ResourceLimits", {"TargetObjectiveMetricValue": 0.1}


def left_out(**config):
    """How many training jobs a request stands for that does not say so, and runs three in parallel."""
    request = changed(f"{LIMITS}.MaxNumberOfTrainingJobs", ...)
    request["HyperParameterTuningJobConfig"] |= {"TuningJobCompletionCriteria": {}, **config}
    return TuningJobSpec.from_request(request).limits.max_training_jobs


def test_a_total_that_is_left_out_is_the_most_there_may_be_where_something_else_ends_the_tuning_job():
    assert left_out() == 750, "it has MaxRuntimeInSeconds"
    parallel = {"MaxParallelTrainingJobs": 3}
    assert left_out(ResourceLimits=parallel) == 3, "nothing else would end it"
    for criterion in (
        TARGET,
        {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}},
        {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}},
    ):
        assert left_out(ResourceLimits=parallel, TuningJobCompletionCriteria=criterion) == 750
    few = {"CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b", "c", "d", "e"]}]}
    assert left_out(ParameterRanges=few) == 5, "there are no more combinations"
    assert left_out(ParameterRanges=few, Strategy="Grid") == 5


def deep(levels):
    """A list in a list in a list."""
    value = []
    for _ in range(levels):
        value = [value]
    return value


CONFIG, DEFINITION = "HyperParameterTuningJobConfig", "TrainingJobDefinition"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("HyperParameterTuningJobName", ..., "HyperParameterTuningJobName: got nothing"),
        ("HyperParameterTuningJobName", "a_b", "HyperParameterTuningJobName: got 'a_b'"),
        ("HyperParameterTuningJobname", "a", "did you mean 'HyperParameterTuningJobName'"),
        (CONFIG, ..., f"{CONFIG}: got nothing, expected a required member"),
        (CONFIG, [], rf"{CONFIG}: got \[\], expected a structure"),
        (f"{CONFIG}.Strategy", "Bayes", rf"{CONFIG}\.Strategy: got 'Bayes'.*did you mean 'Bayesian'"),
        (f"{CONFIG}.HyperParameterTuningJobObjective.Type", "Maximise", "did you mean 'Maximize'"),
        (f"{CONFIG}.HyperParameterTuningJobObjective", ..., "HyperParameterTuningJobObjective: got nothing"),
        (f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs", 0, "MaxParallelTrainingJobs: got 0.*at least 1"),
        (f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs", "3", "MaxParallelTrainingJobs: got '3'"),
        (f"{CONFIG}.ResourceLimits.MaxNumberOfTrainingJobs", True, "MaxNumberOfTrainingJobs: got True"),
        (f"{CONFIG}.ResourceLimits.MaxRuntimeInSeconds", 119, "MaxRuntimeInSeconds: got 119.*120 to 15768000"),
        (f"{CONFIG}.ResourceLimits.MaxParalel", 1, "did you mean 'MaxParallelTrainingJobs'"),
        (f"{CONFIG}.ParameterRanges.IntegerParameterRanges", {}, r"IntegerParameterRanges: got \{\}, expected a list"),
        (f"{CONFIG}.ParameterRanges.IntegerParameterRanges", {"a": 1}, "IntegerParameterRanges: got .*a list"),
        (
            f"{CONFIG}.ParameterRanges.IntegerParameterRanges.0.MinValue",
            "99",
            r"\[0\]\.MinValue: got 99.*at most MaxValue",
        ),
        (f"{CONFIG}.ParameterRanges.IntegerParameterRanges.0.MinValue", "few", r"\[0\]\.MinValue: got 'few'"),
        (
            f"{CONFIG}.ParameterRanges.ContinuousParameterRanges.0.ScalingType",
            "Logarithmc",
            "did you mean 'Logarithmic'",
        ),
        (f"{CONFIG}.ParameterRanges.CategoricalParameterRanges.0.Values", [], r"\[0\]\.Values: got \[\]"),
        (f"{CONFIG}.ParameterRanges.CategoricalParameterRanges.0.Values", [3], r"\[0\]\.Values: got \[3\]"),
        (f"{CONFIG}.ParameterRanges.ContinuousParameterRanges.0.MinValue", "0", r"\[0\]\.MinValue: got 0.*above 0"),
        (f"{CONFIG}.ParameterRanges.ContinuousParameterRanges.0.MaxValue", "inf", r"\[0\]\.MaxValue: got inf"),
        (f"{CONFIG}.ParameterRanges.ContinuousParameterRanges.0.MaxValue", float("nan"), r"\[0\]\.MaxValue: got nan"),
        (f"{CONFIG}.ParameterRanges.IntegerParameterRanges.0.MaxValue", "9.5", r"\[0\]\.MaxValue: got '9.5'"),
        (f"{CONFIG}.ParameterRanges.ContinuousParameterRanges.0.Name", "depth", "'depth', .*not given twice"),
        (f"{CONFIG}.ParameterRanges.ContinuousParameterRanges.0.Name", "epochs", "'epochs', .*not given twice"),
        (f"{CONFIG}.TuningJobCompletionCriteria.TargetObjectiveMetricValue", float("inf"), "MetricValue: got inf"),
        (f"{DEFINITION}.StaticHyperParameters", 3, "StaticHyperParameters: got 3, expected a structure"),
        (
            f"{DEFINITION}.StaticHyperParameters",
            {"epochs": 3},
            r"StaticHyperParameters\.epochs: got 3.*for example '3'",
        ),
        (
            f"{DEFINITION}.RoleArn",
            "\ud800",
            r"TrainingJobDefinition\.RoleArn: got '.ud800', expected a string in Unicode",
        ),
        (
            f"{DEFINITION}.ResourceConfig.KeepAlivePeriodInSeconds",
            21_601,
            "KeepAlivePeriodInSeconds: got 21601, expected a whole number from 0 to 21600",
        ),
        ("Tags", deep(200), "nested at most 100 deep"),
        (DEFINITION, ..., "expected exactly one of TrainingJobDefinition and TrainingJobDefinitions"),
        ("TrainingJobDefinitions", [{}], "expected exactly one of"),
        (f"{DEFINITION}.AlgorithmSpecification.TrainingInputMode", "file", "did you mean 'File'"),
        (f"{DEFINITION}.OutputDataConfig", ..., r"TrainingJobDefinition\.OutputDataConfig: got nothing"),
        (f"{DEFINITION}.OutputDataConfig.S3OutputPath", "", "S3OutputPath: got ''"),
        (f"{DEFINITION}.ResourceConfig", ..., r"TrainingJobDefinition\.ResourceConfig: got nothing"),
        (f"{DEFINITION}.ResourceConfig.InstanceCount", 0, "InstanceCount: got 0"),
        (f"{DEFINITION}.StoppingCondition.MaxRuntimeInSeconds", -1, "MaxRuntimeInSeconds: got -1"),
        (f"{DEFINITION}.StoppingCondition.MaxWaitTimeInSeconds", 10, "MaxWaitTimeInSeconds: got 10, expected at least"),
        (f"{DEFINITION}.StoppingCondition.MaxPendingTimeInSeconds", 10, "MaxPendingTimeInSeconds: got 10"),
        (f"{DEFINITION}.RetryStrategy.MaximumRetryAttempts", 31, "MaximumRetryAttempts: got 31, .*from 1 to 30"),
        (
            f"{DEFINITION}.EnableManagedSpotTraining",
            "yes",
            "EnableManagedSpotTraining: got 'yes', expected true or false",
        ),
        (f"{DEFINITION}.CheckpointConfig.S3Url", "s3://x", "did you mean 'S3Uri'"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(path, value, message):
    with pytest.raises(InvalidInput, match=message):
        TuningJobSpec.from_request(changed(path, value))


def test_what_is_no_request_at_all():
    with pytest.raises(InvalidInput, match="request: got 3, expected a structure"):
        TuningJobSpec.from_request(3)


def test_the_service_takes_what_we_write():
    validate = pytest.importorskip("botocore.validate")
    session = pytest.importorskip("botocore.session").get_session()
    shape = session.get_service_model("sagemaker").operation_model("CreateHyperParameterTuningJob").input_shape
    for request in (FULL, to_request(TuningJobSpec("plain"))):
        request = {name: value for name, value in request.items() if name != "WarmStartConfig"}
        assert validate.ParamValidator().validate(request, shape).has_errors() is False


def test_the_member_lists_are_the_service_models():
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("sagemaker")
    for shape, members in MEMBERS.items():
        assert set(members) == set(model.shape_for(shape).members), shape


def test_the_lists_of_values_are_the_service_models():
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("sagemaker")
    for shape, values in (
        ("HyperParameterTuningJobStrategyType", STRATEGIES),
        ("HyperParameterScalingType", SCALINGS),
        ("TrainingInputMode", INPUT_MODES),
        ("HyperParameterTuningJobWarmStartType", WARM_STARTS),
    ):
        assert set(values) == set(model.shape_for(shape).enum), shape


def test_whole_bounds_stay_whole_and_are_written_so():
    request = changed(f"{CONFIG}.ParameterRanges.IntegerParameterRanges.0.MaxValue", str(2**62 + 1))
    [depth] = TuningJobSpec.from_request(request).ranges[:1]
    assert (depth.high, type(depth.low)) == (2**62 + 1, int)
    written = to_request(attrs.evolve(TuningJobSpec.from_request(request), request=None))
    [shown] = written["HyperParameterTuningJobConfig"]["ParameterRanges"]["IntegerParameterRanges"]
    assert (shown["MinValue"], shown["MaxValue"]) == ("2", str(2**62 + 1))


@pytest.mark.parametrize("epochs", ["²", "9" * 5000, "many", "-1", "1.5"])
def test_what_is_no_number_of_epochs_is_no_error_either(epochs):
    request = changed(f"{DEFINITION}.StaticHyperParameters.epochs", epochs)
    del request["WarmStartConfig"]
    sim = Simulation(Scenario(tuning_jobs=[ScheduledTuningJob(TuningJobSpec.from_request(request))]))
    sim.run()
    assert sim.tuning_job("full").status == "Completed"
