"""Combinations that the service documents: each refused, and its lawful neighbor accepted."""

import pytest
from examples import definition, request, simulation
from extras import BOTO

from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.constraints import check_tuning_job
from hptsim.model.definitions import ServiceLimits
from hptsim.model.specs import TuningJobSpec
from hptsim.service.service import Service


def create(plain):
    service = Service(simulation(limits=ServiceLimits(None, None, None)))
    return service.call("CreateHyperParameterTuningJob", plain)


def read(plain):
    spec = TuningJobSpec.from_request(plain)
    check_tuning_job(plain)
    return spec


def several(*names, **changes):
    changes = {"TuningObjective": {"Type": "Minimize", "MetricName": "loss"}, **changes}
    definitions = [definition(DefinitionName=name, **changes) for name in names]
    plain = request()
    del plain["TrainingJobDefinition"]
    return {**plain, "TrainingJobDefinitions": definitions}


def category(name, *values):
    return {"Name": name, "Values": list(values)}


def span(low, high, scaling="Auto", name="x"):
    return {"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": scaling}


def ranges(**kinds):
    return {"ParameterRanges": {f"{kind}ParameterRanges": list(spans) for kind, spans in kinds.items()}}


def hyperband(**changes):
    return {"Strategy": "Hyperband", "StrategyConfig": {"HyperbandStrategyConfig": changes}}


GRID = {"Strategy": "Grid", **ranges(Categorical=[category("a", "1", "2"), category("b", "1", "2")])}
SPOT = {"EnableManagedSpotTraining": True}
GIVEN_TWICE = "given twice"

