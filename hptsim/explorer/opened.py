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
from hptsim.world.ledger import Ledger
from hptsim.world.world import World

Read = tuple[Slot, bool, int]
"""A slot that was read, whether only the shape of its part was, and which content or shape that was."""
_FRESH = 1 << 40
"""The serial numbers of what is armed in the step that is going on begin here."""
ORDERED = ("holder", "training")
"""The kinds of parts whose order of creation counts; the others are in the order of their names."""


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
        self.reservations: dict[int, list[Any]] = {}
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
        """The same by its slot."""
        content = self.fetched.get(slot.index)
        if content is None:
            number = self.number(slot)
            self.reads.append((slot, False, number))
            part = slot.parts[number]
            content = {name: TABLES[name].copy(one) if self.copies else one for name, one in part.content.items()}
            self.fetched[slot.index] = content
            for place, armed in enumerate(part.armed, slot.index * STRIDE + 1):
                self.armed.fetched[place] = armed
            if slot.kind == "holder":
                tuning, alone = content.get("tuning"), content.get("standalone")
                mine = [*(tuning.reservations.values() if tuning is not None else ()), *([alone] if alone else ())]
                self.reservations[slot.index] = mine
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
            found = content[table] = Requests(None, {}, ordered=ordered)
        found.world = self.world
        return found

    # ------------------------------------------------------------------ what it is made of

    def _world(self, world: World) -> World:
        opened = object.__new__(_OpenedWorld)
        fixed = ("account", "searches", "rules", "now", "step", "write", "schedule", "_queue_moved")
        opened.__dict__.update({name: getattr(world, name) for name in fixed})
        opened.__dict__["opened"] = self
        opened.serial, opened.ended = _FRESH, []
        opened.armed = self.armed  # type: ignore[assignment]
        opened.tuning = Fetched(self, "holder", "tuning")  # type: ignore[assignment]
        opened.standalone = Fetched(self, "holder", "standalone")  # type: ignore[assignment]
        for name in ("training", "pools", "logs"):
            setattr(opened, name, Fetched(self, "training", name))
        opened.artifacts = Fetched(self, "artifact", "artifacts")  # type: ignore[assignment]
        opened.ledger = self._ledger(world.ledger)
        opened.cloud = duplicate(world.cloud)
        if isinstance(opened.cloud, EveryOutcome):
            opened.cloud.budget = Fetched(self, "fault", "budget")  # type: ignore[assignment]
        return opened

    def _ledger(self, ledger: Ledger) -> Ledger:
        opened = object.__new__(_OpenedLedger)
        opened.__dict__.update(opened=self, limit=ledger.limit, others=ledger.others)
        opened.reserved = Fetched(self, "quota", "reserved")  # type: ignore[assignment]
        opened.held = Fetched(self, "holder", "held")  # type: ignore[assignment]
        opened.used = Fetched(self, "holder", "used")  # type: ignore[assignment]
        if ledger.granted is None:
            opened.granted = None
        return opened

    def _knowledge(self, state: audit.State) -> audit.State:
        opened = object.__new__(_OpenedKnowledge)
        opened.__dict__.update(vars(state))
        for name in ("asked", "queue", "lasts_s", "due_s"):
            del opened.__dict__[name]
        opened.__dict__["opened"] = self
        opened.touched_tuning, opened.touched_training, opened.witnessed = {}, {}, {}
        opened.tuning = Fetched(self, "holder", "known tuning")  # type: ignore[assignment]
        opened.training = Fetched(self, "training", "known training")  # type: ignore[assignment]
        opened.pools = Fetched(self, "training", "known pools")  # type: ignore[assignment]
        opened.takeovers = Fetched(self, "training", "takeovers")  # type: ignore[assignment]
        opened.deleted = Fetched(self, "training", "logged")  # type: ignore[assignment]
        opened.reserved = Fetched(self, "quota", "known reserved")  # type: ignore[assignment]
        opened.artifacts = Fetched(self, "artifact", "known artifacts")  # type: ignore[assignment]
        return opened
