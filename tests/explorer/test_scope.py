"""What an exploration was about, as its counterexample knows it."""

import pytest

from explorer.test_endings import BUGS, STUCK, scenario, tuning_job
from explorer.test_search import scope, without
from hptsim import LAWS, explore
from hptsim.errors import LawBroken
from hptsim.explorer.replay import commands
from hptsim.explorer.scope import Scope
from hptsim.model.laws import ALWAYS
from hptsim.model.machine import TABLES
from hptsim.model.tables import TRAINING

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
