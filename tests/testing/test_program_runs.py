"""A program is run up to the call that no history answers, and sees its own clock, chance and answers."""

import contextlib
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ParamValidationError, ReadTimeoutError
from extras import BOTO

from hptsim.errors import InvalidInput
from hptsim.service.call import Response
from hptsim.testing.program_histories import History, Raised, Request, Returned
from hptsim.testing.program_runs import Program
from testing.programs_made_up import status

pytestmark = BOTO


def followed(function, *bodies):
    """What *function* does when its calls are answered with *bodies*; None is no answer."""
    program, history = Program(function, ("sagemaker",), 1e9), History()
    with program.followed():
        program.follow(history)
        for body in bodies:
            history = history.then(None if body is None else Response(200, {}, body))
            program.follow(history)
    return history


STOPPED = b'{"HyperParameterTuningJobStatus": "Stopped"}'


def test_it_runs_to_its_next_call_and_to_its_end():
    first = followed(status).following
    assert isinstance(first, Request) and first.operation == "DescribeHyperParameterTuningJob"
    assert first.sent.body == b'{"HyperParameterTuningJobName": "first"}'
    history = followed(status, STOPPED)
    assert isinstance(history.following, Returned) and history.following.result == "Stopped"
    assert history.reads == {(("HyperParameterTuningJobStatus",), False)}


def test_sleeping_is_waiting_and_the_clock_is_the_programs():
    def program(sagemaker):
        status(sagemaker)
        time.sleep(30)
        return time.time(), random.random()

    history = followed(program, STOPPED)
    assert history.waited and history.now_s == 30.0 and history.following.result[0] == 1e9 + 30
    assert followed(program, STOPPED).following.result == history.following.result
    assert not followed(status).waited


def test_no_answer_takes_the_clients_timeout():
    history = followed(status, None)
    assert isinstance(history.following, Raised) and isinstance(history.following.error, ReadTimeoutError)
    assert history.now_s == 60.0


def test_a_program_that_cleans_up_or_catches_everything_is_left_where_it_asked():
    def program(sagemaker):
        try:
            status(sagemaker)
        except BaseException:
            sagemaker.list_training_jobs()
        finally:
            sagemaker.list_training_jobs()

    assert followed(program).following.operation == "DescribeHyperParameterTuningJob"


def test_what_botocore_refuses_is_no_call():
    def program(sagemaker):
        with pytest.raises(ParamValidationError):
            sagemaker.stop_training_job()
        return status(sagemaker)

    assert followed(program, STOPPED).following.result == "Stopped"


def in_a_thread(ask):
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()


def in_a_pool(ask):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(ask)  # and nobody asks for its result


def catching(ask):
    with contextlib.suppress(Exception), ThreadPoolExecutor(1) as pool:
        pool.submit(ask).result()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("way", [in_a_thread, in_a_pool, catching])
@pytest.mark.parametrize("calls_first", [False, True])
def test_calls_of_other_threads_are_refused_whatever_becomes_of_what_they_raise(way, calls_first):
    def program(sagemaker):
        if calls_first:
            status(sagemaker)
        way(sagemaker.list_training_jobs)

    with pytest.raises(InvalidInput, match="ListTrainingJobs was called in another thread"):
        followed(program, *[STOPPED][:calls_first])


def test_a_thread_that_calls_after_the_last_run_is_refused():
    go_on = threading.Event()

    def program(sagemaker):
        def ask():
            go_on.wait()
            with contextlib.suppress(InvalidInput):
                sagemaker.list_training_jobs()

        threads.append(threading.Thread(target=ask))
        threads[-1].start()

    threads = []
    followed_program, history = Program(program, ("sagemaker",), 1e9), History()

    def follow():
        with followed_program.followed():
            followed_program.follow(history)
            go_on.set()
            threads[0].join()

    with pytest.raises(InvalidInput, match="ListTrainingJobs was called in another thread"):
        follow()


def test_a_program_with_a_memory_of_its_own_is_refused():
    calls = []

    def program(sagemaker):
        calls.append(1)
        status(sagemaker, f"job-{len(calls)}")

    with pytest.raises(
        InvalidInput, match=r"it made the call DescribeHyperParameterTuningJob.*job-1.* before, and now it called"
    ):
        followed(program, STOPPED)


def test_a_program_that_catches_everything_is_refused_when_it_does_not_repeat_itself():
    calls = []

    def program(sagemaker):
        calls.append(1)
        with contextlib.suppress(BaseException):
            status(sagemaker, f"job-{len(calls)}")
        for _ in range(len(calls) - 1):
            status(sagemaker, "job-1")

    with pytest.raises(InvalidInput, match=r"now it called DescribeHyperParameterTuningJob.*job-2"):
        followed(program, STOPPED)


def test_patience_ends_where_the_program_does_something_else():
    def program(sagemaker, most):
        for _ in range(most):
            status(sagemaker)
        sagemaker.list_training_jobs()

    for most, patient in ((20, False), (200, True)):
        one, history = Program(lambda client, most=most: program(client, most), ("sagemaker",), 0.0), History()
        with one.followed():
            one.follow(history)
            history = history.then(Response(200, {}, STOPPED))
            one.follow(history)
            assert one.is_patient(history, 50) is patient
