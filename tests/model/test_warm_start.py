"""What a warm start must have in common with its parents: what may change, what may not, and in which words."""

import pytest
from examples import definition, request

from hptsim.errors import ServiceError
from hptsim.model.ranges import ParameterRange
from hptsim.model.specs import TuningJobSpec
from hptsim.model.warm_start import FIXED, MAY_CHANGE, MAY_DIFFER, check_parent

KINDS = ("IdenticalDataAndAlgorithm", "TransferLearning")
CHANNEL = {
    "ChannelName": "train",
    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train"}},
}
PARENT = {"InputDataConfig": [CHANNEL], "StaticHyperParameters": {f"h{i}": "0" for i in range(12)}}
STATIC = PARENT["StaticHyperParameters"]
LISTED = (
    "[algorithmSpecification, inputDataConfig, outputDataConfig, staticHyperParameters, roleArn, resourceConfig, "
    "stoppingCondition, vpcConfig, enableManagedSpotTraining, checkpointConfig]"
)
"""The members that may change, as a user of the service was told (aws/sagemaker-python-sdk#3693)."""


def spec(name="heir", kind="TransferLearning", total=3, config_changes=None, **changes):
    config = {"WarmStartConfig": warm(kind)} if name == "heir" else {}
    plain = request(name, total, config_changes=config_changes, definition_changes={**PARENT, **changes}, **config)
    return TuningJobSpec.from_request(plain)


