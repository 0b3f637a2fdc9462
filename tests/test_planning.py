"""Experiments: the same numbers whoever computes them, nothing lost, honest intervals, the smallest quota."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from scipy import stats

from hptsim import Scenario, TuningJobSpec
from hptsim.assumptions import Assumptions
from hptsim.durations import Exponential
from hptsim.errors import InvalidInput
from hptsim.model import ServiceLimits
from hptsim.nature import Timings
from hptsim.planning import Results, compare, replicate, smallest, sweep, until_precise, vary
from hptsim.workload import Arrivals

TYPE = "ml.m5.xlarge"
SCENARIO = Scenario(
    capacity={TYPE: 2},
    timings=Timings(training_s=Exponential(100.0)),
    limits=ServiceLimits(None, None, None),
    assumptions=Assumptions(admission="queue"),
)
STREAM = (Arrivals(TuningJobSpec("c"), Exponential(80.0), 60),)


@pytest.fixture
def serial():
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_the_numbers_do_not_depend_on_who_computes_them(serial):
    once = replicate(SCENARIO, 6, seed=3, arrivals=STREAM, executor=serial).table
    with ProcessPoolExecutor(2) as processes:
        assert replicate(SCENARIO, 6, seed=3, arrivals=STREAM, executor=processes).table.equals(once)
    with ThreadPoolExecutor(4) as threads:
        assert replicate(SCENARIO, 6, seed=3, arrivals=STREAM, executor=threads).table.equals(once)
    assert replicate(SCENARIO, 3, seed=3, arrivals=STREAM, executor=serial).table.equals(once.iloc[:3])
    assert not replicate(SCENARIO, 6, seed=4, arrivals=STREAM, executor=serial).table.equals(once)
    assert once["waiting_time_s.mean"].nunique() == 6


def test_a_crash_keeps_what_has_ended_and_the_rest_is_done_next_time(tmp_path, serial, monkeypatch):
    path = tmp_path / "kept.jsonl"
    whole = replicate(SCENARIO, 8, arrivals=STREAM, executor=serial).table
    calls = []

    def fragile(*arguments):
        calls.append(arguments)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(*arguments)

    import hptsim.planning as planning

    real = planning.one_replication
    monkeypatch.setattr(planning, "one_replication", fragile)
    with pytest.raises(KeyboardInterrupt), ThreadPoolExecutor(1) as one:
        replicate(SCENARIO, 8, arrivals=STREAM, executor=one, checkpoint=path)
    kept = len(path.read_text().splitlines())
    assert kept >= 4
    with path.open("a") as file:
        file.write('{"key": "cut')
    before = len(calls)
    again = replicate(SCENARIO, 8, arrivals=STREAM, executor=serial, checkpoint=path)
    assert again.table.equals(whole) and len(calls) - before == 8 - kept


def test_intervals_cover_the_mean_as_often_as_they_say(serial):
    """Of 100 intervals at 90 % between 82 and 97 contain the mean (binomial, 99 %); the mean is that of all replications."""
    table = replicate(
        SCENARIO, 1000, arrivals=(Arrivals(TuningJobSpec("c"), Exponential(80.0), 10),), executor=serial
    ).table
    column = "time_in_system_s.mean"
    mean = table[column].mean()
    covered = 0
    for first in range(0, 1000, 10):
        low, high = Results(table.iloc[first : first + 10]).interval(column, 0.9)
        covered += low <= mean <= high
    assert stats.binom.ppf(0.005, 100, 0.9) <= covered <= stats.binom.ppf(0.995, 100, 0.9)


def test_a_sweep_and_a_comparison_share_their_random_numbers(serial):
    results = sweep(SCENARIO, {f"capacity.{TYPE}": [2, 4]}, 8, arrivals=STREAM, executor=serial)
    summary = results.summary("waiting_time_s.mean")
    assert list(summary[f"capacity.{TYPE}"]) == [2, 4] and summary["mean"][0] > summary["mean"][1]
    two, four = (Results(results.table[results.table[f"capacity.{TYPE}"] == value]) for value in (2, 4))
    paired = compare(two, four, "waiting_time_s.mean")
    assert paired.interval[1] < 0 and "less in the second" in paired.sentence()
    other = replicate(vary(SCENARIO, f"capacity.{TYPE}", 4), 8, 99, arrivals=STREAM, executor=serial)
    apart = compare(two, other, "waiting_time_s.mean")
    assert paired.interval[1] - paired.interval[0] < apart.interval[1] - apart.interval[0]
    assert "no difference" in compare(two, two, "waiting_time_s.mean").sentence()


def test_the_smallest_quota_is_the_smallest(serial):
    settings = {"replications": 8, "arrivals": STREAM, "executor": serial}
    found = smallest(SCENARIO, f"capacity.{TYPE}", "waiting_time_s.p95 <= 60", **settings)
    assert found.value is not None and f"= {found.value} is the smallest" in found.sentence()
    bounds = dict(zip(found.tried[f"capacity.{TYPE}"], found.tried["bound"], strict=True))
    assert bounds[found.value] <= 60 < bounds[found.value - 1]
    none = smallest(SCENARIO, f"capacity.{TYPE}", "waiting_time_s.p95 <= -1", high=4, **settings)
    assert none.value is None and none.sentence().startswith("No capacity")
    with pytest.raises(InvalidInput, match="target: got 'fast'"):
        smallest(SCENARIO, f"capacity.{TYPE}", "fast", **settings)


def test_it_goes_on_until_it_is_precise(serial):
    found = until_precise(SCENARIO, "time_in_system_s.mean", 0.1, first=4, arrivals=STREAM, executor=serial)
    low, high = found.interval("time_in_system_s.mean")
    assert (high - low) / 2 <= 0.1 * found.mean("time_in_system_s.mean") and len(found.table) > 4


def test_results_are_saved_and_loaded_and_say_what_they_mean(tmp_path, serial):
    results = sweep(SCENARIO, {f"capacity.{TYPE}": [2, 3]}, 3, arrivals=STREAM, executor=serial)
    results.to_parquet(tmp_path / "x.parquet")
    again = Results.from_parquet(tmp_path / "x.parquet")
    assert again.table.equals(results.table) and again.varied == results.varied
    assert "with 95% confidence between" in results.sentence(
        "waiting_time_s.mean"
    ) and "(6 replications)" in results.sentence("waited_share")


@pytest.mark.parametrize(
    ("path", "message"),
    [("capcity.x", "did you mean 'capacity'"), ("timings.trainin_s", "did you mean 'training_s'")],
)
def test_misspelt_paths_and_columns_are_named(path, message, serial):
    with pytest.raises(InvalidInput, match=message):
        vary(SCENARIO, path, 1)
    with pytest.raises(InvalidInput, match=r"did you mean 'waiting_time_s\.mean'"):
        replicate(SCENARIO, 2, arrivals=STREAM, executor=serial).mean("waiting_time_s.maen")


def test_shares_of_time_are_shares_of_time(serial):
    """One job of 100 s on two instances, one of them used for the second half of the time."""
    scenario = Scenario(capacity={TYPE: 2}, timings=Timings(training_s=100.0, first_launch_s=100.0))
    figures = replicate(scenario, 2, arrivals=(Arrivals(TuningJobSpec("c"), 0.0, 1),), executor=serial)
    assert figures.mean(f"utilization.{TYPE}") == pytest.approx(0.25)
    assert figures.mean("waiting_time_s.mean") == 100 and figures.mean("time_in_system_s.mean") == 200
    assert figures.mean("cost_usd") == pytest.approx(100 / 3600 * 0.23)
