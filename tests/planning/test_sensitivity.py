"""Sensitivity, on scenarios whose answers are known: a sum of durations, and an input that does nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.planning.sensitivity import one_at_a_time, sobol
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals

COLUMN = "time_in_system_s.mean"
ONE = Scenario(timings=Timings(training_s=100.0), limits="none", arrivals=[Arrivals(TuningJobSpec("c"), 0.0, 1)])
"""A job on its own: its time is that of the launch and that of the training."""
INPUTS = {"timings.uploading_s": (5.0, 5.5), "timings.first_launch_s": (0.0, 30.0), "timings.training_s": (50.0, 150.0)}


@pytest.fixture(scope="module")
def serial():
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_inputs_are_ordered_by_what_they_do(serial):
    found = one_at_a_time(ONE, {**INPUTS, "timings.teardown_s": (0.0, 60.0)}, COLUMN, replications=2, executor=serial)
    assert dict(zip(found.table["input"], found.table["difference"], strict=True)) == pytest.approx(
        {
            "timings.training_s": 100.0,
            "timings.first_launch_s": 30.0,
            "timings.uploading_s": 0.5,
            "timings.teardown_s": 0.0,
        }
    )
    assert list(found.table["input"])[:2] == ["timings.training_s", "timings.first_launch_s"]
    lines = found.sentence().splitlines()
    assert len(lines) == 3 and lines[0] == (
        f"timings.training_s from 50.0 to 150.0: {COLUMN} changes by 100, in every replication."
    )
    assert "<table" in found._repr_html_()


def test_a_difference_has_the_interval_of_its_pairs(serial):
    queue = Scenario(
        capacity={"ml.m5.xlarge": 1},
        timings=Timings(training_s=Exponential(100.0)),
        limits="none",
        arrivals=[Arrivals(TuningJobSpec("c"), Exponential(120.0), 30)],
    )
    inputs = {"capacity.ml.m5.xlarge": (1, 2), "timings.training_s.mean_s": (90.0, 110.0)}
    found = one_at_a_time(queue, inputs, replications=10, executor=serial)
    first, second = found.table.to_dict("records")
    assert first["input"] == "capacity.ml.m5.xlarge" and first["low"] < first["difference"] < first["high"] < 0
    assert second["low"] > 0 and "changes by -" in found.sentence().splitlines()[0]


@pytest.mark.long
def test_sobols_indices_are_the_shares_of_the_variance(serial):
    """A sum of independent uniform inputs: each has the share of its range squared, alone and in all."""
    found = sobol(ONE, INPUTS, COLUMN, samples=256, executor=serial).set_index("input")
    ranges = {path: (high - low) ** 2 for path, (low, high) in INPUTS.items()}
    for path, square in ranges.items():
        expected = pytest.approx(square / sum(ranges.values()), abs=0.03)
        assert found.loc[path, "first"] == expected and found.loc[path, "total"] == expected
    assert found.index[0] == "timings.training_s"


def test_what_makes_no_sense_is_refused():
    with pytest.raises(InvalidInput, match="expected two values: from, to"):
        one_at_a_time(ONE, {"timings.training_s": (1, 2, 3)}, COLUMN)
    with pytest.raises(InvalidInput, match="the lower end first"):
        sobol(ONE, {"timings.training_s": (2.0, 1.0)}, COLUMN)
