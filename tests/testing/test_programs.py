"""`explore_program`: wrong programs are found, with their shortest stories; right ones pass, and all was visited."""

import threading
import time
import uuid

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from extras import BOTO

from hptsim import Scenario, TuningJobSpec
from hptsim.audit.laws import LAWS
from hptsim.errors import InvalidInput, LawBroken
from hptsim.model.laws import TUNING_JOB, Law
from hptsim.scenario import ScheduledTuningJob
from hptsim.testing import ProgramFailed, explore_program
from testing import programs_made_up as made_up
from testing.programs_made_up import TUNING, begin, status, stop, wait

pytestmark = BOTO
ACCOUNT = Scenario(capacity={"ml.m5.xlarge": 1})


def found(program, scenario=ACCOUNT, **more):
    with pytest.raises(ProgramFailed) as failed:
        explore_program(program, scenario, **more)
    return failed.value


def events(failed):
    """What stands in a story, without instants and answers."""
    return [line.split("s  ", 1)[1].split(" → ")[0].split(" (")[0].strip() for line in failed.story[:-1]]


def test_the_classic_bug_is_found_with_its_shortest_story():
    failed = found(made_up.next_while_stopping)
    assert events(failed) == [
        "CreateHyperParameterTuningJob(first)",
        "first launch",
        "StopHyperParameterTuningJob(first)",
        "CreateHyperParameterTuningJob(second)",
    ]
    assert "ResourceLimitExceeded" in failed.story[-2] and "first, which is Stopping" in failed.story[-2]
    assert failed.story[-1] == "  then first is Stopping; in use: 1 of 1 ml.m5.xlarge"
    assert isinstance(failed.__cause__, ClientError)
    assert any(
        entry.name == "next_while_stopping" for entry in pytest.ExceptionInfo.from_exception(failed.__cause__).traceback
    )


def test_the_right_program_passes_and_everything_was_visited():
    explored = explore_program(made_up.next_when_stopped, ACCOUNT)
    assert explored.complete and explored.preemptions is None
    assert explored.account_states > 20 and explored.ends > 5
    assert explored.runs < 30  # what it never reads is not told apart


@pytest.mark.parametrize(
    "given", [{"stops": -1}, {"polls": 0}, {"max_states": 0}, {"max_calls": 0}, {"preemptions": -1}, {"stops": 1.5}]
)
def test_numbers_that_are_none_are_refused_before_anything_runs(given):
    ran = []
    ((name, value),) = given.items()
    with pytest.raises(InvalidInput, match=f"^{name}: got {value}, expected a whole number of at least [01]$"):
        explore_program(ran.append, ACCOUNT, **given)
    assert not ran


@pytest.mark.parametrize(("long_s", "error"), [(float("nan"), ValueError), (1e18, OverflowError)])
def test_a_sleep_that_the_real_one_refuses_fails(long_s, error):
    failed = found(lambda sagemaker: time.sleep(long_s))
    assert isinstance(failed.__cause__, error)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_program_with_a_thread_whose_error_is_lost_is_refused():
    def program(sagemaker):
        thread = threading.Thread(target=lambda: stop(sagemaker))
        thread.start()
        thread.join()

    with pytest.raises(InvalidInput, match="StopHyperParameterTuningJob was called in another thread"):
        explore_program(program, ACCOUNT)


@pytest.mark.parametrize(
    ("program", "more", "reason"),
    [
        (made_up.deletes_while_stopping, {}, "not in a terminal state"),
        (made_up.takes_stopped_for_success, {"stops": 1}, "the program raises KeyError: 'BestTrainingJob'"),
        (made_up.waits_for_completed, {"stops": 1}, "the program never ends"),
        (made_up.next_when_stopped, {"faults": {"ThrottlingException": 1}}, "Rate exceeded"),
        (made_up.next_when_stopped, {"faults": {"lost_response": 1}}, "ReadTimeoutError"),
        (made_up.waits_for_completed, {"faults": {"algorithm_error": 1}}, "the program never ends"),
    ],
)
def test_found_are(program, more, reason):
    assert reason in found(program, **more).reason


def test_a_late_stop_takes_one_preemption_after_a_look():
    assert explore_program(made_up.trips_over_a_late_stop, ACCOUNT, preemptions=0).preemptions == 0
    failed = found(made_up.trips_over_a_late_stop)
    assert failed.preemptions == 1 and events(failed)[-2:] == ["first finish", "StopHyperParameterTuningJob(first)"]


def test_what_is_allowed_passes():
    assert explore_program(made_up.trips_over_a_late_stop, ACCOUNT, allowed=(ClientError,)).complete


