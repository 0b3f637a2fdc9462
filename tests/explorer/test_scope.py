"""What an exploration was about: checked, as its counterexample knows it, and in words that name it in every process."""

import os
import subprocess
import sys

import attrs
import pytest

from explorer.scopes import BROKEN, FAULTS, jobs
from explorer.test_endings import BUGS, STUCK, scenario, tuning_job
from explorer.test_search import scope, without
from hptsim import explore
from hptsim.audit.laws import LAWS
from hptsim.errors import InvalidInput, LawBroken
from hptsim.explorer.replay import commands
from hptsim.explorer.scope import Scope, check_whole
from hptsim.model.laws import ALWAYS
from hptsim.model.machine import TABLES
from hptsim.model.tables import TRAINING

SCOPE = Scope(jobs(), {}, FAULTS, True, False, 0, TABLES, LAWS)


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"interupt": 1}, "faults: got 'interupt', expected a kind of fault; did you mean 'interrupt'?"),
        ({"interrupt": -1}, "faults.interrupt: got -1, expected how often it may happen"),
        ({"interrupt": True}, "faults.interrupt: got True"),
    ],
)
def test_faults_that_make_no_sense_are_refused(faults, words):
    with pytest.raises(InvalidInput) as refused:
        attrs.evolve(SCOPE, budget=faults)
    assert words in str(refused.value)


@pytest.mark.parametrize("given", [0, -1, 1.5, True, "7", None])
def test_a_number_that_makes_no_sense_is_refused(given):
    with pytest.raises(InvalidInput, match=r"max_states: got .*, expected a whole number of at least 1"):
        check_whole("max_states", given, 1)


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("scenario", jobs(2)),
        ("budget", {}),
        ("stops", False),
        ("delayed_stop", True),
        ("seed", 1),
        ("tables", BROKEN),
        ("laws", LAWS[1:]),
        ("training_jobs", {"alone": jobs().tuning_jobs[0].spec.definitions[0]}),
    ],
)
def test_another_scope_has_other_words(part, other):
    words, others = SCOPE.words(), attrs.evolve(SCOPE, **{part: other}).words()
    assert [name for name in words if words[name] != others[name]] == ["faults" if part == "budget" else part]


def test_the_words_are_the_same_in_another_process():
    code = "from explorer.test_scope import SCOPE; print(sorted(SCOPE.words().items()))"
    other = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run([sys.executable, "-c", code], env=other, capture_output=True, text=True, check=True).stdout
    assert found.strip() == str(sorted(SCOPE.words().items()))


NO_STOP = without(TRAINING, "stop", "Starting")


def test_a_counterexample_knows_its_scope():
    laws = tuple(law for law in LAWS if law.kind == ALWAYS)
    found = explore(scope(total=2), faults={"wait": 1}, seed=3, tables=NO_STOP, laws=laws)
    known = found.counterexample.scope
    assert known == Scope(scope(total=2), {}, {"wait": 1}, True, False, 3, NO_STOP, laws)
    assert found.counterexample.calls[0] == known.system().opening()


def test_its_simulation_is_as_the_exploration_was():
    sim = Scope(scenario(tuning_job("a")), {}, {"wait": 1}, True, False, 2, TABLES, LAWS).simulation()
    assert sim.tuning_jobs == [] and sim.seed == 2 and sim.laws == LAWS
    sim.run()
    assert sim.tuning_jobs == [], "the scenario schedules nothing by itself"


@pytest.mark.parametrize("bug", sorted(STUCK))
def test_its_calls_break_the_same_law_in_a_simulation_that_is_judged(bug, monkeypatch):
    scope, faults, tables = BUGS[bug](monkeypatch)
    found = explore(scope, faults=faults, tables=tables).counterexample
    sim = found.known_scope.simulation()
    *before, last = [command for call in found.calls[1:] for command in commands(call, found.known_scope)]
    for command in before:
        assert command.give(sim) == ""
    with pytest.raises(LawBroken) as broken:
        last.give(sim)
    assert (broken.value.law, broken.value.reason) == (found.law, found.reason)
