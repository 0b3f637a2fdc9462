"""A state opened: a world and an auditor that fetch the parts of a state when they are asked for, and note which.

The invariant: whatever a step reads or changes it gets from `Opened.content`, which notes the read and hands out a copy.
Nothing of a state can be had in another way: the mappings here are no dictionaries, so no shortcut for these passes by.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from hptsim.audit import state as audit
from hptsim.audit.auditor import Auditor
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.explorer.parts import STRIDE, TABLES, Armed, Content, Parts, Slot
from hptsim.explorer.requests import Requests
from hptsim.model.assumptions import PREEMPTIVE
from hptsim.model.copying import duplicate
from hptsim.world.ledger import Ledger, Reservation
from hptsim.world.world import World

Read = tuple[Slot, bool, int]
"""A slot that was read, whether only the shape of its part was, and which content or shape that was."""
_FRESH = 1 << 40
"""The serial numbers of what is armed in the step that is going on begin here."""
ORDERED = ("holder", "training")
"""The kinds of parts whose order of creation counts; the others are in the order of their names."""


_OF_WORLD = {name: ("training", name) for name in ("training", "pools", "logs")} | {
    "tuning": ("holder", "tuning"),
    "standalone": ("holder", "standalone"),
    "artifacts": ("artifact", "artifacts"),
}
_OF_LEDGER = {"reserved": ("quota", "reserved"), "held": ("holder", "held"), "used": ("holder", "used")}
_OF_AUDITOR = {
    "tuning": ("holder", "known tuning"),
    "training": ("training", "known training"),
    "pools": ("training", "known pools"),
    "takeovers": ("training", "takeovers"),
    "deleted": ("training", "logged"),
    "reserved": ("quota", "known reserved"),
    "artifacts": ("artifact", "known artifacts"),
}
"""Where the mappings of the world, its ledger and the auditor's state are: the kind of part, and its table."""


class Fetched(MutableMapping[str, Any]):
    """One table of an opened state: every access goes to the part of the key."""

    def __init__(self, opened: Opened, kind: str, table: str) -> None:
        self._opened, self._kind, self._table = opened, kind, table

    def __getitem__(self, key: str) -> Any:
        return self._opened.content(self._kind, key)[self._table]

    def __setitem__(self, key: str, one: Any) -> None:
        content = self._opened.content(self._kind, key)
        if self._table not in content and self._table in ("tuning", "training"):
            self._opened.moves_to_the_end(self._kind, key)
        content[self._table] = one

    def __delitem__(self, key: str) -> None:
        del self._opened.content(self._kind, key)[self._table]

    def __contains__(self, key: object) -> bool:
        return self._opened.has(self._kind, str(key), self._table)

    def __iter__(self) -> Iterator[str]:
        return iter([key for key in self._opened.keys(self._kind) if key in self])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def copy(self) -> dict[str, Any]:
        """All of it as a dictionary."""
        return dict(self)


