"""The tests of an endpoint, tested: the twin passes them, planted bugs are caught by name, and they stay out of the way."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys

import attrs
import pytest
from extras import needs
from serving import served

from hptsim import Scenario, Simulation
from hptsim.conformance import contract_tests
from hptsim.conformance.contract_tests import endpoint as of_endpoint
from hptsim.errors import ServiceError
from hptsim.model.specification import clauses, words
from hptsim.scenario.scenario import SMALL_QUOTA
from hptsim.service import service
from hptsim.service.http import Wire
from hptsim.world.ledger import Ledger

SERVER = needs("server", "uvicorn")
MODULES = [
    importlib.import_module(f"{contract_tests.__name__}.{module.name}")
    for module in pkgutil.iter_modules(contract_tests.__path__)
    if module.name.startswith("test_")
]
TESTS = [test for module in MODULES for name, test in inspect.getmembers(module) if name.startswith("test_")]
STATUS = "HyperParameterTuningJobStatus"


def contract(url, folder, *more):
    """What pytest said of an endpoint, run from *folder* as a user would run it."""
    command = [sys.executable, "-m", "pytest", "--pyargs", "hptsim.conformance", "-q", "-p", "no:cacheprovider"]
    where = [] if url is None else ["--endpoint", url]
    return subprocess.run([*command, *where, *more], cwd=folder, capture_output=True, text=True, timeout=300)


# ---------------------------------------------------------------------- the tests themselves


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.__name__)
def test_each_names_rows_of_the_specification_and_all_but_one_are_more_than_inferred(test):
    (mark,) = [mark for mark in test.pytestmark if mark.name == "rests_on"]
    rows = mark.args[0].split(", ")
    assert list(words(mark.args[0])) != [] and set(words(mark.args[0])) == set(rows)
    grades = {row: clauses()[row].grade for row in rows if row in clauses()}
    assert [row for row, grade in grades.items() if grade == "INF"] == (["R9"] if "R9" in rows else [])


def test_there_are_tests_in_every_module():
    assert {test.__module__ for test in TESTS} == {module.__name__ for module in MODULES}


def test_a_call_that_should_be_refused():
    def call():
        return of_endpoint.refused(lambda: None, "ResourceNotFound")

    with pytest.raises(pytest.fail.Exception, match="the call was accepted; ResourceNotFound was expected"):
        call()


def test_patience_has_an_end():
    with pytest.raises(pytest.fail.Exception, match=r"after 0.05 s \(--patience\): a miracle was not seen"):
        of_endpoint.Endpoint("http://localhost", 0.05).wait("a miracle", lambda: False)


# ---------------------------------------------------------------------- how they are asked for


def test_without_an_endpoint_they_say_what_to_write(tmp_path):
    ran = contract(None, tmp_path)
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert "pytest --pyargs hptsim.conformance --endpoint http://127.0.0.1:8765" in ran.stderr


def test_an_ordinary_run_does_not_collect_them(request):
    if request.config.args_source is not pytest.Config.ArgsSource.TESTPATHS or request.config.option.keyword:
        pytest.skip("a part of the suite is run")
    assert not [item for item in request.session.items if item.path.parent.name == "contract_tests"]


@pytest.mark.long
def test_another_suite_may_have_an_endpoint_of_its_own(pytester):
    pytester.makeconftest("def pytest_addoption(parser):\n    parser.addoption('--endpoint', default='theirs')")
    pytester.makepyfile("def test(request):\n    assert request.config.getoption('--endpoint') == 'theirs'")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


# ---------------------------------------------------------------------- against the twin


@SERVER
@pytest.mark.long
def test_hptsim_serve_passes_all_of_them(tmp_path):
    program = "import sys; from hptsim.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "serve", "--port", "0", "--speed", "120"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())[0]
        ran = contract(url, tmp_path)
    finally:
        server.kill()
        server.communicate()
    assert ran.returncode == 0, ran.stdout
    cases = sum(len(mark.args[1]) - 1 for test in TESTS for mark in test.pytestmark if mark.name == "parametrize")
    assert f"{len(TESTS) + cases} passed" in ran.stdout


def frees_quota_at_the_stop(sim, patch):
    fits = Ledger.fits

    def bug(ledger, amounts):
        return fits(ledger, amounts) or any(sim.tuning_job(name).status == "Stopping" for name in sim.tuning_jobs)

    patch.setattr(Ledger, "fits", bug)


def never_frees_quota(sim, patch):
    fits = Ledger.fits

    def bug(ledger, amounts):
        return fits(ledger, amounts) and all(sim.tuning_job(name).status != "Stopped" for name in sim.tuning_jobs)

    patch.setattr(Ledger, "fits", bug)


def answering(operation, change):
    """A bug in the answers to *operation*: what *change* makes of the answer and the service."""

    def plant(sim, patch):
        right = service._OPERATIONS[operation]
        patch.setitem(service._OPERATIONS, operation, lambda of, request: change(right, of, request))

    return plant


def stopped_at_once(right, of, request):
    answer = right(of, request)
    return {**answer, STATUS: "Stopped"} if answer[STATUS] == "Stopping" else answer


def whatever_is_asked(right, of, request):
    try:
        return right(of, request)
    except ServiceError as error:
        if error.code == "ResourceNotFound":
            raise
        return {}


def answers_a_stop_with_a_status(sim, patch):
    right = Wire.answer

    def bug(wire, call):
        response = right(wire, call)
        wrong = call.operation == STOP and response.status == 200
        return attrs.evolve(response, body=b'{"Status": "Stopping"}') if wrong else response

    patch.setattr(Wire, "answer", bug)


def all_stopped(right, of, request):
    answer = right(of, request)
    parent = answer.get("TuningJobArn", "").rpartition("/")[2]
    stopped = parent and of.sim.tuning_job(parent).status in ("Stopping", "Stopped")
    return {**answer, "TrainingJobStatus": "Stopped"} if stopped else answer


def still_training(right, of, request):
    answer = right(of, request)
    children = [{**one, "TrainingJobStatus": "InProgress"} for one in answer["TrainingJobSummaries"]]
    return {**answer, "TrainingJobSummaries": children}


def not_found(right, of, request):
    try:
        return right(of, request)
    except ServiceError as error:
        raise ServiceError("ResourceNotFound", error.message) from None


STOP, DESCRIBE = "StopHyperParameterTuningJob", "DescribeHyperParameterTuningJob"
CHILDREN = "ListTrainingJobsForHyperParameterTuningJob"
ACCEPTED = "the call was accepted; ValidationException was expected"
PLANTED = {
    "frees quota at the moment of the stop": (
        frees_quota_at_the_stop,
        "test_a_stopping_job_holds_its_quota_and_a_stopped_one_none",
        "R3",
        "accepted while the one that held all instances was Stopping",
    ),
    "never gives quota back": (
        never_frees_quota,
        "test_a_stopping_job_holds_its_quota_and_a_stopped_one_none",
        "S8",
        "Stopped, and its instances are not free",
    ),
    "is Stopped at once": (
        answering(DESCRIBE, stopped_at_once),
        "test_the_describe_after_a_stop_says_stopping",
        "S3",
        "'Stopped' == 'Stopping'",
    ),
    "accepts the stop of an ended job": (
        answering(STOP, whatever_is_asked),
        "test_a_stop_of_a_stopped_tuning_job_is_refused",
        "S9",
        ACCEPTED,
    ),
    "answers a stop with a status": (
        answers_a_stop_with_a_status,
        "test_a_stop_is_answered_with_an_empty_body",
        "W3",
        "'22' == '0'",
    ),
    "calls all training jobs of a stopped one Stopped": (
        answering("DescribeTrainingJob", all_stopped),
        "test_what_had_ended_before_the_stop_stays_as_it_was",
        "S5",
        "{'TrainingJobStatus': 'Stopped'} != {'TrainingJobStatus': 'Completed'}",
    ),
    "is Stopped while training jobs go on": (
        answering(CHILDREN, still_training),
        "test_when_it_is_stopped_all_its_training_jobs_have_ended",
        "S12",
        "{'InProgress'}",
    ),
    "accepts a delete at any time": (
        answering("DeleteHyperParameterTuningJob", whatever_is_asked),
        "test_delete_while_stopping_is_refused",
        "D3",
        ACCEPTED,
    ),
    "does not find an unknown training job": (
        answering("DescribeTrainingJob", not_found),
        "test_describe_of_an_unknown_training_job",
        "§2.8",
        "ResourceNotFound: Requested resource not found",
    ),
}
"""What is wrong with a twin: how it is planted, the test that finds it, a row that this rests on, and what it says."""


@SERVER
@pytest.mark.long
@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_caught_by_name(bug, tmp_path, monkeypatch):
    plant, name, row, says = PLANTED[bug]
    sim = Simulation(Scenario(capacity=SMALL_QUOTA), laws=False)
    plant(sim, monkeypatch)
    with served(sim, speed=60) as url:
        ran = contract(url, tmp_path, "-k", f"{name} or test_stop_of_an_unknown_tuning_job")
    assert says in ran.stdout, ran.stdout
    assert f"FAILED {name}" in re.sub(r"FAILED \S+::", "FAILED ", ran.stdout), ran.stdout
    assert "1 failed, 1 passed" in ran.stdout, ran.stdout
    assert f"\n{row}: {words(row)[row]}\n" in ran.stdout
