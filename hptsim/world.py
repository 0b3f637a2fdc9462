"""The only mutable state: jobs, quota, artifacts, logs, and what is armed.

The world says *what* happens; somebody else says *when*. What may happen next stands in `World.armed`, an ordered
collection of (thing, name, trigger) by serial number: the simulation gives each a time, the explorer tries them all.
Every change of state goes through a row of the tables and is written to the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, Self

import attrs

from hptsim.assumptions import Assumptions
from hptsim.errors import LawBroken, ServiceError, unknown_job
from hptsim.jobs import ATTEMPTS_WITHOUT_SUCCESS, TrainingJob, TuningJob, duplicate
from hptsim.ledger import TUNING_JOBS, Ledger, Reservation
from hptsim.lifecycle import EFFECTS, TABLES, Row, Tables, primary
from hptsim.lifecycle import GUARDS as CONDITIONS
from hptsim.model import FINAL_TUNING, Amounts, Artifact, LogEvent, ServiceLimits, TuningJobSpec, log_stream

Entry = tuple[float, str, str, str, str, str, Any]
"""A journal entry as the world writes it: time, thing, name, trigger, source, destination, data."""

BILLED = frozenset({"Downloading", "Training", "Uploading", "Stopping", "Stopping:uploading"})
"""The states in which a training job's instances are billed (B1, B3, `bill-through-upload`)."""


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

    def reason(self, job: TrainingJob, trigger: str) -> str:
        """The service's words for a failure."""

    def clone(self) -> Self:
        """A copy that shares nothing mutable."""

    def freeze(self) -> tuple[Any, ...]:
        """Whatever of it matters for what can happen next."""