class ArmedEvents(MutableMapping[int, Armed]):
    """What is armed, by serial number: those of a part are there once the part is fetched."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self.fetched: dict[int, Armed] = {}

    def __getitem__(self, serial: int) -> Armed:
        if serial not in self.fetched and 0 < serial < _FRESH:
            self._opened.content_of(self._opened.parts.slots[serial // STRIDE])
        return self.fetched[serial]

    def __setitem__(self, serial: int, armed: Armed) -> None:
        self.fetched[serial] = armed

    def __delitem__(self, serial: int) -> None:
        del self.fetched[serial]

    def __iter__(self) -> Iterator[int]:
        for kind in ORDERED:
            for key in self._opened.keys(kind):
                self._opened.content(kind, key)
        return iter(list(self.fetched))

    def __len__(self) -> int:
        return len(list(iter(self)))


def reservations(content: Content) -> Iterator[Reservation]:
    """What the holder of a part has asked for."""
    tuning, alone = content.get("tuning"), content.get("standalone")
    if tuning is not None:
        yield from tuning.reservations.values()
    if alone is not None:
        yield alone


class _OpenedWorld(World):
    """A world whose names are fetched when they are asked for."""

    def __getattr__(self, name: str) -> Any:
        if name not in ("names", "deleted"):
            raise AttributeError(name)
        opened: Opened = self.__dict__["opened"]
        found = self.__dict__[name] = opened.content("account").setdefault(name, set() if name == "names" else {})
        return found


class _OpenedLedger(Ledger):
    """A ledger whose queue is fetched when it is asked for."""

    def __getattr__(self, name: str) -> Any:
        opened: Opened = self.__dict__["opened"]
        if name == "granted":
            found: Any = opened.requests("granted")
        elif name == "queue":
            found = opened.requests("queue")
        elif name == "same_demand":
            found = opened.content("queue").setdefault("demands", {})
        elif name == "asked":
            found = len(self.queue)
        else:
            raise AttributeError(name)
        self.__dict__[name] = found
        return found


class _OpenedKnowledge(audit.State):
    """What the auditor knows, whose queue is fetched when it is asked for."""

    def __getattr__(self, name: str) -> Any:
        opened: Opened = self.__dict__["opened"]
        if name == "queue":
            found: Any = opened.content("queue").setdefault("known queue", {})
        elif name in ("lasts_s", "due_s"):
            found = opened.content("granted").setdefault(name, {})
        elif name == "asked":
            found = opened.content("account").setdefault("asked", set())
        else:
            raise AttributeError(name)
        self.__dict__[name] = found
        return found


class Opened:
    """One state, opened: its `world` and its `auditor`, and the `reads` that were made, in their order."""

    def __init__(
        self, parts: Parts, state: tuple[int, ...], world: World, auditor: Auditor, *, copies: bool = True
    ) -> None:
        self.parts, self.state, self.copies = parts, state, copies
        self.reads: list[Read] = []
        self.fetched: dict[int, Content] = {}
        self.reservations: dict[int, list[Reservation]] = {}
        """What each holder that was fetched had then."""
        self.glanced: set[int] = set()
        self.moved: list[Slot] = []
        self.armed = ArmedEvents(self)
        self.discipline = world.account.assumptions.discipline
        self.world = self._world(world)
        self.auditor = duplicate(auditor)
        self.auditor.state = self._knowledge(auditor.state)

    # ------------------------------------------------------------------ what is read

    def content(self, kind: str, key: str = "") -> Content:
        """This step's own copy of a part, fetched and noted at the first time."""
        return self.content_of(self.parts.slot(kind, key))

    def content_of(self, slot: Slot) -> Content:
        """The same by its slot; no copy where the state is only looked at."""
        content = self.fetched.get(slot.index)
        if content is None:
            number = self.number(slot)
            self.reads.append((slot, False, number))
            part = slot.parts[number]
            content = self.fetched[slot.index] = {
                name: TABLES[name].copy(one) if self.copies else one for name, one in part.content.items()
            }
            self.armed.fetched.update(enumerate(part.armed, slot.index * STRIDE + 1))
            if slot.kind == "holder":
                self.reservations[slot.index] = list(reservations(content))
        return content

    def number(self, slot: Slot) -> int:
        """Which content a slot has in this state."""
        return self.state[slot.index] if slot.index < len(self.state) else 0

    def has(self, kind: str, key: str, table: str) -> bool:
        """Whether a part has an object in a table: no more of it is read."""
        slot = self.parts.slot(kind, key)
        content = self.fetched.get(slot.index)
        if content is None:
            number = self.number(slot)
            if slot.index not in self.glanced:
                self.glanced.add(slot.index)
                self.reads.append((slot, True, slot.shapes[number]))
            content = slot.parts[number].content
        return table in content

    def keys(self, kind: str) -> list[str]:
        """The keys of all parts of a kind, in order, with those of this step."""
        names: tuple[str, ...] = self.content("order", kind).get("order", ())
        fetched = [self.parts.slots[index] for index, content in self.fetched.items() if content]
        return [*names, *[slot.key for slot in fetched if slot.kind == kind and slot.key not in names]]

    def moves_to_the_end(self, kind: str, key: str) -> None:
        """A record is made again of which a part was left: it comes after all others now."""
        slot = self.parts.slot(kind, key)
        if self.number(slot) and slot not in self.moved:
            order = self.content("order", kind)
            order["order"] = (*[one for one in order["order"] if one != key], key)
            self.moved.append(slot)

    def requests(self, table: str) -> Requests:
        """The requests that wait, or were granted."""
        content = self.content(table)
        found: Requests | None = content.get(table)
        if found is None:
            ordered = table == "queue" or self.discipline in PREEMPTIVE
            found = content[table] = Requests({}, ordered=ordered)
        elif not self.copies:
            found = content[table] = found.copy()
        found.find = self.reservation
        return found

    def reservation(self, name: str) -> Reservation:
        """A reservation, at its holder; in the step in which this drops it, what it was."""
        holder, _, number = name.rpartition("/")
        content = self.content("holder", holder)
        found: Reservation | None = content.get("standalone")
        if (tuning := content.get("tuning")) is not None:
            found = tuning.reservations.get(int(number))
        if found is None:
            found = next(one for one in self.reservations[self.parts.slot("holder", holder).index] if one.name == name)
        return found

    # ------------------------------------------------------------------ what it is made of

    def _table(self, kind: str, table: str) -> Any:
        """One table: of the parts as they are asked for, or all of it at once to look at."""
        if self.copies:
            return Fetched(self, kind, table)
        slots = [self.parts.slot(kind, key) for key in self.keys(kind)]
        contents = [(slot.key, slot.parts[self.state[slot.index]].content) for slot in slots]
        return {key: content[table] for key, content in contents if table in content}

    def _world(self, world: World) -> World:
        opened = object.__new__(_OpenedWorld)
        fixed = ("account", "searches", "rules", "now", "step", "write", "schedule", "_queue_moved")
        opened.__dict__.update({name: getattr(world, name) for name in fixed})
        opened.__dict__.update({name: self._table(*where) for name, where in _OF_WORLD.items()})
        opened.__dict__.update(opened=self, serial=_FRESH, ended=[], armed=self.armed)
        ledger = opened.ledger = object.__new__(_OpenedLedger)
        ledger.__dict__.update({name: self._table(*where) for name, where in _OF_LEDGER.items()})
        ledger.__dict__.update(opened=self, limit=world.ledger.limit, others=world.ledger.others)
        if world.ledger.granted is None:
            ledger.granted = None
        opened.cloud = duplicate(world.cloud)
        if isinstance(opened.cloud, EveryOutcome):
            opened.cloud.budget = self._table("fault", "budget")
        return opened

    def _knowledge(self, state: audit.State) -> audit.State:
        opened = object.__new__(_OpenedKnowledge)
        opened.__dict__.update(vars(state))
        for name in ("asked", "queue", "lasts_s", "due_s"):
            del opened.__dict__[name]
        opened.__dict__.update({name: self._table(*where) for name, where in _OF_AUDITOR.items()})
        opened.__dict__.update(opened=self, touched_tuning={}, touched_training={}, witnessed={})
        return opened
