"""The command line: what it prints, its exit codes, and how it ends when somebody is impatient."""

import functools
import json
import os
import re
import signal
import subprocess
import sys
import time

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hptsim.cli.commands
from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim import explore as search
from hptsim.cli.commands import demo, main, small, stories
from hptsim.model.definitions import ResourceLimits, ServiceLimits
from hptsim.model.journal import read, steps
from hptsim.model.machine import Tables
from hptsim.model.tables import TRAINING, Table
from hptsim.scenario.cloud import Timings
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob
from hptsim.testing import scenarios

BROKEN = Tables.of(
    training=Table(
        "training",
        tuple(attrs.evolve(row, effects=()) if row.trigger == "downloaded" else row for row in TRAINING.rows),
        TRAINING.final,
    )
)
"""Tables in which a container writes no log when it starts."""


def test_a_scenario_with_many_arrivals_prints_some_and_counts_the_rest(tmp_path, capsys):
    path = tmp_path / "many.toml"
    Scenario("many", capacity={"ml.m5.xlarge": 1}, arrivals=[Arrivals(TuningJobSpec("a"), 90, 53)]).dump(path)
    assert main(["run", str(path)]) == 0
    out = capsys.readouterr().out
    assert "a-50 " in out and "a-51" not in out and "and 3 more; --json has them all" in out
    assert main(["run", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["tuning_jobs"]) == 53 and found["refused"] == {}
    assert found["cost_usd"] == pytest.approx(53 * 100 / 3600 * 0.23)
    assert set(found["prices"]) == {"date", "region", "source"}


def test_where_the_reserved_hours_went_is_said(tmp_path, capsys):
    path = tmp_path / "x.toml"
    timings = Timings(starting_s=36, training_s=360, finish_s=72)
    Scenario("x", timings=timings, tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),)).dump(path)
    assert main(["run", str(path)]) == 0
    out = capsys.readouterr().out
    assert "0.13 instance-hours reserved: 0.10 billable, 0.01 occupied and not billed, 0.02 idle; prices of " in out


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text('name = "tiny"\n')
    scenario = Scenario(
        "tiny", timings=Timings(training_s=50), tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a"), 0.0, 20.0),)
    )
    scenario.dump(path)
    return path


def test_run_tells_the_stop_with_its_times_and_the_laws(capsys):
    assert main(["run"]) == 0
    out = capsys.readouterr().out
    story = out[out.index("The stop of vision-resnet") :]
    told = ["the stop is accepted: Stopping", "is told to stop", "gets SIGTERM", "reports its model saved"]
    told += ["has uploaded what it saved: Stopped", "the last training job has ended: Stopped", "released: "]
    places = [story.index(words) for words in told]
    assert places == sorted(places)
    assert re.search(r"1800 s  the stop is accepted", story)
    assert re.search(r"\d+ laws kept over \d+ journal entries; witnessed: a stop", out)
    for name in ("churn-xgboost", "vision-resnet", "broken-script", "nightly-spot"):
        assert name in out


def test_run_json_is_json_and_nothing_else(tiny, capsys):
    assert main(["run", str(tiny), "--json", "--seed", "5"]) == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert (result["scenario"], result["seed"], result["end_s"]) == ("tiny", 5, 20.0)
    assert [row["status"] for row in result["tuning_jobs"]] == ["Stopped"]
    assert result["laws"]["entries_judged"] > 10 and captured.err == ""


