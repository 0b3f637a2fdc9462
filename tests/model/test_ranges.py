"""Ranges turn numbers between 0 and 1 into values and back."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptsim.errors import InvalidInput
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
    edge = ParameterRange("n", "Integer", 2**63 - 1, 2**63 - 1)
    assert edge.holds(edge.at(0.5)) and not edge.holds(str(2**63)) and not edge.holds("inf")


def test_a_grid_counts_through_its_product():
    spans = tuple(
        ParameterRange(name, "Categorical", values=values)
        for name, values in (("x", ("a", "b")), ("y", ("1", "2", "3")))
    )
    assert combinations(spans) == 6 and combinations([*spans, SPANS[0]]) is None
    assert len({tuple(nth(spans, number).items()) for number in range(6)}) == 6


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("kind", "low", "high", "scaling", "message"),
    [
        (
            "Continuous",
            0.0,
            1.0,
            "Logarithmic",
            "MinValue: got 0.0, expected a value above 0 with ScalingType Logarithmic",
        ),
        ("Continuous", -1.0, 1.0, "Logarithmic", "MinValue: got -1.0"),
        ("Integer", 0, 9, "Logarithmic", "MinValue: got 0"),
        ("Continuous", 5e-324, 1e308, "Logarithmic", "MinValue: got 5e-324"),
        ("Continuous", 0.0, 1.0, "ReverseLogarithmic", r"ScalingType: .*within \[0, 1\)"),
        ("Continuous", -0.1, 0.5, "ReverseLogarithmic", r"ScalingType: .*within \[0, 1\)"),
        ("Integer", 0, 0, "ReverseLogarithmic", r"ScalingType: .*continuous"),
        ("Continuous", 2.0, 1.0, "Auto", r"MinValue: got 2.0, expected at most MaxValue \(1\)"),
        ("Continuous", NAN, 1.0, "Auto", "MinValue: got nan, expected a finite number"),
        ("Continuous", 0.0, INFINITY, "Auto", "MaxValue: got inf, expected a finite number"),
        ("Continuous", -1e308, 1e308, "Auto", "MaxValue: .*width"),
        ("Continuous", 0.0, 10**400, "Auto", "MaxValue: got 1000"),
        ("Continuous", "0", 1.0, "Auto", "MinValue: got '0'"),
        ("Continuous", True, 1.0, "Auto", "MinValue: got True"),
        ("Integer", 0, 1.5, "Auto", "MaxValue: got 1.5, expected a whole number of 64 bits"),
        ("Integer", 0, 2**63, "Auto", "MaxValue: got 9223372036854775808"),
        ("Categorical", 0, 0, "Auto", r"Values: got \[\], expected a list of at least one string"),
        ("Auto", 0, 0, "Auto", r"Values: got \[\]"),
        ("Intger", 0, 1, "Auto", "kind: got 'Intger'.*did you mean 'Integer'"),
        ("Integer", 0, 1, "Log", "scaling: got 'Log'"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(kind, low, high, scaling, message):
    with pytest.raises(InvalidInput, match=message):
        ParameterRange("x", kind, low, high, scaling=scaling)


@pytest.mark.parametrize("values", [("a", 3), ("\ud800",), "ab", 3, None, {"a": 1}])
def test_values_are_strings(values):
    with pytest.raises(InvalidInput, match=r"Values: got "):
        ParameterRange("x", "Categorical", values=values)


@pytest.mark.parametrize("name", ["", None, 3, "\udfff"])
def test_a_range_has_a_name(name):
    with pytest.raises(InvalidInput, match="name: got "):
        ParameterRange(name, "Continuous", 0, 1)
