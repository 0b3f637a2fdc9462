"""The smallest number at which something holds: the same as by trying all, and none is tried twice."""

from hypothesis import given
from hypothesis import strategies as st

from hptsim.planning.bisection import first_that


@given(st.integers(-5, 300), st.integers(0, 300), st.integers(-10, 700))
def test_it_is_what_trying_all_of_them_finds(low, more, border):
    high, tried = low + more, []

    def holds(value):
        tried.append(value)
        return value >= border

    found = first_that(holds, low, high)
    assert found == next((value for value in range(low, high + 1) if value >= border), None)
    assert len(set(tried)) == len(tried) and all(low <= value <= high for value in tried)
    assert found in (None, low) or found - 1 in tried, "the one before the answer was seen to fail"
