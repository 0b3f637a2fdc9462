"""The parts of a state: every job, quota, object in the store, and fault has one, and equal ones are kept once, by number.

A state of an exploration is a tuple of such numbers: at place *i* stands which of its known contents the part *i* has, 0 where
it is not there. The invariant: a number stands for one content, which is never changed; equal numbers may do the same next.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import attrs

from hptsim.audit.frozen import training_job, tuning_job, value
from hptsim.audit.state import KnownTrainingJob, KnownTuningJob
from hptsim.model.copying import duplicate
from hptsim.world.jobs import TrainingJob, TuningJob, WarmPool
from hptsim.world.ledger import Reservation

Content = dict[str, Any]
"""What a part holds: an object for each table in which it has one."""
Armed = tuple[str, str, str]
"""A kind of entity, its name, and the trigger that is due on it."""
STRIDE = 1000
"""A part has fewer armed events than this: their serial numbers begin at its place times this."""


@attrs.frozen
class Table:
    """What the objects of a table have in common: how one is copied, what of it counts, whether an empty one is none."""

    copy: Callable[[Any], Any]
    value: Callable[[Any], Hashable]
    drops_empty: bool = False


def _itself(one: Any) -> Any:
    return one


def _items(one: dict[Any, Any]) -> Hashable:
    return tuple(sorted(one.items()))


def _on_its_reservation(job: TrainingJob) -> Hashable:
    return job.freeze(), job.reservation


def _reservation(one: Reservation) -> Hashable:
    return one.state, tuple(one.amounts.items())


def _copied_demands(demands: dict[Any, Any]) -> dict[Any, Any]:
    return {demand: names.copy() for demand, names in demands.items()}


def _nothing(one: Any) -> Hashable:
    return None


_DICT = Table(dict.copy, _items, True)
_VALUE = Table(_itself, _itself, True)
_KNOWN = Table(duplicate, value)
TABLES: dict[str, Table] = {
    "tuning": Table(TuningJob.copy, TuningJob.freeze),
    "standalone": Table(duplicate, _reservation),
    "held": _DICT,
    "used": _DICT,
    "known tuning": Table(KnownTuningJob.copy, tuning_job),
    "training": Table(TrainingJob.copy, TrainingJob.freeze),
    "pools": Table(duplicate, WarmPool.freeze),
    "logs": Table(list.copy, len, True),
    "known training": Table(KnownTrainingJob.copy, training_job),
    "known pools": _KNOWN,
    "takeovers": Table(_itself, value),
    "logged": Table(_itself, _itself),
    "artifacts": Table(_itself, _nothing),
    "known artifacts": Table(_itself, _itself),
    "reserved": _VALUE,
    "known reserved": _VALUE,
    "budget": Table(_itself, _itself),
    "given": Table(_itself, _itself),
    "order": _VALUE,
    "names": Table(set.copy, frozenset, True),
    "deleted": _DICT,
    "asked": Table(set.copy, frozenset, True),
    "queue": Table(lambda one: one.copy(), lambda one: one.value(), True),
    "demands": Table(_copied_demands, _nothing, True),
    "granted": Table(lambda one: one.copy(), lambda one: one.value(), True),
    "known queue": Table(dict.copy, lambda one: tuple([(name, value(amounts)) for name, amounts in one.items()]), True),
    "lasts_s": _DICT,
    "due_s": _DICT,
}
"""Every table: those of the world, of its ledger, and, as far as names are shared with these, the auditor's as known ones."""
BY_RESERVATION = {**TABLES, "training": Table(TrainingJob.copy, _on_its_reservation)}
"""The same where it counts which reservation a training job runs on, as it gives that one back."""
_BIT = {name: 1 << place for place, name in enumerate(TABLES)}


@attrs.frozen(eq=False)
class Part:
    """One content of a part, with the events that are armed in it."""

    content: Content
    armed: tuple[Armed, ...] = ()

    @property
    def shape(self) -> int:
        """In which tables it has an object."""
        return sum(_BIT[name] for name in self.content)

    def value(self, tables: Mapping[str, Table]) -> Hashable:
        """What counts of it: equal for contents that may do the same next."""
        values = tuple([(name, tables[name].value(self.content[name])) for name in _BIT if name in self.content])
        return values, tuple(sorted(self.armed))


class Slot:
    """The place of a part in every state, and all contents that it has had; the content 0 is that it is not there."""

    def __init__(self, index: int, kind: str, key: str, tables: Mapping[str, Table]) -> None:
        self.index, self.kind, self.key, self.tables = index, kind, key, tables
        self.parts: list[Part] = []
        self.values: list[Hashable] = []
        self.shapes: list[int] = []
        self._numbers: dict[Hashable, int] = {}
        self.number(Part({}))

    def number(self, part: Part) -> int:
        """The number of a content: that of the equal one that was kept first, or a new one."""
        one = part.value(self.tables)
        number = self._numbers.setdefault(one, len(self.parts))
        if number == len(self.parts):
            self.parts.append(part)
            self.values.append(one)
            self.shapes.append(part.shape)
        return number


class Parts:
    """The slots of an exploration: one for each kind and key, in the order in which they were first needed."""

    def __init__(self, tables: Mapping[str, Table] = TABLES) -> None:
        self.tables = tables
        self.slots: list[Slot] = []
        self._place: dict[tuple[str, str], Slot] = {}

    def slot(self, kind: str, key: str = "") -> Slot:
        """The slot of a kind and a key, made when it is first asked for."""
        slot = self._place.get((kind, key))
        if slot is None:
            slot = self._place[kind, key] = Slot(len(self.slots), kind, key, self.tables)
            self.slots.append(slot)
        return slot
