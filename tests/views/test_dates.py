"""Dates of simulated seconds: in words, below the ticks of an axis, and the same in the film's page and in pictures."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptsim.views.dates import Dates, round_seconds
from hptsim.views.player import to_html
from views.films import shown, stopped

EPOCHS = ("2024-01-01T00:00:00Z", "2025-02-28T23:38:20+05:30", "2023-12-31T16:00:07.5-08:00")


@pytest.mark.parametrize(
    ("epoch", "time_s", "words"),
    [
        ("2024-02-28T23:59:59Z", 1, "Thu 2024-02-29 00:00:00 UTC"),
        ("2025-03-01T08:00:00+01:00", 0.9, "Sat 2025-03-01 08:00:00 +01:00"),
        ("2023-12-31T16:00:00-08:00", 8 * 3600, "Mon 2024-01-01 00:00:00 -08:00"),
        ("9999-12-31T00:00:00Z", 86400, ""),
        ("2024-01-01T00:00:00Z", 1e300, ""),
        ("", 5, ""),
    ],
)
def test_a_date_is_in_the_zone_of_its_epoch_and_there_is_none_after_the_last_year(epoch, time_s, words):
    assert Dates(epoch).words(time_s) == words


def test_ticks_have_what_tells_them_apart():
    utc = Dates("2024-01-01T00:00:00Z")
    assert utc.ticks([1800, 1820, 1840]) == ["Mon 2024-01-01 00:30:00", "00:30:20", "00:30:40"]
    assert utc.ticks([43200, 64800, 86400]) == ["Mon 2024-01-01 12:00", "18:00", "Tue 2024-01-02 00:00"]
    odd = Dates("2024-01-01T00:00:07Z")
    assert odd.ticks([0, 60]) == ["Mon 2024-01-01 00:00:07", "00:01:07"], "a minute is not told where it is none"
    assert odd.ticks([0, 86400]) == ["Mon 2024-01-01", "Tue 2024-01-02"]
    assert utc.ticks([]) == [] and utc.ticks([0, 1e300]) == ["", ""] == Dates("").ticks([0, 60])


@given(st.floats(0, 1e9), st.floats(0.06, 1e9), st.integers(1, 12))
def test_round_seconds_are_equally_far_apart_within_the_time_and_few(begin_s, long_s, most):
    found = round_seconds(begin_s, begin_s + long_s, most)
    slack = 1e-6 * (begin_s + long_s)
    assert len(found) <= most + 1 and all(begin_s - slack <= one <= begin_s + long_s + slack for one in found)
    if len(found) > 1:
        step = found[1] - found[0]
        assert step >= long_s / most - slack
        assert all(math.isclose(two - one, step, abs_tol=slack) for one, two in pairwise(found))


def test_at_most_two_and_a_half_times_too_few_ticks_are_there():
    for span in (0.3, 7, 61, 250, 4000, 90_000, 1e6, 3e9):
        assert len(round_seconds(0, span, 5)) >= 3


@pytest.mark.long
@pytest.mark.parametrize("epoch", EPOCHS)
def test_the_film_in_a_browser_has_the_same_dates(epoch, browser, tmp_path):
    times = [0, 0.4, 59.6, 3600, 86399.999, 86400, 5e8]
    with shown(browser, to_html(stopped(epoch=epoch)), tmp_path) as tab:
        assert tab.evaluate("times => times.map(dateAndTime)", times) == [Dates(epoch).words(one) for one in times]
