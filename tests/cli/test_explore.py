"""`hptsim explore`: counts, coverage and counterexamples."""

import functools
import re

import attrs

from cli.broken_tables import BROKEN
from hptsim import explore as search
from hptsim.cli.app import main
from hptsim.cli.explore import small


def test_explore_counts_states_and_says_what_it_has_not_seen(tmp_path, capsys):
    scenario = attrs.evolve(small(), tuning_jobs=small().tuning_jobs[:1])
    path = tmp_path / "one.json"
    scenario.dump(path)
    assert main(["explore", str(path), "--fault", "interrupt", "--no-reduction"]) == 0
    out = capsys.readouterr().out
    found = re.search(r"(\d+) states, (\d+) transitions, depth (\d+), (\d+) at rest", out)
    again = search(scenario, faults={"interrupt": 1})
    assert found and tuple(map(int, found.groups())) == (again.states, again.transitions, again.depth, again.resting)
    assert "every state visited, all laws kept" in out
    assert re.search("never seen in this scope: .*a waiting request is withdrawn", out)
    assert main(["explore", "--max-states", "200"]) == 0
    assert "stopped after 200 states" in capsys.readouterr().out


def test_explore_prints_a_counterexample_with_exit_code_3(capsys, monkeypatch):
    monkeypatch.setattr("hptsim.cli.explore.search", functools.partial(search, tables=BROKEN))
    assert main(["explore"]) == 3
    out = capsys.readouterr().out
    assert "law broken: logs persist" in out and "sim.fire('a', 'launch')" in out


def test_explore_leaves_out_what_interchangeable_jobs_repeat_and_says_so(tmp_path, capsys):
    scenario = attrs.evolve(small(), tuning_jobs=small().tuning_jobs[:1])
    path = tmp_path / "one.json"
    scenario.dump(path)
    assert main(["explore", str(path), "--fault", "interrupt"]) == 0
    out = capsys.readouterr().out
    again = search(scenario, faults={"interrupt": 1}, reduction=True)
    assert f"{again.states} states, {again.transitions} transitions" in out
    assert again.states < search(scenario, faults={"interrupt": 1}).states
    assert "The search was reduced" in out and "Judged on the steps that were taken alone: the best is the best." in out
