"""Ranges turn numbers between 0 and 1 into values and back."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptsim.model.ranges import ParameterRange, combinations, nth

SPANS = [
    ParameterRange("linear", "Continuous", -2.0, 5.0, scaling="Linear"),
    ParameterRange("log", "Continuous", 1e-5, 1.0, scaling="Logarithmic"),
    ParameterRange("reverse", "Continuous", 0.0, 0.999, scaling="ReverseLogarithmic"),
    ParameterRange("whole", "Integer", 1, 100, scaling="Logarithmic"),
    ParameterRange("auto", "Continuous", 0.001, 10.0),
    ParameterRange("below", "Integer", -3, 3),
    ParameterRange("choice", "Categorical", values=("a", "b", "c")),
]


@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.name)
@given(unit=st.floats(0, 1, exclude_max=True))
def test_every_unit_gives_a_value_of_the_range_and_comes_back(span, unit):
    value = span.at(unit)
    assert span.holds(value)
    assert span.at(min(span.unit(value), 1 - 1e-12)) == value or math.isclose(
        float(span.at(span.unit(value))), float(value), rel_tol=1e-6, abs_tol=1e-9
    )


def test_scaling_is_what_its_name_says():
    half = {span.name: span.at(0.5) for span in SPANS}
    assert float(half["linear"]) == pytest.approx(1.5)
    assert float(half["log"]) == pytest.approx(math.sqrt(1e-5))
    assert 1 - float(half["reverse"]) == pytest.approx(math.sqrt(0.001))
    assert float(half["auto"]) == pytest.approx(0.1)  # four decades: logarithmic


def test_every_whole_number_gets_its_share():
    counts = Counter(ParameterRange("n", "Integer", 1, 4, scaling="Linear").at(i / 4000) for i in range(4000))
    assert set(counts) == {"1", "2", "3", "4"} and max(counts.values()) - min(counts.values()) <= 2


def test_what_is_outside_is_not_held():
    assert not ParameterRange("n", "Integer", 1, 4).holds("2.5")
    assert not ParameterRange("n", "Integer", 1, 4).holds("5")
    assert not ParameterRange("n", "Integer", 1, 4).holds("two")
    assert not SPANS[-1].holds("d")


def test_a_grid_counts_through_its_product():
    spans = tuple(
        ParameterRange(name, "Categorical", values=values)
        for name, values in (("x", ("a", "b")), ("y", ("1", "2", "3")))
    )
    assert combinations(spans) == 6 and combinations([*spans, SPANS[0]]) is None
    assert len({tuple(nth(spans, number).items()) for number in range(6)}) == 6
