"""Many runs of a plain queue at once: they are what runs one after the other are."""

import attrs
import numpy as np
import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.planning.many_queues import alone, at_once, quantiles, served
from hptsim.planning.plain_queue import Course, PlainQueue
from hptsim.scenario.arrival_patterns import Profile, Times
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential, LogLogistic, LogNormal
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

TYPE, WAIT = "ml.m5.xlarge", "waiting_time_s.p95"
SPEC = TuningJobSpec("c")
TIMINGS = Timings(
    starting_s=LogLogistic(60, 7), downloading_s=5, training_s=Exponential(100), uploading_s=LogNormal(20, 1)
)
ONE = Scenario(capacity={TYPE: 3}, limits="none", timings=TIMINGS, arrivals=[Arrivals(SPEC, Exponential(60), 40)])


def coming(*arrivals, **changes):
    """The scenario with other arrivals."""
    return attrs.evolve(ONE, arrivals=arrivals, **changes)


def many(trainings=1, count=1, kind=TYPE):
    """Another template."""
    definition = TrainingJobDefinition(instances=InstanceRequest(kind, count))
    return TuningJobSpec("d", definitions=(definition,), limits=ResourceLimits(trainings, 1))


HOURS = Profile([0, 90, 0, 40] * 6)
TOGETHER = {
    "a number": ONE,
    "until a time": coming(Arrivals(SPEC, Exponential(60), until_s=3000, start_s=100)),
    "any gaps until a time": coming(Arrivals(SPEC, LogNormal(60, 3.0), until_s=3000)),
    "a profile": coming(Arrivals(SPEC, HOURS, until_s=3.5 * 3600, start_s=1800)),
    "a profile, a number": coming(Arrivals(SPEC, HOURS, 30, until_s=3.5 * 3600)),
    "a profile that is over": coming(Arrivals(SPEC, HOURS, until_s=100, start_s=1800), Arrivals(many(), 50, 20)),
    "two streams": coming(Arrivals(SPEC, Exponential(90), 30), Arrivals(many(), 100, until_s=2000, start_s=7)),
}


@pytest.mark.parametrize("scenario", TOGETHER.values(), ids=TOGETHER.keys())
@pytest.mark.parametrize("column", [WAIT, "time_in_system_s.mean"])
def test_they_are_those_that_take_turns(scenario, column, monkeypatch):
    """300 runs at once and 300 one after the other: figures and controls have the same means and spreads."""
    queue, found = PlainQueue(scenario), []
    assert at_once(queue)
    found.append(np.column_stack(alone(queue, column, 1, 300, 200.0, 2800.0)))
    monkeypatch.setattr("hptsim.planning.many_queues.at_once", lambda queue: False)
    found.append(np.column_stack(alone(queue, column, 2, 300, 200.0, 2800.0)))
    one, other = found
    assert one.shape == other.shape
    error = np.sqrt((one.var(0, ddof=1) + other.var(0, ddof=1)) / 300)
    assert (abs(one.mean(0) - other.mean(0)) <= 3.5 * error).all()
    assert one.std(0) == pytest.approx(other.std(0), rel=0.35)


@pytest.mark.parametrize("end", [{"count": 40}, {"until_s": 2400}, {"count": 50, "until_s": 2400}], ids=str)
def test_constant_times_leave_nothing_to_chance(end, monkeypatch):
    even = coming(Arrivals(SPEC, 60, **end), timings=Timings(starting_s=30, training_s=185, uploading_s=5))
    found, _ = alone(PlainQueue(even), WAIT, 1, 3)
    monkeypatch.setattr("hptsim.planning.many_queues.at_once", lambda queue: False)
    assert found == pytest.approx(alone(PlainQueue(even), WAIT, 1, 1)[0].repeat(3)) and found[0] > 300


@pytest.mark.parametrize("name", ["a number", "until a time", "a profile"])
def test_controls_have_the_mean_0(name):
    _, controls = alone(PlainQueue(TOGETHER[name]), WAIT, 5, 3000)
    error = controls.std(0, ddof=1) / np.sqrt(3000)
    assert controls.shape == (3000, 2) and (error > 0).all()
    assert (abs(controls.mean(0)) < 3.5 * error).all(), controls.mean(0) / error


def test_a_profile_has_its_hours():
    """All come in the second hour: none trains before it, and of those that come after it there are none."""
    arrivals = Arrivals(SPEC, Profile([0, 90, *[0] * 22]), until_s=4 * 3600)
    spike = PlainQueue(coming(arrivals, timings=Timings(training_s=1)))
    for warm_up_s, until_s, some in ((3600, 7201, True), (7200, None, False), (0, 3600, False)):
        found, _ = alone(spike, "time_in_system_s.above_0", 3, 50, warm_up_s, until_s)
        assert (found > 0).all() if some else (found == 0).all()


def test_they_are_served_as_one_run_is():
    rng = np.random.default_rng(3)
    at_s, took_s = np.cumsum(rng.exponential(60, (50, 20)), 0), rng.exponential(150, (50, 20))
    begins_s, queue = served(at_s, took_s, 3), PlainQueue(ONE)
    for run in range(20):
        jobs = [
            Course(float(at), queue.shape(SPEC), [(0.0, float(took))])
            for at, took in zip(at_s[:, run], took_s[:, run], strict=True)
        ]
        queue.serve(jobs)
        assert begins_s[:, run] == pytest.approx([job.at_s + job.waiting_s for job in jobs])
    assert (begins_s > at_s + 100).any(), "nobody has waited"


def test_blocks_are_parts_of_the_whole(monkeypatch):
    monkeypatch.setattr("hptsim.planning.many_queues._BLOCK", 100)
    values, controls = alone(PlainQueue(ONE), WAIT, 1, 7)
    assert len(set(values)) == len(values) == len(controls) == 7


@pytest.mark.parametrize(
    "scenario",
    [
        coming(Arrivals(SPEC, HOURS, 30)),
        coming(Arrivals(SPEC, Times([5, 9]))),
        coming(Arrivals(SPEC, 60, 10, batch=2)),
        coming(Arrivals([SPEC, many()], 60, 10)),
        coming(Arrivals(many(trainings=2), 60, 10)),
        coming(Arrivals(many(count=2), 60, 10)),
        coming(Arrivals(SPEC, 60, 10), Arrivals(many(kind="ml.c5.xlarge"), 60, 10)),
        coming(Arrivals(SPEC, 60, 10), capacity={}),
        coming(Arrivals(SPEC, 60, 10), capacity={TYPE: 501}),
        coming(Arrivals(SPEC, 60, 10), tuning_jobs=[ScheduledTuningJob(many(), 5.0)]),
    ],
    ids=["endless profile", "times", "bursts", "a mix", "two trainings", "two instances", "two types", "no limit", "many",
         "scheduled"],
)  # fmt: skip
def test_others_take_turns(scenario):
    queue = PlainQueue(scenario)
    assert not at_once(queue) and len(alone(queue, WAIT, 0, 2)[0]) == 2


@pytest.mark.parametrize("duration", [Exponential(100), LogNormal(100, 0.5), LogLogistic(60, 7)], ids=str)
def test_times_of_arrays_are_those_of_numbers(duration):
    uniform = np.array([[0.0, 0.1], [0.5, 1 - 2.0**-32]])
    assert quantiles(duration, uniform) == pytest.approx(np.vectorize(duration.ppf)(uniform))
