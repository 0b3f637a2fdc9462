"""The queue in an opened state: requests belong to their holders, in order, and a dropped one stays what it was."""

import pytest

from hptsim.explorer.requests import Requests
from hptsim.world.ledger import Reservation

ONE, OTHER = (Reservation(name, 0, {"ml.m5.xlarge": 1}) for name in "ab")


def requests(*waiting, ordered=True):
    made = Requests({}, ordered=ordered)
    for one in waiting:
        made[one.name] = one
    return made


def test_what_is_given_back_is_found_at_its_holder():
    queue = requests(ONE, OTHER)
    queue.give_back(ONE)
    queue.find = {"a/0": ONE}.__getitem__
    assert queue["a/0"] is ONE and queue["b/0"] is OTHER and list(queue) == ["a/0", "b/0"]
    assert queue.kept() == [OTHER]


def test_what_does_not_wait_is_not_there():
    with pytest.raises(KeyError):
        requests(ONE)["b/0"]
    queue = requests(ONE)
    assert queue.pop("a/0") is ONE and not queue


def test_what_its_holder_drops_is_kept_if_it_waits():
    queue = requests(ONE)
    queue.give_back(ONE)
    queue.keep(ONE)
    queue.keep(OTHER)
    assert queue.kept() == [ONE] and queue["a/0"] is ONE


def test_a_copy_keeps_copies():
    queue = requests(ONE)
    twin = queue.copy()
    assert twin["a/0"] is not ONE and twin.value() == queue.value()
    twin["b/0"] = OTHER
    assert "b/0" not in queue


def test_the_order_counts_for_a_queue_only():
    assert requests(ONE, OTHER).value() != requests(OTHER, ONE).value()
    for queue in (one := requests(ONE, OTHER, ordered=False), other := requests(OTHER, ONE, ordered=False)):
        queue.give_back(ONE)
        queue.give_back(OTHER)
    assert one.value() == other.value()
