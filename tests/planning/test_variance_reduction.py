"""Which technique a pilot chooses, and that what is taken off a figure has the mean 0."""

import attrs
import numpy as np
import pandas as pd
import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.planning.executors import Design
from hptsim.planning.plain_queue import PlainQueue, figure
from hptsim.planning.variance_reduction import PLAIN, QUEUE, Reduced, as_it_is, chosen, worth_it
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.random_streams import Mirrored
from hptsim.scenario.workload import Arrivals

WAIT = "waiting_time_s.mean"
SCENARIO = Scenario(
    capacity={"ml.m5.xlarge": 2},
    limits="none",
    timings=Timings(training_s=Exponential(100.0)),
    arrivals=(Arrivals(TuningJobSpec("c"), Exponential(60.0), 30),),
)
DESIGN = Reduced(SCENARIO, column=WAIT)
BURSTS = attrs.evolve(SCENARIO, arrivals=(Arrivals(TuningJobSpec("c"), Exponential(60.0), 30, batch=2),))
TURNS = Reduced(BURSTS, column=WAIT)
"""Runs of its plain queue take turns."""


def table(count=20, explained=1.0, known=1.0, seed=3):
    """A pilot made up: the figure is a queue's, a control's and noise."""
    rng = np.random.default_rng(seed)
    queue, control, noise = rng.normal(0, 1, (3, count))
    plain = 10 + explained * queue + known * control + 0.05 * noise
    return pd.DataFrame(
        {WAIT: plain, PLAIN: plain, QUEUE: queue + known * control, "control_0": control, "noise": 0.05 * noise}
    )


def mirrored(pilot, like):
    """Its mirror images: as far on the other side of the mean, by so much of the distance."""
    return pd.DataFrame({WAIT: 10 - like * (pilot[WAIT] - 10)})


def test_the_technique_that_promises_most_is_chosen():
    pilot = table()
    assert worth_it(pilot, DESIGN, "auto") and not worth_it(pilot, DESIGN, "controls")
    assert chosen(pilot, None, DESIGN, "auto", 1e-9).technique == "plain-queue"
    known = table(explained=0.05)
    assert worth_it(known, DESIGN, "controls") and not worth_it(
        known.assign(x=1).drop(columns="control_0"), DESIGN, "controls"
    )
    assert chosen(known, None, DESIGN, "auto", 1e-9).technique == "controls"
    unknown = table(explained=0.0, known=0.0)
    assert not worth_it(unknown, DESIGN, "auto") and chosen(unknown, None, DESIGN, "auto", 1e-9).technique == "none"
    assert chosen(unknown, mirrored(unknown, 0.9), DESIGN, "auto", 1e-9).technique == "antithetic"
    assert chosen(unknown, mirrored(unknown, -0.5), DESIGN, "auto", 1e-9).technique == "none"


def test_what_the_queue_leaves_decides_whether_it_is_taken_off_as_it_is():
    """The pilot's noise has the variance 0.0025."""
    pilot = table()
    alike = pilot.assign(**{WAIT: pilot[QUEUE] + pilot["noise"], PLAIN: pilot[QUEUE] + pilot["noise"]})
    found = as_it_is(alike, DESIGN, 1.0)
    assert found is not None and (found.technique, found.factor) == ("plain-queue", 1.0) and found.queues > 1
    assert as_it_is(alike, DESIGN, 0.001) is None, "what is left is more than the precision allows"
    assert as_it_is(pilot.assign(**{PLAIN: 1.5 * alike[PLAIN]}), DESIGN, 1.0) is None, (
        "a factor of 1.5 is no factor of 1"
    )
    faulty = attrs.evolve(DESIGN, scenario=attrs.evolve(SCENARIO, faults={"algorithm_error": 0.01}))
    assert as_it_is(alike, faulty, 1.0) is None, "ten replications may have had no fault by chance"
    assert as_it_is(pilot.drop(columns=QUEUE), DESIGN, 1.0) is None
    assert as_it_is(alike.assign(**{QUEUE: 3.0}), DESIGN, 1.0) is None


