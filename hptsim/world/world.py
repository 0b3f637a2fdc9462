"""The only mutable state: jobs, quota, artifacts, logs, and what is armed.

The world says *what* happens; the simulation or the explorer says *when*. What may happen next stands in
`World.armed`, an ordered collection of (kind of entity, name, trigger) by serial number: the simulation gives each a time,
the explorer tries them all. Every change of state goes through a row of the tables and is written to the journal. What the
rows do is handed in with the rules (`hptsim.world.rules`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hptsim.errors import unknown_job
from hptsim.model.account import TUNING_JOBS, Account
from hptsim.model.assumptions import PREEMPTIVE
from hptsim.model.copying import duplicate
from hptsim.model.definitions import Amounts
from hptsim.model.journal import Entry
from hptsim.model.machine import Tables
from hptsim.model.payloads import KeepAlive, ReservationChange, Reused
from hptsim.model.search import Search
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import FINAL_TUNING
from hptsim.model.storage import Artifact, LogEvent
from hptsim.world.disciplines import DISCIPLINES, REMEMBER_GRANTS
from hptsim.world.dispatch import Rules
from hptsim.world.jobs import TrainingJob, TuningJob, WarmPool
from hptsim.world.ledger import Ledger, Reservation
from hptsim.world.ports import Cloud
from hptsim.world.preemption import to_preempt


def _discard(entry: Entry) -> None:
    """Write nowhere."""


def _unscheduled(serial: int, delay: float) -> None:
    """Schedule nothing: the explorer looks at `World.armed` itself."""


class World:
    """All state of one account: commands and `fire_armed` move it, reading never does.

    *cloud* decides what no caller does, *searches* makes the search of each tuning job, *rules* say what happens (`rules()`
    compiles them from tables); *write* receives every journal entry, *schedule* every serial number that becomes armed, with
    its delay.
    """

    def __init__(
        self, account: Account, cloud: Cloud, searches: Callable[[TuningJobSpec], Search], rules: Rules
    ) -> None:
        self.account = account
        self.cloud = cloud
        self.searches = searches
        self.rules = rules
        self.now = 0.0
        self.tuning: dict[str, TuningJob] = {}
        self.training: dict[str, TrainingJob] = {}
        self.names: set[str] = set()
        """The names of the tuning jobs, in lower case."""
        self.deleted: dict[str, int] = {}
        """How often each of them was deleted: a name that is used again names other training jobs."""
        self.standalone: dict[str, Reservation] = {}
        """What training jobs without a tuning job have reserved, by holder."""
        self.pools: dict[str, WarmPool] = {}
        """The warm pools that are in use or available, by the training job that asked for them."""
        self.ledger = Ledger({**account.capacity, TUNING_JOBS: account.limits.tuning_jobs})
        if account.assumptions.discipline in REMEMBER_GRANTS:
            self.ledger.granted = {}
        self.artifacts: dict[str, Artifact] = {}
        self.logs: dict[str, list[LogEvent]] = {}
        self.armed: dict[int, tuple[str, str, str]] = {}
        self.serial = 0
        self.step = 0
        """The number of the step that is going on: one command or one event, with all that it leads to."""
        self.ended: list[str] = []
        """The jobs that ended in this step (not those of tuning jobs), for a simulation that does not keep what has ended."""
        self.write: Callable[[Entry], None] = _discard
        self.schedule: Callable[[int, float], None] = _unscheduled
        self._queue_moved = False

    @property
    def tables(self) -> Tables:
        """Its transition tables."""
        return self.rules.tables

    # ------------------------------------------------------------------ what there is

    def known_tuning(self, name: str) -> TuningJob:
        """The tuning job *name*; raises ServiceError (ResourceNotFound) for a name that none has."""
        job = self.tuning.get(name)
        if job is None:
            raise unknown_job("tuning", name)
        return job

    def known_training(self, name: str) -> TrainingJob:
        """The training job *name*; raises ServiceError (ValidationException) for a name that none has."""
        job = self.training.get(name)
        if job is None:
            raise unknown_job("training", name)
        return job

    # ------------------------------------------------------------------ what happens

    def arm(self, entity: str, name: str, trigger: str, delay: float) -> int:
        """Let *trigger* be due on an entity after *delay* seconds; its serial number."""
        self.serial = serial = self.serial + 1
        self.armed[serial] = (entity, name, trigger)
        self.schedule(serial, delay)
        return serial

    def arm_tuning(self, job: TuningJob, trigger: str, delay: float) -> None:
        """Let *trigger* be due on a tuning job after *delay* seconds, unless its state changes before."""
        job.timers[self.arm("tuning", job.name, trigger, delay)] = None

    def fire_armed(self, serial: int) -> bool:
        """Fire the armed event *serial*; False when it is stale, and nothing is changed."""
        armed = self.armed.get(serial)
        if armed is None:
            return False
        entity, name, trigger = armed
        self.step += 1
        decide = self.rules.decisions.get((entity, trigger))
        if entity == "training":  # firing a row takes it off `armed`
            if decide is None:
                self.fire_training(self.training[name], trigger)
            else:
                decide(self, self.training[name])
        elif entity == "warm_pool":
            del self.armed[serial]
            self.fire_pool(self.pools[name], trigger, None)
        else:
            tuning = self.tuning[name]
            del self.armed[serial], tuning.timers[serial]
            if decide is None:
                self.fire_tuning(tuning, trigger, None)
            else:
                decide(self, tuning)
        if self._queue_moved:
            self.grant_all()
        return True

    def grant_all(self) -> None:
        """Grant what can be granted, until nothing more can: the end of every step in which the queue has moved."""
        ledger, account = self.ledger, self.account
        discipline = account.assumptions.discipline
        next_in = DISCIPLINES[discipline]
        while ledger.queue and (reservation := next_in(ledger, account, self.now)):
            self.fire_reservation(reservation, "grant")
        self._queue_moved = False
        if ledger.queue and discipline in PREEMPTIVE:
            for job in to_preempt(self.ledger, self.account.teams, self.tuning, self.training):
                self.fire_training(job, "preempt")

    def fire_tuning(self, job: TuningJob, trigger: str, detail: Any) -> None:
        """Perform the row that applies to a tuning job; raises LawBroken unless exactly one does."""
        source, rows = job.state, self.rules.tuning
        row = rows.get((source, trigger)) or rows.choose(job, trigger)
        data = None if row.report is None else row.report(self, job, row, detail)
        for book in row.books:
            book(self, job, row, data)
        destination = job.state = row.destination
        if source != destination:
            self._enter(job)
        self.write((self.now, "tuning", job.name, trigger, source, destination, data, self.step))
        for effect in row.effects:
            effect(self, job, detail)

    def _enter(self, job: TuningJob) -> None:
        """A tuning job comes into another state: what was armed in the one before is cancelled."""
        for serial in job.timers:
            self.armed.pop(serial, None)
        job.timers = {}
        job.since_s = self.now
        job.launching = 0
        job.finishing = False
        if job.state in FINAL_TUNING:
            job.ended_s = self.now
            self.ended.append(job.name)

    def fire_training(self, job: TrainingJob, trigger: str, data: Any = None) -> None:
        """Perform the row that applies to a training job; raises LawBroken unless exactly one does."""
        source, now, rows = job.state, self.now, self.rules.training
        row = rows.get((source, trigger)) or rows.choose(job, trigger)
        for serial in job.timers:  # all that was armed in this state
            del self.armed[serial]
        if row.billed:
            elapsed = now - job.since_s
            job.billable_s += elapsed
            if source == "Training":
                job.progress_s += elapsed
                job.trained_s += elapsed
            elif source == "Uploading":
                job.uploaded_s += elapsed
        if row.report is not None:
            data = row.report(self, job, row, None)
        for book in row.books:
            book(self, job, row, data)
        destination = job.state = row.destination
        name = job.name
        job.since_s = now
        job.timers = ()
        self.write((now, "training", name, trigger, source, destination, data, self.step))
        if row.ends:
            job.ended_s = now
            if job.stop_coming:
                del self.armed[job.stop_coming]
                job.stop_coming = 0
        for effect in row.effects:
            effect(self, job, data)
        if not row.ends:
            for following, delay in self.cloud.next(self, job):
                self.serial = serial = self.serial + 1
                self.armed[serial] = ("training", name, following)
                job.timers += (serial,)
                self.schedule(serial, delay)

    def fire_reservation(self, reservation: Reservation, trigger: str, change: Amounts | None = None) -> None:
        """Perform the row that applies to a request for quota; raises LawBroken unless exactly one does."""
        source, holder, rows = reservation.state, reservation.holder, self.rules.reservation
        row = rows.get((source, trigger)) or rows.choose(reservation, trigger)
        for book in row.books:
            book(self, reservation, row, change)
        destination = reservation.state = row.destination
        if source != destination:
            reservation.since_s = self.now
        data = reservation.told if change is None else ReservationChange(holder, reservation.amounts, change)
        self.write((self.now, "reservation", reservation.name, trigger, source, destination, data, self.step))
        self._queue_moved = True
        for effect in row.effects:
            effect(self, reservation, change)
        if row.ends:
            if holder in self.tuning:
                self.tuning[holder].reservations.pop(reservation.number, None)
            else:
                self.standalone.pop(holder, None)

    def fire_pool(self, pool: WarmPool, trigger: str, data: KeepAlive | Reused | None) -> None:
        """Perform the row that applies to a warm pool; raises LawBroken unless exactly one does."""
        source, rows = pool.state, self.rules.warm_pool
        row = rows.get((source, trigger)) or rows.choose(pool, trigger)
        for book in row.books:
            book(self, pool, row, data)
        pool.state = row.destination
        if source != pool.state:
            pool.since_s = self.now
        self.write((self.now, "warm_pool", pool.name, trigger, source, pool.state, data, self.step))
        for effect in row.effects:
            effect(self, pool, data)

    # ------------------------------------------------------------------ copies

    def forget(self, name: str) -> None:
        """Drop a job that has ended, with its training jobs and what they left; the journal keeps what happened."""
        tuning = self.tuning.pop(name, None)
        for child in tuning.children if tuning is not None else [name]:
            left = self.training.pop(child, None)
            for uri in left.promised if left is not None else ():
                self.artifacts.pop(uri, None)
            self.logs.pop(child, None)

    def clone(self) -> World:
        """An independent copy that writes and schedules nowhere."""
        twin = duplicate(self)
        twin.cloud = self.cloud.clone()
        twin.tuning = {name: job.copy() for name, job in self.tuning.items()}
        twin.training = {  # what has ended never changes again and is shared
            name: job.copy() if job.ended_s is None else job for name, job in self.training.items()
        }
        twin.names, twin.deleted = self.names.copy(), self.deleted.copy()
        twin.standalone = {holder: duplicate(one) for holder, one in self.standalone.items()}
        twin.pools = {name: duplicate(pool) for name, pool in self.pools.items()}
        twin.ledger = self.ledger.copy()
        twin.ledger.queue.update({name: twin._own(waiting) for name, waiting in twin.ledger.queue.items()})
        if twin.ledger.granted is not None:
            twin.ledger.granted = {name: twin._own(one) for name, one in twin.ledger.granted.items()}
        twin.artifacts = self.artifacts.copy()
        twin.logs = {stream: events.copy() for stream, events in self.logs.items()}
        twin.armed = self.armed.copy()
        twin.ended = []
        twin.write, twin.schedule = _discard, _unscheduled
        return twin

    def _own(self, other: Reservation) -> Reservation:
        """This copy's own reservation for *other*; only a mutant queues or keeps one that its holder has dropped."""
        tuning = self.tuning.get(other.holder)
        mine = self.standalone.get(other.holder) if tuning is None else tuning.reservations.get(other.number)
        return mine or duplicate(other)

    def __getstate__(self) -> dict[str, Any]:
        """Without what it is connected to: *rules*, *write* and *schedule* are set again after it is unpickled."""
        return {name: value for name, value in self.__dict__.items() if name not in ("rules", "write", "schedule")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.write, self.schedule = _discard, _unscheduled

    def freeze(self) -> tuple[Any, ...]:
        """The state as a value without times and serial numbers: equal when the same things can happen next."""
        return (
            tuple([job.freeze() for job in self.tuning.values()]),
            tuple([job.freeze() for job in self.training.values()]),
            self.ledger.freeze(),
            tuple(sorted(self.artifacts)),
            tuple([(name, len(events)) for name, events in sorted(self.logs.items())]),
            tuple(sorted(self.armed.values())),
            tuple([pool.freeze() for pool in self.pools.values()]),
            self.cloud.freeze(),
            self._grants(),
        )

    def _grants(self) -> tuple[Any, ...]:
        """Who runs on which reservation, and in which order they were granted, where that decides who is preempted."""
        if self.account.assumptions.discipline not in PREEMPTIVE:
            return ()
        return tuple(self.ledger.granted or ()), tuple([(job.name, job.reservation) for job in self.training.values()])
