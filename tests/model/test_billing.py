"""Whole seconds: what was recorded can be what the twin reports, whatever the fraction at which a job began."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptsim.model.billing import whole_second, whole_seconds

RECORDED = {671.361: 672, 3030.223: 3031, 193.175: 193, 37026.138: 37026, 159.440: 159, 85.899: 86}
"""TrainingTimeInSeconds as recorded, by what lay between TrainingStartTime and TrainingEndTime (O11)."""
ROUNDED_UP_AND_DOWN = {671.361, 3030.223, 193.175, 37026.138}
"""Two of these were reported as more, two as less: no rounding of the length alone says so."""


@pytest.mark.parametrize(("length_s", "reported"), RECORDED.items())
def test_each_recorded_pair_has_fractions_at_which_it_is_reported_so(length_s, reported):
    begun_s = 1_633_967_000
    shown = {whole_seconds([(begun_s + ms / 1000, begun_s + ms / 1000 + length_s)]) for ms in range(1000)}
    assert shown == {math.floor(length_s), math.ceil(length_s)} and reported in shown


def test_no_rounding_of_the_length_explains_what_was_recorded():
    for rounding in (math.floor, math.ceil, round):
        assert any(rounding(length_s) != RECORDED[length_s] for length_s in ROUNDED_UP_AND_DOWN)


def test_the_recorded_stamps_give_the_recorded_seconds():
    """From 05:52:46.108 to 05:55:25.548 were 159 s (B6)."""
    assert whole_seconds([(5 * 3600 + 52 * 60 + 46.108, 5 * 3600 + 55 * 60 + 25.548)]) == 159


def test_at_least_one_second_is_reported():
    """B7: a training job that was stopped in the second in which it began to download shows 1 and 1."""
    assert whole_seconds([(29.1, 29.9)]) == whole_seconds([(29.1, 29.1)]) == whole_seconds([]) == 1


@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=8))
def test_stretches_that_follow_each_other_count_as_one(instants_ms):
    times = [one / 1000 for one in sorted(instants_ms)]
    stretches = list(pairwise(times))
    assert whole_seconds(stretches) == whole_seconds([(times[0], times[-1])])
    assert whole_seconds(stretches) == max(1, whole_second(times[-1]) - whole_second(times[0]))
