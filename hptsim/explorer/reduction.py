"""What a reduced search leaves out: states that are renamed copies of others, and orders that make no difference."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from hptsim.errors import LawBroken
from hptsim.explorer.independence import Attempt, Independence
from hptsim.explorer.owners import Owners
from hptsim.explorer.symmetry import COMPARE_OBJECTIVES, Symmetry
from hptsim.explorer.system import Move, State, System


class Reduction:
    """The reductions of a search: by `symmetry`, with what has ended forgotten or not, and by `independence`.

    `symmetry.why_not` says of which scopes they are not known to hold.
    """

    def __init__(
        self, system: System, *, symmetry: bool = True, forget: bool = True, independence: bool = True
    ) -> None:
        self.system = system
        self.owners = Owners(system)
        self.symmetry = Symmetry(system, self.owners, forget=forget) if symmetry else None
        self.independence = Independence(system, self.owners) if independence else None
        self._compared: dict[State, LawBroken | None] = {}

    @property
    def judged_in_part(self) -> tuple[str, ...]:
        """The laws that were not judged in the states that are left out, though they may differ there."""
        here = {law.name for law in self.system.laws}
        alike = self.symmetry is not None and any(self.symmetry.alike.values())
        return tuple(name for name in COMPARE_OBJECTIVES if alike and name in here)

    def key(self, state: State) -> Hashable:
        """The canonical form of a state, or the state itself where it stands for itself alone."""
        found = None if self.symmetry is None else self.symmetry.key(state)
        return ("", self.system.key(state)) if found is None else found

    def steps(self, state: State, moves: Iterable[Move]) -> list[Attempt]:
        """The steps out of a state that are enough; one that breaks a law is the last."""
        if self.independence is not None:
            return self.independence.enough(state, list(moves), lambda move: self.attempt(state, move))
        return [self.attempt(state, move) for move in moves]

    def attempt(self, state: State, move: Move) -> Attempt:
        """Try a move. What ends is compared with the world now: later nobody looks at it."""
        try:
            following = self.system.take(state, move)
            if following is not None and self.symmetry is not None and self.symmetry.forget:
                for name in self._ended(state, following):
                    self._compare(self.owners.only(following, name))
        except LawBroken as error:
            return Attempt(move, None, error)
        return Attempt(move, following)

    def _ended(self, before: State, after: State) -> set[str]:
        """The tuning jobs that have ended in a step, or of which a training job has."""
        slots, found = self.system.parts.slots, set()
        for index, number in enumerate(after):
            if number and (index >= len(before) or before[index] != number):
                content = slots[index].parts[number].content
                job = content.get("training") or content.get("tuning")
                if job is not None and job.ended_s is not None:
                    found.add(self.owners.of_place(index))
        return found - {""}

    def _compare(self, alone: State) -> None:
        """Compare what is known of one tuning job with the world; raises LawBroken."""
        if alone not in self._compared:
            opened = self.system.open(alone, copies=False)
            self._compared[alone] = None
            try:
                opened.auditor.compare(opened.world)
            except LawBroken as error:
                self._compared[alone] = error
        broken = self._compared[alone]
        if broken is not None:
            raise broken
