"""`hptsim choose`: the library's answer in words and as data, and what it refuses before anything is computed."""

import json

import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.cli.app import main
from hptsim.planning.experiments import sweep
from hptsim.planning.frontiers import frontier
from hptsim.planning.selection import best_of
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals

QUOTA = "capacity.ml.m5.xlarge"
SPOT = "arrivals.c.template.definitions.spot"
SCENARIO = Scenario(
    name="team",
    capacity={"ml.m5.xlarge": 1},
    timings=Timings(training_s=Exponential(100.0), spot_starting_s=50.0),
    limits="none",
    arrivals=[Arrivals(TuningJobSpec("c"), Exponential(120.0), 15)],
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "team.json"
    SCENARIO.dump(path)
    return str(path)


@pytest.mark.long
def test_one_figure_has_a_best(file, capsys):
    command = ["choose", file, "--over", f"{QUOTA}=1,3", "--figure", "waiting_time_s.mean", "--indifference", "20"]
    assert main(command) == 0
    found = best_of(SCENARIO, [{QUOTA: 1}, {QUOTA: 3}], "waiting_time_s.mean", indifference=20.0)
    assert found.best == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (found.sentence() + "\n", "")
    assert main([*command[:-4], "--figure", "+utilization.ml.m5.xlarge", "--budget", "50", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["best"] == {QUOTA: 1} and "(50 replications" in data["sentence"]


def test_several_figures_have_a_frontier(file, capsys):
    command = ["choose", file, "--over", f"{QUOTA}=1,2", "--over", f"{SPOT}=true,false", "--replications", "3"]
    command += ["--figure", "cost_usd", "--figure", "waiting_time_s.above_60"]
    assert main(command) == 0
    captured = capsys.readouterr()
    results = sweep(SCENARIO, {QUOTA: [1, 2], SPOT: [True, False]}, 3, above_s=[60.0])
    found = frontier(results, ["cost_usd", "waiting_time_s.above_60"])
    assert captured.out == found.sentence() + "\n" and f"{SPOT} = True" in captured.out
    assert "prices are of" in captured.err
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frontier"] == found.best.to_dict("records")


def no_constant(name):
    raise AssertionError(f"{name} is no JSON")


def test_what_nobody_has_is_null_for_machines(file, capsys):
    """Without an instance everybody is refused, and nobody has a waiting time."""
    command = ["choose", file, "--over", f"{QUOTA}=0,2", "--replications", "2", "--json"]
    assert main([*command, "--figure", "cost_usd", "--figure", "waiting_time_s.mean"]) == 0
    data = json.loads(capsys.readouterr().out, parse_constant=no_constant)
    assert [(one[QUOTA], one["waiting_time_s.mean"]) for one in data["designs"] if one["unserved"] == 1] == [(0, None)]
    assert [one[QUOTA] for one in data["frontier"]] == [2]


@pytest.mark.long
def test_a_large_grid_is_searched_and_what_is_not_tried_is_said(file, capsys):
    command = [
        "choose",
        file,
        "--over",
        f"{QUOTA}=1:9",
        "--replications",
        "2",
        "--figure",
        "cost_usd",
        "--figure",
        "idle_usd",
    ]
    command[-1] = "waiting_time_s.mean"
    assert main([*command, "--designs", "4"]) == 0
    assert capsys.readouterr().out.endswith("4 of the grid's 9 designs were tried; of the others nothing is known.\n")
    assert main([*command, "--designs", "99"]) == 0
    assert capsys.readouterr().out.endswith("All 9 designs of the grid were tried.\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--figure", "cost_usd"], "expected either --indifference (a choice with a guarantee) or --budget"),
        (["--figure", "cost_usd", "--budget", "40", "--indifference", "1"], "expected either --indifference"),
        (["--figure", "cost_usd", "--figure", "x", "--budget", "40"], "--budget: got 40, expected one --figure, not 2"),
        (
            ["--figure", "cost_usd", "--budget", "60", "--replications", "5"],
            "--replications: got 5, expected at least two",
        ),
        (
            ["--figure", "cost_usd", "--indifference", "9", "--replications", "50"],
            "--replications: got 50, expected at",
        ),
        (["--figure", "cost_usd", "--designs", "4"], "--designs: got 4, expected at least two --figure"),
        (
            ["--figure", "cost_usd", "--figure", "x", "--unserved", "7"],
            "unserved: got 7.0, expected a share between 0 and 1",
        ),
        (["--figure", "cost_usd", "--figure", "x", "--confidence", "95"], "confidence: got 95.0"),
    ],
)
def test_options_that_do_not_go_together_are_refused(file, capsys, options, words):
    assert main(["choose", file, "--over", f"{QUOTA}=1,2", *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and words in captured.err
