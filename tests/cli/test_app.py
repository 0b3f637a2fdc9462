"""The command `hptsim`: bad input, help, and a closed pipe."""

import os
import re
import subprocess
import sys

import pytest

from hptsim.cli.app import main
from hptsim.model.definitions import ResourceLimits
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.cloud import Timings
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--laws", "maybe"], "--laws: got 'maybe', expected on, off or end"),
        (["run", "nowhere.toml"], "nowhere.toml"),
        (["run", "--seed", "x"], "seed"),
        (["run", "--sed", "1"], "--sed"),
        (["run", "--until", "-5"], "--until: got -5"),
        (["check"], "journal"),
        (["check", "nowhere.jsonl"], "expected a readable journal file"),
        (["explore", "--fault", "interupt"], "did you mean 'interrupt'"),
        (["explore", "nowhere.toml"], "nowhere.toml"),
        (["rnu"], "rnu"),
    ],
    ids=" ".join,
)
def test_bad_input_is_exit_code_2_without_a_traceback(arguments, message, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err + captured.out and "Traceback" not in captured.err + captured.out


@pytest.mark.parametrize(
    "command",
    [
        "run FILE",
        "film FILE --svg SVG",
        "explore FILE",
        "plan FILE --replications 2",
        "choose FILE --over capacity.ml.m5.xlarge=1,2 --figure cost_usd --figure in_system.mean --designs 2 --replications 2",
        "choose FILE --over capacity.ml.m5.xlarge=1,2 --figure cost_usd --budget 60",
        "sensitivity FILE --between timings.training_s=60,90 --replications 2",
        "sensitivity FILE --between timings.training_s=60,90 --between timings.starting_s=60,90 --samples 2",
    ],
)
def test_a_seed_below_zero_is_a_seed_in_every_command(command, tmp_path, capsys):
    job = ScheduledTuningJob(TuningJobSpec("a", limits=ResourceLimits(1, 1)))
    Scenario(tuning_jobs=[job], timings=Timings(training_s=60.0, starting_s=60.0)).dump(tmp_path / "s.json")
    files = {"FILE": str(tmp_path / "s.json"), "SVG": str(tmp_path / "s.svg")}
    assert main([*(files.get(word, word) for word in command.split()), "--seed", "-1"]) == 0, capsys.readouterr().err


def test_the_package_is_a_command_too():
    done = subprocess.run([sys.executable, "-m", "hptsim", "diagram", "reservation"], capture_output=True, text=True)
    assert done.returncode == 0 and "Requested --> Held: grant" in done.stdout, done.stderr
    assert subprocess.run([sys.executable, "-m", "hptsim", "diagram", "none"], capture_output=True).returncode == 2


@pytest.mark.parametrize("command", ["diagram", "run"])
@pytest.mark.parametrize("buffered", [True, False])
def test_it_ends_quietly_when_the_pipe_is_closed(command, buffered):
    """As after `| head -1`; without a buffer it is print that meets the end of the pipe, with one it is the exit."""
    arguments = [sys.executable, *([] if buffered else ["-u"]), "-m", "hptsim", command]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(arguments, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert done.stderr.strip() == "" and done.returncode == 141  # a run always leaves an empty line there


@pytest.mark.parametrize("command", ["run", "check", "explore", "plan", "replay", "serve", "diagram"])
def test_the_help_says_what_every_command_and_every_parameter_is(command, capsys):
    main(["--help"])
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith(f"│ {command} ")]
    assert line.strip("│ ").removeprefix(command).strip(), "the list of commands leaves it without a word"
    main([command, "--help"])
    rows = capsys.readouterr().out.partition("Parameters ─")[2].splitlines()[1:-1]
    options = [place for place, row in enumerate(rows) if row.startswith(("│ --", "│ *  ")) or row[2:3].isupper()]
    assert options
    for place in options:
        words = re.sub(r"\[.*?\]|--\S+|\*|│|[A-Z]{3,}(\.\.\.)?", "", rows[place])
        assert words.strip(), f"nothing is said of {rows[place]}"
