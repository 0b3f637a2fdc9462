"""Sensitivity, on scenarios whose answers are known: a sum of durations, and an input that does nothing."""

import math
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.definitions import TrainingJobDefinition
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


def test_the_ends_of_an_input_need_not_be_numbers(serial):
    """The label of a design was subtracted as if it were a figure."""
    spec = TuningJobSpec("c", definitions=[TrainingJobDefinition(spot=False)])
    team = attrs.evolve(ONE, arrivals=[Arrivals(spec, 0.0, 1)], capacity={"ml.c5.xlarge": 0})
    inputs = {
        "assumptions.discipline": ("fifo", "backfill"),
        "arrivals.c.template.definitions.spot": (False, True),
        "timings.training_s": (50.0, 150.0),
    }
    found = one_at_a_time(team, inputs, COLUMN, replications=2, executor=serial)
    assert found.table["difference"].to_list() == pytest.approx([100.0, 0.0, 0.0])
    assert set(found.table["to"]) == {"backfill", True, 150.0}
    kinds = {"arrivals.c.template.definitions.instances.instance_type": ("ml.m5.xlarge", "ml.c5.xlarge")}
    found = one_at_a_time(team, kinds, "unserved_share", replications=2, until_s=1000.0, executor=serial)
    assert found.table["difference"].to_list() == [1.0]


BOTH = {"timings.training_s": (50.0, 150.0), "timings.first_launch_s": (0.0, 30.0)}


@pytest.mark.parametrize("samples", [0, 1, -4, 3, 4.0, True])
def test_samples_are_a_power_of_two_of_which_there_is_a_variance(samples):
    with pytest.raises(InvalidInput, match=r"samples: got .*, expected a power of two, at least 2"):
        sobol(ONE, BOTH, COLUMN, samples=samples)


def test_two_samples_will_do(serial):
    assert len(sobol(ONE, BOTH, COLUMN, samples=2, executor=serial)) == 2


@pytest.mark.parametrize(
    "bad", [("fifo", "backfill"), (False, True), (2.0, 1.0), (0.0, math.inf), (1.0, 2.0, 3.0), (1,)]
)
def test_sobols_indices_need_ranges_of_numbers(bad):
    with pytest.raises(InvalidInput, match=r"inputs\['timings.training_s'\]: got .*, the lower end first"):
        sobol(ONE, {**BOTH, "timings.training_s": bad}, COLUMN)


def test_a_figure_that_a_point_does_not_have_has_no_indices(serial):
    """All indices were 0 then, as if nothing mattered."""
    with pytest.raises(InvalidInput, match=r"expected a figure that every replication has, at every point"):
        sobol(ONE, BOTH, COLUMN, samples=2, until_s=60.0, executor=serial)
    with pytest.raises(InvalidInput, match=r"did you mean 'time_in_system_s.mean'"):
        sobol(ONE, BOTH, "time_in_sistem_s.mean", samples=2, executor=serial)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(InvalidInput, match="expected two values: from, to"):
        one_at_a_time(ONE, {"timings.training_s": (1, 2, 3)}, COLUMN)
    with pytest.raises(InvalidInput, match="at least one path with its two ends"):
        one_at_a_time(ONE, {}, COLUMN)
    with pytest.raises(InvalidInput, match=r"confidence: got 1.5"):
        one_at_a_time(ONE, INPUTS, COLUMN, confidence=1.5)
    with pytest.raises(InvalidInput, match=r"at least two paths.*of one alone comes all of the variance"):
        sobol(ONE, {"timings.training_s": (1.0, 2.0)}, COLUMN)
