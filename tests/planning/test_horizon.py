"""Runs that are too short: how often the warning comes where the bias is known exactly, and where it has no business."""

from concurrent.futures import ThreadPoolExecutor

import attrs
import numpy as np
import pandas as pd
import pytest

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.planning import horizon
from hptsim.planning.experiments import replicate, seeds
from hptsim.planning.results import Results
from hptsim.scenario.arrival_patterns import Profile
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

ARRIVALS = Arrivals(TuningJobSpec("c"), Exponential(125.0), 40)
QUEUE = Scenario(capacity={"ml.m5.xlarge": 1}, timings=Timings(training_s=Exponential(100.0)), limits="none")


def warned(load, customers, sets=200, replications=20):
    """How often twenty replications of an M/M/1 queue that begins empty are called too short, and the bias of their mean."""
    rng, shape = np.random.default_rng(1), (sets, replications)
    waits = [np.zeros(shape)]
    for _ in range(customers - 1):
        waits.append(np.maximum(0, waits[-1] + rng.exponential(100, shape) - rng.exponential(100 / load, shape)))
    waits = np.array(waits)
    parts = {
        horizon.FIRST: waits[: customers // 10].mean(0),
        horizon.SECOND: waits[customers // 2 :].mean(0),
        horizon.ALL: waits.mean(0),
        horizon.WARM_UP: np.zeros(shape),
    }
    tables = (pd.DataFrame({name: part[place] for name, part in parts.items()}) for place in range(sets))
    return np.mean([bool(horizon.warning(table)) for table in tables]), 1 - waits.mean() / (100 * load / (1 - load))


@pytest.mark.long
@pytest.mark.parametrize(
    ("load", "customers", "bias", "least", "most"),
    [(0.95, 500, 0.43, 0.9, 1), (0.7, 60, 0.2, 0.6, 1), (0.5, 500, 0.01, 0, 0.15), (0.8, 3000, 0.01, 0, 0.15)],
)
def test_a_biased_mean_is_called_too_short_and_another_is_not(load, customers, bias, least, most):
    share, seen = warned(load, customers)
    assert seen == pytest.approx(bias, abs=0.04) and least <= share <= most


def test_a_run_is_told_by_its_tenths_and_halves():
    scenario = attrs.evolve(QUEUE, arrivals=[ARRIVALS])
    with ThreadPoolExecutor(1) as one:
        results = replicate(scenario, 3, executor=one)
    sims = [Simulation(scenario, seed=seed, laws=False) for seed in seeds(0, 3)]
    for row, sim in zip(results.table.to_dict("records"), sims, strict=True):
        sim.run()
        waits = [job.waiting_s for job in sim.metrics().tuning_jobs]
        assert (row[horizon.FIRST], row[horizon.SECOND]) == pytest.approx((np.mean(waits[:4]), np.mean(waits[20:])))
    assert results.table[[horizon.FIRST, horizon.SECOND, horizon.WARM_UP]].notna().all(axis=None)
    again = replicate(scenario, 3, executor=ThreadPoolExecutor(1), warm_up_s=3000.0)
    assert (again.table[horizon.WARM_UP] >= 3000).all(), "what is left out already is not looked at"


def test_the_warning_stands_beside_waiting_times_only():
    steps = {horizon.FIRST: [1.0, 2, 3, 2], horizon.SECOND: [50.0, 60, 40, 50], horizon.ALL: [30.0, 31, 29, 30]}
    table = pd.DataFrame(
        {"replication": range(4), **steps, horizon.WARM_UP: 9.0, "cost_usd": [1.0, 2, 3, 4], "unstarted_share": 0.0}
    )
    results = Results(table)
    assert "For a system that goes on these runs are too short" in results.sentence("waiting_time_s.mean")
    assert "MSER-5 ends it at 9 s" in results.sentence() and "too short" not in results.sentence("cost_usd")
    assert horizon.warning(table.drop(columns=[horizon.FIRST])) == "" == horizon.warning(table.head(1))
    even = table.assign(**{horizon.ALL: table[horizon.SECOND]})
    assert horizon.warning(even) == "", "where the beginning is too short to matter, it does not matter"


def test_a_day_with_its_own_shape_and_a_recorded_history_are_complete():
    day = attrs.evolve(ARRIVALS, interarrival_s=Profile([0] * 8 + [3] * 10 + [0] * 6), until_s=86400, count=None)
    recorded = [ScheduledTuningJob(TuningJobSpec("r"))]
    assert horizon.goes_on(attrs.evolve(QUEUE, arrivals=[ARRIVALS]))
    assert not horizon.goes_on(attrs.evolve(QUEUE, arrivals=[day]))
    assert not horizon.goes_on(attrs.evolve(QUEUE, arrivals=[ARRIVALS], tuning_jobs=recorded))
