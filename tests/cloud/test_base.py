"""What all clouds share: configurations from the ranges, and a learning curve that falls."""

import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.definitions import ResourceLimits
from hptsim.model.ranges import ParameterRange
from hptsim.scenario.workload import ScheduledTuningJob


def simulate(job):
    sim = Simulation(Scenario(tuning_jobs=(job,), timings="instant"))
    sim.run()
    return sim


@pytest.mark.parametrize(
    ("scaling", "low", "high", "middle"), [("Linear", 0.0, 10.0, 5.0), ("Logarithmic", 0.01, 100.0, 1.0)]
)
def test_configurations_come_from_the_ranges(scaling, low, high, middle):
    ranges = (
        ParameterRange("x", "Continuous", low, high, (), scaling),
        ParameterRange("n", "Integer", 1, 3),
        ParameterRange("c", "Categorical", values=("red", "blue")),
    )
    spec = TuningJobSpec("a", limits=ResourceLimits(400, 10), ranges=ranges)
    sim = simulate(ScheduledTuningJob(spec))
    drawn = [sim.training_job(name).hyperparameters for name in sim.tuning_job("a").training_jobs]
    xs = [float(one["x"]) for one in drawn]
    assert all(low <= x <= high for x in xs) and sum(x < middle for x in xs) / 400 == pytest.approx(0.5, abs=0.08)
    assert {one["n"] for one in drawn} == {"1", "2", "3"} and {one["c"] for one in drawn} == {"red", "blue"}


def test_the_objective_is_there_after_the_first_epoch_and_falls():
    values = []
    for stop_at_s in (5, 15, 55, 95):
        sim = simulate(ScheduledTuningJob(TuningJobSpec("a", limits=ResourceLimits(1, 1)), 0.0, stop_at_s))
        values.append(sim.training_job(sim.tuning_job("a").training_jobs[0]).objective)
    assert values[0] is None and values[1] > values[2] > values[3]
