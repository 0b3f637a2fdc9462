"""To which tuning job each part of a state belongs."""

from __future__ import annotations

from hptsim.explorer.parts import Slot
from hptsim.explorer.system import State, System

SHARED = ("queue", "given", "order")
"""The parts that tell of all jobs together, each under its own name."""


class Owners:
    """The tuning jobs of a system's parts, by their places in the states; parts that come up later are looked at then."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.names = [entry.spec.name for entry in system.callers.scenario.tuning_jobs]
        self._owner: dict[int, str] = {}
        self._nobodys: list[int] = []
        self._unknown: list[Slot] = []
        """The parts of which no content is known yet."""
        self._looked = 0

    def of_name(self, name: str) -> str:
        """The tuning job *name*, or that of the training job *name*; nothing for a training job without one."""
        return name if name in self.names else self._of(self.system.parts.slot("training", name))

    def of_place(self, index: int) -> str:
        """The tuning job whose part is at a place of the states; nothing where there is none."""
        self._look()
        return self._owner.get(index, "")

    def of_nobody(self, state: State) -> tuple[tuple[int, int], ...]:
        """The parts of a state that belong to no tuning job, but for those that tell of all jobs together."""
        self._look()
        return tuple([(index, state[index]) for index in self._nobodys if index < len(state) and state[index]])

    def deleted(self, state: State) -> bool:
        """Whether a tuning job was deleted."""
        slot = self.system.parts.slot("account")
        return slot.index < len(state) and bool(slot.parts[state[slot.index]].content.get("deleted"))

    def only(self, state: State, name: str) -> State:
        """The parts of one tuning job alone, with the orders of creation: a state in which there is nothing else."""
        self._look()
        slots = self.system.parts.slots
        return tuple(
            [
                number if number and (self._owner.get(index) == name or slots[index].kind == "order") else 0
                for index, number in enumerate(state)
            ]
        )

    def _look(self) -> None:
        slots = self.system.parts.slots
        if self._looked == len(slots) and not self._unknown:
            return
        self._unknown += slots[self._looked :]
        self._looked = len(slots)
        for slot in [slot for slot in self._unknown if len(slot.parts) > 1]:  # besides that it is not there
            self._unknown.remove(slot)
            owner = self._owner[slot.index] = self._of(slot)
            if not owner and slot.kind not in SHARED:
                self._nobodys.append(slot.index)

    def _of(self, slot: Slot) -> str:
        if slot.kind == "holder":
            return slot.key if slot.key in self.names else ""
        for part in slot.parts:
            if slot.kind == "training" and "training" in part.content:
                return str(part.content["training"].tuning_job)
            if slot.kind == "artifact" and "artifacts" in part.content:
                return self.of_name(part.content["artifacts"].training_job)
        return ""
