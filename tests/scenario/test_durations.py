"""Distributions: means and quantiles against scipy.stats, and files that read back equal."""

import math

import pytest
from extras import SCIPY, distribution, stats
from hypothesis import given
from hypothesis import strategies as st

from hptsim.errors import InvalidInput
from hptsim.scenario.durations import (
    KINDS,
    Empirical,
    Exponential,
    LogLogistic,
    LogNormal,
    Uniform,
    check,
    from_data,
    mean,
    to_data,
)

SPREAD = math.sqrt(math.log1p(0.5**2))
PAIRS = stats and [
    (Exponential(300.0), stats.expon(scale=300.0)),
    (LogNormal(100.0, 0.5), stats.lognorm(SPREAD, scale=100.0 * math.exp(-(SPREAD**2) / 2))),
    (Uniform(60.0, 180.0), stats.uniform(60.0, 120.0)),
]


@pytest.mark.parametrize(("ours", "scipys"), PAIRS or [], ids=lambda one: type(one).__name__)
def test_means_and_quantiles_are_scipys(ours, scipys):
    assert ours.mean() == pytest.approx(scipys.mean())
    for q in (0.0, 1e-6, 0.01, 0.25, 0.5, 0.9, 0.999, 1 - 1e-12):
        assert ours.ppf(q) == pytest.approx(scipys.ppf(q), rel=1e-9, abs=1e-9)


@SCIPY
def test_a_log_logistic_time_is_scipys_fisk_and_its_logarithm_is_logistic():
    """Far out scipy's fisk loses digits, its logistic does not."""
    ours, scipys = LogLogistic(65.0, 6.67), stats.fisk(6.67, scale=65.0)
    assert ours.mean() == pytest.approx(scipys.mean())
    for q in (0.0, 1e-6, 0.01, 0.25, 0.5, 0.9, 0.999):
        assert ours.ppf(q) == pytest.approx(scipys.ppf(q), rel=1e-9)
    assert math.log(ours.ppf(1 - 1e-12)) == pytest.approx(stats.logistic(math.log(65.0), 1 / 6.67).ppf(1 - 1e-12))


def test_a_log_logistic_time_without_a_mean_is_refused():
    with pytest.raises(InvalidInput, match="shape: got 1"):
        LogLogistic(65.0, 1)


@SCIPY
def test_the_coefficient_of_variation_is_the_one_asked_for():
    found = stats.lognorm(SPREAD, scale=100.0 * math.exp(-(SPREAD**2) / 2))
    assert found.std() / found.mean() == pytest.approx(0.5)


def test_observed_values_come_up_equally_often():
    duration = Empirical((205.0, 112.0, 198.0, 186.0))
    drawn = [duration.ppf((i + 0.5) / 400) for i in range(400)]
    assert {value: drawn.count(value) for value in duration.values_s} == dict.fromkeys(duration.values_s, 100)
    assert duration.mean() == sum(drawn) / 400 and duration.ppf(1.0) == 205.0


@given(seconds=st.floats(0, 1e6), low=st.floats(0, 100), wide=st.floats(0, 100), q=st.floats(0, 1, exclude_max=True))
def test_no_draw_is_negative_and_quantiles_rise(seconds, low, wide, q):
    for duration in (
        Exponential(seconds),
        LogNormal(seconds + 1, 0.7),
        LogLogistic(seconds + 1, 2.5),
        Uniform(low, low + wide),
        Empirical((low, 9.0)),
    ):
        assert 0 <= duration.ppf(q / 2) <= duration.ppf(q) < math.inf


@pytest.mark.parametrize(
    "duration",
    [
        0,
        12.5,
        Exponential(3.0),
        LogNormal(3.0, 0.1),
        Uniform(1.0, 2.0),
        Empirical((2.0, 1.0)),
        distribution("gamma", 2, scale=30),
    ],
    ids=str,
)
def test_what_is_written_reads_back_with_the_same_quantiles(duration):
    twin = from_data("training_s", to_data(duration))
    assert mean(twin) == pytest.approx(mean(duration))
    if not isinstance(duration, (int, float)):
        assert [twin.ppf(q) for q in (0.1, 0.5, 0.9)] == [duration.ppf(q) for q in (0.1, 0.5, 0.9)]


@pytest.mark.parametrize(
    "bad",
    [-1, math.nan, math.inf, True, "60", None, Exponential, distribution("norm", 0, 1), [60]],
    ids=str,
)
def test_what_is_no_duration_is_refused(bad):
    with pytest.raises(InvalidInput, match=r"training_s: got .*expected seconds"):
        check("training_s", bad)


@pytest.mark.parametrize(
    ("build", "where"),
    [
        (lambda: Exponential(-1), "mean_s"),
        (lambda: LogNormal(0, 1), "mean_s"),
        (lambda: LogNormal(1, 0), "cv"),
        (lambda: Uniform(2, 1), "high_s"),
        (lambda: Uniform(-1, 1), "low_s"),
        (lambda: Empirical(()), "values_s"),
        (lambda: Empirical((-1.0,)), "values_s"),
    ],
)
def test_bad_parameters_are_refused_by_name(build, where):
    with pytest.raises(InvalidInput, match=f"{where}: got "):
        build()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"exponental": {"mean_s": 3}}, "did you mean 'exponential'"),
        ({"exponential": {"mean": 3}}, "did you mean 'mean_s'"),
        ({"exponential": {}}, "a value for mean_s"),
        ({"exponential": 3}, "a table of parameters"),
        ({"uniform": {"low_s": 1}}, "a value for high_s"),
        ({"uniform": {}, "exponential": {}}, "one distribution"),
        ({}, "one distribution"),
        ("soon", "expected seconds"),
    ],
)
def test_misspelt_distributions_are_named(data, message):
    with pytest.raises(InvalidInput, match=message) as wrong:
        from_data("timings.training_s", data)
    assert wrong.value.message.startswith("timings.training_s")


def test_every_kind_is_written_by_its_name():
    samples = {"exponential": Exponential(1.0), "lognormal": LogNormal(1.0, 1.0), "uniform": Uniform(0.0, 1.0)}
    samples |= {"empirical": Empirical((1.0,)), "loglogistic": LogLogistic(1.0, 2.0)}
    assert samples.keys() == KINDS.keys()
    assert all(list(to_data(duration)) == [kind] for kind, duration in samples.items())
