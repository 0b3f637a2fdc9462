"""Results: intervals that cover as often as they say, sentences, what is missing, and the way to disk and back."""

import math

import pandas as pd
import pytest
from scipy import stats

from hptsim.errors import InvalidInput
from hptsim.planning.intervals import ANYTHING, bounds, interval
from hptsim.planning.results import Comparison, Results
from hptsim.planning.targets import Target


def results(values, **more):
    return Results(pd.DataFrame({"replication": range(len(values)), "x": values, **more}))


SWEEP = Results(
    pd.DataFrame({"capacity.gpu": [2, 2, 4, 4], "replication": [0, 1, 0, 1], "x": [9.0, 11.0, 1.0, 3.0]}),
    ("capacity.gpu",),
)


def test_an_interval_is_the_one_of_intervals_within_what_the_figure_can_be():
    sample = [0.0, 0.0, 1.0, 0.0, 20.0]
    assert results(sample).interval("x", 0.9) == interval(sample, 0.9)
    assert results(sample).interval("x", 0.9)[0] < 0
    waits = Results(results(sample).table.rename(columns={"x": "cost_usd"}))
    assert waits.interval("cost_usd", 0.9) == (0, interval(sample, 0.9)[1])
    differences = Comparison(waits, waits).differences
    assert differences.limits("cost_usd") == ANYTHING, "a difference may be below zero"


def test_one_history_has_no_interval_and_says_so():
    """Two replications of a recorded trace were reported "with 95% confidence between 8297 and 8297"."""
    same = results([8297.0, 8297.0], y=[1.0, 1.0])
    assert same.one_history and same.sentence("x") == (
        "x is 8297 in each of 2 replications: all are the same in every figure, so that there is no interval; "
        "recorded jobs can be resampled for other days."
    )
    assert all(map(math.isnan, same.interval("x"))) and same.summary("x")["low"].isna().all()
    assert Target.parse("x <= 9000").verdict(same) == "met" and Target.parse("x <= 8000").verdict(same) == "missed"
    some = results([5.0, 5.0], y=[1.0, 2.0])
    assert not some.one_history and "they show no spread, so that there is no interval" in some.sentence("x")
    assert "in each of 2 pairs" in Comparison(some, some).sentence("x")
    assert not results([8297.0]).one_history


def test_no_late_job_in_twenty_days_is_no_proof_that_there_is_none():
    days = Results(pd.DataFrame({"replication": range(20), "a_share": [0.0] * 20, "y": range(20)}))
    assert days.interval("a_share", 0.9) == pytest.approx((0, 1 - 0.05 ** (1 / 20)))
    assert Target.parse("a_share <= 0.05").verdict(days) == "open"
    assert Target.parse("a_share <= 0.14").verdict(days) == "met"


@pytest.mark.long
def test_intervals_cover_the_mean_as_often_as_they_say():
    """Of 1,000 intervals at 90 % over ten normal numbers as many contain the mean as a binomial law allows (99 %)."""
    draws = stats.norm(7, 3).rvs((1000, 10), random_state=1)
    covered = 0
    for row in draws:
        low, high = results(row).interval("x", 0.9)
        covered += low <= 7 <= high
    assert stats.binom.ppf(0.005, 1000, 0.9) <= covered <= stats.binom.ppf(0.995, 1000, 0.9)


def test_a_sentence_has_its_interval_and_a_line_for_each_point():
    assert results([9.0, 11.0]).sentence("x", 0.9) == (
        "x is 10 on average, with 90% confidence between 3.686 and 16.31 (2 replications)."
    )
    first, second = SWEEP.sentence("x").splitlines()
    assert first.startswith("With capacity.gpu = 2, x is 10 on average") and "(2 replications)" in first
    assert second.startswith("With capacity.gpu = 4, x is 2 on average")


def test_what_is_missing_is_counted():
    some = results([9.0, 11.0, math.nan])
    assert some.sentence("x").endswith("(2 replications; 1 without it).")
    assert list(some.summary("x")["replications"]) == [2]
    with pytest.raises(InvalidInput, match="at least 2 that have x"):
        results([9.0, math.nan]).interval("x")


REFUSED = "of the tuning jobs that were asked for were refused or never trained"


