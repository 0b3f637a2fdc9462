"""The search leaves nothing out: what the program comes to is the same whether it reads all of each answer or little."""

import time

import pytest
from extras import BOTO

from hptsim import Scenario
from hptsim.testing import explore_program
from testing.programs_made_up import FIRST, TUNING, begin, status, stop

pytestmark = BOTO
ACCOUNT = Scenario(capacity={"ml.m5.xlarge": 1})


def looks(sagemaker):
    begin(sagemaker)
    shown = sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: "first"})
    stop(sagemaker)
    time.sleep(10)
    jobs = sagemaker.list_training_jobs()["TrainingJobSummaries"]
    return shown["TrainingJobStatusCounters"]["Completed"], len(jobs), [job["TrainingJobStatus"] for job in jobs]


def polls(sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**FIRST)
    seen = []
    while (now := status(sagemaker)) != "Completed":
        seen = [*seen, now][-2:]
        time.sleep(15)
    return seen


def late(sagemaker):
    begin(sagemaker)
    shown = sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: "first"})
    return status(sagemaker), "BestTrainingJob" in shown


class ReadsAll:
    """A client whose answers are read as a whole."""

    def __init__(self, sagemaker):
        self.sagemaker = sagemaker

    def __getattr__(self, name):
        operation = getattr(self.sagemaker, name)

        def call(**parameters):
            answer = operation(**parameters)
            str(answer)
            return answer

        return call


@pytest.mark.parametrize("program", [looks, polls, late])
def test_what_is_not_read_is_not_told_apart_and_nothing_is_lost(program):
    few, all_of_them = set(), set()
    little = explore_program(lambda sagemaker: few.add(str(program(sagemaker))), ACCOUNT)
    much = explore_program(lambda sagemaker: all_of_them.add(str(program(ReadsAll(sagemaker)))), ACCOUNT)
    assert little.complete and much.complete
    assert few == all_of_them and little.states < much.states and little.account_states == much.account_states


def test_more_preemptions_visit_more():
    visited = [explore_program(looks, ACCOUNT, preemptions=most).states for most in (0, 1, 2)]
    assert visited == sorted(visited) and len(set(visited)) == 3
