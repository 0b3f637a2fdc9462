"""Figures by name: those of a run are columns of an experiment, and it can be asked for more."""

import math
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.planning import horizon
from hptsim.planning.experiments import replicate, seeds
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals

SCENARIO = Scenario(
    capacity={"ml.m5.xlarge": 2},
    timings=Timings(training_s=Exponential(100.0)),
    limits="none",
    arrivals=(
        Arrivals(TuningJobSpec("c", request={"Tags": [{"Key": "team", "Value": "vision"}]}), Exponential(80.0), 20),
    ),
)


@pytest.fixture(scope="module")
def serial():
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_every_figure_of_a_run_is_a_column(serial):
    """docs/figures.md said so, and the shares above the usual thresholds were missing."""
    found = replicate(SCENARIO, 2, executor=serial)
    sim = Simulation(SCENARIO, seed=seeds(0, 2)[0])
    sim.run(SCENARIO.until_s)
    first = found.table.iloc[0].drop("replication").to_dict()
    assert {name: first.pop(name) for name in sim.metrics().figures()} == pytest.approx(
        sim.metrics().figures(), nan_ok=True
    )
    assert set(first) <= set(horizon.FIGURES)
    assert "waiting_time_s.above_60 is" in found.sentence("waiting_time_s.above_60")


def test_a_threshold_that_is_asked_for_comes_beside_the_usual_ones(serial):
    found = replicate(SCENARIO, 2, executor=serial, above_s=[30])
    assert {f"waiting_time_s.above_{wait_s}" for wait_s in (30, 60, 600, 3600)} <= set(found.columns)
    with pytest.raises(InvalidInput, match=r"write above_s=\[90\] in the experiment"):
        found.mean("waiting_time_s.above_90")
    with pytest.raises(InvalidInput, match=r"write by=\['team'\] in the experiment"):
        found.mean("waiting_time_s.p95[team=vision]")
    by_team = replicate(SCENARIO, 2, executor=serial, by=["team"])
    known = "waiting_time_s.p95[team=vision]"
    with pytest.raises(InvalidInput, match=re.escape(f"did you mean {known!r}")):
        by_team.mean(f"{known[:-1]}x]")


@pytest.mark.parametrize("wait_s", [-1, math.nan, math.inf, "60", True])
def test_a_threshold_is_a_time_to_wait(serial, wait_s):
    with pytest.raises(InvalidInput, match=r"above_s: got .*, expected finite seconds, at least 0"):
        replicate(SCENARIO, 2, executor=serial, above_s=[wait_s])
