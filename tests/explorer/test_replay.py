"""Calls taken apart, and made again."""

import pytest

from explorer.test_endings import scenario, tuning_job
from hptsim import LAWS
from hptsim.errors import InvalidInput
from hptsim.explorer.replay import Command, commands
from hptsim.explorer.scope import Scope
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.machine import TABLES

MINE = TrainingJobDefinition(keep_alive_s=60.0)
SCOPE = Scope(scenario(tuning_job("a")), {"it's": MINE}, {"lost_response": 1}, True, False, 0, TABLES, LAWS)
EVERY_CALL = [
    ("sim.create_tuning_job(scenario.tuning_jobs[0].spec)", Command("create_tuning_job", (tuning_job("a").spec,))),
    ('sim.create_training_job("it\'s", training_jobs["it\'s"])', Command("create_training_job", ("it's", MINE))),
    ("sim.stop_tuning_job('a')", Command("stop_tuning_job", ("a",))),
    ("sim.fire('a', 'launch')", Command("fire", ("a", "launch"))),
    ("sim.note_answer('X', 'a', 'timeout', False)", Command("note_answer", ("X", "a", "timeout", False))),
    ("sim.run()", Command("run", ())),
]


@pytest.mark.parametrize(("call", "command"), EVERY_CALL)
def test_a_call_is_a_method_and_its_arguments(call, command):
    assert commands(call, SCOPE) == (command,)


def test_a_lost_response_is_two_commands():
    call = "sim.stop_tuning_job('a'); sim.note_answer('StopHyperParameterTuningJob', 'a', 'lost_response', True)"
    assert [command.method for command in commands(call, SCOPE)] == ["stop_tuning_job", "note_answer"]


def test_what_an_exploration_offers_can_be_taken_apart():
    system = SCOPE.system()
    calls = [move.call for move in system.moves(system.root)]
    assert len(calls) == 4 and all(commands(call, SCOPE) for call in calls)


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "os.system('true')",
        "sim.run",
        "sim.run(until=5)",
        "sim.fire(other, 'x')",
        "sim.fire(",
        "sim.create_tuning_job(scenario.tuning_jobs[7].spec)",
        "sim.create_tuning_job(scenario.nothing)",
        "sim.create_training_job(training_jobs['other'])",
        "sim.fire(print('no'))",
    ],
)
def test_other_text_is_refused_and_not_run(text, capsys):
    with pytest.raises(InvalidInput, match=r"call: got .*expected calls of methods of sim"):
        commands(text, SCOPE)
    assert capsys.readouterr().out == ""


def test_a_refusal_is_an_answer():
    sim = SCOPE.simulation()
    assert Command("stop_tuning_job", ("a",)).give(sim).startswith("ResourceNotFound")
    assert commands(EVERY_CALL[0][0], SCOPE)[0].give(sim) == "" and sim.tuning_jobs == ["a"]