def test_factors_are_those_of_a_regression():
    found = chosen(table(known=2.0), None, DESIGN, "controls", 1e-9)
    fit = np.polyfit(table(known=2.0)["control_0"], table(known=2.0)[WAIT], 1)
    assert found.factors == pytest.approx([fit[0]])
    queue = chosen(table(), None, DESIGN, "plain-queue", 1e-9)
    assert queue.factor == pytest.approx(1, abs=0.05) and queue.factors == pytest.approx([1], abs=0.6)


def test_controls_that_explain_nothing_are_not_used_for_the_mean_of_the_queue():
    found = chosen(table(known=0.0), None, DESIGN, "plain-queue", 1e-9)
    assert found.technique == "plain-queue" and found.factors == (0.0,)


def test_no_more_runs_of_the_queue_than_the_precision_needs():
    many, few = (chosen(table(), None, TURNS, "plain-queue", enough).queues for enough in (1e-9, 0.5))
    assert many > 10 > few >= 1
    many, few = (chosen(table(), None, DESIGN, "plain-queue", enough).queues for enough in (1e-9, 0.5))
    assert many > 100 > few == 50, "at once 50 of them are a tenth of a replication's work"


def test_runs_of_the_queue_alone_tell_its_variance():
    """The replications of a pilot may all be alike by chance; more runs of the queue alone then show what it costs to know it."""
    pilot, rng = table(), np.random.default_rng(5)
    wide = pilot.assign(**{f"alone_{place}": rng.normal(0, 5, len(pilot)) for place in range(4)})
    enough = 0.1
    few, many = (chosen(one, None, TURNS, "plain-queue", enough).queues for one in (pilot, wide))
    assert many > 5 * few
    found = DESIGN.run(3)
    assert {"alone_0", "alone_3", QUEUE} <= set(found) and found["alone_0"] != found["alone_1"]


@pytest.mark.parametrize(
    "changes",
    [
        {"technique": "controls", "factors": (0.01, 2.0)},
        {"technique": "plain-queue", "factor": 0.8, "factors": (0.01, 2.0), "queues": 3},
        {"technique": "plain-queue", "factor": 1.3, "factors": (0.0, 0.0), "queues": 1},
    ],
    ids=["controls", "queue with controls", "queue"],
)
def test_what_is_taken_off_has_the_mean_0_whatever_the_factors(changes, monkeypatch):
    """Of 300 replications; that only what is taken off is looked at makes the test sharp."""
    monkeypatch.setattr(Design, "run", lambda design, seed: {WAIT: 0.0})
    reduced = attrs.evolve(DESIGN, **changes)
    off = np.array([reduced.run(seed)[WAIT] for seed in range(300)])
    assert off.std() > 1 and abs(off.mean()) < 3.5 * off.std(ddof=1) / np.sqrt(300)


def test_a_pair_is_a_replication_and_its_mirror_image():
    pair = attrs.evolve(DESIGN, technique="antithetic")
    one, other = Design(SCENARIO).run(7), Design(SCENARIO).run(Mirrored(7))
    found = pair.run(7)
    assert found[WAIT] == (one[WAIT] + other[WAIT]) / 2 and found[PLAIN] == one[WAIT] != other[WAIT]
    assert attrs.evolve(DESIGN, technique="mirrored").run(7)[WAIT] == other[WAIT]


def test_mirror_images_wait_for_less_when_the_others_wait_for_more():
    queue, both = PlainQueue(SCENARIO), []
    for seed in range(200):
        pair = [queue.courses(one) for one in (seed, Mirrored(seed))]
        for coming in pair:
            queue.serve(coming)
        both.append([figure(coming, WAIT) for coming in pair])
    correlation = np.corrcoef(np.array(both).T)[0, 1]
    assert -1 < correlation < -0.2


def test_the_work_of_a_replication_counts_what_comes_with_it():
    plain = DESIGN.training_jobs(0)
    assert plain == 30 == attrs.evolve(DESIGN, technique="controls").training_jobs(0)
    assert attrs.evolve(DESIGN, technique="antithetic").training_jobs(0) == 60
    assert attrs.evolve(DESIGN, technique="plain-queue", queues=1000).training_jobs(0) == 90
    assert attrs.evolve(TURNS, technique="plain-queue", queues=30).training_jobs(0) == 90
    assert attrs.evolve(TURNS, technique="alone", queues=30).training_jobs(0) == 60
