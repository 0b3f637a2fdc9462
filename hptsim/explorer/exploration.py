"""What an exploration found: how much was visited, which laws were seen, and the shortest way to break one."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import attrs

from hptsim import html
from hptsim.audit.laws import LAWS
from hptsim.errors import InvalidInput, LawBroken
from hptsim.explorer.coverage import Coverage
from hptsim.explorer.inevitable import MAX_STATES as STORY_STATES
from hptsim.explorer.inevitable import Inevitable, inevitable
from hptsim.explorer.scope import Scope
from hptsim.explorer.sequence import mermaid
from hptsim.explorer.story import Step, told
from hptsim.model.laws import Law, witnesses

MAX_STATES, MAX_DEPTH, INTERRUPTED = "max_states", "max_depth", "interrupted"
_WHY = {
    MAX_STATES: "it ended at the number of states that was allowed",
    MAX_DEPTH: "no move was made from a state {depth} steps from the first",
    INTERRUPTED: "it was interrupted",
}
"""Why a search has ended before every state was known to be visited."""


@attrs.frozen
class Counterexample:
    """A way to break a law: the public calls that reproduce it, and what broke.

    It is a shortest one, unless the search was reduced or took random walks.

    Where something goes on for ever, *loop* are the calls that lead from the last state back to itself. *scope* is what was
    explored: with it the calls are repeated. Raises InvalidInput where they cannot be, because it is missing, or because
    what made the bug is no longer in place.
    """

    law: str
    reason: str
    calls: tuple[str, ...]
    loop: tuple[str, ...] = ()
    scope: Scope | None = attrs.field(default=None, repr=False, eq=False)

    def __str__(self) -> str:
        lines = [self.broken, *(f"    {call}" for call in self.calls)]
        if self.loop:
            lines += ["and then again and again:", *(f"    {call}" for call in self.loop)]
        return "\n".join(lines)

    @property
    def broken(self) -> str:
        """Which law broke, and why."""
        return f"law broken: {self.law}: {self.reason}"

    @property
    def known_scope(self) -> Scope:
        """*scope*; raises InvalidInput for a counterexample that was made without one."""
        if self.scope is None:
            raise InvalidInput("this counterexample does not know what was explored: take one that explore() has found")
        return self.scope

    @property
    def steps(self) -> tuple[Step, ...]:
        """What happens step by step, once around the loop if there is one: the calls are repeated in a simulation."""
        return told(self.known_scope, self.calls[1:], self.loop)

    def inevitable(self, max_states: int = STORY_STATES) -> Inevitable:
        """The last step after which a good end was still possible; at most *max_states* states are searched for one."""
        return inevitable(self.known_scope, self.calls[1:], self.loop, max_states)

    def story(self, max_states: int = STORY_STATES) -> str:
        """All of it as text: what broke, each step with what fired and what changed, and when it became inevitable.

        Where the calls cannot be repeated, the calls alone and why.
        """
        try:
            steps, when = self.steps, self.inevitable(max_states)
        except InvalidInput as error:
            return f"{self}\n(no more can be told: {error})"
        lines = [self.broken, "", *(str(step) for step in steps if not step.repeated)]
        if self.loop:
            lines += ["", "and then again and again:", *(str(step) for step in steps if step.repeated)]
        return "\n".join([*lines, "", when.sentence()])

    def to_mermaid(self) -> str:
        """A sequence diagram as Mermaid text: the caller, each job and the quota, what they tell each other, and what broke."""
        return mermaid(self.steps, self.broken)

    def to_html(self, path: str | Path | None = None) -> str:
        """A page that plays it step by step, without a network, with the broken law in red; written to *path* if there is one."""
        from hptsim.views.counterexamples import film

        return film(self, path)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from hptsim.views.counterexamples import part

        return part(self)


@attrs.frozen
class Exploration:
    """What an exploration found; *complete* means that every reachable state was visited, or one for all that it stands for."""

    states: int
    transitions: int
    depth: int
    resting: int
    """States in which nothing more happens by itself: only faults and commands may come, and need not."""
    witnessed: tuple[str, ...]
    counterexample: Counterexample | None
    complete: bool
    laws: tuple[Law, ...] = attrs.field(default=LAWS, repr=False)
    ended: str = ""
    """Why it ended before every state was visited: max_states, max_depth or interrupted; empty where it did not."""
    omission_probability: float = 0.0
    """How likely it is that a state was left out, because another one has the same digest: 0 without hash compaction."""
    coverage: Coverage | None = attrs.field(default=None, repr=False)
    reduced: bool = False
    """Whether each state stands for all that differ from it only in which interchangeable job is which, and orders that make no
    difference were left out."""
    judged_in_part: tuple[str, ...] = ()
    """The laws that were not judged in the states that were left out, though they may differ there."""
    not_reduced: str = ""
    """Why the search was not reduced, where it was asked to be."""
    untried: tuple[str, ...] = attrs.field(default=(), repr=False)
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
        if self.ended:
            why = _WHY[self.ended].format(depth=self.depth)
            said = f"The search was bounded: {why}. Visited were {visited}; no law was found broken."
        elif self.reduced:
            said = f"The reduced search came to its end: {visited}; every law is kept in each."
        elif self.omission_probability:
            said = f"The search came to its end: {visited}; every law is kept in each."
        else:
            said = f"All states were visited: {visited}; every law is kept in each."
        return "\n".join([said, *self.notes(), *self.left_out()])

    def left_out(self) -> list[str]:
        """What was not tried, as lines to print."""
        return ["Not tried:", *(f"- {one}" for one in self.untried)] if self.untried else []

    def notes(self) -> list[str]:
        """What else is to be said, in words: how likely it is that a state was left out, and what was covered."""
        notes = self.reduction_notes()
        if self.omission_probability:
            notes.append(
                "States are told apart by digests of 64 bits: the probability that any was left out for another one's is "
                f"about {self.omission_probability:.1e}."
            )
        if self.coverage is not None:
            notes.append(self.coverage.sentence())
        return notes

    def reduction_notes(self) -> list[str]:
        """What is to be said of a reduced search, or of one that was asked to be reduced and is not, in words."""
        if self.not_reduced:
            return [f"The search was not reduced: {self.not_reduced}."]
        if not self.reduced:
            return []
        notes = [
            "The search was reduced: a state stands for all in which interchangeable jobs have changed places or differ in what "
            "came before their ends, and orders of independent steps were left out."
        ]
        if self.judged_in_part:
            notes.append(f"Judged on the steps that were taken alone: {', '.join(self.judged_in_part)}.")
        return notes

    def check(self) -> Self:
        """This exploration, if it has found no broken law; raises LawBroken with the whole story otherwise.

        Whether every state was visited is another question: `complete` answers it.

        >>> from hptsim import Scenario, TuningJobSpec, explore
        >>> from hptsim.scenario import ScheduledTuningJob
        >>> tiny = Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))
        >>> explore(tiny).check().complete
        True
        """
        found = self.counterexample
        if found is None:
            return self
        rests_on = next((law.rests_on for law in self.laws if law.name == found.law), "")
        raise LawBroken(found.law, found.reason, rests_on, tuple(found.story().splitlines()[1:]))

    def about(self, scope: Scope) -> Self:
        """The same, with a counterexample that knows *scope*, of which this is the exploration."""
        if self.counterexample is None:
            return self
        return attrs.evolve(self, counterexample=attrs.evolve(self.counterexample, scope=scope))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        if self.counterexample is None:
            return html.lines(self.sentence())
        from hptsim.views.counterexamples import part

        return part(self.counterexample, self.sentence().splitlines()[0])
