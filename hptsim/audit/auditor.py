"""The judge of the laws: an `Auditor` reads the journal entry by entry into a state of its own, and asks the laws.

It judges a running simulation, every state of the explorer, and a saved file, all by the same laws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Self

from hptsim.audit.laws import LAWS
from hptsim.audit.reader import Reader, reader
from hptsim.audit.state import KnownTuningJob, State, WorldView
from hptsim.model.account import Account
from hptsim.model.copying import duplicate
from hptsim.model.journal import Entry
from hptsim.model.laws import ENTRY, REST, SOMETIMES, STEP, TRAINING_JOB, TUNING_JOB, WORLD, Check, Law, check_laws

Judged = tuple[tuple[Check, Law], ...]
"""The laws of one moment, each after its check."""


def _judged(laws: Iterable[Law]) -> Judged:
    return tuple((law.check, law) for law in laws if law.check is not None)


class _ByState(dict[str, Judged]):
    """The laws that are judged of a job after a step, by its state: collected when a job is first seen in it."""

    def __init__(self, laws: Iterable[Law]) -> None:
        self.laws = tuple(laws)

    def __missing__(self, state: str) -> Judged:
        found = self[state] = _judged(law for law in self.laws if law.states is None or state in law.states)
        return found


def _values(attributes: Iterable[str]) -> Callable[[Any], Any]:
    """What reads these attributes of a record, all at once."""
    names = tuple(attributes)
    return attrgetter(*names) if names else lambda record: None


class Auditor:
    """Reads entries with `see`, judges after each step with `check_step`, and when nothing is left to do with `check_at_rest`.

    *laws* are those that it asks; *stop_propagation_s* is how long a stop may travel, None where that has no bound.
    Every method raises LawBroken for the first law that is broken.

    >>> from hptsim.model import Account
    >>> auditor = Auditor(Account())
    >>> auditor.see((0.0, "refused", "demo", "create", "", "", "no", 1)); auditor.checked
    1
    """

    def __init__(
        self, account: Account, laws: Iterable[Law] = LAWS, *, stop_propagation_s: float | None = None
    ) -> None:
        self.laws = check_laws(laws)
        self.state = State(account, stop_propagation_s)
        self._at_entry: dict[str, dict[str, tuple[Judged, Reader]]] = {}
        self._of_step, self._of_world, self._of_rest = (_judged(self._at(moment)) for moment in (STEP, WORLD, REST))
        self._of_tuning_job, self._of_training_job = _ByState(self._at(TUNING_JOB)), _ByState(self._at(TRAINING_JOB))
        # Most training jobs are as the world says after most steps: one look tells, and spares what only compares.
        self._of_training_job_alike = _ByState(law for law in self._at(TRAINING_JOB) if not law.compares)
        compared = [pair for law in self._at(TRAINING_JOB) for pair in law.compares.items()]
        self._shown, self._known = _values(theirs for theirs, _ in compared), _values(ours for _, ours in compared)

    @property
    def witnessed(self) -> dict[str, str]:
        """The `sometimes` laws that were seen, each with what was seen."""
        return self.state.witnessed

    @property
    def checked(self) -> int:
        """How many entries were read."""
        return self.state.checked

    def judged_at(self, thing: str, trigger: str) -> tuple[Law, ...]:
        """The laws that are judged at an entry of this thing and trigger."""
        moments = {ENTRY, thing, f"{thing} {trigger}"}
        return tuple(law for law in self.laws if not moments.isdisjoint(law.judged_at))

    def _asks(self, law: Law) -> bool:
        """Whether *law* has anything to say under the account's discipline."""
        return not law.disciplines or self.state.account.assumptions.discipline in law.disciplines

    def _at(self, moment: str) -> list[Law]:
        return [law for law in self.laws if moment in law.judged_at and self._asks(law)]

    def see(self, *entries: Entry) -> None:
        """Judge each entry by what is known before it, and follow it."""
        state, at_entry = self.state, self._at_entry
        for entry in entries:
            thing, trigger = entry[1], entry[3]
            try:
                judged, follow = at_entry[thing][trigger]
            except KeyError:
                judged, follow = self._learn(thing, trigger)
            for check, law in judged:
                if (reason := check(state, entry)) is not None:
                    self._found(law, reason)
            state.now = entry[0]
            state.checked += 1
            follow(state, entry)

    def _learn(self, thing: str, trigger: str) -> tuple[Judged, Reader]:
        """What is to be done at the entries of a thing and a trigger: found once."""
        judged = _judged(law for law in self.judged_at(thing, trigger) if self._asks(law))
        found = self._at_entry.setdefault(thing, {})[trigger] = judged, reader(thing, trigger)
        return found

    def _found(self, law: Law, reason: str) -> None:
        if law.kind != SOMETIMES:
            raise law.broken(reason)
        self.state.witnessed.setdefault(law.name, reason)

    def _ask(self, judged: Judged, subject: Any) -> None:
        state = self.state
        for check, law in judged:
            if (reason := check(state, subject)) is not None:
                self._found(law, reason)

    def check_step(self, world: WorldView | None = None) -> None:
        """Judge what a whole step has led to: the jobs that it was about, and the queue. With *world*, compare them."""
        state = self.state
        state.world = world
        tuning_jobs: list[KnownTuningJob] = []
        if state.touched_tuning:
            tuning_jobs += [job for name in state.touched_tuning if (job := state.tuning.get(name)) is not None]
            state.touched_tuning.clear()
        for job in tuning_jobs:
            if job.state != job.judged:  # what has happened to the tuning job concerns all its training jobs
                state.touched_training.update(job.live)
                job.judged = job.state
        for name in state.touched_training:
            if (known := state.training.get(name)) is not None:
                shown = None if world is None else world.training.get(name)
                alike = shown is None or self._shown(shown) == self._known(known)
                laws = self._of_training_job_alike if alike else self._of_training_job
                self._ask(laws[known.state], known)
        state.touched_training.clear()
        for job in tuning_jobs:
            self._ask(self._of_tuning_job[job.state], job)
        self._ask(self._of_step, None)
        state.moved = False
        state.world = None

    def compare(self, world: WorldView) -> None:
        """Compare the whole state with the world."""
        for name in self.state.tuning:
            self.compare_tuning_job(name, world)
        self.compare_everything(world)
        for name in self.state.training:
            self.compare_training_job(name, world)

    def compare_tuning_job(self, name: str, world: WorldView) -> None:
        """Judge one tuning job, or what a training job without one has reserved, beside the world."""
        job = self.state.tuning[name]
        self._compare(self._of_tuning_job[job.state], job, world)

    def compare_training_job(self, name: str, world: WorldView) -> None:
        """Judge one training job beside the world."""
        job = self.state.training[name]
        self._compare(self._of_training_job[job.state], job, world)

    def compare_everything(self, world: WorldView) -> None:
        """Judge what no job has to itself beside the world."""
        self._compare(self._of_world, world, world)

    def _compare(self, judged: Judged, subject: Any, world: WorldView) -> None:
        self.state.world = world
        self._ask(judged, subject)
        self.state.world = None

    def check_at_rest(self) -> None:
        """Judge the end: nothing is left to do, so everything that was to happen must have happened."""
        self._ask(self._of_rest, None)

    def forget(self, name: str) -> None:
        """Drop what is known of a job that has ended."""
        self.state.forget(name)

    def clone(self) -> Self:
        """An auditor with the same laws and an independent copy of the state."""
        twin = duplicate(self)
        twin.state = self.state.clone()
        return twin
