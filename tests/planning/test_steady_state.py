"""One long run: quantiles, the warm-up that MSER-5 finds, and intervals that cover as often as they say."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hptsim.errors import InvalidInput
from hptsim.planning.steady_state import batch_means, mean, mser5, quantile
from hptsim.scenario.random_streams import uniforms

np = pytest.importorskip("numpy")


def noise(seed, count):
    return np.random.default_rng(seed).normal(size=count)


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), share=st.floats(0, 1))
def test_quantiles_and_means_are_numpys(values, share):
    assert quantile(values, share) == pytest.approx(np.quantile(values, share), abs=1e-6)
    assert mean(values) == pytest.approx(np.mean(values), abs=1e-6)


def test_of_nothing_there_is_no_quantile_and_no_mean():
    assert math.isnan(quantile([], 0.5)) and math.isnan(mean([]))


def by_definition(values):
    """MSER-5 word for word: for each cut the sum of squares around the mean of what is left, by its number squared."""
    batches = [sum(values[place : place + 5]) / 5 for place in range(0, len(values) - 4, 5)]
    best, cut = math.inf, 0
    for dropped in range(len(batches) // 2 + 1):
        left = batches[dropped:]
        if not left:
            break
        middle = sum(left) / len(left)
        score = sum((batch - middle) ** 2 for batch in left) / len(left) ** 2
        if score < best * (1 - 1e-12):
            best, cut = score, dropped
    return 5 * cut


@given(values=st.lists(st.integers(-50, 50), max_size=120))
def test_mser5_is_its_definition(values):
    assert mser5(values) == by_definition(values)


def test_mser5_finds_the_end_of_a_known_warm_up():
    series = np.concatenate([np.linspace(50, 0, 100), np.zeros(900)]) + noise(1, 1000)
    assert 80 <= mser5(series) <= 140
    step = np.concatenate([np.full(200, 20.0), np.zeros(800)]) + noise(2, 1000)
    assert mser5(step) == 200
    assert mser5([3.0] * 100) == 0
    assert mser5([0.1 * place for place in range(40)] + [0.7] * 960) == 40, "what stands still stands still"
    assert mser5([1.0, 2.0]) == 0


def test_mser5_leaves_a_steady_series_nearly_whole():
    cuts = [mser5(noise(seed, 1000)) for seed in range(50)]
    assert np.median(cuts) <= 50


def first_order(seed, count, memory=0.6):
    """A stationary series in which each value remembers a share of the one before; its mean is 10."""
    value, values = noise(seed, 1)[0] / math.sqrt(1 - memory**2), []
    for shock in noise(seed + 1, count):
        values.append(10 + value)
        value = memory * value + shock
    return values


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_batch_means_cover_the_mean_as_often_as_they_say(confidence):
    """Of 400 runs as many intervals contain the mean as the binomial distribution allows with 99 %."""
    covered = 0
    for seed in range(0, 800, 2):
        interval = batch_means(first_order(seed, 4000), confidence=confidence, cut=0)
        covered += interval.low <= 10 <= interval.high
    assert stats.binom.ppf(0.005, 400, confidence) <= covered <= stats.binom.ppf(0.995, 400, confidence)


def test_an_interval_is_students_for_the_means_of_the_batches():
    values = [1.0, 3.0, 4.0, 6.0, 3.0, 5.0]  # batch means 2, 5, 4
    interval = batch_means(values, batches=3, cut=0, confidence=0.9)
    expected = stats.t.interval(0.9, 2, 11 / 3, np.std([2, 5, 4], ddof=1) / math.sqrt(3))
    assert (interval.low, interval.high) == pytest.approx(expected) and interval.mean == pytest.approx(11 / 3)


def test_independent_values_as_if_they_were_would_not_cover():
    """The plain interval of the same series is too narrow: what batches are for."""
    covered = 0
    for seed in range(0, 400, 2):
        values = first_order(seed, 4000)
        half = 1.96 * np.std(values, ddof=1) / math.sqrt(len(values))
        covered += abs(np.mean(values) - 10) <= half
    assert covered < stats.binom.ppf(0.005, 200, 0.95)


def test_a_cut_is_left_out_and_so_is_what_fills_no_batch():
    values = [1000.0] * 50 + [1.0, 3.0] * 103
    interval = batch_means(values, batches=10, cut=50)
    assert interval.cut == 56 and interval.mean == interval.low == interval.high == 2
    assert batch_means(values, batches=10).cut >= 50
    assert str(interval) == "2 (95% between 2 and 2)"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"confidence": 1.0}, "confidence: got 1.0"),
        ({"batches": 1}, "batches: got 1"),
        ({"cut": 90}, "values: got 100, expected at least 130: 2 for each batch after a cut of 90"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, message):
    with pytest.raises(InvalidInput, match=message):
        batch_means([uniforms(0, "x", place)[0] for place in range(100)], **settings)
