"""Steps as messages, and Mermaid's text."""

import re

import pytest

from explorer.test_endings import BUGS, scenario, tuning_job
from hptsim import LAWS, explore
from hptsim.explorer.scope import Scope
from hptsim.explorer.sequence import Message, mermaid, messages, participants
from hptsim.explorer.story import told
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.machine import TABLES

SCOPE = Scope(
    scenario(tuning_job("a")),
    {"mine": TrainingJobDefinition(keep_alive_s=60.0)},
    {"lost_response": 1, "interrupt": 1},
    True,
    True,
    0,
    TABLES,
    LAWS,
)
CREATE = "sim.create_tuning_job(scenario.tuning_jobs[0].spec)"


def child():
    sim = SCOPE.simulation()
    sim.create_tuning_job(SCOPE.scenario.tuning_jobs[0].spec)
    return next(one.name for one in sim.fire("a", "launch") if one.thing == "training")


def test_a_stop_in_the_air_is_told_between_caller_job_and_quota():
    name = child()
    ends = ["stop", "torn_down"]
    calls = [
        CREATE,
        "sim.fire('a', 'launch')",
        "sim.stop_tuning_job('a')",
        *(f"sim.fire({name!r}, {one!r})" for one in ends),
    ]
    said = messages(told(SCOPE, calls))
    job = f"training job {name}"
    assert participants(said) == ("caller", "tuning job a", job, "quota")
    assert said[0] == Message(1, "caller", "tuning job a", "create")
    assert said[1:3] == [
        Message(1, "tuning job a", "quota", "asks for a place among the tuning jobs"),
        Message(1, "quota", "tuning job a", "grants a place among the tuning jobs"),
    ]
    assert Message(2, "tuning job a", job, "start") in said
    assert Message(2, job, "quota", "uses 1 ml.m5.xlarge") in said
    assert [one for one in said if one.step == 3] == [
        Message(3, "caller", "tuning job a", "stop: InProgress → Stopping"),
        Message(3, "tuning job a", job, "a stop is on its way"),
    ]
    assert [one for one in said if one.step == 4] == [
        Message(4, "tuning job a", job, "stop: Starting → Starting:stopping")
    ]
    assert Message(5, job, "quota", "no longer uses 1 ml.m5.xlarge") in said


def test_a_training_job_of_its_own_is_the_callers():
    calls = [
        "sim.create_training_job('mine', training_jobs['mine'])",
        "sim.stop_training_job('mine'); sim.note_answer('StopTrainingJob', 'mine', 'lost_response', True)",
        "sim.stop_training_job('other')",
        "sim.run()",
    ]
    said = messages(told(SCOPE, calls))
    assert participants(said) == ("caller", "training job mine", "quota")
    assert Message(1, "caller", "training job mine", "start") in said
    assert Message(1, "training job mine", "quota", "asks for 1 ml.m5.xlarge") in said
    assert Message(2, "caller", "training job mine", "stop: Starting → Starting:stopping") in said
    assert Message(2, "caller", "training job mine", "StopTrainingJob: the response is lost") in said
    assert said[-2].words.startswith("the caller stops training job other; refused: ValidationException")
    assert said[-1] == Message(4, "caller", "caller", "nothing more has to happen")


def test_who_stops_a_training_job_is_who_says_so():
    name = child()
    (told_by,) = [
        one.source
        for one in messages(told(SCOPE, [CREATE, "sim.fire('a', 'launch')", f"sim.stop_training_job({name!r})"]))
        if one.words.startswith("stop")
    ]
    assert told_by == "caller"


LARGE = "two that hold what the other wants"


@pytest.mark.parametrize("bug", [pytest.param(bug, marks=pytest.mark.long) if bug == LARGE else bug for bug in BUGS])
def test_every_step_is_in_the_diagram_and_every_line_is_mermaids(bug, monkeypatch):
    scope, faults, tables = BUGS[bug](monkeypatch)
    found = explore(scope, faults=faults, tables=tables).counterexample
    assert {one.step for one in messages(found.steps)} == set(range(1, len(found.calls) + len(found.loop)))
    first, *lines = found.to_mermaid().splitlines()
    arrow = r" {4,8}p\d+->>p\d+: \d+\. [^;#<>]+"
    note, loop = r" {4}note over p0,p\d+: law broken: .+", " {4}loop again and again| {4}end"
    shape = rf" {{4}}participant p\d+ as [\w -]+|{arrow}|{note}|{loop}"
    assert first == "sequenceDiagram" and all(re.fullmatch(shape, line) for line in lines)
    assert (lines.count("    loop again and again"), lines.count("    end")) == (bool(found.loop),) * 2


def test_what_mermaid_would_read_as_its_own_is_written_by_number():
    text = mermaid([], "a; b # <c>\nparticipant p9")
    assert text.splitlines()[-1] == "    note over p0: a#59; b #35; #60;c#62; participant p9"
