"""Records made and copied fast are those that would be made slowly."""

import copy

import attrs

from hptsim.model.copying import duplicate, make
from hptsim.model.payloads import ReservationChange, ScriptEnded
from hptsim.world.ledger import Reservation


def test_what_is_made_of_values_is_what_is_made_by_name():
    made = make(ReservationChange, ("demo", {"ml.m5.xlarge": 1}, None))
    assert made == ReservationChange(holder="demo", amounts={"ml.m5.xlarge": 1}) and type(made) is ReservationChange
    assert make(ScriptEnded, (None, 0.5)).objective == 0.5


def test_a_duplicate_is_a_shallow_copy():
    one = Reservation("demo", 0, {"ml.m5.xlarge": 1})
    twin, slow = duplicate(one), copy.copy(one)
    assert twin is not one and attrs.asdict(twin) == attrs.asdict(slow) and twin.amounts is one.amounts
    twin.state = "Held"
    assert one.state == slow.state
