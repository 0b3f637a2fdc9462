"""Control variates: exact where everything is explained, covering as often as they say, and narrower."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hptsim.errors import InvalidInput
from hptsim.planning.control_variates import controlled
from hptsim.planning.results import Results


def results(values, control):
    return Results(pd.DataFrame({"replication": range(len(values)), "x": values, "jobs": control}))


@pytest.mark.long
def test_intervals_cover_as_often_as_they_say_and_are_narrower():
    """Jobs are normal with mean 100; the figure is half theirs and half its own, with mean 7."""
    rng, covered, widths, plain = np.random.default_rng(3), 0, [], []
    for _ in range(1000):
        jobs = rng.normal(100, 10, 20)
        found = controlled(results(7 + 0.1 * (jobs - 100) + rng.normal(0, 0.5, 20), jobs), "jobs", 100.0, "x", 0.9)
        covered += found.low <= 7 <= found.high
        widths.append(found.high - found.low)
        low, high = results(7 + 0.1 * (jobs - 100) + rng.normal(0, 0.5, 20), jobs).interval("x", 0.9)
        plain.append(high - low)
    assert stats.binom.ppf(0.005, 1000, 0.9) <= covered <= stats.binom.ppf(0.995, 1000, 0.9)
    assert np.mean(widths) < 0.6 * np.mean(plain)


def test_a_mean_moves_to_where_the_control_should_have_been():
    found = controlled(results([90.0, 100, 110, 140], [9.0, 10, 11, 14]), "jobs", 10.0, "x")
    assert (found.mean, found.low, found.high) == pytest.approx((100, 100, 100))


def test_a_control_without_spread_or_with_too_few_is_refused():
    for values, control in (([1.0, 2, 3, 4], [5.0] * 4), ([1.0, 2, 3], [1.0, 2, 3])):
        with pytest.raises(InvalidInput, match="at least 4 replications that have it and differ in it"):
            controlled(results(values, control), "jobs", 1.0, "x")
    with pytest.raises(InvalidInput, match="did you mean 'jobs'"):
        controlled(results([1.0] * 5, range(5)), "job", 1.0, "x")
