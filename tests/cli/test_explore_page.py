"""`hptsim explore --html`: the page is written, what it holds is said, and a broken law is an exit code."""

import functools

import pytest

from cli.broken_tables import BROKEN
from hptsim import Scenario, TuningJobSpec, explore
from hptsim.cli.app import main
from hptsim.cli.explore_page import write_page
from hptsim.explorer.graph import state_graph
from hptsim.scenario.workload import ScheduledTuningJob

for module in ("jinja2", "pygraphviz"):
    pytest.importorskip(module, reason="needs the extra 'plots'")
ONE = Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))


def test_the_command_writes_a_page_of_every_state(tmp_path, capsys):
    ONE.dump(tmp_path / "one.json")
    page = tmp_path / "page.html"
    assert main(["explore", str(tmp_path / "one.json"), "--fault", "interrupt", "--html", str(page)]) == 0
    count = explore(ONE, faults={"interrupt": 1}).states
    assert capsys.readouterr().out == f"{page}: every state, {count} of them\n"
    assert f"{count} states" in page.read_text(encoding="utf-8")


def test_a_page_that_does_not_hold_every_state_says_so(tmp_path, capsys):
    assert main(["explore", "--max-states", "20", "--html", str(tmp_path / "page.html")]) == 0
    assert capsys.readouterr().out.endswith("page.html: only the nearest 20 states\n")


def test_a_broken_law_is_told_with_exit_code_3(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("hptsim.cli.explore_page.state_graph", functools.partial(state_graph, tables=BROKEN))
    assert write_page(tmp_path / "page.html", ONE, None) == 3
    assert "law broken in 1 of them; first: logs persist: " in capsys.readouterr().out
