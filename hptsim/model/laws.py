"""What a law is: a named property with a predicate, which the auditor checks at the moments that the law names.

The laws themselves are in `hptsim.audit`, beside the records that their predicates read; all of them are `hptsim.LAWS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from hptsim.errors import LawBroken, invalid, nearest
from hptsim.model.assumptions import DISCIPLINES
from hptsim.model.journal import THINGS

Check = Callable[[Any, Any], str | None]
"""Takes the auditor's state and what the moment is about; returns a reason, or None where there is nothing to say."""
ALWAYS, EVENTUALLY, SOMETIMES = "always", "eventually", "sometimes"
KINDS = (ALWAYS, EVENTUALLY, SOMETIMES)
ENTRY = "entry"
TRAINING_JOB = "training job after a step"
TUNING_JOB = "tuning job after a step"
STEP = "step"
WORLD = "world"
REST = "rest"
MOMENTS = {
    ENTRY: "at every entry of the journal, before the state follows it: the check gets the entry",
    TRAINING_JOB: "after a step, for each training job that it was about: the check gets what is known of the job",
    TUNING_JOB: "after a step, for each tuning job that it was about: the check gets what is known of the job",
    STEP: "once after each step: the check gets None",
    WORLD: "when the state is compared with the whole world: the check gets the world",
    REST: "when nothing is left to happen: the check gets None",
}
"""When a law can be checked. At an entry of one thing, or of one thing and trigger, is a moment too: "training ready"."""


def _as_tuple(moments: Iterable[str]) -> tuple[str, ...]:
    return tuple(moments)


def _as_set(states: Iterable[str] | None) -> frozenset[str] | None:
    return None if states is None else frozenset(states)


def _check_moments(instance: object, attribute: attrs.Attribute[Any], moments: tuple[str, ...]) -> None:
    for moment in moments:
        if moment not in MOMENTS and moment.partition(" ")[0] not in THINGS:
            raise invalid("judged_at", moment, "a moment", nearest(moment, (*MOMENTS, *THINGS)))


def _check_kind(instance: object, attribute: attrs.Attribute[Any], kind: str) -> None:
    if kind not in KINDS:
        raise invalid("kind", kind, "a kind of law", nearest(kind, KINDS))


def _check_disciplines(instance: object, attribute: attrs.Attribute[Any], disciplines: tuple[str, ...]) -> None:
    for one in disciplines:
        if one not in DISCIPLINES:
            raise invalid("disciplines", one, "a discipline of the queue", nearest(one, DISCIPLINES))


@attrs.frozen
class Law:
    """A named property of every run.

    *kind* is always (holds at each of its moments), eventually (holds when nothing is left to happen), or sometimes (a good
    test suite has seen it). *rests_on* names a page, a row of the specification or an assumption. *check* takes the
    auditor's state (`hptsim.audit.State`) and what the moment is about; it returns a reason, or None. The reason says how a
    law is broken, or what a `sometimes` law has seen. *judged_at* has the moments: see `MOMENTS`. *check* is None for what
    the world itself refuses to do, and for what only the explorer can judge.

    The rest says where *check* has nothing to say and need not be asked. After a step it is asked of a job that is in one of
    *states*, where these are given, and under one of *disciplines* of the queue, where these are. *compares* is for a check
    that does nothing after a step but compare a training job with the world's: each attribute of the world's record, and the
    one of the auditor's that it has to equal. Where all of them do, what compares them is not asked.

    Raises InvalidInput for a kind, a moment or a discipline that does not exist.

    >>> mine = Law("short", "always", "no tuning job has two training jobs", "my team",
    ...            lambda state, job: f"{job.name} has two" if job.launched > 1 else None, (TUNING_JOB,))
    >>> mine.broken("demo has two").law
    'short'
    """

    name: str
    kind: str = attrs.field(validator=_check_kind)
    says: str = attrs.field(repr=False)
    rests_on: str = attrs.field(repr=False)
    check: Check | None = attrs.field(repr=False)
    judged_at: tuple[str, ...] = attrs.field(converter=_as_tuple, validator=_check_moments, repr=False)
    states: frozenset[str] | None = attrs.field(default=None, converter=_as_set, kw_only=True, repr=False)
    disciplines: tuple[str, ...] = attrs.field(
        default=(), converter=_as_tuple, validator=_check_disciplines, kw_only=True, repr=False
    )
    compares: Mapping[str, str] = attrs.field(factory=dict, kw_only=True, repr=False)

    def broken(self, reason: str) -> LawBroken:
        """The error for this law, broken for *reason*."""
        return LawBroken(self.name, reason, self.rests_on)


def check_laws(laws: Iterable[Law]) -> tuple[Law, ...]:
    """*laws* as a tuple; raises InvalidInput for what is no law, and for a name that two of them have."""
    if isinstance(laws, str) or not isinstance(laws, Iterable):
        raise invalid("laws", laws, "laws", "write laws=(*hptsim.LAWS, mine)")
    found = tuple(laws)
    names: set[str] = set()
    for law in found:
        if not isinstance(law, Law):
            raise invalid("laws", law, "hptsim.model.Law", "write laws=(*hptsim.LAWS, mine)")
        if law.name in names:
            raise invalid("laws", law.name, "laws with different names")
        names.add(law.name)
    return found


def witnesses(laws: Iterable[Law]) -> tuple[str, ...]:
    """The names of the `sometimes` laws among *laws*."""
    return tuple(law.name for law in laws if law.kind == SOMETIMES)


def markdown(laws: Iterable[Law]) -> str:
    """*laws* for the documentation, in Markdown.

    >>> markdown([Law("short", "always", "no run is long", "S1", None, ("rest",))]).splitlines()[2]
    '| short | always | no run is long | S1 |'
    """
    head = ["| law | kind | says | rests on |", "|---|---|---|---|"]
    return "\n".join(head + [f"| {law.name} | {law.kind} | {law.says} | {law.rests_on} |" for law in laws])
