"""A counterexample step by step: each call, the rows of the tables that fired, and what has changed since the step before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from hptsim.errors import LawBroken
from hptsim.explorer.replay import Command, commands
from hptsim.explorer.scope import Scope
from hptsim.explorer.wording import told as in_words
from hptsim.model.journal import Record
from hptsim.simulation.simulation import Simulation

ABSENT = "–"
"""What stands for something that does not exist yet, or no more."""
_TABLES = ("tuning", "training", "reservation", "warm_pool")
"""What lives by the rows of a table."""


@attrs.frozen
class Change:
    """Something that a step has changed: a status, the quota, the queue, an artifact, a log."""

    subject: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.before} → {self.after}"


@attrs.frozen
class Step:
    """One step of a counterexample, as it is played again in a simulation.

    *number* counts from 1, *call* can be pasted, *words* say the same, *commands* are its parts. *records* are the journal's
    entries of the step, *refusals* the service's answers to what it refused, and *changes* what differs after it.
    """

    number: int
    call: str
    words: str
    commands: tuple[Command, ...] = attrs.field(repr=False)
    records: tuple[Record, ...] = attrs.field(repr=False)
    refusals: tuple[str, ...]
    changes: tuple[Change, ...]
    repeated: bool = False
    """Whether it is part of a loop that goes on for ever."""

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of the tables that fired, in order."""
        fired = [one for one in self.records if one.thing in _TABLES and one.destination]
        return tuple(f"{one.thing} {one.name} {one.trigger}: {one.source} → {one.destination}" for one in fired)

    def __str__(self) -> str:
        lines = [f"{self.number:3}. {self.words}", f"       {self.call}"]
        lines += [f"     row     {row}" for row in self.rows]
        lines += [f"     refused {refusal}" for refusal in self.refusals]
        lines += [f"     now     {change}" for change in self.changes]
        return "\n".join(lines)


def told(scope: Scope, calls: Sequence[str], loop: Sequence[str] = ()) -> tuple[Step, ...]:
    """*calls*, without the opening one, and once the *loop*, played in a simulation: a step for each.

    No law judges the simulation: what broke is known already. Raises InvalidInput where a call cannot be repeated, because
    what made the bug is no longer in place.
    """
    sim = scope.simulation(judged=False)
    steps = tuple(_steps(sim, scope, (*calls, *loop)))
    return tuple(attrs.evolve(step, repeated=step.number > len(calls)) for step in steps)


def _steps(sim: Simulation, scope: Scope, calls: Sequence[str]) -> Iterator[Step]:
    before = visible(sim)
    for number, call in enumerate(calls, 1):
        given, written, existing = commands(call, scope), len(sim.journal), set(sim.tuning_jobs)
        try:
            refusals = [refusal for refusal in [one.give(sim) for one in given] if refusal]
        except LawBroken:  # the world itself refuses to go on; what it did until then is in the journal
            refusals = []
        after = visible(sim)
        words, records = in_words(given, existing), tuple(sim.journal[written:])
        yield Step(number, call, words, given, records, tuple(refusals), changes(before, after))
        before = after


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """What differs between two states.

    >>> [str(one) for one in changes({"a": "1", "b": "2"}, {"b": "2", "c": "3"})]
    ['a: 1 → –', 'c: – → 3']
    """
    subjects = dict.fromkeys((*before, *after))
    pairs = [(one, before.get(one, ABSENT), after.get(one, ABSENT)) for one in subjects]
    return tuple(Change(subject, old, new) for subject, old, new in pairs if old != new)


def visible(sim: Simulation) -> dict[str, str]:
    """What there is to see of a simulation: by its name, how it is.

    >>> sim = Simulation(capacity={"ml.m5.xlarge": 2})
    >>> view = sim.create_training_job("mine"); visible(sim)["quota ml.m5.xlarge"]
    '1 reserved, 1 occupied'
    """
    seen = {f"tuning job {name}": sim.tuning_job(name).status for name in sim.tuning_jobs}
    jobs = [sim.training_job(name) for name in sim.training_jobs]
    seen |= {f"training job {job.name}": f"{job.status} ({job.secondary_status})" for job in jobs}
    capacity = sim.capacity
    for pool in dict.fromkeys((*capacity.limit, *capacity.reserved, *capacity.occupied)):
        reserved, occupied = capacity.reserved.get(pool, 0), capacity.occupied.get(pool, 0)
        seen[f"quota {pool}"] = f"{reserved} reserved, {occupied} occupied"
    seen["places of tuning jobs"] = f"{capacity.tuning_jobs} taken"
    seen["queue for quota"] = ", ".join(request.holder for request in sim.queue) or "empty"
    seen |= {f"warm pool of {name}": pool.state for name, pool in sim.warm_pools.items()}
    seen |= {f"artifact {uri}": "stored" for uri in sim.artifacts}
    logs = {name: len(sim.logs(name)) for name in sim.training_jobs}
    return seen | {f"log of {name}": f"{count} events" for name, count in logs.items() if count}
