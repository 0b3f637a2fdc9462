"""Intervals: Willink's formula, what a share cannot be, and how often they cover a mean that is known exactly."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hptsim.errors import InvalidInput
from hptsim.planning.intervals import bounds, interval, limits_of


def test_symmetric_values_have_students_interval():
    sample = [1.0, 2.0, 3.0, 4.0, 5.0]
    expected = stats.ttest_1samp(sample, 0).confidence_interval(0.9)
    assert interval(sample, 0.9) == pytest.approx((expected.low, expected.high), rel=1e-4)


def test_two_values_have_students_interval():
    expected = stats.ttest_1samp([3.0, 8.0], 0).confidence_interval(0.95)
    assert interval([3.0, 8.0], 0.95) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("count", [5, 12])
def test_skewed_values_have_willinks_bounds(count):
    """Willink (2005), equation by equation; scipy has the skewness."""
    sample = np.random.default_rng(count).exponential(size=count)
    skewness = stats.skew(sample, bias=False) * (1 + 6 / count if count >= 10 else 1)
    a = skewness / (6 * math.sqrt(count))

    def g(r):
        inner = 1 + 6 * a * (r - a)
        return (math.copysign(abs(inner) ** (1 / 3), inner) - 1) / (2 * a)

    t = stats.t.ppf(0.95, count - 1)
    low, high = (sample.mean() - g(r) * stats.sem(sample) for r in (t, -t))
    assert [float(one) for one in bounds(sample, 0.95)] == pytest.approx([low, high])
    assert high - sample.mean() > sample.mean() - low, "skewed to the right: further to the right"


def test_many_samples_at_once_are_each_by_itself():
    several = np.random.default_rng(0).exponential(size=(3, 12))
    low, high = bounds(several, 0.9, (0, 1))
    for place, one in enumerate(several):
        assert (low[place], high[place]) == bounds(one, 0.9, (0, 1))


@given(
    values=st.lists(st.floats(0, 1), min_size=2, max_size=25),
    confidence=st.sampled_from([0.5, 0.8, 0.95, 0.999]),
    column=st.sampled_from(["waited_share", "cost_usd"]),
)
def test_no_interval_leaves_what_a_figure_can_be_or_its_own_mean(values, confidence, column):
    limits = limits_of(column)
    low, high = interval(values, confidence, limits)
    if math.isnan(low):
        assert math.isnan(high) and max(values) == min(values)
    else:
        assert limits[0] <= low <= np.mean(values) + 1e-12 and np.mean(values) - 1e-12 <= high <= limits[1]


def test_without_spread_only_a_share_of_none_or_all_has_bounds():
    assert all(map(math.isnan, interval([5.0] * 9))) and all(map(math.isnan, interval([0.5] * 9, limits=(0, 1))))
    exact = stats.binomtest(0, 9).proportion_ci(0.95, "exact")
    assert interval([0.0] * 9, 0.95, (0, 1)) == pytest.approx((exact.low, exact.high))
    assert interval([1.0] * 9, 0.95, (0, 1)) == pytest.approx((1 - exact.high, 1))
    assert all(map(math.isnan, interval([5.0])))


@pytest.mark.parametrize(
    ("column", "limits"),
    [
        ("waiting_time_s.mean", (0, math.inf)),
        ("waiting_time_s.above_600", (0, 1)),
        ("refused_share", (0, 1)),
        ("idle_share.ml.m5.xlarge", (0, 1)),
        ("utilization.ml.m5.xlarge", (0, 1)),
        ("throughput_per_hour", (0, math.inf)),
        ("profit", (-math.inf, math.inf)),
    ],
)
def test_what_a_figure_can_be_follows_from_its_name(column, limits):
    assert limits_of(column) == limits


SKEWED = {
    "exponential": (lambda rng, shape: rng.exponential(size=shape), 1.0, (0, math.inf), 0.935),
    "lognormal": (lambda rng, shape: rng.lognormal(size=shape), math.exp(0.5), (0, math.inf), 0.90),
    "rare storms": (lambda rng, shape: (rng.random(shape) < 0.1) * rng.random(shape), 0.05, (0, 1), 0.94),
}


@pytest.mark.parametrize("case", SKEWED)
def test_upper_bounds_cover_more_often_than_students(case):
    """20 replications, 4,000 times: the coverage that docs/validation/intervals.md reports, and Student's shortfall."""
    draw, exact, limits, least = SKEWED[case]
    samples = draw(np.random.default_rng(4), (4000, 20))
    covered = np.mean(bounds(samples, 0.95, limits)[1] >= exact)
    error = samples.std(1, ddof=1) / math.sqrt(20)
    students = np.mean(samples.mean(1) + stats.t.ppf(0.95, 19) * error >= exact)
    assert covered >= least and students < 0.9


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_is_a_share(confidence):
    with pytest.raises(InvalidInput, match=f"confidence: got {confidence}, expected a share between 0 and 1"):
        bounds([1.0, 2.0], confidence)
