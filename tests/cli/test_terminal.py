"""What the commands print for people."""

import io
from pathlib import Path

import pytest

from hptsim import Scenario, Simulation
from hptsim.cli import terminal
from hptsim.cli.app import main
from hptsim.model.validators import LARGEST_WHOLE


def test_a_name_that_looks_like_markup_is_printed_as_it_is():
    file = io.StringIO()
    terminal.console(file=file).print("[/x] [bold]a[/bold] :smile:")
    assert file.getvalue() == "[/x] [bold]a[/bold] :smile:\n"


def test_a_line_in_a_file_may_be_120_wide():
    file = io.StringIO()
    terminal.console(file=file).print("a " * 70)
    assert [len(line.rstrip()) for line in file.getvalue().splitlines()] == [119, 19]


def test_yes_lifts_the_limit_on_entries_and_nothing_else():
    scenario = Scenario("large", max_entries=5)
    assert terminal.accepted(scenario, yes=False) is scenario
    assert terminal.accepted(scenario, yes=True).max_entries == LARGEST_WHOLE
    assert terminal.accepted(scenario, yes=True).name == "large"


@pytest.mark.parametrize(
    "command",
    [
        "run --journal", "run --html", "explore --html", "explore --film", "explore --checkpoint", "film --svg", "film --png",
        "film --gif", "diagram --svg", "diagram --tla", "plan nothing.toml --html", "plan nothing.toml --parquet",
    ],
)  # fmt: skip
def test_a_file_in_a_folder_that_is_not_there_is_refused_before_anything_is_done(
    command, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("nothing.toml").write_text('name = "nothing"\n')
    assert main([*command.split(), "missing/file.tla"]) == 2
    captured = capsys.readouterr()
    option = command.split()[-1]
    assert f"{option}: got 'missing/file.tla', expected a file in a folder that exists" in captured.err
    assert captured.out == "" and [path.name for path in tmp_path.iterdir()] == ["nothing.toml"]


def test_an_interruption_is_reported_with_its_time(capsys):
    sim = Simulation(Scenario())
    sim.run(until=90)
    terminal.report_interrupt(sim)
    assert capsys.readouterr().err == "interrupted at 90 s; the journal is complete up to there\n"
