"""The echo of a request: limits, criteria, and what the service fills in."""

import pytest
from placebo import at, described

from hptsim.conformance.answers import Answer
from hptsim.conformance.orders import Event
from hptsim.conformance.tuning_echo import echoed, not_echoed, terms_of
from hptsim.conformance.tuning_search import Terms


def event(**changes):
    members = described("InProgress", at(1, 0), (0, 0, 0, 0, 0), (0, 0, 0), **changes)
    return Event(Answer("here", "a", "DescribeHyperParameterTuningJob", members), "shown", members)


def test_the_terms_are_those_of_the_echo():
    assert terms_of([event()]) == Terms(20, 3, False, False)
    config = {"Strategy": "Grid", "ResourceLimits": {"MaxParallelTrainingJobs": 1, "MaxRuntimeInSeconds": 200}}
    criteria = {"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 1.0}}
    assert terms_of([event(HyperParameterTuningJobConfig={**config, **criteria})]) == Terms(None, 1, True, True)
    assert terms_of([event(Autotune={"Mode": "Enabled"})]) == Terms(20, 3, True, True)
    assert terms_of([]) == Terms()


def test_summaries_show_a_part_of_the_echo():
    assert echoed(event())["Strategy"] == "Bayesian"


@pytest.mark.parametrize(
    ("asked", "member"),
    [
        ({"TrainingJobDefinitions": [{"DefinitionName": "one"}]}, None),
        ({"TrainingJobDefinitions": [{"DefinitionName": "two"}]}, "TrainingJobDefinitions[0].DefinitionName"),
        ({"TrainingJobDefinitions": [{"RoleArn": "r"}]}, "TrainingJobDefinitions[0].RoleArn"),
        ({"TrainingJobDefinitions": [{}, {}]}, "TrainingJobDefinitions"),
        ({"HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxNumberOfTrainingJobs": "20"}}}, None),
    ],
)
def test_what_was_asked_for_is_in_the_echo(asked, member):
    found = not_echoed(event(), asked)
    assert (None if found is None else found.member) == member
