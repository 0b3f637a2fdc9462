"""A share over all jobs: counted by hand, apart from the mean of days, and covered as days that depend on nothing else allow."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.planning.experiments import replicate, seeds, sweep
from hptsim.planning.intervals import bounds, interval
from hptsim.planning.pooled_shares import beside, pooled, pseudo_values
from hptsim.planning.results import Results
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals

COLUMN = "waiting_time_s.above_60"


def days(late, jobs):
    table = {"replication": range(len(late)), COLUMN: late, "waiting_time_s.count": jobs, "y": range(len(late))}
    return Results(pd.DataFrame(table))


def test_all_jobs_count_alike_and_not_all_days():
    """9 jobs of 10 are late on a busy day, none of 2 on a quiet one."""
    found = pooled(days([0.9, 0.0], [10, 2]), COLUMN)
    assert found.jobs == 12 and found.share == pytest.approx(3 / 12) and found.mean_of_days == pytest.approx(0.55)
    text = found.sentence()
    assert (
        text.startswith("Of all 12 tuning jobs that started, 25.00% started within 60 s")
        and "55.00% do on average" in text
    )


def test_the_jobs_are_those_of_the_runs_themselves():
    jobs = Arrivals(TuningJobSpec("c"), Exponential(80.0), until_s=4000.0)
    timings = Timings(training_s=Exponential(100.0))
    scenario = Scenario(capacity={"ml.m5.xlarge": 2}, timings=timings, limits="none", arrivals=[jobs])
    waits = []
    for seed in seeds(0, 4):
        sim = Simulation(scenario, seed=seed, laws=False)
        sim.run()
        waits += sim.metrics().sample("waiting_time_s")
    with ThreadPoolExecutor(1) as one:
        found = pooled(replicate(scenario, 4, executor=one, above_s=[60]), COLUMN)
        assert (found.jobs, found.share) == (len(waits), pytest.approx(np.mean(np.array(waits) <= 60)))
        with pytest.raises(InvalidInput, match=r"expected one point; write results\.at"):
            pooled(sweep(scenario, {"capacity.ml.m5.xlarge": [1, 2]}, 2, executor=one, above_s=[60]), COLUMN)


def test_with_as_many_jobs_on_each_day_both_readings_agree():
    late = [0.0, 0.1, 0.5, 0.2]
    found = pooled(days(late, [10] * 4), COLUMN, 0.9)
    low, high = interval(late, 0.9, (0, 1))
    assert (found.low, found.high) == pytest.approx((1 - high, 1 - low))
    assert (found.low_of_days, found.high_of_days) == pytest.approx((1 - high, 1 - low))


def test_pseudo_values_are_tukeys():
    late, jobs = np.array([0.5, 0.0, 0.25]), np.array([4, 2, 8])
    without_first = (0 + 2) / 10
    assert pseudo_values(late, jobs)[0] == pytest.approx(3 * 4 / 14 - 2 * without_first)


@pytest.mark.long
def test_days_in_which_all_wait_or_nobody_cover_as_days_and_not_as_jobs():
    """Whole days are late with a chance of 5 %; busy days have more jobs. As if 600 jobs were independent, it fails."""
    rng, exact, covered, naive = np.random.default_rng(2), 0.05, 0, 0
    for _ in range(500):
        late, jobs = (rng.random(20) < exact) * 1.0, 1 + rng.poisson(30, 20)
        covered += bounds(pseudo_values(late, jobs), 0.95, (0, 1))[1] >= exact
        hits = int((late * jobs).sum())
        naive += stats.binomtest(hits, int(jobs.sum())).proportion_ci(0.9, "exact").high >= exact
    assert covered / 500 >= 0.93 and naive / 500 < 0.8


def test_nobody_late_and_one_history():
    none = pooled(days([0.0] * 20, range(1, 21)), COLUMN, 0.9)
    assert (none.share, none.low, none.high) == (1, pytest.approx(0.05 ** (1 / 20)), 1)
    same = pooled(Results(days([0.5, 0.5], [4, 4]).table.drop(columns="y")), COLUMN)
    assert math.isnan(same.low) and "confidence" not in same.sentence()


def test_it_stands_beside_shares_above_a_threshold_only():
    both = days([0.9, 0.0], [10, 2])
    assert beside(both, COLUMN, 0.95).startswith(" Of all 12 tuning jobs") and beside(both, "y", 0.95) == ""
    with pytest.raises(InvalidInput, match="expected a share above a threshold"):
        pooled(both, "y")
    with pytest.raises(InvalidInput, match="at least 2 in which a tuning job started"):
        pooled(days([0.5], [4]), COLUMN)
