"""The plugin, in test suites of its own: the fixture, the reproducing line, and suites that never reach a required case."""

import re
import subprocess
import sys

import pytest
from examples import request
from extras import BOTO

from hptsim.audit.laws import SOMETIMES

TAME = """
from hptsim import Scenario, TuningJobSpec

def test_tame(simulation):
    sim = simulation(Scenario(capacity={"ml.m5.xlarge": 2}, timings="instant"))
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run(until=50)
    sim.stop_tuning_job("demo")
    sim.run()
    assert sim.tuning_job("demo").status == "Stopped"
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """Make a suite of one file with one ini option, and run it as a user would."""
    for variable in (
        "PYTEST_ADDOPTS",
        "CI",
        "BUILD_NUMBER",
    ):  # under the last two pytest writes whole errors into its summary
        monkeypatch.delenv(variable, raising=False)

    def run(text, *sometimes, options=()):
        lines = "".join(f"    {name}\n" for name in sometimes)
        pytester.makeini(f"[pytest]\nhptsim_sometimes =\n{lines}" if sometimes else "[pytest]\n")
        pytester.makepyfile(text)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)

    return run


def test_importing_the_plugin_is_cheap():
    code = (
        "import sys; import hptsim.pytest_plugin; "
        "loaded = [name for name in sys.modules if name.split('.')[0] in ('simpy', 'transitions', 'attrs', 'hptsim')]; "
        "print(sorted(loaded))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['hptsim', 'hptsim.pytest_plugin']"


@pytest.mark.long
def test_a_suite_that_does_not_ask_loads_nothing_and_is_green(suite):
    result = suite("import sys\ndef test_it():\n    assert not {'simpy', 'hptsim.simulation'} & set(sys.modules)\n")
    result.assert_outcomes(passed=1)
    assert result.ret == 0


@pytest.mark.long
def test_the_fixture_makes_simulations(suite):
    result = suite(TAME)
    result.assert_outcomes(passed=1)
    assert result.ret == 0 and "never reached a required case" not in result.stdout.str()


@pytest.mark.long
def test_a_broken_law_prints_the_line_that_reproduces_it(suite):
    result = suite(
        """
        import attrs
        from hptsim import TuningJobSpec
        from hptsim.model.machine import Tables
        from hptsim.model.tables import TRAINING, Table

        def test_broken(simulation):
            rows = tuple(attrs.evolve(row, effects=()) if row.trigger == "downloaded" else row for row in TRAINING.rows)
            sim = simulation(seed=7, tables=Tables.of(training=Table("training", rows, TRAINING.final)))
            sim.create_tuning_job(TuningJobSpec("demo"))
            sim.run()
        """
    )
    result.assert_outcomes(failed=1)
    again = r"reproduce with: the calls that changed something \(1 so far\), .* with the seed 7 .*"
    result.stdout.re_match_lines([r"-+ hptsim -+", again])


@pytest.mark.long
def test_another_failure_prints_none(suite):
    result = suite("def test_it():\n    assert 1 == 2\n")
    result.assert_outcomes(failed=1)
    assert "reproduce with" not in result.stdout.str()


@pytest.mark.long
def test_a_suite_that_asks_for_all_and_misses_some_is_red_and_names_them(suite):
    result = suite(TAME, "all")
    result.assert_outcomes(passed=1)
    assert result.ret == 1
    seen = {"a stopped job has artifacts"}
    for law in SOMETIMES:
        assert (f"never seen: {law}" in result.stdout.str()) is (law not in seen)


@pytest.mark.long
def test_a_suite_that_reaches_what_it_asks_for_is_green(suite):
    result = suite(TAME, "a stopped job has artifacts")
    result.assert_outcomes(passed=1)
    assert result.ret == 0 and "never reached a required case" not in result.stdout.str()


@pytest.mark.long
def test_witnesses_count_wherever_the_simulation_was_made(suite):
    text = TAME.replace("def test_tame(simulation):", "from hptsim import Simulation as simulation\n\ndef test_tame():")
    assert suite(text, "a stopped job has artifacts").ret == 0
    explorer = """
        from hptsim import explore
        from hptsim.cli.explore import small

        def test_explored():
            assert explore(small(), max_states=20000).counterexample is None
    """
    assert suite(explorer, "a stop catches one starting", "a stop catches one uploading").ret == 0


@pytest.mark.long
def test_a_part_of_the_suite_can_be_run_without_asking(suite):
    assert suite(TAME, "all", options=("-o", "hptsim_sometimes=")).ret == 0
    assert suite(TAME, "all", options=("--collect-only",)).ret == 0


@pytest.mark.long
def test_a_misspelt_law_is_a_usage_error_with_the_nearest_spelling(suite):
    result = suite(TAME, "a stop catches one startin")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*hptsim_sometimes: no law*did you mean 'a stop catches one starting'*"])


@pytest.mark.long
def test_a_red_suite_stays_as_red_as_it_was(suite):
    result = suite(TAME + "\n\ndef test_wrong():\n    assert False\n", "all")
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == 1


HAND_OVER = f"""
import time
from hptsim import boto

