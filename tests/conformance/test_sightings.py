"""Answers sorted by job: which training jobs belong to which tuning job, and which refusals speak of one."""

import pytest

from hptsim.conformance import refused_calls
from hptsim.conformance.answers import Answer
from hptsim.conformance.members import unknown_members
from hptsim.conformance.sightings import Sightings
from hptsim.errors import InvalidInput, unknown_job
from hptsim.service.service import OPERATIONS

ARN = "arn:aws:sagemaker:us-east-1:111122223333"


def shown(name, **members):
    status = {"TrainingJobStatus": "InProgress", "SecondaryStatus": "Starting"}
    return Answer("here", "a", "DescribeTrainingJob", {"TrainingJobName": name, **status, **members})


def tuning(name):
    members = {"HyperParameterTuningJobName": name, "HyperParameterTuningJobStatus": "InProgress"}
    return Answer("here", "a", "DescribeHyperParameterTuningJob", members)


def test_a_training_job_belongs_to_the_tuning_job_that_it_names_or_whose_name_it_has():
    found = Sightings()
    for answer in (
        tuning("Sweep"),
        shown("Sweep-001-0123abcd"),
        shown("named", TuningJobArn=f"{ARN}:hyper-parameter-tuning-job/sweep"),  # ARNs may be in lower case
        shown("Sweep-alone"),
        shown("other-001-0123abcd"),
    ):
        found.see(answer)
    found.adopt()
    assert found.parents == {"Sweep-001-0123abcd": "Sweep", "named": "Sweep"}


def test_an_answer_that_cannot_be_read_leaves_nothing():
    found = Sightings()
    with pytest.raises(InvalidInput, match=r"TrainingJobSummaries\[1\].TrainingJobName: missing"):
        summaries = [shown("a").response, {"TrainingJobStatus": "InProgress"}]
        found.see(Answer("here", "a", "ListTrainingJobs", {"TrainingJobSummaries": summaries}))
    assert not found.training


def test_the_operations_are_those_of_the_twin():
    assert set(refused_calls.OPERATIONS) == set(OPERATIONS)


def test_the_twins_own_refusals_are_understood():
    for kind, operation in (("tuning", "StopHyperParameterTuningJob"), ("training", "StopTrainingJob")):
        error = unknown_job(kind, "missing")
        answer = Answer("here", "a", operation, {}, error=(error.code, error.message))
        assert refused_calls.says_unknown(answer) and refused_calls.judge(answer) is None
        assert not refused_calls.speaks_of_the_state(answer)
    answer = Answer("here", "a", "StopTrainingJob", {}, error=("ResourceNotFound", "x"))
    assert refused_calls.judge(answer).member == "Error.Code"


def test_members_that_the_twin_knows_are_not_noted():
    assert unknown_members(Answer("here", "a", "StopTrainingJob", {"ResponseMetadata": {}})) == []
    [note] = unknown_members(Answer("here", "a", "StopTrainingJob", {"Later": 1}))
    assert note == "here: Later is not known to the twin, and ignored"
