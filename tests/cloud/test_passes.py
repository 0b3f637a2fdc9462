"""The controller's passes: when they come, and that what it does happens in one of them."""

from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cloud.passes import Passes
from hptsim.errors import InvalidInput
from hptsim.model import ResourceLimits
from hptsim.scenario import Timings, Uniform

TIMINGS = Timings(
    controller_first_pass_s=Uniform(0.2, 3.4), controller_period_s=10, controller_jitter_s=2, first_launch_s=6
)


def a_job(timings=TIMINGS, *, training_jobs=6, parallel=3, seed=0, **more):
    sim = Simulation(Scenario(**{"limits": "none", "timings": timings, **more}), seed=seed)
    sim.create_tuning_job(TuningJobSpec("a", limits=ResourceLimits(training_jobs, parallel)))
    return sim


class Job:
    name, created_s, incarnation = "a", 100.0, 0


@given(st.integers(0, 50), st.floats(100, 10_000))
def test_the_next_pass_is_the_first_that_does_not_come_before(seed, time_s):
    passes = Passes(TIMINGS, seed, Job)
    following = passes.at_or_after(time_s)
    assert following >= time_s and passes.last(following) == following
    before = passes.last(following - 0.001)
    assert before is None or before < time_s or before == passes.first_s


@given(st.integers(0, 50))
def test_passes_are_a_period_apart_give_or_take_the_jitter(seed):
    passes = Passes(TIMINGS, seed, Job)
    assert 0.2 <= passes.first_s - 100 <= 3.4 and passes.second_s - passes.first_s == pytest.approx(6)
    times = [passes.at_or_after(passes.second_s + 0.001)]
    assert times[0] - passes.second_s == pytest.approx(
        6
    )  # the third comes as soon after the second as that after the first
    for _ in range(200):
        times.append(passes.at_or_after(times[-1] + 0.001))
    gaps = [after - before for before, after in pairwise(times)]
    assert 6 <= min(gaps) < 8 and 12 < max(gaps) <= 14  # each of two passes is early or late
    assert times[-1] - times[0] == pytest.approx(200 * 10, abs=2)


def test_there_is_no_pass_before_the_first():
    passes = Passes(TIMINGS, 0, Job)
    assert passes.last(passes.first_s - 0.01) is None
    assert passes.last(passes.first_s) == passes.last(passes.second_s - 0.01) == passes.first_s


def test_the_first_training_jobs_are_launched_in_the_second_pass_together():
    for seed in range(20):
        sim = a_job(attrs.evolve(TIMINGS, first_launch_s=Uniform(4, 8)), seed=seed)
        sim.run()
        created = [one.time_s for one in sim.journal if (one.thing, one.trigger) == ("training", "create")]
        assert created[0] == created[1] == created[2] < created[3]
        assert 4.2 <= created[0] <= 11.4


def test_what_follows_an_end_happens_in_a_pass_after_its_delay():
    sim = a_job(attrs.evolve(TIMINGS, launch_s=7, finish_s=30, training_s=Uniform(50, 100)))
    passes = Passes(sim.scenario.timings, 0, Job)
    passes.first_s -= 100
    passes.second_s -= 100
    sim.run()
    times = {one.name: one.time_s for one in sim.journal if (one.thing, one.trigger) == ("training", "create")}
    ends = sorted(one.time_s for one in sim.journal if (one.thing, one.destination) == ("training", "Completed"))
    following = sorted(times.values())[3:]
    assert following == pytest.approx([passes.at_or_after(end + 7) for end in ends[:3]])
    assert sim.tuning_job("a").ended_s == pytest.approx(passes.at_or_after(ends[-1] + 30))


def test_a_tuning_job_that_waited_for_its_place_is_launched_in_the_next_pass():
    sim = a_job(training_jobs=1, parallel=1, limits={"tuning_jobs": 1}, assumptions={"admission": "queue"})
    sim.create_tuning_job(TuningJobSpec("b", limits=ResourceLimits(1, 1)))
    sim.run()
    (launched,) = [one.time_s for one in sim.journal if one.trigger == "create" and one.name.startswith("b-")]
    first_ended_s = sim.tuning_job("a").ended_s
    assert first_ended_s < launched <= first_ended_s + 14


def test_without_a_period_the_controller_acts_at_once_but_its_runtime_counts_from_the_first_pass():
    timings = Timings(controller_first_pass_s=2, first_launch_s=5, launch_s=1, finish_s=3)
    sim = a_job(timings, training_jobs=2, parallel=1)
    sim.run()
    created = [one.time_s for one in sim.journal if (one.thing, one.trigger) == ("training", "create")]
    assert created == [5, 106] and sim.tuning_job("a").ended_s == 209
    assert sim.first_pass("a") == 2 and sim.last_pass("a") is None


def test_in_instant_timings_nothing_of_it_takes_time():
    timings = Timings.instant()
    assert timings == Timings()
    assert (timings.controller_first_pass_s, timings.controller_period_s, timings.controller_jitter_s) == (0, 0, 0)


def test_the_last_pass_is_not_after_the_tuning_jobs_end():
    sim = a_job()
    sim.run(until=10_000)
    ended_s = sim.tuning_job("a").ended_s
    assert sim.last_pass("a") == pytest.approx(ended_s) == sim.last_pass("a", 5_000)
    assert sim.last_pass("a", 0.1) is None


def test_a_jitter_that_lets_passes_overtake_each_other_is_refused():
    with pytest.raises(
        InvalidInput, match=r"controller_jitter_s: got 6, expected at most half of controller_period_s \(10\)"
    ):
        Timings(controller_period_s=10, controller_jitter_s=6)
