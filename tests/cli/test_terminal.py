"""What the commands print for people."""

import io

from hptsim import Scenario, Simulation
from hptsim.cli import terminal
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


def test_an_interruption_is_reported_with_its_time(capsys):
    sim = Simulation(Scenario())
    sim.run(until=90)
    terminal.report_interrupt(sim)
    assert capsys.readouterr().err == "interrupted at 90 s; the journal is complete up to there\n"
