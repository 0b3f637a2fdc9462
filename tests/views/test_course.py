"""The course of line and quota: what the whole journal says, thinned where it is long."""

import attrs

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals
from hptsim.views import course as module
from hptsim.views.chart_data import band_rows, queue_rows
from hptsim.views.course import Course

BUSY = Scenario(
    capacity={"ml.m5.xlarge": 2},
    timings=Timings(training_s=Exponential(100.0)),
    limits="none",
    arrivals=[Arrivals(TuningJobSpec("c"), Exponential(60.0), 200)],
)


def read(capacity=BUSY.capacity):
    sim = Simulation(attrs.evolve(BUSY, capacity=capacity), laws=False)
    sim.run()
    course = Course(sim.scenario.capacity)
    for record in sim.journal:
        course.read(record)
    return sim, course


def test_it_is_what_the_journal_says():
    sim, course = read()
    assert course.queue() == queue_rows(sim.journal) and len(course.queue()) > 100
    assert course.bands() == band_rows(sim.journal, BUSY.capacity)


def test_a_limit_for_every_type_is_one_for_those_that_are_used():
    sim, course = read({"*": 2})
    assert course.bands() == band_rows(sim.journal, {"ml.m5.xlarge": 2}) != []


def test_a_long_one_is_thinned_and_keeps_its_peaks_and_its_end(monkeypatch):
    sim, course = read()
    monkeypatch.setattr(module, "_POINTS", 20)
    whole, thin = queue_rows(sim.journal), course.queue()
    assert len(thin) < 45 < len(whole)
    assert max(row.waiting for row in thin) == max(row.waiting for row in whole) and thin[-1].waiting == 0
    assert course.bands()[-1].occupied == 0
