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
    assert main(["explore", str(path), "--fault", "interrupt"]) == 0
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
    assert "step by step:" in out and "     row     training" in out and "inevitable" in out


def test_explore_writes_a_film_of_the_counterexample(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("hptsim.cli.explore.search", functools.partial(search, tables=BROKEN))
    assert main(["explore", "--film", str(tmp_path / "film.html")]) == 3
    page = (tmp_path / "film.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and "a counterexample" in page and '"law":"logs persist"' in page
