"""A law of the user's own works wherever laws are asked: simulations, the explorer, the hypothesis machine, saved journals."""

import attrs
import pytest
from doctored import ALONE, TWO
from extras import CLI
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from hptsim import LAWS, Simulation, explore
from hptsim.cli import main
from hptsim.errors import InvalidInput, LawBroken
from hptsim.model.journal import Journal
from hptsim.model.laws import Law
from hptsim.testing import TuningMachine

SHORT = Law(
    "at most one training job",
    "always",
    "no tuning job has two training jobs",
    "the team's budget",
    lambda state, job: f"{job.name} has {job.launched}" if job.spec is not None and job.launched > 1 else None,
    ("tuning job after a step",),
)
DOWNLOADS = Law(
    "a training job downloads",
    "sometimes",
    "a training job gets its data",
    "the team",
    lambda state, entry: f"{entry[2]} has its data",
    ("training downloaded",),
)
NEVER = Law(
    "nothing reserved", "eventually", "nothing is stored", "the team", lambda state, world: "it ended", ("rest",)
)


def test_a_simulation_asks_a_law_of_the_users_own():
    sim = Simulation(ALONE, laws=(*LAWS, DOWNLOADS))
    sim.run()
    assert "a training job downloads" in sim.witnessed and sim.laws[-1] is DOWNLOADS
    with pytest.raises(LawBroken, match="at most one training job: a has 2") as broken:
        Simulation(ALONE, laws=(*LAWS, SHORT)).run()
    assert broken.value.rests_on == "the team's budget" and broken.value.reproduce
    with pytest.raises(LawBroken, match="nothing reserved: it ended"):
        Simulation(ALONE, laws=[NEVER]).run()


def test_what_is_no_law_is_refused_before_anything_runs():
    for wrong, hint in (
        ("always", "'end'"),
        ([SHORT, SHORT], "different names"),
        (("end",), "hptsim.LAWS, mine"),
        (3, "laws"),
    ):
        with pytest.raises(InvalidInput, match=hint):
            Simulation(ALONE, laws=wrong)


def test_a_snapshot_keeps_the_laws_of_its_simulation():
    sim = Simulation(ALONE, laws=(SHORT,))
    sim.run(until=50)
    before = sim.snapshot()
    for _ in range(2):
        with pytest.raises(LawBroken, match="at most one"):
            sim.run()
        sim.restore(before)


def test_after_a_broken_law_a_simulation_goes_on_and_is_judged_no_further():
    sim = Simulation(ALONE, laws=(*LAWS, attrs.evolve(SHORT, check=lambda state, job: job.name)))
    with pytest.raises(LawBroken, match="at most one"):
        sim.run()
    judged = sim.checked
    sim.run()
    assert sim.tuning_job("a").status == "Completed" and sim.checked == judged


def test_the_explorer_asks_a_law_of_the_users_own():
    found = explore(ALONE, stops=False, laws=(*LAWS, SHORT, DOWNLOADS))
    assert found.counterexample is not None and found.counterexample.law == "at most one training job"
    assert "a training job downloads" in found.witnessed and "a training job downloads" not in found.missed
    assert explore(ALONE, stops=False, laws=LAWS).counterexample is None
    assert explore(ALONE, stops=False, laws=(DOWNLOADS, *LAWS), max_states=2).missed[0] == "a training job downloads"


CREATED = Law("none", "always", "nothing is created", "the team", lambda state, entry: entry[2], ("tuning create",))


@pytest.mark.long
def test_the_machine_asks_a_law_of_the_users_own():
    class Mine(TuningMachine):
        laws = (*LAWS, CREATED)

    few = settings(max_examples=100, phases=[Phase.generate], deadline=None, derandomize=True, database=None)
    with pytest.raises(LawBroken, match="law broken: none"):
        run_state_machine_as_test(Mine, settings=few)


@CLI
def test_a_saved_journal_is_checked_by_a_law_of_the_users_own(tmp_path, capsys, monkeypatch):
    path = tmp_path / "out.jsonl"
    with_journal = Journal(path)
    Simulation(TWO, journal=with_journal).run()
    with_journal.close()
    (tmp_path / "own_laws_of_a_test.py").write_text(
        "from hptsim.model.laws import Law\n"
        "MINE = Law('mine', 'always', 'a', 'b', lambda state, entry: entry[2] + ' is ready', ('training ready',))\n"
        "WRONG = Law('wrong', 'always', 'a', 'b', lambda state, entry: {}['key'], ('training ready',))\n"
        "SEVERAL = (Law('seen', 'sometimes', 'a', 'b', lambda state, entry: 'yes', ('training ready',)),)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["check", str(path)]) == 0
    assert main(["check", str(path), "--laws", "own_laws_of_a_test:MINE"]) == 3
    assert "law broken: mine: " in capsys.readouterr().err
    assert main(["check", str(path), "--laws", "own_laws_of_a_test:SEVERAL"]) == 0
    assert "seen" in capsys.readouterr().out
    assert main(["check", str(path), "--laws", "own_laws_of_a_test:OTHER"]) == 2
    with pytest.raises(KeyError, match="key"):
        main(["check", str(path), "--laws", "own_laws_of_a_test:WRONG"])
