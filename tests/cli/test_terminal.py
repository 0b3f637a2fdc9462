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


@pytest.mark.parametrize("given", ["nan", "inf", "-1"])
@pytest.mark.parametrize(
    "command", ["run --journal old --until", "replay t.csv --above", "film --svg old --at", "film --svg old --begin",
                "film --svg old --end"],
)  # fmt: skip
def test_what_is_no_time_is_refused_before_anything_is_done(command, given, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("old").write_text(KEPT)
    Path("t.csv").write_text("submit,duration\n0,1\n")
    assert main([*command.split(), given]) == 2
    captured = capsys.readouterr()
    option = command.split()[-1]
    expected = f"hptsim: {option}: got {float(given)}, expected a finite number of seconds, at least 0\n"
    assert (captured.err, captured.out, Path("old").read_text()) == (expected, "", KEPT)


KEPT = 'name = "kept"\n'


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("run in.toml --journal in.toml", "--journal: got 'in.toml', expected a file of its own: FILE is the same file"),
        ("run in.toml --html ./other/../in.toml", "--html: got 'other/../in.toml', expected a file of its own: FILE is"),
        ("run in.toml --html link.toml", "--html: got 'link.toml', expected a file of its own: FILE is the same file"),
        ("run in.toml --html hard.toml", "--html: got 'hard.toml', expected a file of its own: FILE is the same file"),
        ("run in.toml --journal a --html ./a", "--html: got 'a', expected a file of its own: --journal is the same file"),
        ("run in.toml --html other", "--html: got 'other', expected a file, not a folder"),
        ("plan in.toml --html in.toml", "--html: got 'in.toml', expected a file of its own: FILE is the same file"),
        ("plan in.toml --checkpoint in.toml", "--checkpoint: got 'in.toml', expected a file of its own: FILE is"),
        ("plan in.toml --checkpoint a --parquet a", "--parquet: got 'a', expected a file of its own: --checkpoint is"),
        ("plan --trace in.toml --parquet in.toml", "--parquet: got 'in.toml', expected a file of its own: --trace is"),
        ("plan --trace t --prices in.toml --html in.toml", "--html: got 'in.toml', expected a file of its own: --prices"),
        ("choose in.toml --over a=1 --figure cost_usd --budget 60 --checkpoint in.toml", "--checkpoint: got 'in.toml', ex"),
        ("explore in.toml --html in.toml", "--html: got 'in.toml', expected a file of its own: FILE is the same file"),
        ("explore in.toml --film a --checkpoint a", "--film: got 'a', expected a file of its own: --checkpoint is the"),
        ("replay in.toml --journal in.toml", "--journal: got 'in.toml', expected a file of its own: TRACE is the same"),
        ("replay in.toml --parquet in.toml", "--parquet: got 'in.toml', expected a file of its own: TRACE is the same"),
        ("replay t --html a --parquet a", "--parquet: got 'a', expected a file of its own: --html is the same file"),
        ("film in.toml --svg in.toml", "--svg: got 'in.toml', expected a file of its own: FILE is the same file"),
        ("film in.toml --png a --gif a", "--gif: got 'a', expected a file of its own: --png is the same file"),
        ("diagram --svg in.toml --journal in.toml", "--svg: got 'in.toml', expected a file of its own: --journal is"),
        ("diagram --svg a.tla --tla a.tla", "--tla: got 'a.tla', expected a file of its own: --svg is the same file"),
        ("diagram --svg a.cfg --tla a.tla", "the .cfg beside --tla: got 'a.cfg', expected a file of its own: --svg is"),
    ],
)  # fmt: skip
def test_a_file_that_is_read_or_written_by_another_option_is_not_written(command, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("in.toml").write_text(KEPT)
    Path("link.toml").symlink_to("in.toml")
    Path("hard.toml").hardlink_to("in.toml")
    Path("other").mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert main(command.split()) == 2
    captured = capsys.readouterr()
    assert said in captured.err and captured.out == ""
    assert Path("in.toml").read_text() == KEPT and sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("run s.toml --journal request.json", "tuning_jobs[1].request of s.toml"),
        ("film s.toml --svg other/../request.json", "tuning_jobs[1].request of s.toml"),
        ("explore s.toml --html second.json", "arrivals[0].request[1] of s.toml"),
        ("choose s.toml --over a=1 --figure cost_usd --budget 60 --checkpoint in.toml", "prices of s.toml"),
        ("plan s.toml --parquet in.toml", "prices of s.toml"),
        ("diagram --tla x.tla --svg second.json --scenario s.toml", "arrivals[0].request[1] of s.toml"),
    ],
)
def test_a_file_that_the_scenario_names_is_not_written(command, named, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("in.toml", "request.json", "second.json"):
        Path(name).write_text(KEPT)
    Path("other").mkdir()
    Path("s.toml").write_text(
        'prices = "in.toml"\n[[tuning_jobs]]\nat_s = 3\n[[tuning_jobs]]\nrequest = "request.json"\n'
        '[[arrivals]]\nrequest = ["no.json", "second.json"]\n'
    )
    assert main(command.split()) == 2
    assert f"expected a file of its own: {named} is the same file\n" in capsys.readouterr().err
    assert {Path(name).read_text() for name in ("in.toml", "request.json", "second.json")} == {KEPT}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.toml",
        "other",
        "request.json",
        "s.toml",
        "second.json",
    ]


def test_a_device_may_be_named_twice_and_files_that_differ_may_be_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("in.toml").write_text(KEPT)
    terminal.check_files({"--html": Path("/dev/null"), "--parquet": Path("/dev/null")})
    assert main("run in.toml --journal a --html b".split()) == 0
    assert Path("a").stat().st_size and Path("b").stat().st_size and Path("in.toml").read_text() == KEPT


def test_an_interruption_is_reported_with_its_time(capsys):
    sim = Simulation(Scenario())
    sim.run(until=90)
    terminal.report_interrupt(sim)
    assert capsys.readouterr().err == "interrupted at 90 s; the journal is complete up to there\n"
