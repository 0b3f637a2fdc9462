"""What was left out, in words."""

from hptsim import Scenario
from hptsim.scenario.trace import LeftOut, Trace


def test_what_was_left_out_is_said_most_frequent_first_and_not_too_much_of_it():
    left_out = [LeftOut(f"line {place}", f"reason {place % 7}") for place in range(9)]
    trace = Trace(Scenario(), tuple(left_out))
    assert trace.sentence().startswith("0 taken, 9 left out: 2 × reason 0; 2 × reason 1; 1 × reason 2;")
    assert trace.sentence().endswith("; 2 other reasons.") and Trace(Scenario()).sentence() == "0 taken, 0 left out."
