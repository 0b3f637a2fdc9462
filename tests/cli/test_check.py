"""`hptsim check`: a saved journal is checked by the laws."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from hptsim import Scenario, Simulation
from hptsim.cli.app import main
from hptsim.model.journal import read, steps
from hptsim.testing import scenarios


def test_the_journal_is_written_and_judged(tiny, tmp_path, capsys):
    path = tmp_path / "out.jsonl"
    assert main(["run", str(tiny), "--json", "--journal", str(path)]) == 0
    sim = Simulation(Scenario.load(tiny))
    sim.run()
    assert read(path).records == list(sim.journal)
    capsys.readouterr()
    assert main(["check", str(path)]) == 0
    out = capsys.readouterr().out
    assert f"{len(sim.journal)} entries, no law broken; witnessed: a stopped job has artifacts" in out
    assert "not ended" not in out
    assert main(["run", str(tiny), "--json", "--journal", str(path), "--until", "7"]) == 0
    assert main(["check", str(path)]) == 0
    assert "not ended when the journal was closed at 7 s: a" in capsys.readouterr().out


@given(scenario=scenarios(), propagation_s=st.sampled_from([0.0, 7.0]))
def test_a_journal_falls_into_the_steps_that_wrote_it(scenario, propagation_s):
    scenario = attrs.evolve(scenario, timings=attrs.evolve(scenario.timings, stop_propagation_s=propagation_s))
    sim = Simulation(scenario, laws=False)
    taken = []
    while sim.env.peek() < float("inf"):
        taken.append(sim.step())
    assert list(steps(sim.journal)) == [step for step in taken if step]
