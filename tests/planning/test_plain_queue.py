"""The plain queue: it serves as the twin does where nothing else happens, and its controls have the mean 0."""

import attrs
import numpy as np
import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.planning.plain_queue import PlainQueue, applies, figure
from hptsim.planning.queue_figures import has
from hptsim.scenario.arrival_patterns import Profile
from hptsim.scenario.cloud import Script, Timings
from hptsim.scenario.durations import Exponential, LogNormal, Uniform
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

TYPE = "ml.m5.xlarge"
TIMINGS = Timings(
    starting_s=Uniform(10, 50),
    warm_starting_s=Uniform(10, 50),
    downloading_s=5,
    training_s=Exponential(100),
    uploading_s=LogNormal(20, 1.0),
)
"""Warm instances start as cold ones do: which of a tuning job's later training jobs find one the plain queue only guesses."""


def spec(trainings=1, parallel=1, count=1):
    """A tuning job of so many training jobs on so many instances each."""
    definition = TrainingJobDefinition(instances=InstanceRequest(TYPE, count))
    return TuningJobSpec("c", definitions=(definition,), limits=ResourceLimits(trainings, parallel))


def queue(template, capacity=3, gap_s=60.0, **changes):
    arrivals = Arrivals(template, Exponential(gap_s), 80)
    return Scenario(capacity={TYPE: capacity}, limits="none", timings=TIMINGS, arrivals=[arrivals], **changes)


CASES = {
    "one training job each": queue(spec()),
    "two instances each": queue(spec(count=2)),
    "one after the other": queue(spec(4), gap_s=250),
    "some at a time": queue(spec(5, 2), gap_s=300),
    "given back after each": queue(spec(5, 2), gap_s=300, assumptions=Assumptions(reservation="as-observed")),
    "without a limit": attrs.evolve(queue(spec(3, 2)), capacity={}),
    "scheduled ones too": queue(spec(), tuning_jobs=[ScheduledTuningJob(TuningJobSpec("first"), 5.0)],
        assumptions=Assumptions(admission="queue")),
}  # fmt: skip


@pytest.mark.parametrize("scenario", CASES.values(), ids=CASES.keys())
def test_every_tuning_job_waits_and_ends_as_in_the_twin(scenario):
    sim = Simulation(scenario, seed=4, laws=False)
    sim.run()
    plain = PlainQueue(scenario)
    coming = plain.courses(4)
    plain.serve(coming)
    rows = sorted(sim.metrics().tuning_jobs, key=lambda row: row.created_s)
    assert [one.at_s for one in coming] == [row.created_s for row in rows]
    assert [one.waiting_s for one in coming] == pytest.approx([row.waiting_s for row in rows])
    assert [one.ended_s for one in coming] == pytest.approx([row.ended_s for row in rows])
    assert (max(one.waiting_s for one in coming) > 60) is bool(scenario.capacity), "nobody has waited"


def test_its_figures_are_those_of_the_metrics():
    scenario = CASES["one training job each"]
    sim = Simulation(scenario, seed=1, laws=False)
    sim.run()
    plain = PlainQueue(scenario)
    coming = plain.courses(1)
    plain.serve(coming)
    figures = sim.metrics(begin_s=500).figures((30,))
    columns = [name for name in figures if has(name)]
    assert len(columns) == 7
    for column in columns:
        assert figure(coming, column, 500) == pytest.approx(figures[column]), column
    assert figure(coming, "waiting_time_s.mean", 1e9) == 0
    early = figure(coming, "waiting_time_s.mean", until_s=1000)
    assert early == pytest.approx(np.mean([c.waiting_s for c in coming if c.at_s + c.waiting_s <= 1000]))


@pytest.mark.parametrize("template", [spec(), spec(3, 2)], ids=["one training job", "several"])
def test_without_quota_nobody_is_served(template):
    plain = PlainQueue(queue(template, capacity=0))
    coming = plain.courses(1)
    plain.serve(coming)
    assert not any(one.launched for one in coming) and figure(coming, "waiting_time_s.mean") == 0


@pytest.mark.parametrize(
    ("arrivals", "count"),
    [
        (Arrivals(spec(3, 2), Exponential(60), 40), 2),
        (Arrivals(spec(3, 2), Exponential(60), until_s=3000), 2),
        (Arrivals(spec(3, 2), Profile([10, 50] * 12), until_s=3 * 3600 + 600, start_s=1800), 2),
        (Arrivals(spec(3, 2), LogNormal(60, 1.0), until_s=3000), 1),
        (Arrivals(spec(3, 2), 60, 40), 1),
        (Arrivals(spec(3, 2), Exponential(60), 40, batch=2), 1),
    ],
    ids=["gaps", "number", "profile", "no exact mean", "nothing drawn", "bursts"],
)
def test_controls_have_the_mean_0(arrivals, count):
    plain = PlainQueue(attrs.evolve(CASES["one training job each"], arrivals=[arrivals]))
    found = np.array([plain.controls(plain.courses(seed)) for seed in range(100)])
    error = found.std(0, ddof=1) / np.sqrt(100)
    assert found.shape[1] == count and (error > 0).all()
    assert (abs(found.mean(0)) < 3.5 * error).all(), found.mean(0) / error


def test_drawn_without_names_it_has_the_same_mean():
    plain = PlainQueue(CASES["some at a time"])
    means = []
    for alone in (False, True):
        values = []
        for seed in range(100):
            coming = plain.courses(seed, alone)
            plain.serve(coming)
            values.append(figure(coming, "time_in_system_s.mean"))
        means.append((np.mean(values), np.var(values, ddof=1) / 100))
    (one, first), (other, second) = means
    assert one != other and abs(one - other) < 3.5 * np.sqrt(first + second)


def test_it_applies_where_times_are_drawn_by_themselves():
    one = CASES["one training job each"]
    assert applies(one)
    assert not applies(attrs.evolve(one, timings=Timings(training_s=lambda configuration: 5.0)))
    assert not applies(attrs.evolve(one, arrivals=()))


def test_epochs_take_their_time():
    scenario = attrs.evolve(CASES["one training job each"], script=Script(epochs=4, epoch_s=Exponential(30)))
    plain = PlainQueue(scenario)
    sim = Simulation(scenario, seed=2, laws=False)
    sim.run()
    coming = plain.courses(2)
    plain.serve(coming)
    assert [one.ended_s for one in coming] == pytest.approx([row.ended_s for row in sim.metrics().tuning_jobs])
