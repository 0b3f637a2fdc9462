"""The answer in words: what is counted is told apart from what is tested."""

import math

import pandas as pd
import pytest

from hptsim.planning.answers import Answer
from hptsim.planning.results import Results
from hptsim.planning.targets import Target


def answer(unserved, sample=(1.0, 2.0, 3.0)):
    table = pd.DataFrame({"replication": range(len(sample)), "x": sample, "unserved_share": unserved})
    return Answer(Results(table), 0.95, Target.parse("x <= 100")).sentence()


@pytest.mark.parametrize(("precision", "reached"), [(0.9, True), (0.001, False), (None, True)])
def test_a_precision_that_is_not_reached_is_told(precision, reached):
    table = pd.DataFrame({"replication": range(4), "x": [9.0, 10.0, 11.0, 10.0]})
    sentence = Answer(Results(table), 0.95, column="x", precision=precision).sentence()
    assert sentence.startswith("x is 10 on average") and ("is not reached" in sentence) is not reached
    assert reached or sentence.endswith(
        "\nThe precision that was asked for, 0.1% of the mean to each side, is not reached."
    )


def test_a_target_that_is_missed_for_those_who_are_not_served_claims_no_confidence():
    text = answer([0.1, 0.2, 0.3])
    assert text.startswith("x <= 100 is missed: 20.00% of the tuning jobs are refused or have not trained")
    assert "confidence" not in text


def test_a_verdict_that_is_a_test_says_with_which_confidence():
    assert answer([0.0] * 3) == "x <= 100 is met (95% confidence)."


def test_replications_that_are_all_the_same_are_no_test():
    same = "in each of 3 replications: all are the same in every figure, so that there is no interval; recorded jobs can be"
    assert answer([0.0] * 3, (5.0, 5.0, 5.0)).startswith(f"x <= 100 is met {same}")
    assert answer([0.5] * 3, (5.0, 5.0, 5.0)).startswith("x <= 100 is missed: 50.00% of the tuning jobs")


def test_a_figure_without_spread_is_no_test_either():
    """ "is met (95% confidence)" was said of two replications that both showed 5."""
    table = pd.DataFrame({"replication": [0, 1], "x": [5.0, 5.0], "y": [1.0, 2.0], "unserved_share": 0.0})
    wanted = Target.parse("x <= 100")
    assert Answer(Results(table), 0.95, wanted).sentence() == (
        "x <= 100 is met in each of 2 replications: they show no spread, so that there is no interval."
    )
    assert Answer(Results(table[:1]), 0.95, wanted).sentence() == (
        "x <= 100 is neither shown to be met nor to be missed: of one replication there is no interval."
    )


@pytest.mark.parametrize(
    ("sample", "count"), [([math.nan] * 3, 3), ([math.nan, 1.0, 2.0], 1), ([math.nan, 5.0, 5.0], 1)]
)
def test_a_target_is_open_where_its_figure_was_not_observed(sample, count):
    """Replications of which nothing counted were told to be one history, to be resampled: a file of arrivals cannot be."""
    text = answer([0.0] * 3, sample)
    assert text == (
        f"x <= 100 is neither shown to be met nor to be missed: x was not observed in {count} of 3 replications."
    )
