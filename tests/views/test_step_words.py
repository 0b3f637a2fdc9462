"""Steps in words: everything that an exploration does has some, and they say whom it is about."""

import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.explorer.scope import Scope
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.machine import TABLES
from hptsim.model.tables import ALL, BY_THE_LINE
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.views.step_words import TRAINING, TUNING, WARM_POOL, words

TWO = Scenario(tuning_jobs=tuple(ScheduledTuningJob(TuningJobSpec(name)) for name in ("first", "second")))
SCOPE = Scope(TWO, {"x": TrainingJobDefinition()}, {}, True, False, 0, TABLES, ())


def said(call, *tuning_jobs):
    return words(call, SCOPE, tuning_jobs)


def test_every_trigger_that_is_armed_has_words_of_its_own():
    triggers = {table.name: {row.trigger for row in table.rows} for table in ALL}
    assert triggers["training"] - {"create", *BY_THE_LINE} == set(TRAINING)
    assert triggers["tuning"] - {"create", "child_ended", "stop"} == set(TUNING), "those happen within another step"
    assert triggers["warm_pool"] - {"open", "update", "job_ended", "reuse", "terminate"} == set(WARM_POOL)
    for table in (TRAINING, TUNING):
        assert len(set(table.values())) == len(table)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("sim.create_tuning_job(scenario.tuning_jobs[1].spec)", "tuning job second is created by its caller"),
        ("sim.stop_tuning_job('first')", "tuning job first is stopped by its caller"),
        ("sim.create_training_job('x', training_jobs['x'])", "training job x is created by its caller"),
        ("sim.stop_training_job('x')", "training job x is stopped by its caller"),
        ("sim.delete_training_job('x')", "training job x is deleted by its caller"),
        ("sim.update_training_job('x', 0)", "training job x gets another keep-alive period from its caller"),
        ("sim.fire('x', 'expire')", "the warm pool of training job x is given up, for its keep-alive period is over"),
        ("sim.fire('x', 'interrupt')", "training job x loses its spot instances"),
        ("sim.fire('x', 'unheard_of')", "training job x unheard_of"),
        ("sim.unheard_of('x')", "sim.unheard_of('x')"),
        ("x = 1", "x = 1"),
    ],
)
def test_calls_are_said_in_words(call, text):
    assert said(call) == text


def test_a_limit_of_running_time_is_whose_it_is():
    assert said("sim.fire('a', 'max_runtime')", "a") == "tuning job a reaches its limit of running time"
    assert said("sim.fire('a-001', 'max_runtime')", "a") == "training job a-001 reaches its limit of running time"


def test_a_request_without_its_ordinary_answer_says_which_and_what_became_of_it():
    note = "sim.note_answer('StopHyperParameterTuningJob', 'first', {!r}, {})"
    lost = said("sim.stop_tuning_job('first'); " + note.format("lost_response", True))
    assert lost == "the request StopHyperParameterTuningJob for first is carried out, but its response is lost"
    others = {answer: said(note.format(answer, False)) for answer in ANSWERS}
    assert others["ThrottlingException"].endswith("for first is refused (ThrottlingException)")
    assert others["timeout"].endswith("never arrives (a timeout)")
    assert len(set(others.values())) == len(ANSWERS)
