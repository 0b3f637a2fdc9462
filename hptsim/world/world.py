"""The only mutable state: jobs, quota, artifacts, logs, and what is armed.

The world says *what* happens; somebody else says *when*. What may happen next stands in `World.armed`, an ordered
collection of (thing, name, trigger) by serial number: the simulation gives each a time, the explorer tries them all.
Every change of state goes through a row of the tables and is written to the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, Self

from hptsim.errors import ServiceError, unknown_job
from hptsim.model.account import TUNING_JOBS, Account
from hptsim.model.copying import duplicate
from hptsim.model.definitions import Amounts, TrainingJobDefinition
from hptsim.model.journal import Entry
from hptsim.model.machine import TABLES, Tables
from hptsim.model.payloads import KeepAlive, ReservationChange, Reused, TrainingJobCreated, TuningJobCreated
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import FINAL_TUNING, primary
from hptsim.model.storage import Artifact, LogEvent
from hptsim.world.admission import admit, limit_exceeded
from hptsim.world.dispatch import BOOKED, TOLD, Moves
from hptsim.world.effects import deliver_stop, launch, proceed
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ledger import Ledger, Reservation
from hptsim.world.warm_pools import WarmPool, change_period, matching, open_pool


class Nature(Protocol):
    """The one door for what the cloud decides and the user does not."""

    def next(self, world: World, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """The triggers that may fire next on a training job that has just entered its state, each with its delay."""

    def delay(self, world: World, job: TuningJob, trigger: str) -> float:
        """How long the controller takes until *trigger*: first_launch, launch, finish, or stop_propagation."""

    def suffix(self, job: TuningJob, ordinal: int) -> str:
        """The eight hexadecimal digits that end a training job's name (N6)."""

    def begin(self, world: World, job: TrainingJob) -> None:
        """Decide what a new training job will need: its work, its hyperparameters."""

    def objective(self, world: World, job: TrainingJob) -> float | None:
        """The last value of the objective metric that the script has emitted; None before the first."""

    def log_line(self, world: World, job: TrainingJob, value: float) -> str:
        """The line in which the script writes its objective to the log."""

    def ready(self, world: World, job: TuningJob) -> bool:
        """Whether the strategy has a configuration to try now."""

    def verdict(self, world: World, job: TrainingJob) -> str:
        """Who gives a training job up after its new epoch, if anybody: early_stopping, hyperband, max_resource."""

    def enough(self, world: World, job: TuningJob) -> str:
        """The completion criterion that is met, or nothing."""

    def reason(self, job: TrainingJob, trigger: str) -> str:
        """The service's words for a failure."""

    def clone(self) -> Self:
        """A copy that shares nothing mutable."""

    def freeze(self) -> tuple[Any, ...]:
        """Whatever of it matters for what can happen next."""


def _discard(entry: Entry) -> None:
    """Write nowhere."""


def _unscheduled(serial: int, delay: float) -> None:
    """Schedule nothing: whoever explores looks at `World.armed` itself."""


