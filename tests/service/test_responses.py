"""Times and seconds in answers: they fit to each other, and to what is billed."""

import math

import attrs
import pytest
from examples import request

from hptsim import Scenario, Simulation
from hptsim.scenario.cloud import Timings
from hptsim.service.service import Service

RECORDED = {671.361: 672, 3030.223: 3031, 193.175: 193, 37026.138: 37026, 159.440: 159, 85.899: 86}
"""TrainingTimeInSeconds as recorded, by what lay between TrainingStartTime and TrainingEndTime (O11)."""


def children(sim):
    service = Service.of(sim)
    names = sim.tuning_job("demo").training_jobs
    return [service.call("DescribeTrainingJob", {"TrainingJobName": name}) for name in names]


@pytest.mark.parametrize(("length_s", "reported"), RECORDED.items())
def test_the_recorded_seconds_are_reported_for_a_start_at_such_a_fraction(length_s, reported):
    """Up or down, as the start's fraction is large or small; a quarter of a second is the epoch's."""
    length_ms, seen = round(1000 * length_s), set()
    for start_ms in (0, 250, 999 - length_ms % 1000, 1000 - length_ms % 1000, 999):
        timings = Timings(starting_s=(start_ms - 250) % 1000 / 1000, training_s=length_s)
        sim = Simulation(Scenario(timings=timings, epoch="2024-01-01T00:00:00.250Z"))
        stopping = {"StoppingCondition": {"MaxRuntimeInSeconds": 86_400}}
        plain = request(total=1, parallel=1, definition_changes=stopping)
        Service.of(sim).call("CreateHyperParameterTuningJob", plain)
        sim.run()
        [done] = children(sim)
        between = (start_ms + length_ms) // 1000
        assert (done["TrainingTimeInSeconds"], done["BillableTimeInSeconds"]) == (between, between)
        assert sim.metrics().tuning_jobs[0].billed_instance_s == pytest.approx(between)
        seen.add(between)
    assert reported in seen == {math.floor(length_s), math.ceil(length_s)}


@pytest.mark.parametrize("seed", range(5))
def test_on_demand_the_billable_seconds_are_the_training_seconds_between_the_times_shown(seed):
    """219 of 219 recorded training jobs; and what is billed in all is their sum."""
    timings = attrs.evolve(Timings.typical(), training_s=99.5)
    sim = Simulation(Scenario(timings=timings, epoch="2024-01-01T00:00:00.123Z"), seed=seed)
    Service.of(sim).call("CreateHyperParameterTuningJob", request(total=9, parallel=3))
    sim.run()
    jobs = children(sim)
    for one in jobs:
        between = math.floor(one["TrainingEndTime"]) - math.floor(one["TrainingStartTime"])
        assert one["TrainingTimeInSeconds"] == one["BillableTimeInSeconds"] == between
    billed = sum(one["BillableTimeInSeconds"] for one in jobs)
    assert sim.metrics().tuning_jobs[0].billed_instance_s == pytest.approx(billed)


def test_a_running_training_job_shows_the_seconds_until_now():
    sim = Simulation(Scenario(timings=Timings(starting_s=0.7, training_s=500)))
    Service.of(sim).call("CreateHyperParameterTuningJob", request(total=1, parallel=1))
    seen = []
    for now_s in (0.8, 1.2, 2.2, 9.9, 10.1):
        sim.run(until=now_s)
        seen.append(children(sim)[0]["TrainingTimeInSeconds"])
    assert seen == [1, 1, 2, 9, 10] and "BillableTimeInSeconds" not in children(sim)[0]