def warm(kind):
    return {"WarmStartType": kind, "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "parent"}]}


def refusal(heir, parent=None):
    with pytest.raises(ServiceError) as refused:
        check_parent(heir, parent or spec("parent"))
    assert refused.value.code == "ValidationException"
    return refused.value.message


def image(name):
    return {"AlgorithmSpecification": {**definition()["AlgorithmSpecification"], "TrainingImage": name}}


def tuned(**kinds):
    bounds = {"MinValue": "1", "MaxValue": "5"}
    return {
        f"{kind}ParameterRanges": [{"Name": name, **({"Values": ["1"]} if kind == "Categorical" else bounds)}]
        for name, kind in kinds.items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_definition_and_what_the_service_lets_change_are_fine(kind):
    check_parent(spec(kind=kind), spec("parent"))
    changed = {
        "OutputDataConfig": {"S3OutputPath": "s3://elsewhere/output"},
        "RoleArn": "arn:aws:iam::111122223333:role/Another",
        "ResourceConfig": {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 2, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
        "EnableManagedSpotTraining": True,
        "CheckpointConfig": {"S3Uri": "s3://bucket/checkpoints"},
        "StaticHyperParameters": {**STATIC, "h3": "9"},
        "EnableNetworkIsolation": False,
        "InputDataConfig": [{**CHANNEL, "CompressionType": "None", "RecordWrapperType": "None"}],
    }
    check_parent(spec(kind=kind, **changed), spec("parent"))
    wider = {"ParameterRanges": {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0", "MaxValue": "9"}]}}
    check_parent(spec(kind=kind, config_changes=wider), spec("parent"))


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        (image("111122223333.dkr.ecr.us-east-1.amazonaws.com/train:2"), "AlgorithmSpecification"),
        ({"InputDataConfig": [{**CHANNEL, "ChannelName": "training"}]}, "InputDataConfig"),
        ({"InputDataConfig": [{**CHANNEL, "CompressionType": "Gzip"}]}, "InputDataConfig"),
    ],
)
def test_only_transfer_learning_may_have_another_image_and_other_data(changes, member):
    """C9."""
    check_parent(spec(**changes), spec("parent"))
    told = refusal(spec(kind="IdenticalDataAndAlgorithm", **changes))
    assert told.startswith(
        f"Only the following fields in TrainingJobDefinition are allowed to change: [{MAY_CHANGE[0]},"
    )
    assert not any(one in told for one in MAY_DIFFER) and told.endswith(f"Changed since the parent parent: {member}.")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("member", "value"),
    list(zip(FIXED, [{"A": "1"}, True, True, {"MaximumRetryAttempts": 3}], strict=True)),
)
def test_no_warm_start_may_change_the_other_members(kind, member, value):
    """C9: a new Environment was refused so."""
    told = refusal(spec(kind=kind, **{member: value}))
    assert told.startswith("Only the following fields in TrainingJobDefinition are allowed to change: [")
    assert told.endswith(f": {member}.")
    assert (LISTED in told) == (kind == "TransferLearning")


@pytest.mark.parametrize("kind", KINDS)
def test_both_types_refuse_another_set_of_hyperparameters(kind):
    """C8, in the words of aws/amazon-sagemaker-examples#861."""
    words = "The set of tunable plus static HyperParameter names is not the same across current and parent tuning jobs."
    more = refusal(spec(kind=kind, StaticHyperParameters={**STATIC, "new": "1"}))
    assert more.startswith(words) and more.endswith("It has ['new'] more.")
    less = refusal(spec(kind=kind, StaticHyperParameters={name: "0" for name in STATIC if name != "h3"}))
    assert less.startswith(words) and less.endswith("The parent parent also has ['h3'].")


@pytest.mark.parametrize("kind", KINDS)
def test_both_types_refuse_another_type_of_hyperparameter(kind):
    told = refusal(spec(kind=kind, config_changes={"ParameterRanges": tuned(eta="Categorical")}, total=1))
    assert told == "The hyperparameter eta is Categorical, and Continuous in the parent parent."


@pytest.mark.parametrize("kind", KINDS)
def test_tunable_may_become_static_and_static_tunable_ten_times_at_most(kind):
    """C8: what became static counts, and so does another value of what was static."""
    swapped = {**{name: "0" for name in STATIC if name != "h0"}, "eta": "0.1"}
    ranges = {"ParameterRanges": tuned(h0="Integer")}
    nine = {f"h{i}": "1" for i in range(1, 10)}
    check_parent(spec(kind=kind, config_changes=ranges, StaticHyperParameters={**swapped, **nine}), spec("parent"))
    told = refusal(spec(kind=kind, config_changes=ranges, StaticHyperParameters={**swapped, **nine, "h10": "1"}))
    assert told.startswith(
        "11 hyperparameters of the parent parent change as static hyperparameters, at most 10 may: ['eta'"
    )


def test_what_autotune_is_left_to_choose_has_no_type():
    spans = {kind: ParameterRange("a", kind, 0, 1) for kind in ("Integer", "Continuous")}
    spans["Auto"] = ParameterRange("a", "Auto", values=("1",))
    heirs = {kind: TuningJobSpec("heir", ranges=[span], parents=["b"]) for kind, span in spans.items()}
    check_parent(heirs["Auto"], heirs["Integer"])
    check_parent(heirs["Integer"], heirs["Auto"])
    assert "is Integer, and Continuous" in refusal(heirs["Integer"], heirs["Continuous"])


def listed(name, metric="loss", count=1, **changes):
    plain = request(name)
    objective = {"Type": "Minimize", "MetricName": metric}
    plain["TrainingJobDefinitions"] = [
        definition(DefinitionName=f"d{place}", TuningObjective=objective, **PARENT, **changes) for place in range(count)
    ]
    del plain["TrainingJobDefinition"], plain["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    return TuningJobSpec.from_request(plain)


def test_a_list_of_one_definition_is_compared_like_one():
    check_parent(spec(), listed("parent"))
    assert "objective metric of the parent parent is another" in refusal(spec(), listed("parent", "other"))
    told = refusal(spec(), listed("parent", EnableNetworkIsolation=True))
    assert told.endswith("Changed since the parent parent: EnableNetworkIsolation.")
    assert "has 2 definitions; a warm start takes one" in refusal(spec(), listed("parent", count=2))