def test_until_stops_the_clock(tiny, capsys):
    assert main(["run", str(tiny), "--json", "--until", "7"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["end_s"], result["tuning_jobs"][0]["status"]) == (7.0, "InProgress")


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
    assert "not ended when the journal was closed: a" in capsys.readouterr().out


@pytest.mark.parametrize(("laws", "judged"), [("on", True), ("off", False), ("end", True)])
def test_the_laws_switch(tiny, capsys, laws, judged):
    assert main(["run", str(tiny), "--json", "--laws", laws]) == 0
    assert bool(json.loads(capsys.readouterr().out)["laws"]["entries_judged"]) is judged


def test_a_broken_law_is_exit_code_3_with_its_reproduction_first(tiny, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(hptsim.cli.commands, "Simulation", functools.partial(Simulation, tables=BROKEN))
    path = tmp_path / "out.jsonl"
    assert main(["run", str(tiny), "--journal", str(path)]) == 3
    error = capsys.readouterr().err
    assert error.lstrip().startswith(f"reproduce with: hptsim run {tiny} --seed 0 --until 0")
    assert "law broken: logs persist" in error and "Traceback" not in error
    assert main(["check", str(path)]) == 3
    assert re.search(r"law broken: logs persist: .*out\.jsonl:\d+: ", capsys.readouterr().err)
    assert main(["run", str(tiny), "--json", "--laws", "off"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--laws", "maybe"], "--laws: got 'maybe', expected on, off or end"),
        (["run", "nowhere.toml"], "nowhere.toml"),
        (["run", "--seed", "x"], "seed"),
        (["run", "--sed", "1"], "--sed"),
        (["run", "--until", "-5"], "until: got -5"),
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
    assert "never seen in this scope: a waiting request is withdrawn" in out
    assert main(["explore", "--max-states", "200"]) == 0
    assert "gave up after 200 states" in capsys.readouterr().out


def test_explore_prints_a_counterexample_with_exit_code_3(capsys, monkeypatch):
    monkeypatch.setattr(sys.modules["hptsim.simulation.explorer"], "explore", functools.partial(search, tables=BROKEN))
    assert main(["explore"]) == 3
    out = capsys.readouterr().out
    assert "law broken: logs persist" in out and "sim.fire('a', 'launch')" in out


LONG = Scenario(
    "long",
    limits=ServiceLimits(None, None, None),
    tuning_jobs=tuple(
        ScheduledTuningJob(TuningJobSpec(f"job-{i}", limits=ResourceLimits(10**6, 10))) for i in range(3)
    ),
)


def test_ctrl_c_ends_with_130_and_a_complete_journal(tmp_path, capsys, ctrl_c):
    scenario, path = tmp_path / "long.json", tmp_path / "out.jsonl"
    LONG.dump(scenario)
    code = "import sys; from hptsim.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "run", str(scenario), "--journal", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and (not path.exists() or path.stat().st_size < 500_000):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate()
    assert process.returncode == 130, error
    assert re.search(r"interrupted at \d+ s; the journal is complete up to there", error)
    assert "Traceback" not in out + error
    saved = read(path)
    assert saved.damage == "" and len(saved.records) > 1000
    capsys.readouterr()
    assert main(["check", str(path)]) == 0
    assert "not ended when the journal was closed: job-0, job-1, job-2" in capsys.readouterr().out


@given(scenario=scenarios(), propagation_s=st.sampled_from([0.0, 7.0]))
def test_a_journal_falls_into_the_steps_that_wrote_it(scenario, propagation_s):
    scenario = attrs.evolve(scenario, timings=attrs.evolve(scenario.timings, stop_propagation_s=propagation_s))
    sim = Simulation(scenario, laws=False)
    taken = []
    while sim.env.peek() < float("inf"):
        taken.append(sim.step())
    assert list(steps(sim.journal)) == [step for step in taken if step]


def test_the_embedded_scenario_shows_what_it_promises():
    sim = Simulation(demo())
    sim.run()
    statuses = {name: sim.tuning_job(name).status for name in sim.tuning_jobs}
    assert statuses == {
        "churn-xgboost": "Completed",
        "vision-resnet": "Stopped",
        "broken-script": "Failed",
        "nightly-spot": "Completed",
        "text-hyperband": "Completed",
        "forecast-early": "Completed",
        "two-families": "Completed",
        "impatient": "Stopped",
    }
    assert any(record.trigger == "interrupt" for record in sim.journal)
    assert any(
        record.trigger == "ask" and record.time_s < later.time_s
        for record in sim.journal
        for later in sim.journal
        if later.trigger == "grant" and later.name == record.name
    ), "nobody ever waited: quota is not scarce"


def test_the_package_is_a_command_too():
    done = subprocess.run([sys.executable, "-m", "hptsim", "diagram", "reservation"], capture_output=True, text=True)
    assert done.returncode == 0 and "Requested --> Held: grant" in done.stdout, done.stderr
    assert subprocess.run([sys.executable, "-m", "hptsim", "diagram", "none"], capture_output=True).returncode == 2


@pytest.mark.parametrize("command", ["diagram", "run"])
@pytest.mark.parametrize("buffered", [True, False])
def test_it_ends_quietly_when_nobody_reads_on(command, buffered):
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


def test_a_story_begins_with_its_stop_and_is_about_nobody_else():
    """Of "a" and "a-b", the one is not told with the other's training jobs; what ended at the same instant came before."""
    sim = Simulation(Scenario(timings=Timings(training_s=50, uploading_s=5)))
    for name in ("a", "a-b"):
        sim.create_tuning_job(TuningJobSpec(name, limits=ResourceLimits(2, 1)))
    sim.run(until=55)
    sim.stop_tuning_job("a")
    sim.run(until=60)
    sim.stop_tuning_job("a-b")
    sim.run()
    first, second = "\n".join(stories(sim)).split("The stop of ")[1:]
    assert first.splitlines()[0] == "a" and "the stop is accepted" in first.splitlines()[1]
    assert second.splitlines()[0] == "a-b" and "a-b-002" in second and "released" in second
    assert "a-002" in first and "a-b" not in first and "a-001" not in first