FIRST, NEXT = {request("first", 4, 4)!r}, {request("next", 4, 4)!r}
NAME, STATUS = "HyperParameterTuningJobName", "HyperParameterTuningJobStatus"

def running(sagemaker):
    sagemaker.create_hyper_parameter_tuning_job(**FIRST)
    while not sagemaker.list_training_jobs()["TrainingJobSummaries"]:
        time.sleep(30)
    sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="first")

def test_the_next_job_takes_the_place_of_the_last(sim, sagemaker):
    with boto.virtual_time(sim):
        running(sagemaker)
        WAIT
        sagemaker.create_hyper_parameter_tuning_job(**NEXT)
"""


@pytest.mark.long
@BOTO
def test_an_orchestrator_that_starts_its_next_job_while_the_last_is_stopping_fails_and_is_told_why(suite):
    result = suite(HAND_OVER.replace("WAIT", "pass"))
    result.assert_outcomes(failed=1)
    said = result.stdout.str()
    assert "(ResourceLimitExceeded) when calling the CreateHyperParameterTuningJob operation: The account-level" in said
    assert "'ml.m5.xlarge for training job usage' is 4 Instances, with current utilization of 4 Instances" in said
    assert "[hptsim: 4 held by tuning job first, which is Stopping, until it is Stopped]" in said


@pytest.mark.long
@BOTO
def test_one_that_waits_until_the_last_is_stopped_passes_and_the_wait_is_no_moment(suite):
    wait = """while sagemaker.describe_hyper_parameter_tuning_job(**{NAME: "first"})[STATUS] != "Stopped":
            time.sleep(5)
        assert sim.tuning_job("first").ended_s > sim.tuning_job("first").stop_s"""
    suite(HAND_OVER.replace("WAIT", wait)).assert_outcomes(passed=1)


EXPLORES = """
import attrs
from hptsim import Scenario, TuningJobSpec, explore
from hptsim.model.machine import Tables
from hptsim.model.tables import TRAINING, Table
from hptsim.scenario import ScheduledTuningJob

rows = tuple(attrs.evolve(row, effects=()) if row.trigger == "downloaded" else row for row in TRAINING.rows)
SILENT = Tables.of(training=Table("training", rows, TRAINING.final))
TINY = Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("demo")),))

def test_compared():
    assert explore(TINY, tables=SILENT).counterexample is None

def test_an_exploration_in_a_variable():
    found = explore(TINY, tables=SILENT)
    assert not found.counterexample

def test_a_counterexample_in_a_variable():
    one = explore(TINY, tables=SILENT).counterexample
    assert not one

def test_checked():
    explore(TINY, tables=SILENT).check()

def test_another_failure_tells_none():
    found = explore(TINY, tables=SILENT)
    raise ValueError("mine")
"""


@pytest.mark.long
def test_a_failure_that_is_about_a_counterexample_tells_its_story_once(suite):
    result = suite(EXPLORES)
    result.assert_outcomes(failed=5)
    _, *failures = re.split("_{5,} test_", result.stdout.str())
    assert len(failures) == 5
    for failure in failures[:4]:
        assert (
            failure.count("1. the caller creates tuning job demo") == 1
            and failure.count("It was never inevitable") == 1
        )
        assert ("- hptsim -" in failure) is (failure is not failures[3]), "an error that tells it needs no section"
    assert "the caller creates" not in failures[4]
