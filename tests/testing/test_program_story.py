"""The story of a run, line by line."""

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.journal import Record
from hptsim.service.call import Response
from hptsim.testing.program_story import ProgramExploration, ProgramFailed, Step, story

DESCRIBE = "DescribeHyperParameterTuningJob(HyperParameterTuningJobName='a')"


def described(now_s, status):
    body = b'{"HyperParameterTuningJobStatus": "' + status + b'"}'
    return Step(now_s, DESCRIBE, "DescribeHyperParameterTuningJob", (), Response(200, {}, body))


def test_a_story_folds_what_comes_again_and_ends_with_the_account():
    sim = Simulation(Scenario(capacity={"ml.m5.xlarge": 2}))
    sim.create_tuning_job(TuningJobSpec("a"))
    sim.run(until=60)
    moved = Record(0.0, "training", "a-001", "ready", "Starting", "Downloading", None)
    refused = Response(400, {}, b'{"__type": "Throttled", "message": "' + b"x" * 200 + b' [hptsim: why]"}')
    steps = [
        *[described(now_s, b"InProgress") for now_s in (0, 15, 30)],
        Step(45, "a-001 ready", "", (moved,)),
        Step(45, DESCRIBE, "DescribeHyperParameterTuningJob", (), refused),
        Step(45, DESCRIBE, "DescribeHyperParameterTuningJob", (), None, "timeout"),
    ]
    assert story(steps, sim) == (
        "       0 s  DescribeHyperParameterTuningJob(a) → InProgress",
        "            (and 2 times more)",
        "      45 s      a-001 ready (Starting → Downloading)",
        f"      45 s  DescribeHyperParameterTuningJob(a) → Throttled: {'x' * 110}… [hptsim: why]",
        "      45 s  DescribeHyperParameterTuningJob(a) → no answer (timeout)",
        "  then a is InProgress; in use: 1 of 2 ml.m5.xlarge",
    )


def test_a_failure_tells_its_story():
    failed = ProgramFailed("it fails", ("  one", "  two"), 1, 20, 3)
    assert str(failed).splitlines() == [
        "it fails",
        "the shortest story that leads there:",
        "  one",
        "  two",
        "(20 states and 3 runs of the program until then)",
    ]


def test_a_result_says_what_was_not_visited():
    said = [ProgramExploration(9, 8, 7, 6, whole, most, 1).sentence() for whole, most in ((False, -1), (False, 2))]
    assert said[0].startswith("Not everything was visited: 9 states")
    assert said[1].startswith("Every run with at most 2 preemptions was visited: 9 states")