class World:
    """All state of one account: create, stop and fire move it, reading never does.

    *write* receives every journal entry, *schedule* every serial number that becomes armed with its delay.
    """

    def __init__(self, account: Account, nature: Nature, tables: Tables = TABLES) -> None:
        self.account = account
        self.nature = nature
        self.tables = tables
        self.now = 0.0
        self.tuning: dict[str, TuningJob] = {}
        self.training: dict[str, TrainingJob] = {}
        self.names: set[str] = set()
        """The names of the tuning jobs, in lower case."""
        self.deleted: dict[str, int] = {}
        """How often each of them was deleted: a name that is used again names other training jobs."""
        self.alone: dict[str, Reservation] = {}
        """What training jobs without a tuning job have reserved, by holder."""
        self.pools: dict[str, WarmPool] = {}
        """The warm pools that are in use or available, by the training job that asked for them."""
        limit = dict(account.capacity)
        if account.limits.tuning_jobs is not None:
            limit[TUNING_JOBS] = account.limits.tuning_jobs
        self.ledger = Ledger(limit)
        self.artifacts: dict[str, Artifact] = {}
        self.logs: dict[str, list[LogEvent]] = {}
        self.armed: dict[int, tuple[str, str, str]] = {}
        self.serial = 0
        self.step = 0
        """The number of the step that is going on: one command or one event, with all that it leads to."""
        self.ended: list[str] = []
        """What ended in this step (tuning jobs, and training jobs without one): who keeps only what is alive forgets it."""
        self.write: Callable[[Entry], None] = _discard
        self.schedule: Callable[[int, float], None] = _unscheduled
        self._line_moved = False
        self._prepare()

    def _prepare(self) -> None:
        self._tuning_moves = Moves(self.tables.tuning, TOLD)
        self._training_moves = Moves(self.tables.training, BOOKED)
        self._reservation_moves = Moves(self.tables.reservation, {})
        self._warm_pool_moves = Moves(self.tables.warm_pool, {})

    # ------------------------------------------------------------------ the caller's commands

    def create_tuning_job(self, spec: TuningJobSpec) -> TuningJob:
        """Accept a tuning job, or refuse it as the service does, changing nothing.

        Raises ServiceError: ResourceInUse for a name that is taken, ResourceLimitExceeded for what quota forbids.
        """
        admit(self, spec)
        self.step += 1
        job = TuningJob(spec, self.now, incarnation=self.deleted.get(spec.name.lower(), 0))
        job.needs = tuple([self.ledger.counted(one.instances.amounts) for one in spec.definitions])
        if any(one.alternatives for one in spec.definitions):
            job.others = tuple(
                [tuple([self.ledger.counted(other.amounts) for other in one.alternatives]) for one in spec.definitions]
            )
        self.names.add(spec.name.lower())
        self.tuning[spec.name] = job
        self.fire_tuning(job, "create", TuningJobCreated(spec))
        self._settle()
        return job

    def create_training_job(self, name: str, definition: TrainingJobDefinition) -> TrainingJob:
        """Accept a training job without a tuning job; it never waits for quota (§2.8).

        Raises ServiceError: ResourceInUse for a name that is taken, ResourceLimitExceeded for what is not free.
        """
        if name in self.training:
            text = f"Training job names must be unique within an AWS account and region, and {name} already exists."
            raise ServiceError("ResourceInUse", text)
        amounts = self.ledger.counted(definition.instances.amounts)
        pool = matching(self, definition)
        if pool is None and not self.ledger.fits(amounts):
            raise limit_exceeded(self.ledger, amounts)
        self.step += 1
        job = TrainingJob.of(name, "", 0, definition, amounts, self.now)
        reservation = self.alone[job.holder] = Reservation(job.holder, 0, amounts)
        self.fire_reservation(reservation, "ask")
        if pool is not None:
            job.warm = True
            self.fire_pool(pool, "reuse", Reused(name))
        self.fire_reservation(reservation, "grant")
        self.nature.begin(self, job)
        self.training[name] = job
        self.fire_training(job, "create", TrainingJobCreated("", 0, job.hyperparameters, definition))
        open_pool(self, job)
        self._settle()
        return job

    def update_training_job(self, name: str, keep_alive_s: float) -> None:
        """Change how long a training job's warm pool is kept after its end; 0 gives an Available pool up at once (R17).

        Raises ServiceError: ValidationException for an unknown name, or when there is no warm pool.
        """
        job = self.known_training(name)
        change_period(self, job, keep_alive_s)
        self._settle()

    def delete_tuning_job(self, name: str) -> None:
        """Drop the record of a tuning job that has ended; its training jobs, artifacts and logs stay (D1, H7).

        Raises ServiceError: ResourceNotFound, or ValidationException while it has not ended (D3).
        """
        job = self.known_tuning(name)
        if job.ended_s is None:
            text = f"The hyperparameter tuning job {name} is {job.status}, not in a terminal state."
            raise ServiceError("ValidationException", text)
        self.step += 1
        self.write((self.now, "tuning", name, "delete", job.state, "", None, self.step))
        del self.tuning[name]
        self.names.discard(name.lower())
        self.deleted[name.lower()] = job.incarnation + 1

    def delete_training_job(self, name: str) -> None:
        """Drop the record of a training job that has ended; its artifacts and logs stay, its name is free (J14, §2.8).

        Raises ServiceError: ValidationException for an unknown name, ResourceInUse while it has not ended.
        """
        job = self.known_training(name)
        if job.ended_s is None:
            text = f"The training job {name} is {primary(job.state)}: only one that has ended can be deleted."
            raise ServiceError("ResourceInUse", text)
        if name in self.pools:
            text = (
                f"The warm pool of the training job {name} is {self.pools[name].state}: wait, or set its period to 0."
            )
            raise ServiceError("ResourceInUse", text)
        self.step += 1
        self.write((self.now, "training", name, "delete", job.state, "", None, self.step))
        del self.training[name]

    def stop_tuning_job(self, name: str) -> None:
        """Stop a tuning job and all its live training jobs; it is Stopping when this returns.

        Raises ServiceError: ResourceNotFound, or ValidationException when it has ended (S9, A-02).
        """
        job = self.known_tuning(name)
        if job.status in FINAL_TUNING:
            text = f"The request was rejected because the hyperparameter tuning job is already in status {job.status}."
            raise ServiceError("ValidationException", text)
        if job.state == "Stopping":
            return self._stop_again("hyperparameter tuning")
        self.step += 1
        self.fire_tuning(job, "stop", None)
        self._settle()

    def stop_training_job(self, name: str) -> None:
        """Stop one training job; its tuning job goes on without it (`one-stop`).

        Raises ServiceError: ValidationException when it does not exist or has ended (§2.8).
        """
        job = self.known_training(name)
        if job.ended_s is not None and name in self.pools:
            self.step += 1
            self.fire_pool(self.pools[name], "terminate", None)
            return self._settle()
        if job.ended_s is not None:
            text = f"The request was rejected because the training job is in status {primary(job.state)}."
            raise ServiceError("ValidationException", text)
        if job.stopping:
            return self._stop_again("training")
        self.step += 1
        deliver_stop(self, job)
        self._settle()

    def _stop_again(self, kind: str) -> None:
        if self.account.assumptions.repeated_stop == "reject":
            text = f"The request was rejected because the {kind} job is already in status Stopping."
            raise ServiceError("ValidationException", text)

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

    # ------------------------------------------------------------------ what happens by itself

    def happen(self, serial: int) -> bool:
        """Let the armed event *serial* happen; False when it is stale, and nothing is changed."""
        armed = self.armed.get(serial)
        if armed is None:
            return False
        self.strike(serial, armed)
        return True

    def strike(self, serial: int, armed: tuple[str, str, str]) -> None:
        """Let an event happen that stands in `armed`; whatever it leads to takes it off."""
        thing, name, trigger = armed
        self.step += 1
        if thing == "training":
            if trigger == "stop":
                deliver_stop(self, self.training[name])
            else:
                self.fire_training(self.training[name], trigger)
        elif thing == "warm_pool":
            del self.armed[serial]
            self.fire_pool(self.pools[name], trigger, None)
        else:
            tuning = self.tuning[name]
            del self.armed[serial], tuning.timers[serial]
            if trigger == "launch":
                launch(self, tuning)
            else:
                self.fire_tuning(tuning, trigger, None)
        if self._line_moved:
            self._settle()

    def _settle(self) -> None:
        """Grant what can be granted, until nothing more can."""
        discipline = self.account.assumptions.discipline
        self._line_moved = False
        while self.ledger.line and (reservation := self.ledger.grantable(discipline)):
            tuning = self.tuning[reservation.holder]
            self.fire_reservation(reservation, "grant")
            if reservation.definition >= 0:
                self.fire_tuning(tuning, "launch", reservation)
            else:
                tuning.admitted = True
                proceed(self, tuning)

    def arm(self, thing: str, name: str, trigger: str, delay: float) -> int:
        self.serial = serial = self.serial + 1
        self.armed[serial] = (thing, name, trigger)
        self.schedule(serial, delay)
        return serial

    def _enter(self, job: TuningJob, trigger: str) -> None:
        """Book that a tuning job has come into another state: what was armed in the one before is off."""
        for serial in job.timers:
            self.armed.pop(serial, None)
        job.timers = {}
        job.since_s = self.now
        job.launching = 0
        job.finishing = False
        if trigger == "stop":
            job.stop_s = self.now
        if job.state in FINAL_TUNING:
            job.ended_s = self.now
            self.ended.append(job.name)

    def fire_tuning(self, job: TuningJob, trigger: str, detail: Any) -> None:
        source = job.state
        move = self._tuning_moves.get((source, trigger)) or self._tuning_moves.choose(job, trigger)
        destination = job.state = move.destination
        if source != destination:
            self._enter(job, trigger)
        data = None if move.book is None else move.book(self, job, detail)
        self.write((self.now, "tuning", job.name, trigger, source, destination, data, self.step))
        for effect in move.effects:
            effect(self, job, detail)
        if job.ended_s is None:
            proceed(self, job)

    def fire_training(self, job: TrainingJob, trigger: str, data: Any = None) -> None:
        source, now = job.state, self.now
        move = self._training_moves.get((source, trigger)) or self._training_moves.choose(job, trigger)
        for serial in job.timers:  # whatever was armed in this state, with what happens now
            del self.armed[serial]
        if move.billed:
            elapsed = now - job.since_s
            job.billable_s += elapsed
            if source == "Training":
                job.progress_s += elapsed
                job.trained_s += elapsed
            elif source == "Uploading":
                job.uploaded_s += elapsed
        if move.book is not None:
            data = move.book(self, job, move)
        destination = job.state = move.destination
        name = job.name
        job.since_s = now
        job.timers = ()
        self.write((now, "training", name, trigger, source, destination, data, self.step))
        if move.ends:
            job.ended_s = now
            if job.stop_coming:
                del self.armed[job.stop_coming]
                job.stop_coming = 0
        for effect in move.effects:
            effect(self, job, data)
        if not move.ends:
            for following, delay in self.nature.next(self, job):
                self.serial = serial = self.serial + 1
                self.armed[serial] = ("training", name, following)
                job.timers += (serial,)
                self.schedule(serial, delay)

    def fire_reservation(self, reservation: Reservation, trigger: str, change: Amounts | None = None) -> None:
        moves = self._reservation_moves
        move = moves.get((reservation.state, trigger)) or moves.choose(reservation, trigger)
        source, holder = reservation.state, reservation.holder
        destination = reservation.state = move.destination
        data = ReservationChange(holder, reservation.amounts, change)
        self.write((self.now, "reservation", reservation.name, trigger, source, destination, data, self.step))
        self._line_moved = True
        for effect in move.effects:
            effect(self, reservation, change)
        if destination in ("Released", "Withdrawn"):
            if holder in self.tuning:
                self.tuning[holder].reservations.pop(reservation.number, None)
            else:
                self.alone.pop(holder, None)

    def fire_pool(self, pool: WarmPool, trigger: str, data: KeepAlive | Reused | None) -> None:
        moves = self._warm_pool_moves
        move = moves.get((pool.state, trigger)) or moves.choose(pool, trigger)
        source, pool.state = pool.state, move.destination
        if source != pool.state:
            pool.since_s = self.now
        self.write((self.now, "warm_pool", pool.name, trigger, source, pool.state, data, self.step))
        for effect in move.effects:
            effect(self, pool, data)

    # ------------------------------------------------------------------ copies

    def forget(self, name: str) -> None:
        """Drop a job that has ended, with its training jobs and what they left; the journal keeps the story."""
        tuning = self.tuning.pop(name, None)
        for child in tuning.children if tuning is not None else [name]:
            left = self.training.pop(child, None)
            for uri in left.promised if left is not None else ():
                self.artifacts.pop(uri, None)
            self.logs.pop(child, None)

    def clone(self) -> World:
        """An independent copy that writes and schedules nowhere."""
        twin = duplicate(self)
        twin.nature = self.nature.clone()
        twin.tuning = {name: job.copy() for name, job in self.tuning.items()}
        twin.training = {  # what has ended never changes again and is shared
            name: job.copy() if job.ended_s is None else job for name, job in self.training.items()
        }
        twin.names, twin.deleted = self.names.copy(), self.deleted.copy()
        twin.alone = {holder: duplicate(one) for holder, one in self.alone.items()}
        twin.pools = {name: duplicate(pool) for name, pool in self.pools.items()}
        twin.ledger = self.ledger.copy()
        for name, waiting in twin.ledger.line.items():  # one that has left its tuning job is a mutant's doing
            own = twin.tuning[waiting.holder].reservations.get(waiting.number)
            twin.ledger.line[name] = own or duplicate(waiting)
        twin.artifacts = self.artifacts.copy()
        twin.logs = {stream: events.copy() for stream, events in self.logs.items()}
        twin.armed = self.armed.copy()
        twin.ended = []
        twin.write, twin.schedule = _discard, _unscheduled
        return twin

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["write"], state["schedule"]
        return {name: value for name, value in state.items() if not name.endswith("_moves")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.write, self.schedule = _discard, _unscheduled
        self._prepare()

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
            self.nature.freeze(),
        )
