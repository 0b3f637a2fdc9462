"""Figures of a run by hand: samples, averages over time, warm-ups, one long run."""

import math
import re

import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, ServiceLimits, TrainingJobDefinition
from hptsim.planning.figures import FIGURES, SAMPLES
from hptsim.planning.metrics import Metrics
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob
from hptsim.views.chart_data import queue_rows

M5 = "ml.m5.xlarge"


def job(name, count, at_s=0.0, stop_at_s=None, *, kind=M5, total=1, parallel=1, **changes):
    definition = TrainingJobDefinition(instances=InstanceRequest(kind, count), **changes)
    return ScheduledTuningJob(TuningJobSpec(name, (definition,), ResourceLimits(total, parallel)), at_s, stop_at_s)


QUEUE = Scenario(
    capacity={M5: 1},
    timings=Timings(training_s=100.0),
    assumptions=Assumptions(admission="queue"),
    tuning_jobs=tuple(job(name, 1, at_s) for name, at_s in (("a", 0.0), ("b", 20.0), ("c", 50.0), ("d", 400.0))),
)
"""One instance: a from 0 to 100, b waits 80 s and runs to 200, c waits 150 s and runs to 300, d runs from 400 to 500."""


def test_averages_over_time_are_weighted_by_time():
    sim = Simulation(QUEUE)
    sim.run(600)
    figures = sim.metrics().figures(above_s=[80, 100])
    assert figures["waiting_time_s.mean"] == pytest.approx((80 + 150) / 4) and figures["waiting_time_s.p50"] == 40
    assert figures["waiting_time_s.p95"] == pytest.approx(80 + 0.85 * 70)
    for wrong in (float("nan"), float("inf"), -1):
        with pytest.raises(InvalidInput, match=f"above_s: got {wrong}, expected finite seconds"):
            sim.metrics().figures(above_s=[wrong])
    assert figures["waiting_time_s.above_80"] == 0.25 and figures["waiting_time_s.above_100"] == 0.25
    assert figures["time_in_system_s.mean"] == pytest.approx((100 + 180 + 250 + 100) / 4)
    assert figures["waited_share"] == 0.5 and figures["refused_share"] == 0
    assert figures[f"utilization.{M5}"] == pytest.approx(400 / 600) and figures[f"idle_share.{M5}"] == 0
    assert figures["queue_length.mean"] == pytest.approx((80 + 150) / 600) and figures["queue_length.max"] == 2
    assert figures["in_system.mean"] == pytest.approx((100 + 180 + 250 + 100) / 600)
    assert figures["throughput_per_hour"] == pytest.approx(4 * 6)
    assert math.isnan(figures["stop_to_stopped_s.mean"])
    rows = queue_rows(sim.journal)
    ends = [*(row.time_s for row in rows[1:]), sim.now]
    area = sum(row.waiting * (end_s - row.time_s) for row, end_s in zip(rows, ends, strict=True))
    assert figures["queue_length.mean"] == pytest.approx(area / 600)


def test_a_warm_up_is_left_out():
    sim = Simulation(QUEUE)
    sim.run(600)
    metrics = sim.metrics(begin_s=50)
    figures = metrics.figures()
    assert [row.name for row in metrics.counted] == ["c", "d"] and len(metrics.tuning_jobs) == 4
    assert figures["waiting_time_s.mean"] == 75
    assert figures[f"utilization.{M5}"] == pytest.approx(350 / 550)
    assert figures["queue_length.mean"] == pytest.approx((50 + 150) / 550)
    assert figures["in_system.mean"] == pytest.approx((50 + 150 + 250 + 100) / 550)
    assert metrics.types[M5].billable_instance_s == 350
    assert figures["throughput_per_hour"] == pytest.approx(2 * 3600 / 550)


def test_mser5_says_when_a_warm_up_ends():
    """A hundred jobs at second 0 wait for each other; who comes after they are gone waits no more."""
    crowd = tuple(job(f"first-{place}", 1) for place in range(100))
    later = Arrivals(TuningJobSpec("c"), 50.0, 800)
    scenario = Scenario(
        capacity={M5: 4},
        timings=Timings(training_s=100.0),
        tuning_jobs=crowd,
        arrivals=[later],
        limits=ServiceLimits(None),
    )
    sim = Simulation(scenario, laws=False)
    sim.run()
    metrics = sim.metrics()
    busy = [row.created_s for row in metrics.tuning_jobs if row.waiting_s]
    assert 0 < max(busy) < metrics.warm_up_s() <= max(busy) + 5 * 50
    assert sim.metrics(begin_s=metrics.warm_up_s()).figures()["waiting_time_s.mean"] == 0
    assert Metrics.of([]).warm_up_s() == 0


def test_figures_of_an_empty_run_are_not_numbers():
    figures = Simulation().metrics().figures()
    assert math.isnan(figures["waiting_time_s.mean"]) and math.isnan(figures["throughput_per_hour"])
    assert figures["cost_usd"] == 0 and figures["refused_share"] == 0


def test_every_figure_has_its_words_and_no_words_are_without_a_figure():
    sim = Simulation(QUEUE)
    sim.run()
    figures = sim.metrics().figures()
    names = {re.sub(r"above_\d+", "above_SECONDS", name) for name in figures}
    names = {name.replace(f"waited_for_share.{M5}", "waited_for_share.LIMIT").replace(M5, "TYPE") for name in names}
    assert names == set(FIGURES)
    assert (figures["waiting_time_s.above_60"], figures["waiting_time_s.above_600"]) == (0.5, 0)


def test_an_unknown_sample_is_named():
    with pytest.raises(InvalidInput, match=r"sample: got 'waiting_time', .*did you mean 'waiting_time_s'"):
        Metrics.of([]).sample("waiting_time")
    assert all(Metrics.of([]).sample(name) == [] for name in SAMPLES)


def test_one_long_run_has_an_interval():
    """M/M/1 at load 0.5: the mean wait is 100 s, and lies within the interval of this run (99 %)."""
    arrivals = Arrivals(TuningJobSpec("c"), Exponential(200), 4000)
    scenario = Scenario(
        capacity={M5: 1}, timings=Timings(training_s=Exponential(100)), limits=ServiceLimits(None), arrivals=[arrivals]
    )
    sim = Simulation(scenario, seed=4, laws=False)
    sim.run()
    interval = sim.metrics().steady("waiting_time_s", confidence=0.99)
    assert interval.low <= 100 <= interval.high and interval.high - interval.low < 60


def test_a_notebook_shows_a_table_of_the_tuning_jobs():
    sim = Simulation(Scenario(timings="instant"))
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run(until=50)
    sim.stop_tuning_job("demo")
    sim.run()
    shown = sim.metrics()._repr_html_()
    row = "<td>demo</td><td>Stopped</td><td>1 Stopped</td><td>0</td><td>0</td><td>1</td><td>0.01389</td>"
    assert row in shown and "<th>stop to Stopped (s)</th>" in shown


def test_a_type_that_is_not_named_has_the_limit_of_the_others():
    sim = Simulation(Scenario(capacity={"ml.c5.xlarge": 3, "*": 4}, timings="instant"))
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run()
    metrics = sim.metrics()
    assert {kind: one.limit for kind, one in metrics.types.items()} == {"ml.c5.xlarge": 3, "ml.m5.xlarge": 4}
    assert metrics.figures()["utilization.ml.m5.xlarge"] == 1 / 4 and "utilization.*" not in metrics.figures()
