"""Instants in every form in which records hold them, and what was left out in words."""

from datetime import datetime

import pytest

from hptsim import Scenario
from hptsim.scenario.trace import LeftOut, Trace, instant


def test_what_was_left_out_is_said_most_frequent_first_and_not_too_much_of_it():
    left_out = [LeftOut(f"line {place}", f"reason {place % 7}") for place in range(9)]
    trace = Trace(Scenario(), tuple(left_out))
    assert trace.sentence().startswith("0 taken, 9 left out: 2 × reason 0; 2 × reason 1; 1 × reason 2;")
    assert trace.sentence().endswith("; 2 other reasons.") and Trace(Scenario()).sentence() == "0 taken, 0 left out."


def test_instants():
    assert instant("2024-01-01T00:00:00+01:00") == instant(datetime.fromisoformat("2023-12-31T23:00:00Z"))
    assert instant("2024-01-01 00:00:00") == instant("2024-01-01T00:00:00Z")
    for value in (True, None, "soon", float("nan")):
        with pytest.raises(ValueError):
            instant(value)
