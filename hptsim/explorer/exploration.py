"""What an exploration found: how much was visited, which laws were seen, and the shortest way to break one."""

from __future__ import annotations

import attrs

from hptsim import html
from hptsim.audit.laws import LAWS
from hptsim.model.laws import Law, witnesses


@attrs.frozen
class Counterexample:
    """A shortest way to break a law: the public calls that reproduce it, and what broke.

    Where something goes on for ever, *loop* are the calls that lead from the last state back to itself.
    """

    law: str
    reason: str
    calls: tuple[str, ...]
    loop: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"law broken: {self.law}: {self.reason}", *(f"    {call}" for call in self.calls)]
        if self.loop:
            lines += ["and then again and again:", *(f"    {call}" for call in self.loop)]
        return "\n".join(lines)


@attrs.frozen
class Exploration:
    """What an exploration found; *complete* means that every reachable state was visited."""

    states: int
    transitions: int
    depth: int
    resting: int
    """States in which nothing more happens by itself: only faults and commands may come, and need not."""
    witnessed: tuple[str, ...]
    counterexample: Counterexample | None
    complete: bool
    laws: tuple[Law, ...] = attrs.field(default=LAWS, repr=False)
    untried: tuple[str, ...] = attrs.field(default=(), repr=False, kw_only=True)
    """The commands, faults, answers, orders and values that were left out, in words."""

    @property
    def missed(self) -> tuple[str, ...]:
        """The `sometimes` laws that no path has seen: the scope never reaches them."""
        return tuple(law for law in witnesses(self.laws) if law not in self.witnessed)

    def sentence(self) -> str:
        """What was found, in words."""
        visited = f"{self.states:,} states and {self.transitions:,} steps between them"
        if self.counterexample is not None:
            return f"A law is broken; {visited} were visited until then.\n{self.counterexample}"
        said = f"{'All' if self.complete else 'Not all'} states were visited: {visited}; every law is kept in each."
        return "\n".join([said, *self.left_out()])

    def left_out(self) -> list[str]:
        """What was not tried, as lines to print."""
        return ["Not tried:", *(f"- {one}" for one in self.untried)] if self.untried else []

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html.lines(self.sentence())
