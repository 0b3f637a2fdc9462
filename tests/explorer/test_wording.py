"""The steps of an exploration in plain words: everything that it does has some, and they say whom it is about."""

import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.explorer.replay import Command
from hptsim.explorer.scope import Scope
from hptsim.explorer.wording import said, words
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.machine import TABLES
from hptsim.scenario.workload import ScheduledTuningJob

TWO = Scenario(tuning_jobs=tuple(ScheduledTuningJob(TuningJobSpec(name)) for name in ("first", "second")))
SCOPE = Scope(TWO, {"x": TrainingJobDefinition()}, {}, True, False, 0, TABLES, ())


def in_words(call, *tuning_jobs):
    return words(call, SCOPE, tuning_jobs)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("sim.create_tuning_job(scenario.tuning_jobs[1].spec)", "the caller creates tuning job second"),
        ("sim.stop_tuning_job('first')", "the caller stops tuning job first"),
        ("sim.create_training_job('x', training_jobs['x'])", "the caller creates training job x"),
        ("sim.stop_training_job('x')", "the caller stops training job x"),
        ("sim.delete_training_job('x')", "the caller deletes the record of training job x"),
        (
            "sim.update_training_job('x', 0)",
            "the caller changes how long the warm pool is kept of training job x",
        ),
        ("sim.fire('x', 'expire')", "the warm pool of training job x is given up, for its keep-alive period is over"),
        ("sim.fire('x', 'interrupt')", "training job x has lost its spot instances"),
        ("sim.fire('x', 'unheard_of')", "training job x unheard_of"),
        ("sim.run()", "nothing more has to happen"),
        ("sim.unheard_of('x')", "the caller calls unheard_of('x')"),
        ("x = 1", "x = 1"),
    ],
)
def test_calls_are_said_in_words(call, text):
    assert in_words(call) == text


def test_a_limit_of_running_time_is_whose_it_is():
    assert in_words("sim.fire('a', 'max_runtime')", "a") == "tuning job a has reached its limit of running time"
    assert (
        in_words("sim.fire('a-001', 'max_runtime')", "a") == "training job a-001 has reached its limit of running time"
    )


def test_a_request_without_its_ordinary_answer_says_which_and_what_became_of_it():
    note = "sim.note_answer('StopHyperParameterTuningJob', 'first', {!r}, {})"
    lost = in_words("sim.stop_tuning_job('first'); " + note.format("lost_response", True))
    assert lost == "the caller stops tuning job first; StopHyperParameterTuningJob for first: the response is lost"
    others = {answer: in_words(note.format(answer, False)) for answer in ANSWERS}
    assert others["ThrottlingException"].endswith("for first: the request is refused with ThrottlingException")
    assert others["timeout"].endswith("the request does not arrive")
    assert len(set(others.values())) == len(ANSWERS)


def test_commands_are_said_by_what_they_are_about():
    assert said(Command("create_training_job", ("mine", None))) == "the caller creates training job mine"
    assert said(Command("fire", ("a", "finish"))) == "tuning job a has ended"
