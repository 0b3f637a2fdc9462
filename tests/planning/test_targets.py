"""Whether a target is met: a test of one side, and who is refused or never trains counts against it."""

import math

import pandas as pd
import pytest
from scipy import stats

from hptsim.errors import InvalidInput
from hptsim.planning.results import Results
from hptsim.planning.targets import Target


def results(sample, **columns):
    return Results(pd.DataFrame({"replication": range(len(sample)), "x": sample, **columns}))


def test_a_target_keeps_its_digits():
    assert str(Target.parse("cost_usd<=123456.78")) == "cost_usd <= 123456.78"


@pytest.mark.parametrize(
    ("sample", "target", "verdict"),
    [
        ([1.0, 2.0, 3.0], "x <= 4", "met"),
        ([1.0, 2.0, 3.0], "x <= 3", "open"),
        ([1.0, 2.0, 3.0], "x <= 0", "missed"),
        ([1.0, 2.0, 3.0], "x>=0", "met"),
        ([1.0, 2.0, 3.0], "x >= 4", "missed"),
        ([1.0, 2.0, math.nan], "x <= 99", "open"),
        ([1.0], "x <= 99", "open"),
    ],
    ids=str,
)
def test_a_verdict_is_a_test_of_one_side(sample, target, verdict):
    assert Target.parse(target).verdict(results(sample)) == verdict


def test_a_verdict_has_the_confidence_that_is_asked_for():
    sample = [1.0, 2.0, 3.0, 4.0]
    bound = 2.5 + stats.t.ppf(0.9, 3) * stats.tstd(sample) / 2
    for limit, verdict in ((bound + 1e-6, "met"), (bound - 1e-6, "open")):
        assert Target("x", "<=", limit).verdict(results(sample), 0.9) == verdict


GOOD = [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("shares", "unserved", "verdict"),
    [
        ([0.0, 0.0, 0.0], 0.0, "met"),
        ([0.0, 0.0, 0.001], 0.0, "missed"),
        ([0.01, 0.02, 0.01], 0.1, "met"),
        ([0.01, 0.0, 0.2], 0.1, "met"),
        ([0.5, 0.51, 0.5], 0.1, "missed"),
    ],
)
def test_whoever_is_not_served_counts_against_a_target_that_its_figure_meets(shares, unserved, verdict):
    found = results(GOOD, unserved_share=shares)
    assert Target.parse("x <= 100").verdict(results(GOOD)) == "met"
    assert Target.parse("x <= 100", unserved).verdict(found) == verdict


def test_a_missed_figure_stays_missed_when_all_are_served_and_open_when_too_few_are():
    all_served = results(GOOD, unserved_share=[0.0] * 3)
    assert Target.parse("x <= 0").verdict(all_served) == "missed"
    assert Target.parse("x <= 3").verdict(all_served) == "open"


def test_why_says_which_share_and_which_may():
    target = Target.parse("x <= 100", 0.01)
    found = results(GOOD, unserved_share=[0.16, 0.17, 0.15])
    assert target.why(found).startswith(": 16.00% of the tuning jobs are refused or have not trained when it ends")
    assert "at most 1.00% may" in target.why(found)
    assert target.why(results(GOOD, unserved_share=[0.0] * 3)) == ""


def test_a_target_about_the_share_itself_is_not_judged_twice():
    found = results(GOOD, unserved_share=[0.16, 0.17, 0.15])
    assert Target.parse("unserved_share <= 0.5").verdict(found) == "met"


def test_a_bound_that_is_no_share_is_refused():
    with pytest.raises(InvalidInput, match="unserved: got 2"):
        Target.parse("x <= 1", 2)
