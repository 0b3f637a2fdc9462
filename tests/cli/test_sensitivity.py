"""`hptsim sensitivity`: the library's answer in words and as data, and what it refuses."""

import json

import attrs
import pandas as pd
import pytest

from hptsim.cli.app import main
from hptsim.cli.sensitivity import _indices
from hptsim.model.specs import TuningJobSpec
from hptsim.planning.sensitivity import one_at_a_time, sobol
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import Arrivals

QUOTA = "capacity.ml.m5.xlarge"
SCENARIO = Scenario(
    name="team",
    capacity={"ml.m5.xlarge": 1},
    timings=Timings(training_s=Exponential(100.0)),
    limits="none",
    arrivals=[Arrivals(TuningJobSpec("c"), Exponential(120.0), 15)],
)
INPUTS = {QUOTA: (1, 2), "timings.training_s.mean_s": (90, 110)}
COMMAND = [
    "--between",
    f"{QUOTA}=1,2",
    "--between",
    "timings.training_s.mean_s=90,110",
    "--figure",
    "time_in_system_s.mean",
]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "team.json"
    SCENARIO.dump(path)
    return str(path)


def test_one_at_a_time(file, capsys):
    assert main(["sensitivity", file, *COMMAND, "--replications", "5"]) == 0
    found = one_at_a_time(SCENARIO, INPUTS, "time_in_system_s.mean", replications=5)
    assert capsys.readouterr().out == found.sentence() + "\n"
    assert main(["sensitivity", file, *COMMAND, "--replications", "5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["inputs"] == found.table.to_dict("records")


def test_where_replications_do_not_differ_there_is_no_interval(tmp_path, capsys):
    path = tmp_path / "same.json"
    attrs.evolve(SCENARIO, timings=Timings(training_s=100.0), arrivals=[Arrivals(TuningJobSpec("c"), 200.0, 3)]).dump(
        path
    )
    assert (
        main(["sensitivity", str(path), "--between", "timings.training_s=90,110", "--replications", "2", "--json"]) == 0
    )
    [row] = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))["inputs"]
    assert row["low"] is None and row["high"] is None and row["difference"] == 0


def test_all_at_once(file, capsys):
    inputs = {"timings.training_s.mean_s": (90, 110), "timings.starting_s": (0, 5)}
    command = ["--between", "timings.training_s.mean_s=90,110", "--between", "timings.starting_s=0,5", *COMMAND[-2:]]
    assert main(["sensitivity", file, *command, "--samples", "4"]) == 0
    first, second = sobol(SCENARIO, inputs, "time_in_system_s.mean", samples=4).to_dict("records")
    assert capsys.readouterr().out.splitlines() == [
        "Sobol's indices of time_in_system_s.mean (estimates, from 16 points):",
        *(
            f"{row['input']}: {row['first']:.2f} of the variance by itself, {row['total']:.2f} with others."
            for row in (first, second)
        ),
    ]


@pytest.mark.parametrize("given", [f"{QUOTA}=1", f"{QUOTA}=1,2,3"])
def test_an_input_has_two_ends(file, capsys, given):
    assert main(["sensitivity", file, "--between", given]) == 2
    assert f"--between: got '{given}', expected PATH=FROM,TO: two values" in capsys.readouterr().err


def test_no_replications_are_refused_and_not_replaced(file, capsys):
    for more in ([], ["--samples", "4"]):
        assert main(["sensitivity", file, *COMMAND, *more, "--replications", "0"]) == 2
        assert "replications: got 0, expected a whole number of at least 1" in capsys.readouterr().err


def test_an_estimate_that_no_share_can_be_is_told():
    table = pd.DataFrame({"input": ["a", "b"], "first": [0.5, 0.5], "total": [0.5, 0.5]})
    assert _indices(table).splitlines()[1:] == ["b: 0.50 of the variance by itself, 0.50 with others."]
    for bad in (-0.25, 1.25):
        assert _indices(table.assign(first=[bad, 0.5])).splitlines()[2].startswith("No share is below 0 or above 1")