@attrs.frozen
class Account:
    """What a world is made for: quota by pool, the service's limits, the assumptions."""

    capacity: Mapping[str, int] = attrs.field(factory=dict)
    limits: ServiceLimits = attrs.field(factory=ServiceLimits)
    assumptions: Assumptions = attrs.field(factory=Assumptions)


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
        """The names ever used for tuning jobs, in lower case."""
        limit = dict(account.capacity)
        if account.limits.tuning_jobs is not None:
            limit[TUNING_JOBS] = account.limits.tuning_jobs
        self.ledger = Ledger(limit)
        self.artifacts: dict[str, Artifact] = {}
        self.logs: dict[str, list[LogEvent]] = {}
        self.armed: dict[int, tuple[str, str, str]] = {}
        self.serial = 0
        self.ended: list[str] = []
        """Tuning jobs that ended in the current step; whoever keeps only what is alive forgets them."""
        self.write: Callable[[Entry], None] = _discard
        self.schedule: Callable[[int, float], None] = _unscheduled
        self._line_moved = False

    # ------------------------------------------------------------------ the caller's commands

    def create_tuning_job(self, spec: TuningJobSpec) -> TuningJob:
        """Accept a tuning job, or refuse it as the service does, changing nothing.

        Raises ServiceError: ResourceInUse for a name that is taken, ResourceLimitExceeded for what quota forbids.
        """
        self._admit(spec)
        job = TuningJob(spec, self.now)
        job.needs = tuple([self.ledger.counted(one.instances.amounts) for one in spec.definitions])
        self.names.add(spec.name.lower())
        self.tuning[spec.name] = job
        self._fire_tuning(job, "create", {"spec": spec})
        self._settle()
        return job

    def _admit(self, spec: TuningJobSpec) -> None:
        """Raise the service's error if *spec* cannot be accepted now."""
        if spec.name.lower() in self.names:
            text = f"A hyperparameter tuning job with the name, {spec.name}, already exists. Choose a different name."
            raise ServiceError("ResourceInUse", text)
        limits, assumptions = self.account.limits, self.account.assumptions
        for what, asked, limit in (
            ("MaxParallelTrainingJobs", spec.limits.max_parallel, limits.parallel),
            ("MaxNumberOfTrainingJobs", spec.limits.max_training_jobs, limits.training_jobs),
        ):
            if limit is not None and asked > limit:
                text = f"{what} is {asked}, and the service allows at most {limit} (lift it with limits)."
                raise ServiceError("ResourceLimitExceeded", text)
        everything = self.ledger.counted(self._everything(spec))
        if assumptions.admission == "reject":
            wanted = {**everything, TUNING_JOBS: 1}
            if not self.ledger.fits(wanted):
                raise self._limit_exceeded(wanted)
            return
        smallest = [everything] if assumptions.reservation == "upfront" else [self._first_amounts(spec)]
        smallest += [self.ledger.counted(definition.instances.amounts) for definition in spec.definitions]
        for amounts in smallest:
            if pool := self.ledger.never_fits(amounts):
                raise self._limit_exceeded({pool: amounts[pool]}, " However long it waits, it can never be granted.")

    def _limit_exceeded(self, wanted: Amounts, tail: str = "") -> ServiceError:
        """The service's words for missing quota (C2)."""
        ledger = self.ledger
        pool = next(one for one in wanted if not ledger.fits({one: wanted[one]}))
        limit, used, unit = ledger.limit[pool], ledger.reserved.get(pool, 0), "Instances"
        name = f"{pool} for training job usage"
        if pool == TUNING_JOBS:
            name, unit = "concurrent hyperparameter tuning jobs", "Jobs"
        return ServiceError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{name}' is {limit} {unit}, with current utilization of {used} {unit} "
            f"and a request delta of {wanted[pool]} {unit}. Please use AWS Service Quotas to request an increase for "
            f"this quota. If AWS Service Quotas is not available, contact AWS support to request an increase for "
            f"this quota.{tail}",
        )

    def stop_tuning_job(self, name: str) -> None:
        """Stop a tuning job and all its live training jobs; it is Stopping when this returns.

        Raises ServiceError: ResourceNotFound, or ValidationException when it has ended (S9, A-02).
        """
        job = self.tuning.get(name)
        if job is None:
            raise unknown_job("tuning", name)
        if job.status in FINAL_TUNING:
            text = f"The request was rejected because the hyperparameter tuning job is already in status {job.status}."
            raise ServiceError("ValidationException", text)
        if job.state == "Stopping":
            return self._stop_again("hyperparameter tuning")
        self._fire_tuning(job, "stop", None)
        self._settle()

    def stop_training_job(self, name: str) -> None:
        """Stop one training job; its tuning job goes on without it (`one-stop`).

        Raises ServiceError: ValidationException when it does not exist or has ended (§2.8).
        """
        job = self.training.get(name)
        if job is None:
            raise unknown_job("training", name)
        if job.ended_s is not None:
            text = f"The request was rejected because the training job is in status {primary(job.state)}."
            raise ServiceError("ValidationException", text)
        if job.stopping:
            return self._stop_again("training")
        self._deliver_stop(job)
        self._settle()

    def _stop_again(self, kind: str) -> None:
        if self.account.assumptions.repeated_stop == "reject":
            text = f"The request was rejected because the {kind} job is already in status Stopping."
            raise ServiceError("ValidationException", text)

    # ------------------------------------------------------------------ what happens by itself

    def happen(self, serial: int) -> bool:
        """Let the armed event *serial* happen; False when it is stale, and nothing is changed."""
        armed = self.armed.pop(serial, None)
        if armed is None:
            return False
        self.strike(serial, armed)
        return True

    def strike(self, serial: int, armed: tuple[str, str, str]) -> None:
        """Let an event happen that was just taken from `armed`."""
        thing, name, trigger = armed
        if thing == "training":
            job = self.training[name]
            if trigger == "stop":
                job.stop_coming = 0
                self._deliver_stop(job)
            else:
                self._fire_training(job, trigger)
        else:
            tuning = self.tuning[name]
            tuning.timers.pop(serial, None)
            if trigger == "launch":
                self._launch(tuning)
            else:
                self._fire_tuning(tuning, trigger, None)
        if self._line_moved:
            self._settle()

    def _settle(self) -> None:
        """Grant what can be granted, until nothing more can."""
        discipline = self.account.assumptions.discipline
        self._line_moved = False
        while self.ledger.line and (reservation := self.ledger.grantable(discipline)):
            tuning = self.tuning[reservation.tuning_job]
            self._fire_reservation(reservation, "grant")
            if reservation.definition >= 0:
                self._fire_tuning(tuning, "launch", reservation)
            else:
                tuning.admitted = True
                self._continue(tuning)

    def _arm(self, thing: str, name: str, trigger: str, delay: float) -> int:
        self.serial = serial = self.serial + 1
        self.armed[serial] = (thing, name, trigger)
        self.schedule(serial, delay)
        return serial

    def _disarm(self, job: TuningJob) -> None:
        for serial in job.timers:
            self.armed.pop(serial, None)
        job.timers = {}

    def _row(self, rows: tuple[Row, ...], job: Any, trigger: str) -> Row:
        """The one row that applies; anything else is our own mistake."""
        found, applying = None, 0
        for row in rows:
            if not row.guard or CONDITIONS[row.guard](job):
                found = row
                applying += 1
        if found is None or applying > 1:
            reason = f"{applying} rows apply to {trigger!r} on {job.name} in state {job.state}"
            raise LawBroken("exactly one row applies", reason, "lifecycle.py")
        return found

    def _fire_tuning(self, job: TuningJob, trigger: str, detail: Any) -> None:
        rows = self.tables.tuning.get((job.state, trigger), ())
        row = rows[0] if len(rows) == 1 and not rows[0].guard else self._row(rows, job, trigger)
        source, job.state = job.state, row.destination
        data = detail if trigger == "create" else None
        if trigger == "launch" and isinstance(detail, Reservation):
            data = {"reservation": detail.name}
        if source != job.state:
            job.since_s = self.now
            self._disarm(job)
            job.launching = 0
            job.finishing = False
            if trigger == "stop":
                job.stop_s = self.now
            if job.state in FINAL_TUNING:
                job.ended_s = self.now
                self.ended.append(job.name)
        self.write((self.now, "tuning", job.name, trigger, source, job.state, data))
        for effect in row.effects:
            _PERFORM[effect](self, job, detail)
        if job.ended_s is None:
            self._continue(job)

    def _fire_training(self, job: TrainingJob, trigger: str, data: Any = None) -> None:
        source, now = job.state, self.now
        rows = self.tables.training.get((source, trigger), ())
        row = rows[0] if len(rows) == 1 and not rows[0].guard else self._row(rows, job, trigger)
        for serial in job.timers:
            self.armed.pop(serial, None)
        job.timers = ()
        destination = row.destination
        if source in BILLED:
            elapsed = now - job.since_s
            job.billable_s += elapsed
            if source == "Training":
                job.progress_s += elapsed
                job.trained_s += elapsed
            elif source == "Uploading":
                job.uploaded_s += elapsed
        if trigger in _REPORTS:
            data = self._report(job, trigger, source)
        elif trigger in _TURNS:
            data = self._turn(job, trigger, destination)
        elif trigger == "ready" and job.started_s is None:
            job.started_s = now
        job.state = destination
        job.since_s = now
        self.write((now, "training", job.name, trigger, source, destination, data))
        if destination in _FINAL:
            self._end(job)
        for effect in row.effects:
            _PERFORM[effect](self, job, data)
        if job.ended_s is None:
            for following, delay in self.nature.next(self, job):
                self.serial = serial = self.serial + 1
                self.armed[serial] = ("training", job.name, following)
                self.schedule(serial, delay)
                job.timers += (serial,)

    def _end(self, job: TrainingJob) -> None:
        job.ended_s = self.now
        if job.stop_coming:
            self.armed.pop(job.stop_coming, None)
            job.stop_coming = 0

    def _turn(self, job: TrainingJob, trigger: str, destination: str) -> dict[str, Any] | None:
        """Book what the cloud or a caller does to the job with *trigger*."""
        if trigger in _STOPS:
            job.stopped_by = trigger
        elif trigger == "shortage":
            job.shortages += 1
        elif trigger == "interrupt":
            self._begin_again(job)
        else:
            job.failure_reason = self.nature.reason(job, trigger)
            if destination == "Starting":
                job.retries_left -= 1
                self._begin_again(job)
            return {"reason": job.failure_reason}
        return None

    def _report(self, job: TrainingJob, trigger: str, source: str) -> dict[str, Any] | None:
        """What a script reports: the objective, and what it has saved (the store is filled elsewhere, by effects)."""
        data: dict[str, Any] = {}
        if trigger == "checkpoint":
            data["saved"] = job.next_checkpoint_uri
            job.checkpoints += 1
            job.checkpointed_s = job.progress_s
        elif trigger == "saved" or source == "Training":
            data["saved"] = job.model_uri
            job.saved = True
        if trigger in ("exited", "killed"):
            job.objective = self.nature.objective(self, job)
            data["objective"] = job.objective
        if "saved" in data:
            job.promised += (data["saved"],)
        return data or None

    def _begin_again(self, job: TrainingJob) -> None:
        job.attempt += 1
        job.trained_before_s = job.trained_s
        job.shortages = 0
        job.progress_s = job.checkpointed_s
        job.warm = False

    def _fire_reservation(self, reservation: Reservation, trigger: str) -> None:
        row = self._row(self.tables.reservation.get((reservation.state, trigger), ()), reservation, trigger)
        source, reservation.state = reservation.state, row.destination
        data = {"tuning_job": reservation.tuning_job, "amounts": reservation.amounts}
        self.write((self.now, "reservation", reservation.name, trigger, source, reservation.state, data))
        self._line_moved = True
        for effect in row.effects:
            _PERFORM[effect](self, reservation, None)
        if reservation.state in ("Released", "Withdrawn"):
            self.tuning[reservation.tuning_job].reservations.pop(reservation.number, None)

    # ------------------------------------------------------------------ the controller of a tuning job

    def _everything(self, spec: TuningJobSpec) -> dict[str, int]:
        """MaxParallelTrainingJobs × instances, by type (C2)."""
        parallel = min(spec.limits.max_parallel, spec.limits.max_training_jobs)
        most: dict[str, int] = {}
        for definition in spec.definitions:
            for pool, count in definition.instances.amounts.items():
                most[pool] = max(most.get(pool, 0), parallel * count)
        return most

    def _first_amounts(self, spec: TuningJobSpec) -> Amounts:
        """What a tuning job asks for at its creation: its place, and what it must have to make progress.

        Under "reuse" a tuning job over several instance types asks for one training job's worth of each, all or
        nothing: holding some and waiting for others could block two tuning jobs for ever.
        """
        policy = self.account.assumptions.reservation
        instances: dict[str, int] = {}
        if policy == "upfront":
            instances = self._everything(spec)
        elif policy == "reuse" and len({one.instances.instance_type for one in spec.definitions}) > 1:
            for definition in spec.definitions:
                for pool, count in definition.instances.amounts.items():
                    instances[pool] = max(instances.get(pool, 0), count)
        return self.ledger.counted({TUNING_JOBS: 1, **instances})

    def _continue(self, job: TuningJob) -> None:
        """Arm what the controller does next, given the state that the tuning job is in now."""
        if job.state == "InProgress":
            if not job.admitted:
                return
            if job.attempts >= ATTEMPTS_WITHOUT_SUCCESS and not job.evaluated and not job.failure_reason:
                job.failure_reason = _gave_up(job.attempts)
                return self._fire_tuning(job, "give_up", None)
            limits = job.spec.limits
            if job.launched == 0 and not job.timers and limits.max_runtime_s is not None:
                self._arm_tuning(job, "max_runtime", limits.max_runtime_s)
            left = limits.max_training_jobs - job.asked - job.launching
            busy = len(job.live) + job.launching + job.waiting
            for _ in range(min(left, limits.max_parallel - busy)):
                job.launching += 1
                first = job.asked == 0 and job.ended == 0
                self._arm_tuning(job, "launch", self.nature.delay(self, job, "first_launch" if first else "launch"))
            if left <= 0 and job.waiting:
                self._use_idle_instead_of_waiting(job)
            if job.launching or job.waiting or job.asked < limits.max_training_jobs:
                return
        if not job.live and not job.finishing:
            job.finishing = True
            if job.state == "InProgress" and not job.evaluated:
                job.failure_reason = _gave_up(job.attempts)
            self._arm_tuning(job, "finish", self.nature.delay(self, job, "finish"))

    def _arm_tuning(self, job: TuningJob, trigger: str, delay: float) -> None:
        job.timers[self._arm("tuning", job.name, trigger, delay)] = None

    def _launch(self, job: TuningJob) -> None:
        """Seek quota for the next training job, and create it if there is some."""
        job.launching -= 1
        index = job.asked % len(job.needs)
        job.asked += 1
        amounts = job.needs[index]
        if self.account.assumptions.reservation != "as-observed" and self.ledger.idle(job.name, amounts):
            self._fire_tuning(job, "launch", index)
        else:
            self._ask_for(job, amounts, index)

    def _ask_for(self, job: TuningJob, amounts: Amounts, definition: int) -> None:
        reservation = Reservation(job.name, job.requests, amounts, job.spec.priority, definition)
        job.reservations[job.requests] = reservation
        job.requests += 1
        self._fire_reservation(reservation, "ask")

    def _use_idle_instead_of_waiting(self, job: TuningJob) -> None:
        """A tuning job with nothing more to ask for gives its place in line up for instances of its own, now idle."""
        if self.account.assumptions.reservation == "as-observed":
            return
        for reservation in job.reservations.values():
            if reservation.state == "Requested" and self.ledger.idle(job.name, reservation.amounts):
                self._fire_reservation(reservation, "withdraw")
                job.asked -= 1
                job.launching += 1
                return self._arm_tuning(job, "launch", self.nature.delay(self, job, "launch"))

    # ------------------------------------------------------------------ the effects of the tables' rows

    def _ask(self, job: TuningJob, detail: Any) -> None:
        self._ask_for(job, self._first_amounts(job.spec), -1)

    def _spawn(self, job: TuningJob, detail: Reservation | int) -> None:
        index = detail.definition if isinstance(detail, Reservation) else detail
        definition = job.spec.definitions[index]
        job.launched = ordinal = job.launched + 1
        name = f"{job.name}-{ordinal:03d}-{self.nature.suffix(job, ordinal)}"
        child = TrainingJob.of(name, job.name, ordinal, definition, job.needs[index], self.now)
        if isinstance(detail, Reservation):
            child.reservation = detail.number
        else:
            child.warm = job.ended > 0
        self.nature.begin(self, child)
        self.training[name] = child
        job.live[name] = None
        job.children.append(name)
        job.counters["InProgress"] += 1
        data = {"tuning_job": job.name, "definition": index, "hyperparameters": child.hyperparameters}
        self._fire_training(child, "create", data)

    def _tally(self, job: TuningJob, child: TrainingJob) -> None:
        job.live.pop(child.name, None)
        job.ended += 1
        counters = job.counters
        counters["InProgress"] -= 1
        counters[bucket(child.state, child.failure_reason)] += 1
        if child.objective is not None and child.state != "Failed":
            job.evaluated += 1
            sign = -1.0 if (child.definition.objective or job.spec.objective).maximize else 1.0
            key = (sign * child.objective, child.name)
            job.best = key if job.best is None else min(job.best, key)
        if child.objective is None and child.stopped_by != "stop":
            job.attempts += 1

    def _withdraw(self, job: TuningJob, detail: Any) -> None:
        for reservation in list(job.reservations.values()):
            if reservation.state == "Requested":
                self._fire_reservation(reservation, "withdraw")

    def _stop_children(self, job: TuningJob, detail: Any) -> None:
        for name in list(job.live):
            child = self.training[name]
            if child.stopping or child.stop_coming:
                continue
            delay = self.nature.delay(self, job, "stop_propagation")
            if delay > 0:
                self.write((self.now, "signal", name, "stop", "", "", None))
                child.stop_coming = self._arm("training", name, "stop", delay)
            else:
                self._deliver_stop(child)

    def _deliver_stop(self, child: TrainingJob) -> None:
        """A stop reaches a training job: it acts on it unless it is stopping or has ended (the observed race)."""
        if child.stop_coming:
            self.armed.pop(child.stop_coming, None)
            child.stop_coming = 0
        if (child.state, "stop") in self.tables.training:
            self._fire_training(child, "stop")

    def _release(self, job: TuningJob, detail: Any) -> None:
        for reservation in list(job.reservations.values()):
            if reservation.state == "Held":
                self._fire_reservation(reservation, "release")

    def _occupy(self, child: TrainingJob, detail: Any) -> None:
        self.write((self.now, "occupancy", child.name, "occupy", "", "", child.amounts))
        self.ledger.occupy(child.tuning_job, child.amounts)

    def _vacate(self, child: TrainingJob, detail: Any) -> None:
        self.write((self.now, "occupancy", child.name, "vacate", "", "", child.amounts))
        self.ledger.vacate(child.tuning_job, child.amounts)
        if self.account.assumptions.reservation == "as-observed":
            self._fire_reservation(self.tuning[child.tuning_job].reservations[child.reservation], "release")

    def _tell(self, child: TrainingJob, detail: Any) -> None:
        self._fire_tuning(self.tuning[child.tuning_job], "child_ended", child)

    def _log(self, child: TrainingJob, data: dict[str, Any] | None) -> None:
        message = "Training started."
        if data is not None:
            metric = (child.definition.objective or self.tuning[child.tuning_job].spec.objective).metric_name
            value = data.get("objective")
            message = "Exited before the first evaluation." if value is None else f"{metric}={value:.7g}"
        self.write((self.now, "log", child.name, "", "", "", message))
        self.logs.setdefault(child.name, []).append(_light(LogEvent, (self.now, message)))

    def _sigterm(self, child: TrainingJob, detail: Any) -> None:
        self.write((self.now, "signal", child.name, "SIGTERM", "", "", None))

    def _persist(self, child: TrainingJob, detail: Any) -> None:
        if child.saved:
            self._store(child, child.model_uri, "model")

    def _sync(self, child: TrainingJob, data: dict[str, Any]) -> None:
        self._store(child, data["saved"], "checkpoint")

    def _store(self, child: TrainingJob, uri: str, kind: str) -> None:
        self.write((self.now, "artifact", child.name, "store", "", kind, uri))
        self.artifacts[uri] = _light(Artifact, (uri, child.name, kind, self.now))

    def _queue(self, reservation: Reservation, detail: Any) -> None:
        self.ledger.line[reservation.name] = reservation
        if reservation.definition >= 0:
            self.tuning[reservation.tuning_job].waiting += 1

    def _dequeue(self, reservation: Reservation, detail: Any) -> None:
        if self.ledger.line.pop(reservation.name, None) is None:
            raise LawBroken("nobody waits twice", f"{reservation.name} is not in line", "first-come-first-served")
        if reservation.definition >= 0:
            self.tuning[reservation.tuning_job].waiting -= 1

    def _reserve(self, reservation: Reservation, detail: Any) -> None:
        self.ledger.reserve(reservation.tuning_job, reservation.amounts)

    def _free(self, reservation: Reservation, detail: Any) -> None:
        self.ledger.release(reservation.tuning_job, reservation.amounts)

    # ------------------------------------------------------------------ copies

    def forget(self, name: str) -> None:
        """Drop a tuning job that has ended, with its training jobs and what they left; the journal keeps the story."""
        job = self.tuning.pop(name)
        for child in job.children:
            left = self.training.pop(child)
            for uri in left.promised:
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
        twin.names = self.names.copy()
        twin.ledger = self.ledger.copy()
        for name, waiting in twin.ledger.line.items():  # one that has left its tuning job is a mutant's doing
            own = twin.tuning[waiting.tuning_job].reservations.get(waiting.number)
            twin.ledger.line[name] = own or duplicate(waiting)
        twin.artifacts = self.artifacts.copy()
        twin.logs = {stream: events.copy() for stream, events in self.logs.items()}
        twin.armed = self.armed.copy()
        twin.ended = []
        twin.write, twin.schedule = _discard, _unscheduled
        return twin

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        for name in ("write", "schedule"):
            del state[name]
        return state

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
            self.nature.freeze(),
        )


