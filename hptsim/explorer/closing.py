"""An opened state closed again: what a step has left becomes contents of parts, with their numbers.

Serial numbers are made anew, by the place of the part and the order of arming, so that parts from different ways fit together.
"""

from __future__ import annotations

from collections.abc import Sequence

from hptsim.explorer.opened import ORDERED, Opened, reservations
from hptsim.explorer.parts import STRIDE, TABLES, Armed, Content, Part, Slot
from hptsim.explorer.requests import Requests

_KIND = {"tuning": "holder", "training": "training", "warm_pool": "training"}
"""Of which kind the part of an armed entity is."""
Closed = tuple[tuple[tuple[int, int], ...], tuple[tuple[Slot, str], ...]]
"""The contents that were written, by place; and keys that come last in, or are put into, an order that was not read."""


def close(opened: Opened) -> Closed:
    """The contents that the step has changed, and what it adds to orders."""
    _keep_what_was_dropped(opened)
    armed = _armed_by_slot(opened)
    adds = _orders(opened, armed)
    writes = []
    for index, content in list(opened.fetched.items()):
        slot = opened.parts.slots[index]
        number = kept(slot, _filled(content), armed.get(index, []))
        if number != opened.number(slot):
            writes.append((index, number))
    return tuple(writes), tuple(adds)


def kept(slot: Slot, content: Content, armed: Sequence[tuple[int, Armed]]) -> int:
    """The number of a content in its slot, which it belongs to from now on; what is armed has serial numbers."""
    serials = {serial: slot.index * STRIDE + place for place, (serial, _) in enumerate(armed, 1)}
    _renumber(content, serials, (slot.index + 1) * STRIDE - 1)
    return slot.number(Part(content, tuple([one for _, one in armed])))


def portable(slot: Slot, part: Part) -> tuple[Content, list[tuple[int, Armed]]]:
    """A part so that it can be `kept` in another slot: with the serial numbers of what is armed."""
    return part.content, list(enumerate(part.armed, slot.index * STRIDE + 1))


def added(slot: Slot, number: int, key: str) -> int:
    """The order that follows the order *number* of a slot when *key* is added."""
    order = slot.parts[number].content.get("order", ())
    return slot.number(Part({"order": _with(slot.key, order, key)}))


def _with(kind: str, order: tuple[str, ...], key: str) -> tuple[str, ...]:
    return (*order, key) if kind in ORDERED else tuple(sorted((*order, key)))


def _filled(content: Content) -> Content:
    """Without what is empty and means nothing then."""
    return {name: one for name, one in content.items() if one or not TABLES[name].drops_empty}


def _keep_what_was_dropped(opened: Opened) -> None:
    """The queue keeps what its holder has dropped, and looks everything else up there."""
    tables = ["queue"] if opened.world.ledger.granted is None else ["queue", "granted"]
    for index, before in list(opened.reservations.items()):
        left = list(reservations(opened.fetched[index]))
        for one in before:
            if not any(one is other for other in left):
                for table in tables:
                    opened.requests(table).keep(one)
    for table in tables:
        requests = opened.fetched.get(opened.parts.slot(table).index, {}).get(table)
        if isinstance(requests, Requests):
            for one in list(requests.kept()):
                holder = opened.fetched.get(opened.parts.slot("holder", one.holder).index)
                if holder is not None and any(one is other for other in reservations(holder)):
                    requests.give_back(one)
            requests.find = None
    queue = opened.fetched.get(opened.parts.slot("queue").index, {})
    places = {name: place for place, name in enumerate(queue.get("queue", ()), 1)}
    for names in queue.get("demands", {}).values():
        for name in names:
            names[name] = places.get(name, names[name])


def _armed_by_slot(opened: Opened) -> dict[int, list[tuple[int, Armed]]]:
    """What is armed in the parts that were fetched, in the order of arming."""
    for entity, name, _ in list(opened.armed.fetched.values()):
        opened.content(_KIND[entity], name)
    found: dict[int, list[tuple[int, Armed]]] = {}
    for serial, armed in sorted(opened.armed.fetched.items()):
        found.setdefault(opened.parts.slot(_KIND[armed[0]], armed[1]).index, []).append((serial, armed))
    return found


def _orders(opened: Opened, armed: dict[int, list[tuple[int, Armed]]]) -> list[tuple[Slot, str]]:
    """Parts that have come up or gone are put into the orders of their kinds, or taken out; those to put in blindly."""
    adds = []
    for index, content in list(opened.fetched.items()):
        slot = opened.parts.slots[index]
        if slot.kind not in (*ORDERED, "artifact", "quota", "fault"):
            continue
        there, now = bool(opened.number(slot)), bool(_filled(content) or armed.get(index))
        order = opened.parts.slot("order", slot.kind)
        if there and not now:
            known = opened.content_of(order)
            known["order"] = tuple([key for key in known["order"] if key != slot.key])
        elif now and not there:
            if order.index in opened.fetched:
                known = opened.content_of(order)
                known["order"] = _with(slot.kind, known.get("order", ()), slot.key)
            else:
                adds.append((order, slot.key))
    if any(order.index in opened.fetched for order, _ in adds):  # it was fetched since
        for order, key in adds:
            known = opened.content_of(order)
            known["order"] = _with(order.key, known.get("order", ()), key)
        return []
    return adds


def _renumber(content: Content, serials: dict[int, int], stale: int) -> None:
    """The records of a part hold the serial numbers that its armed events have from now on; *stale* for what is not armed."""
    if (tuning := content.get("tuning")) is not None:
        tuning.timers = {serials.get(serial, stale): None for serial in tuning.timers}
    if (training := content.get("training")) is not None:
        training.timers = tuple([serials.get(serial, stale) for serial in training.timers])
        training.stop_coming = training.stop_coming and serials.get(training.stop_coming, stale)
    if (pool := content.get("pools")) is not None:
        pool.timer = serials.get(pool.timer, stale)
