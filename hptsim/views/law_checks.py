"""What a film shows of the laws: at which entry each is first checked, which events put it to the test, and which is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from hptsim.audit.auditor import Auditor
from hptsim.audit.laws import LAWS_BY_SUBJECT
from hptsim.errors import LawBroken
from hptsim.model.account import Account
from hptsim.model.assumptions import DISCIPLINES, PREEMPTIVE
from hptsim.model.journal import Record, steps
from hptsim.model.laws import MOMENTS, REST, SOMETIMES, TRAINING_JOB, WORLD, Law

OWN = "Your own laws"
"""The subject of a law that is not one of ours."""
_ENDED = ("training ends",)
TESTED_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "a lost response changes nothing twice": ("call lost_response",),
        "a repeated request changes nothing": ("call", "refused"),
        "early stopping follows its rule": ("training epoch",),
        "a final status is final": ("training ends", "tuning ends"),
        "phases in order": ("training ready", "training downloaded", "training exited"),
        "a stop reaches every child": ("tuning stop", "signal stop"),
        "nobody outlives the parent": ("tuning ends",),
        "tuning statuses in order": ("tuning stop", "tuning ends"),
        "counters add up": _ENDED,
        "what was saved is stored": _ENDED,
        "logs persist": ("log",),
        "SIGTERM opens the window": ("signal SIGTERM",),
        "a stop arrives in time": ("training stop",),
        "started by its first attempt": ("training ready",),
        "billed by its states": _ENDED,
        "released at the end, exactly once": ("tuning ends",),
        "a live training job occupies": ("training create", *_ENDED),
        "occupancy within reservation": ("occupancy occupy",),
        "reservations take their course": ("reservation release", "reservation withdraw"),
        "lent quota comes back": ("training preempt",),
        "nobody stopping waits": ("tuning stop",),
        "own idle instances come before the queue": ("reservation ask",),
        "nobody waits while quota is idle": ("reservation release",),
        "the best is the best": _ENDED,
        "a warm pool holds its instances": ("warm_pool job_ended",),
        "warm pools take their course": ("warm_pool job_ended", "warm_pool reuse", "warm_pool expire"),
    }
)
"""The events that could break a law which is judged at many more: after each step, or at every entry of a kind.

"training ends" is any event that brings a training job to a final status, "log" any about a log.
"""


class Checks:
    """At which entry each law was first checked, or witnessed; the first law that was broken, and after how many entries."""

    def __init__(self) -> None:
        self.first_entry: dict[str, int] = {}
        self.broken: LawBroken | None = None
        self.entries = 0
        self._kinds: set[tuple[str, str]] = set()
        """The things and triggers of the entries that were read: the laws judged at the next of the same kind are noted."""

    def check(self, records: Iterable[Record], account: Account, laws: Iterable[Law], rest: Any = None) -> None:
        """Let an auditor read *records* up to the first broken law; *rest* is a simulation in which nothing is left to do."""
        auditor = Auditor(account, laws)
        try:
            for step in steps(records):
                self._check_step(auditor, step)
            if self.entries and rest is not None:
                rest.compare(auditor)
                auditor.check_at_rest()
                self._note(law.name for law in auditor.laws if law.kind != SOMETIMES and _at_rest(law))
        except LawBroken as error:
            self.broken = error

    def _check_step(self, auditor: Auditor, step: Iterable[Record]) -> None:
        known = len(self._kinds) + len(auditor.witnessed)
        for record in step:
            self.entries += 1
            if (what := (record.thing, record.trigger)) not in self._kinds:
                self._kinds.add(what)
                self._note(law.name for law in auditor.judged_at(*what) if law.kind != SOMETIMES)
            auditor.see(record)
        auditor.check_step()
        if len(self._kinds) + len(auditor.witnessed) > known:
            self._note(law.name for law in auditor.laws if law.kind != SOMETIMES and self._after_step(law))
            self._note(auditor.witnessed)

    def _after_step(self, law: Law) -> bool:
        """Whether *law* is judged after a step, by what there has been up to now."""
        after = {moment for moment in law.judged_at if moment in MOMENTS} - {WORLD, REST}
        return bool(after if ("training", "create") in self._kinds else after - {TRAINING_JOB})

    def _note(self, laws: Iterable[str]) -> None:
        """These laws have been checked at the entry that was read last, if not before."""
        for name in laws:
            self.first_entry.setdefault(name, self.entries - 1)


def _at_rest(law: Law) -> bool:
    return not {WORLD, REST}.isdisjoint(law.judged_at)


def shown(law: Law, first_entry: Mapping[str, int], discipline: str) -> dict[str, Any]:
    """A law as the page shows it; *discipline* is the account's, for a law of another one is never put to the test."""
    said = {name: getattr(law, name) for name in ("name", "kind", "says", "rests_on")}
    tested = events_of(law) if applies(law, discipline) else ()
    return {**said, "group": subject(law), "tested_by": tested, "first_entry": first_entry.get(law.name)}


def subject(law: Law) -> str:
    """What a law is about, as the documentation groups them.

    >>> from hptsim.audit.laws import law
    >>> subject(law("grace is bounded"))
    'Training jobs'
    """
    return next((about for about, laws in LAWS_BY_SUBJECT.items() if law.name in {one.name for one in laws}), OWN)


def events_of(law: Law) -> tuple[str, ...]:
    """The events that put *law* to the test: those that it names, where it is not judged at many more than could break it.

    >>> from hptsim.audit.laws import law
    >>> events_of(law("no launch after a stop")), events_of(law("what was saved is stored"))
    (('tuning launch', 'training create'), ('training ends',))
    """
    if law.name in TESTED_BY:
        return TESTED_BY[law.name]
    return tuple(moment for moment in law.judged_at if moment not in MOMENTS or moment == REST)


def applies(law: Law, discipline: str) -> bool:
    """Whether *law* asks anything of the queue under *discipline*.

    >>> from hptsim.audit.laws import law
    >>> [applies(law("the smallest share goes first"), discipline) for discipline in ("fifo", "fair-share")]
    [False, True]
    """
    names = law.rests_on.split(", ")
    if "preemption" in names:
        return discipline in PREEMPTIVE
    own = [name for name in names if name in DISCIPLINES]
    return not own or discipline.startswith(own[0])