_PERFORM: Mapping[str, Callable[[World, Any, Any], None]] = {
    name: getattr(World, f"_{name.lower()}") for name in EFFECTS
}
"""What each effect of the tables' rows does to the world."""
_light: Any = tuple.__new__
"""Makes a named tuple without its detour through Python."""
_FINAL = frozenset({"Completed", "Failed", "Stopped", "MaxRuntimeExceeded", "MaxWaitTimeExceeded"})
_REPORTS = frozenset({"checkpoint", "saved", "exited", "killed"})
_STOPS = frozenset({"stop", "max_runtime", "max_wait", "max_pending"})
_TURNS = _STOPS | {"client_error", "algorithm_error", "internal_error", "no_capacity", "shortage", "interrupt"}


def bucket(state: str, reason: str) -> str:
    """The TrainingJobStatusCounters bucket of a training job that ended in *state* (K4, K5, A-24).

    >>> bucket("Failed", "InternalServerError: We encountered an internal error."), bucket("MaxRuntimeExceeded", "")
    ('RetryableError', 'Stopped')
    """
    if state == "Completed":
        return "Completed"
    if state != "Failed":
        return "Stopped"
    return "RetryableError" if reason.startswith(("InternalServerError", "CapacityError")) else "NonRetryableError"


def _gave_up(attempts: int) -> str:
    """The FailureReason of a tuning job without a success (L10)."""
    return (
        f"No training job succeeded after {attempts} attempts. For additional details, please take a look at the "
        "training job failures by listing training jobs for the hyperparameter tuning job."
    )


__all__ = ["BILLED", "Account", "Entry", "Nature", "World", "bucket", "log_stream"]