def test_who_was_not_served_is_mentioned_beside_every_figure_that_leaves_them_out():
    waits = {"waiting_time_s.mean": [9.0, 11.0], "cost_usd": [1.0, 2.0]}
    some = results([1.0, 2.0], **waits, unserved_share=[0.0, 0.01])
    assert some.sentence().endswith(f"(2 replications). 0.50% {REFUSED}: they are not in it.")
    assert some.sentence("cost_usd").endswith(f"{REFUSED}: what they would have cost is not in it.")
    assert some.sentence("unserved_share").endswith("(2 replications).")
    assert results([1.0, 2.0], **waits, unserved_share=[0.0, 0.0]).sentence().endswith("(2 replications).")


@pytest.mark.parametrize("given", [SWEEP, results([1.0, 2.0])], ids=["sweep", "single"])
def test_parquet_brings_back_the_same(tmp_path, given):
    given.to_parquet(tmp_path / "x.parquet")
    again = Results.from_parquet(tmp_path / "x.parquet")
    assert again.table.equals(given.table) and again.varied == given.varied
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "x.parquet"), given.table)


def test_a_foreign_parquet_file_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    with pytest.raises(InvalidInput, match="expected a Parquet file that to_parquet has saved"):
        Results.from_parquet(path)
    SWEEP.table.to_parquet(path)
    with pytest.raises(InvalidInput, match="expected a Parquet file that to_parquet has saved"):
        Results.from_parquet(path)
    path.write_text("not parquet")
    with pytest.raises(InvalidInput, match="expected a Parquet file that to_parquet has saved"):
        Results.from_parquet(path)


def test_a_comparison_needs_the_same_replications_of_one_design_each():
    with pytest.raises(InvalidInput, match=r"expected the same replications as the first \(2\)"):
        Comparison(results([1.0, 2.0]), results([1.0, 2.0, 3.0]))
    with pytest.raises(InvalidInput, match="expected the results of one design"):
        Comparison(SWEEP, SWEEP)
    found = Comparison(results([1.0, 2.0]), results([2.0, 5.0]))
    assert found.differences.mean("x") == 2 and found.sentence("x").endswith("(2 pairs).")
    assert "<table" in found._repr_html_()


def test_pairs_are_matched_by_replication_and_not_by_place():
    second = Results(results([2.0, 5.0, 9.0]).table.iloc[::-1])
    assert list(Comparison(results([1.0, 2.0, 3.0]), second).differences.table["x"]) == [1.0, 3.0, 6.0]


def test_several_designs_are_never_averaged():
    for ask in (SWEEP.mean, SWEEP.interval):
        with pytest.raises(InvalidInput, match=r"got '2 points', expected one point; write results\.at"):
            ask("x")
    assert SWEEP.at({"capacity.gpu": 4}).mean("x") == 2
    with pytest.raises(InvalidInput, match=r"expected one of the sweep's; .*'capacity.gpu': 2"):
        SWEEP.at({"capacity.gpu": 3})


def test_the_summary_has_every_figure_at_every_point():
    summary = SWEEP.summary()
    assert list(summary.columns) == ["capacity.gpu", "figure", "mean", "low", "high", "replications"]
    assert [tuple(row) for row in summary[["capacity.gpu", "figure", "mean"]].to_numpy()] == [(2, "x", 10), (4, "x", 2)]
    assert "<table" in SWEEP._repr_html_() and "capacity.gpu" in SWEEP._repr_html_()


def test_a_verdict_has_the_confidence_that_is_asked_for():
    sample = [1.0, 2.0, 3.0, 7.0]
    _, bound = bounds(sample, 0.9)
    for limit, verdict in ((bound + 1e-6, "met"), (bound - 1e-6, "open")):
        assert Target("x", "<=", limit).verdict(results(sample), 0.9) == verdict


def test_one_replication_and_none_with_the_figure_are_told_as_that():
    assert results([9.0]).sentence("x") == "x is 9 in one replication: of one there is no interval."
    assert (
        results([9.0, math.nan]).sentence("x")
        == "x is 9 in one replication; 1 without it: of one there is no interval."
    )
    refused = results([math.nan, math.nan], unserved_share=[1.0, 1.0])
    assert refused.sentence("x") == f"x was not observed (2 replications). 100.00% {REFUSED}: they are not in it."
