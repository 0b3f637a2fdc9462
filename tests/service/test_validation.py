"""The checks that botocore's client does not make: lengths, patterns, enumerations, ranges."""

import re

import pytest

from hptsim.errors import ServiceError
from hptsim.service.service import OPERATIONS
from hptsim.service.validation import check, model, translated, without_none


def refusal(operation, request):
    with pytest.raises(ServiceError) as refused:
        check("sagemaker", operation, request)
    assert refused.value.http_status == 400
    return refused.value


@pytest.mark.parametrize("name", ["a", "a--b", "a" + "-" * 30 + "b", "A1", "x" * 32])
def test_names_that_the_service_takes(name):
    check("sagemaker", "StopHyperParameterTuningJob", {"HyperParameterTuningJobName": name})


@pytest.mark.parametrize(
    ("name", "violations"),
    [("-a", 1), ("a-", 1), ("a_b", 1), ("a.b", 1), ("x" * 33, 2), ("a" + "-" * 40 + "b", 1), ("", 2), ("a\n", 1)],
)
def test_names_that_it_does_not_take_and_how_many_rules_they_break(name, violations):
    error = refusal("StopHyperParameterTuningJob", {"HyperParameterTuningJobName": name})
    assert error.code == "ValidationException"
    assert error.message.startswith(f"{violations} validation error{'s' if violations > 1 else ''} detected: ")
    assert error.message.count("at 'hyperParameterTuningJobName' failed to satisfy constraint: ") == violations


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"MaxResults": 101}, "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less"),
        ({"MaxResults": 0}, "Member must have value greater than or equal to 1"),
        (
            {"StatusEquals": "Nope"},
            "Value 'Nope' at 'statusEquals' failed to satisfy constraint: Member must satisfy enum",
        ),
        ({"NameContains": "a b"}, "Member must satisfy regular expression pattern: [a-zA-Z0-9\\-]+"),
        ({"NextToken": "x" * 8193}, "Member must have length less than or equal to 8192"),
        ({"MaxResult": 1}, "MaxResult: got 'MaxResult', expected a member of .*; did you mean 'MaxResults'?"),
    ],
)
def test_each_constraint_has_its_clause(request_, text):
    error = refusal("ListHyperParameterTuningJobs", request_)
    assert error.code == "ValidationException"
    assert text.replace(".*", "ListHyperParameterTuningJobsRequest") in error.message


def test_a_missing_member_is_null_and_an_inner_one_has_its_path():
    assert "Value null at 'trainingJobName'" in refusal("DescribeTrainingJob", {}).message
    tags = {"ResourceArn": "arn:aws:sagemaker:us-east-1:111122223333:training-job/a", "Tags": [{"Key": "k"}]}
    assert "at 'tags.1.member.value' failed" in refusal("AddTags", tags).message


@pytest.mark.parametrize(
    "request_",
    [
        {"MaxResults": "7"},
        {"MaxResults": True},
        {"MaxResults": 2**31},
        {"SortBy": 3},
        {"CreationTimeAfter": "yesterday"},
        {"CreationTimeAfter": float("nan")},
    ],
)
def test_a_value_of_the_wrong_type_does_not_deserialize(request_):
    assert refusal("ListTrainingJobs", request_).code == "SerializationException"


def test_structures_lists_and_maps_are_told_apart():
    for wrong in ({"Tags": {}}, {"Tags": "abc"}, {"Tags": [1]}, {"ResourceArn": []}):
        assert refusal("AddTags", {"ResourceArn": "arn:x", "Tags": [], **wrong}).code == "SerializationException"
    assert refusal("CreateTrainingJob", {"HyperParameters": [1]}).code == "SerializationException"


def test_plain_copies_drop_what_is_null_and_share_nothing():
    inner = {"x": [1, None]}
    copied = without_none({"a": None, "b": inner, "c": (inner,)})
    assert copied == {"b": {"x": [1, None]}, "c": [{"x": [1, None]}]}
    copied["b"]["x"].append(2)
    assert inner == {"x": [1, None]}


def test_every_pattern_of_the_modelled_operations_is_understood():
    seen, patterns = set(), []

    def walk(shape):
        if shape is None or shape.name in seen:
            return
        seen.add(shape.name)
        if "pattern" in shape.metadata:
            patterns.append(shape.metadata["pattern"])
        for inner in ("members", "member", "key", "value"):
            found = getattr(shape, inner, None)
            for one in found.values() if isinstance(found, dict) else [found]:
                walk(one)

    for operation in OPERATIONS:
        walk(model("sagemaker").operation_model(operation).input_shape)
    assert len(patterns) > 30
    for pattern in patterns:
        assert "\\p{" not in translated(pattern)
        re.compile(translated(pattern))
