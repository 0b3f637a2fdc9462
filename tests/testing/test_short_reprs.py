"""What hypothesis shows of a drawn record: the fields that differ from the defaults, in a form that makes an equal one."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis.vendor.pretty import pretty

from hptsim import Scenario, TuningJobSpec
from hptsim.testing import accounts, specs
from hptsim.testing.short_reprs import SHORT, differing


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (Scenario(), "Scenario()"),
        (Scenario(capacity={"ml.m5.xlarge": 2}), "Scenario(capacity={'ml.m5.xlarge': 2})"),
        (TuningJobSpec("a"), "TuningJobSpec(name='a')"),
    ],
)
def test_defaults_are_not_shown(record, shown):
    assert pretty(record) == shown


@given(account=accounts(), spec=specs())
@settings(max_examples=20, deadline=None, derandomize=True)
def test_what_is_shown_makes_an_equal_record(account, spec):
    assert Scenario(**differing(account)) == account
    assert TuningJobSpec(**differing(spec)) == spec


def test_every_record_of_the_strategies_is_short():
    assert all(attrs.has(kind) and hasattr(kind, "_repr_pretty_") for kind in SHORT)