REFUSED = [
    (request(TrainingJobDefinitions=[definition()]), "exactly one of TrainingJobDefinition and"),
    (
        request(config_changes={"HyperParameterTuningJobObjective": None}),
        "HyperParameterTuningJobObjective: got nothing",
    ),
    (request(config_changes=ranges()), "at least one range, or Autotune"),
    (
        request(config_changes={**hyperband(MaxResource=9), "TrainingJobEarlyStoppingType": "Auto"}),
        "Off with the strategy",
    ),
    (request(config_changes=hyperband(MaxResource=20_001)), "to 20000"),
    (request(config_changes=hyperband(MinResource=9, MaxResource=8)), r"from MinResource \(9\)"),
    (request(config_changes=hyperband(), definition_changes={"StaticHyperParameters": {}}), "n_epochs"),
    (request(config_changes={**hyperband(MaxResource=9), "Strategy": "Random"}), "Strategy Hyperband"),
    (request(total=3, config_changes=GRID), r"the number of combinations \(4\)"),
    (request(config_changes={"Strategy": "Grid"}), "categorical ranges with Grid"),
    (
        request(total=10, config_changes=ranges(Categorical=[category("a", "1", "2", "3")])),
        r"provided ranges \[3.0\] must be equal or greater than the value of MaxNumberOfJobs, \[10\]. Provide",
    ),
    (request(total=10, config_changes=ranges(Integer=[span("1", "9")])), r"ranges \[9.0\]"),
    (request(config_changes=ranges(Integer=[span("1", "9.5")])), "a whole number of 64 bits"),
    (request(config_changes=ranges(Integer=[span("1", str(2**63))])), "a whole number of 64 bits"),
    (request(config_changes=ranges(Continuous=[span("0", "nan")])), "a finite number"),
    (request(config_changes=ranges(Continuous=[span("0", "")])), "a finite number"),
    (request(config_changes=ranges(Continuous=[span("-1e308", "1e308")])), "width is a finite number"),
    (request(config_changes=ranges(Continuous=[span("2", "1")])), "at most MaxValue"),
    (request(config_changes=ranges(Continuous=[span("0", "1", "Logarithmic")])), "above 0"),
    (request(config_changes=ranges(Integer=[span("0", "1", "ReverseLogarithmic")])), r"within \[0, 1\)"),
    (request(config_changes=ranges(Continuous=[span("0", "1", "ReverseLogarithmic")])), r"within \[0, 1\)"),
    (request(config_changes=ranges(Continuous=[span("0", "1"), span("0", "2")])), GIVEN_TWICE),
    (request(config_changes=ranges(Continuous=[span("0", "1", name="epochs")])), GIVEN_TWICE),
    (
        request(
            config_changes=ranges(
                **{k: [span("0", "9", name=f"{k}{i}") for i in range(16)] for k in ("Integer", "Continuous")}
            )
        ),
        "at most 30 searchable",
    ),
    (request(definition_changes={"StaticHyperParameters": {str(i): "" for i in range(99)}}), "fewer than 100"),
    (several("a", "a"), "a different DefinitionName"),
    (several(None), "DefinitionName"),
    (several("a", TuningObjective=None), "TuningObjective"),
    (
        {
            **several("a", "b"),
            "WarmStartConfig": {
                "WarmStartType": "TransferLearning",
                "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "x"}],
            },
        },
        "one definition with WarmStartConfig",
    ),
    (several("a", "b", Environment={f"k{i}": "" for i in range(25)}), "at most 48 entries over all"),
    (
        request(definition_changes={"AlgorithmSpecification": {"TrainingInputMode": "File"}}),
        "TrainingImage and AlgorithmName",
    ),
    (request(definition_changes={"ResourceConfig": None}), "ResourceConfig: got nothing"),
    (
        request(definition_changes={"HyperParameterTuningResourceConfig": {"InstanceType": "ml.m5.xlarge"}}),
        "exactly one of ResourceConfig and",
    ),
    (
        request(definition_changes={"ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 0}}),
        "at least 1",
    ),
    (
        request(
            definition_changes={
                "ResourceConfig": None,
                "HyperParameterTuningResourceConfig": {
                    "InstanceType": "ml.m5.xlarge",
                    "InstanceConfigs": [{"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1}],
                },
            }
        ),
        "either InstanceConfigs or",
    ),
    (request(definition_changes={"StoppingCondition": {"MaxRuntimeInSeconds": 28 * 86400 + 1}}), "28 days"),
    (request(definition_changes=SPOT), "with EnableManagedSpotTraining"),
    (
        request(
            definition_changes={**SPOT, "StoppingCondition": {"MaxRuntimeInSeconds": 9, "MaxWaitTimeInSeconds": 8}}
        ),
        "at least MaxRuntimeInSeconds",
    ),
    (
        request(definition_changes={"StoppingCondition": {"MaxRuntimeInSeconds": 9, "MaxWaitTimeInSeconds": 9}}),
        "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true",
    ),
    (request(Tags=[{"Key": "a", "Value": ""}, {"Key": "a", "Value": ""}]), "no key twice"),
    (request(Tags=[{"Key": "AWS:a", "Value": ""}]), "reserved"),
]


LATER = (
    "expected an objective",
    "DefinitionName",
    "TuningObjective",
    "exactly one of ResourceConfig and",
    "either InstanceConfigs or",
    "no key twice",
    "reserved",
)
"""What the service alone refuses."""


@pytest.mark.parametrize(("plain", "text"), [(plain, text) for plain, text in REFUSED if text not in LATER])
def test_each_combination_is_refused_where_it_is_read(plain, text):
    with pytest.raises((InvalidInput, ServiceError), match=text):
        read(plain)


@BOTO
@pytest.mark.parametrize(("plain", "text"), REFUSED)
def test_each_combination_is_refused_and_nothing_changes(plain, text):
    sim = simulation(limits=ServiceLimits(None, None, None))
    with pytest.raises(ServiceError, match=text) as refused:
        Service.of(sim).call("CreateHyperParameterTuningJob", plain)
    assert (refused.value.code, refused.value.http_status) == ("ValidationException", 400)
    assert sim.tuning_jobs == [] and len(sim.journal) == 0


lawful = pytest.mark.parametrize(
    "plain",
    [
        request(),
        several("a", "b"),
        request(parallel=5, total=3),
        request(definition_changes={"StoppingCondition": {"MaxPendingTimeInSeconds": 1800}}),
        request(config_changes=ranges(), Autotune={"Mode": "Enabled"}),
        request(config_changes=hyperband(MinResource=1, MaxResource=20_000)),
        request(config_changes=hyperband()),
        request(total=4, config_changes=GRID),
        request(total=9, config_changes=ranges(Integer=[span("1", "9")])),
        request(config_changes=ranges(Continuous=[span("0", "0.999", "ReverseLogarithmic")])),
        request(config_changes=ranges(Continuous=[span("1e-9", "1", "Logarithmic")])),
        request(definition_changes={"StaticHyperParameters": {str(i): "" for i in range(98)}}),
        request(
            definition_changes={**SPOT, "StoppingCondition": {"MaxRuntimeInSeconds": 9, "MaxWaitTimeInSeconds": 9}}
        ),
        several("a", "b", Environment={f"k{i}": "" for i in range(24)}),
        request(
            definition_changes={
                "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "KeepAlivePeriodInSeconds": 60}
            }
        ),
        request(definition_changes={"StoppingCondition": {"MaxRuntimeInSeconds": 9, "MaxPendingTimeInSeconds": 1800}}),
    ],
)


@lawful
def test_lawful_neighbors_are_read(plain):
    assert read(plain).name == plain["HyperParameterTuningJobName"]


@BOTO
@lawful
def test_lawful_neighbors_are_accepted(plain):
    name = plain["HyperParameterTuningJobName"]
    assert create(plain)["HyperParameterTuningJobArn"].endswith(f":hyper-parameter-tuning-job/{name}")


def test_grid_search_counts_its_combinations_itself():
    plain = request(config_changes={**GRID, "ResourceLimits": {"MaxParallelTrainingJobs": 1}})
    assert TuningJobSpec.from_request(plain).limits.max_training_jobs == 4