def test_a_program_that_gives_up_after_a_time_is_followed_beyond_it():
    failed = found(made_up.loses_patience)
    assert failed.story[-2].startswith("     300 s  StopHyperParameterTuningJob(first) → ValidationException")
    assert any("times more)" in line for line in failed.story)


def test_the_check_sees_the_account_when_the_program_returns():
    def nothing_is_held(sim):
        assert not sim.capacity.reserved, "something is held"

    def program(sagemaker):
        begin(sagemaker)
        stop(sagemaker)

    failed = found(program, check=nothing_is_held)
    assert failed.reason.startswith("when the program has returned, the check raises AssertionError: something is held")
    assert isinstance(failed.__cause__, AssertionError)
    assert "the check is False" in found(program, check=lambda sim: not sim.capacity.reserved).reason

    def right(sagemaker):
        program(sagemaker)
        wait(sagemaker)

    assert explore_program(right, ACCOUNT, check=nothing_is_held).complete


def test_answers_that_were_taken_for_the_same_are_told_apart_when_the_program_reads_more():
    def program(sagemaker):
        begin(sagemaker)
        shown = sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: "first"})
        sagemaker.list_training_jobs()
        if status(sagemaker) == "Completed":
            assert shown["TrainingJobStatusCounters"]["Completed"] != 1, "it reads what it saw before"

    failed = found(program)
    assert "it reads what it saw before" in failed.reason
    exited = [line for line in failed.story if "uploaded" in line]
    assert len(exited) == 1


def test_others_jobs_come_and_are_stopped():
    def program(sagemaker):
        assert not sagemaker.list_hyper_parameter_tuning_jobs(StatusEquals="Stopped")[
            "HyperParameterTuningJobSummaries"
        ]

    at = {0: "there", 60: "coming"}
    for at_s, name in at.items():
        others = (ScheduledTuningJob(TuningJobSpec(name), at_s=at_s, stop_at_s=100),)
        failed = found(program, Scenario(tuning_jobs=others))
        assert (f"somebody else creates {name}" in str(failed)) == (at_s > 0)
        assert f"somebody else stops {name}" in str(failed)


def test_a_law_of_ones_own():
    def check(state, job):
        return "there are two" if len(state.tuning) > 1 else None

    two = Law("one tuning job", "always", "there is one tuning job", "my team", check, (TUNING_JOB,))
    failed = found(made_up.next_when_stopped, laws=(*LAWS, two))
    assert "one tuning job: there are two" in failed.reason and isinstance(failed.__cause__, LawBroken)


def test_where_the_search_ends_early_it_says_so():
    explored = explore_program(made_up.next_when_stopped, ACCOUNT, max_states=20)
    assert (
        not explored.complete and explored.states == 20 and explored.sentence().startswith("Not everything was visited")
    )
    bounded = explore_program(made_up.next_when_stopped, ACCOUNT, preemptions=0)
    assert not bounded.complete and bounded.sentence().startswith("Every run with at most 0 preemptions was visited")


def test_a_program_that_does_not_repeat_itself_is_refused():
    with pytest.raises(InvalidInput, match=r"does not repeat itself.*ListTrainingJobs.*NameContains"):
        explore_program(
            lambda sagemaker: sagemaker.list_training_jobs(NameContains=uuid.uuid4().hex) and status(sagemaker)
        )


def test_other_clients_and_what_they_store():
    def program(sagemaker, s3):
        s3.create_bucket(Bucket="mine")
        s3.put_object(Bucket="mine", Key="a", Body=b"text")
        begin(sagemaker)
        assert s3.get_object(Bucket="mine", Key="a")["Body"].read() == b"text"
        assert boto3.client("s3", region_name="us-east-1").list_objects_v2(Bucket="mine")["KeyCount"] == 1

    assert explore_program(program, ACCOUNT, clients=("sagemaker", "s3")).complete


def test_a_call_that_is_not_the_twins_is_refused():
    with pytest.raises(InvalidInput, match="sagemaker ListModels is not the twin's"):
        explore_program(lambda sagemaker: sagemaker.list_models())


def test_an_unknown_fault_is_refused():
    with pytest.raises(InvalidInput, match="did you mean 'interrupt'"):
        explore_program(begin, faults={"interupt": 1})


def test_a_program_that_only_sleeps_is_found():
    def program(sagemaker):
        while True:
            time.sleep(1)

    assert "sleeps 10,000 times without a call" in found(program).reason


def test_nothing_stays_patched():
    real = time.sleep, BaseClient._make_api_call
    explore_program(begin, ACCOUNT)
    assert (time.sleep, BaseClient._make_api_call) == real
