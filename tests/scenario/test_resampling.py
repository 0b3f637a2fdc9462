"""Other days from recorded ones: which days are drawn, what growth adds, and what a bootstrap of days is true to."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import attrs
import numpy as np
import pytest
from scipy import stats

from hptsim import Scenario, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ServiceLimits
from hptsim.planning.experiments import replicate, sweep
from hptsim.planning.smallest_value import smallest
from hptsim.scenario.cloud import Recorded, Timings
from hptsim.scenario.resampling import DAY_S, JITTER_S, Resampling, resampling
from hptsim.scenario.workload import ScheduledTuningJob


def trace(days):
    """A scenario with so many jobs on each day, at half past the hours, each of 3,600 s; names say the day."""
    jobs = [
        ScheduledTuningJob(
            TuningJobSpec(f"d{day}-{place}"), day * DAY_S + 3600 * place + 1800, recorded=[Recorded(3600.0)]
        )
        for day, count in enumerate(days)
        for place in range(count)
    ]
    return Scenario(
        tuning_jobs=jobs,
        timings=Timings.instant(),
        limits=ServiceLimits(None, None, None),
        assumptions=Assumptions(admission="queue"),
    )


def days_of(scenario):
    """Which recorded day each day is, from the names of its jobs."""
    found = {}
    for job in scenario.tuning_jobs:
        found.setdefault(int(job.at_s // DAY_S), set()).add(job.spec.name.split("-")[0])
    return [found.get(day, set()) for day in range(1 + max(found))]


TEN = trace([3] * 10)


def test_days_are_drawn_whole_and_equally_often():
    counts = Counter()
    for seed in range(300):
        days = days_of(Resampling().of(TEN, seed))
        assert len(days) == 10 and all(len(day) == 1 for day in days)
        counts.update(next(iter(day)) for day in days)
    assert stats.chisquare(list(counts.values())).pvalue > 0.001 and len(counts) == 10


def test_a_drawn_day_keeps_its_hours_and_what_its_jobs_took():
    drawn = Resampling().of(TEN, 5)
    assert [job.at_s % DAY_S for job in drawn.tuning_jobs] == [1800, 5400, 9000] * 10
    assert {job.recorded for job in drawn.tuning_jobs} == {(Recorded(3600.0),)}
    names = [job.spec.name for job in drawn.tuning_jobs]
    assert len(set(names)) == 30 and drawn == Resampling().of(TEN, 5) != Resampling().of(TEN, 6)
    assert attrs.evolve(drawn, tuning_jobs=TEN.tuning_jobs) == TEN, "nothing else differs"


def test_blocks_are_consecutive_days_round_the_end():
    for seed in range(20):
        days = [int(next(iter(day))[1:]) for day in days_of(Resampling(block_days=5).of(TEN, seed))]
        assert all((days[place + 1] - days[place]) % 10 == 1 for place in range(9) if place != 4)


def test_weekdays_stay_weekdays():
    fortnight = trace([1] * 21)
    seen = set()
    for seed in range(20):
        days = [int(next(iter(day))[1:]) for day in days_of(Resampling("weekdays").of(fortnight, seed))]
        assert all(day % 7 == place % 7 for place, day in enumerate(days))
        seen.update(days)
    assert seen == set(range(21))


def test_shifted_days_are_the_same_days_in_the_same_order():
    firsts = set()
    for seed in range(60):
        days = [int(next(iter(day))[1:]) for day in days_of(Resampling("shift").of(TEN, seed))]
        assert days == [(days[0] + place) % 10 for place in range(10)]
        firsts.add(days[0])
    assert firsts == set(range(10))


@pytest.mark.parametrize("growth", [0.3, 1.5, 3.0])
def test_growth_adds_and_thins(growth):
    totals = [len(Resampling("none", growth=growth).of(TEN, seed).tuning_jobs) for seed in range(200)]
    spread = np.sqrt(30 * (growth % 1) * (1 - growth % 1) / 200)
    assert abs(np.mean(totals) - 30 * growth) <= 3 * spread
    drawn = Resampling("none", growth=growth).of(TEN, 1).tuning_jobs
    away = [min(abs(job.at_s % DAY_S - hour) for hour in (1800, 5400, 9000)) for job in drawn]
    assert max(away) <= JITTER_S and (max(away) > 0) == (growth > 1)
    assert days_of(Resampling("none", growth=3.0).of(TEN, 1)) == [{f"d{day}"} for day in range(10)]


def test_a_job_that_is_stopped_is_stopped_on_its_new_day():
    stopped = [attrs.evolve(job, stop_at_s=job.at_s + 60) for job in TEN.tuning_jobs]
    drawn = Resampling("days", growth=2.0).of(attrs.evolve(TEN, tuning_jobs=stopped), 3)
    assert all(job.stop_at_s - job.at_s == pytest.approx(60) for job in drawn.tuning_jobs)


def test_long_names_are_cut_and_stay_different():
    jobs = [ScheduledTuningJob(TuningJobSpec("n" * 31 + str(place)), DAY_S * place) for place in range(9)]
    names = [job.spec.name for job in Resampling().of(Scenario(tuning_jobs=jobs), 0).tuning_jobs]
    assert len(set(names)) == 9 and max(map(len, names)) == 32


@pytest.mark.long
def test_replications_of_a_recorded_history_differ_only_when_it_is_resampled():
    """One server and days of 2 to 20 jobs of an hour, 20 of them at full load: waiting depends on the days."""
    busy = attrs.evolve(trace([2, 20, 2, 23, 2, 8]), capacity={"ml.m5.xlarge": 1})
    with ThreadPoolExecutor(1) as one:
        same = replicate(busy, 3, executor=one)
        assert same.one_history and "all are the same in every figure" in same.sentence("time_in_system_s.mean")
        other = replicate(busy, 8, executor=one, resample="days")
        low, high = other.interval("in_system.mean")
        assert not other.one_history and 0 <= low < other.mean("in_system.mean") < high
        grid = sweep(busy, {"capacity.ml.m5.xlarge": [1, 2]}, 8, executor=one, resample=Resampling("days"))
        part = grid.at({"capacity.ml.m5.xlarge": 1}).table
        assert part.drop(columns="replication").reset_index(drop=True).equals(other.table.drop(columns="replication"))
        target = "time_in_system_s.mean <= 7200"
        found = smallest(busy, "capacity.ml.m5.xlarge", target, executor=one, resample="days,growth=2")
        assert found.value >= 2


@pytest.mark.long
def test_the_bootstrap_of_days_knows_the_spread_of_independent_days():
    """Jobs on a day are Poisson: the spread of a resampled total is that of ten independent days, as it must be."""
    counts = np.random.default_rng(0).poisson(20, 40)
    recorded = trace([min(24, int(count)) for count in counts])
    totals = [len(Resampling().of(recorded, seed).tuning_jobs) for seed in range(300)]
    expected = np.std([min(24, count) for count in counts]) * np.sqrt(40)
    assert 0.85 <= np.std(totals) / expected <= 1.15


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("days", Resampling()),
        ("weekdays", Resampling("weekdays")),
        ("growth=1.5", Resampling("none", growth=1.5)),
        ("days, growth = 0.8, block_days=3", Resampling("days", 3, 0.8)),
    ],
)
def test_what_is_written_is_read(text, expected):
    assert resampling(text) == expected == resampling(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dys", "resample: got 'dys', expected days, weekdays, shift, growth=FACTOR or block_days=COUNT; did you mean"),
        ("growht=2", "did you mean 'growth'"),
        ("", "resample: got ''"),
        ("growth=much", "resample: growth: got 'much', expected a number"),
        ("growth=-1", "growth: got -1.0"),
        ("days,shift", "days only once"),
        ("block_days=0", "block_days: got 0"),
    ],
)
def test_what_makes_no_sense_is_refused(text, message):
    with pytest.raises(InvalidInput) as error:
        Resampling.parse(text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("scenario", "how", "message"),
    [
        (Scenario(), "days", "expected a scenario with tuning_jobs"),
        (trace([5]), "days", "expected at least 2 days, and its tuning jobs come within 1"),
        (trace([5] * 7), "weekdays", "expected at least 8 days"),
        (TEN, "growth=1e9", "resample: growth"),
    ],
)
def test_what_cannot_be_resampled_is_refused(scenario, how, message):
    with pytest.raises(InvalidInput) as error:
        Resampling.parse(how).of(scenario, 0)
    assert message in str(error.value)
