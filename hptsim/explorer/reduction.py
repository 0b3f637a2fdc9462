"""What a reduced search leaves out: states that are renamed copies of others, and orders that make no difference."""

from __future__ import annotations

from collections.abc import Hashable

from hptsim.errors import LawBroken
from hptsim.explorer.independence import Step, ample
from hptsim.explorer.symmetry import COMPARE_OBJECTIVES, Symmetry
from hptsim.explorer.system import Move, State, System
from hptsim.scenario.scenario import Scenario


class Reduction:
    """The reductions of a search: by `symmetry`, with what has ended forgotten or not, and by `independence`.

    `symmetry.why_not` says of which scopes they are not known to hold.
    """

    def __init__(
        self,
        system: System,
        scenario: Scenario,
        *,
        symmetry: bool = True,
        forget: bool = True,
        independence: bool = True,
    ) -> None:
        self.system = system
        self.symmetry = Symmetry(scenario, forget=forget) if symmetry else None
        self.independence = independence

    @property
    def judged_in_part(self) -> tuple[str, ...]:
        """The laws that were not judged in the states that are left out, though they may differ there."""
        here = {law.name for law in self.system.laws}
        alike = self.symmetry is not None and any(self.symmetry.alike.values())
        return tuple(name for name in COMPARE_OBJECTIVES if alike and name in here)

    def key(self, state: State) -> Hashable:
        """The canonical form of a state, or the state itself where it stands for itself alone."""
        found = None
        if self.symmetry is not None:
            found = self.symmetry.key(state.world, state.auditor.state, state.given)
        return ("", *self.system.key(state)) if found is None else found

    def steps(self, state: State, moves: list[Move]) -> list[Step]:
        """The steps out of a state that are enough; one that breaks a law is the last."""
        if self.independence:
            return ample(state, moves, lambda move: self._attempt(state, move))
        return [self._attempt(state, move) for move in moves]

    def _attempt(self, state: State, move: Move) -> Step:
        """Try a move. What ends is compared with the world now: later nobody looks at it."""
        try:
            following = self.system.take(state, move, last=False)
            if following is not None and self.system.ended:
                following.auditor.compare(following.world)
        except LawBroken as error:
            return Step(move, None, error)
        return Step(move, following, None, following is None or self.system.local)
