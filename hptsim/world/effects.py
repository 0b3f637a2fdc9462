"""What the rows of the tables do to the world, and what the service's controller does between them.

Every function here takes the world first. `PERFORM` maps the effects that the tables name to these functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hptsim.errors import LawBroken
from hptsim.model.account import TUNING_JOBS
from hptsim.model.definitions import Amounts
from hptsim.model.payloads import Epoch, Saved, ScriptEnded, TrainingJobCreated
from hptsim.model.specs import TuningJobSpec
from hptsim.model.storage import Artifact, LogEvent
from hptsim.model.tables import EFFECTS
from hptsim.world.jobs import ATTEMPTS_WITHOUT_SUCCESS, TrainingJob, TuningJob
from hptsim.world.ledger import Reservation
from hptsim.world.warm_pools import give_back as give_back
from hptsim.world.warm_pools import outlives
from hptsim.world.warm_pools import retain as retain

if TYPE_CHECKING:
    from hptsim.world.world import World
from hptsim.model.statuses import bucket

_light: Any = tuple.__new__
"""Makes a named tuple without its detour through Python."""


def most_instances(world: World, spec: TuningJobSpec) -> dict[str, int]:
    """MaxParallelTrainingJobs × instances, by type (C2)."""
    parallel = min(spec.limits.max_parallel, spec.limits.max_training_jobs)
    most: dict[str, int] = {}
    for definition in spec.definitions:
        for pool, count in definition.instances.amounts.items():
            most[pool] = max(most.get(pool, 0), parallel * count)
    return most


def first_amounts(world: World, spec: TuningJobSpec) -> Amounts:
    """What a tuning job asks for at its creation: its place, and what it must have to make progress.

    Under "reuse" a tuning job with several definitions asks for the most that a training job of it takes of each instance
    type, all or nothing: holding some and waiting for more could block it, or two tuning jobs, for ever.
    """
    policy = world.account.assumptions.reservation
    instances: dict[str, int] = {}
    if policy == "upfront":
        instances = most_instances(world, spec)
    elif policy == "reuse" and len(spec.definitions) > 1:
        for definition in spec.definitions:
            for pool, count in definition.instances.amounts.items():
                instances[pool] = max(instances.get(pool, 0), count)
    return world.ledger.counted({TUNING_JOBS: 1, **instances})


def proceed(world: World, job: TuningJob) -> None:
    """Arm what the controller does next, given the state that the tuning job is in now."""
    if job.state == "InProgress":
        if not job.admitted:
            return
        if job.results and not job.ended_by and (criterion := world.nature.enough(world, job)):
            job.ended_by = criterion
            return world.fire_tuning(job, "criterion", criterion)
        if job.attempts >= ATTEMPTS_WITHOUT_SUCCESS and not job.evaluated and not job.failure_reason:
            job.failure_reason = _gave_up(job.attempts)
            return world.fire_tuning(job, "give_up", None)
        limits, waiting = job.spec.limits, job.waiting
        if not job.launched and limits.max_runtime_s is not None and not job.timers:
            arm_tuning(world, job, "max_runtime", limits.max_runtime_s)
        left = limits.max_training_jobs - job.asked - job.launching
        if left > 0:
            room = limits.max_parallel - len(job.live) - job.launching - waiting
            if room > 0 and not job.exhausted:
                for _ in range(min(left, room)):
                    job.launching += 1
                    first = job.asked == 0 and job.ended == 0
                    delay = world.nature.delay(world, job, "first_launch" if first else "launch")
                    arm_tuning(world, job, "launch", delay)
        elif waiting:
            use_idle_instead_of_waiting(world, job)
        if job.launching or job.waiting or (job.asked < limits.max_training_jobs and not job.exhausted):
            return
    if not job.live and not job.finishing:
        job.finishing = True
        if job.state == "InProgress" and not job.evaluated:
            job.failure_reason = _gave_up(job.attempts)
        arm_tuning(world, job, "finish", world.nature.delay(world, job, "finish"))


def arm_tuning(world: World, job: TuningJob, trigger: str, delay: float) -> None:
    job.timers[world.arm("tuning", job.name, trigger, delay)] = None


def launch(world: World, job: TuningJob) -> None:
    """Seek quota for the next training job, and create it if there is some."""
    job.launching -= 1
    if not world.nature.ready(world, job):
        if job.waiting:
            use_idle_instead_of_waiting(world, job)
        job.exhausted = not (job.live or job.launching or job.waiting)
        return proceed(world, job) if job.exhausted else None
    index = job.returned.pop(0) if job.returned else job.asked % len(job.needs)
    job.asked += 1
    amounts = job.needs[index]
    if world.account.assumptions.reservation != "as-observed" and world.ledger.idle(job.name, amounts):
        world.fire_tuning(job, "launch", index)
    elif job.others and (choice := idle_alternative(world, job, index)):
        world.fire_tuning(job, "launch", (index, choice))
    else:
        ask_for(world, job, amounts, index)


def idle_alternative(world: World, job: TuningJob, index: int) -> int:
    """The first of a definition's further instance types of which the tuning job holds enough idle; 0 for none."""
    if world.account.assumptions.reservation == "as-observed":
        return 0
    others = enumerate(job.others[index], start=1)
    return next((choice for choice, amounts in others if world.ledger.idle(job.name, amounts)), 0)


def ask_for(world: World, job: TuningJob, amounts: Amounts, definition: int) -> None:
    reservation = Reservation(job.name, job.requests, amounts, job.spec.priority, definition)
    job.reservations[job.requests] = reservation
    job.requests += 1
    world.fire_reservation(reservation, "ask")


def use_idle_instead_of_waiting(world: World, job: TuningJob) -> None:
    """A tuning job with nothing more to launch gives its place in line up for instances of its own, now idle."""
    if world.account.assumptions.reservation == "as-observed":
        return
    for reservation in job.reservations.values():
        if reservation.state != "Requested":
            continue
        other = job.others and idle_alternative(world, job, reservation.definition)
        if other or world.ledger.idle(job.name, reservation.amounts):
            world.fire_reservation(reservation, "withdraw")
            job.asked -= 1
            job.returned.append(reservation.definition)
            job.launching += 1
            return arm_tuning(world, job, "launch", world.nature.delay(world, job, "launch"))


def ask(world: World, job: TuningJob, detail: Any) -> None:
    ask_for(world, job, first_amounts(world, job.spec), -1)


def spawn(world: World, job: TuningJob, detail: Reservation | int | tuple[int, int]) -> None:
    """Create a training job: on what was just granted, or on idle instances, of the first type or of an alternative."""
    choice = 0
    if isinstance(detail, Reservation):
        index = detail.definition
    elif isinstance(detail, int):
        index = detail
    else:
        index, choice = detail
    definition = job.spec.definitions[index]
    amounts = job.others[index][choice - 1] if choice else job.needs[index]
    job.launched = ordinal = job.launched + 1
    name = f"{job.name}-{ordinal:03d}-{world.nature.suffix(job, ordinal)}"
    child = TrainingJob.of(name, job.name, ordinal, definition, amounts, world.now)
    child.choice = choice
    if isinstance(detail, Reservation):
        child.reservation = detail.number
    else:
        child.warm = job.ended > 0
    world.nature.begin(world, child)
    world.training[name] = child
    job.live[name] = None
    job.children.append(name)
    job.counters["InProgress"] += 1
    world.fire_training(child, "create", TrainingJobCreated(job.name, index, child.hyperparameters))


def tally(world: World, job: TuningJob, child: TrainingJob) -> None:
    job.live.pop(child.name, None)
    job.ended += 1
    counters = job.counters
    counters["InProgress"] -= 1
    counters[bucket(child.state, child.failure_reason)] += 1
    if job.minutes is not None:
        job.minutes.append(-child.ordinal)
    objective = child.objective
    if objective is not None and child.state != "Failed":
        job.evaluated += 1
        if job.criteria:
            job.results.append(objective)
        maximize = (child.definition.objective or job.spec.objective).maximize
        key = (-objective if maximize else objective, child.name)
        if job.best is None or key < job.best:
            job.best = key
    if objective is None and (child.stopped_by != "stop" or child.stopped_early):
        job.attempts += 1


def withdraw(world: World, job: TuningJob, detail: Any) -> None:
    for reservation in list(job.reservations.values()):
        if reservation.state == "Requested":
            world.fire_reservation(reservation, "withdraw")


def stop_children(world: World, job: TuningJob, detail: Any) -> None:
    for name in list(job.live):
        child = world.training[name]
        if child.stopping or child.stop_coming:
            continue
        delay = world.nature.delay(world, job, "stop_propagation")
        if delay > 0:
            world.write((world.now, "signal", name, "stop", "", "", None, world.step))
            child.stop_coming = world.arm("training", name, "stop", delay)
        else:
            deliver_stop(world, child)


def deliver_stop(world: World, child: TrainingJob) -> None:
    """A stop reaches a training job: it acts on it unless it is stopping or has ended (the observed race)."""
    if child.stop_coming:
        world.armed.pop(child.stop_coming, None)
        child.stop_coming = 0
    if (child.state, "stop") in world.tables.training:
        world.fire_training(child, "stop")


def release(world: World, job: TuningJob, detail: Any) -> None:
    for reservation in list(job.reservations.values()):
        if reservation.state == "Held":
            world.fire_reservation(reservation, "release")


def occupy(world: World, child: TrainingJob, detail: Any) -> None:
    world.write((world.now, "occupancy", child.name, "occupy", "", "", child.amounts, world.step))
    world.ledger.occupy(child.holder, child.amounts)


def fall_back(world: World, child: TrainingJob, detail: Any) -> None:
    """Go on with the next instance type that has quota, if the definition names one (`prioritized-fallback`)."""
    for choice in range(child.choice + 1, len(child.definition.alternatives) + 1):
        amounts = world.ledger.counted(child.definition.alternatives[choice - 1].amounts)
        if change_instances(world, child, amounts):
            child.choice, child.amounts, child.warm = choice, amounts, False
            return


def change_instances(world: World, child: TrainingJob, amounts: Amounts) -> bool:
    """Let a training job use *amounts* in place of what it has; False, and nothing changes, where there is no quota."""
    ledger, holder = world.ledger, child.holder
    idle = ledger.idle(holder, amounts)
    reservation, gives = _given_up(world, child)
    change = {pool: amounts.get(pool, 0) - gives.get(pool, 0) for pool in {**gives, **amounts}}
    if not idle and not ledger.fits(change):
        return False
    world.write((world.now, "occupancy", child.name, "vacate", "", "", child.amounts, world.step))
    ledger.vacate(holder, child.amounts)
    if not idle:
        held = {
            pool: reservation.amounts.get(pool, 0) + change.get(pool, 0) for pool in {**reservation.amounts, **change}
        }
        reservation.amounts = {pool: count for pool, count in held.items() if count}
        world.fire_reservation(reservation, "move", {pool: count for pool, count in change.items() if count})
    world.write((world.now, "occupancy", child.name, "occupy", "", "", amounts, world.step))
    ledger.occupy(holder, amounts)
    return True


def _given_up(world: World, child: TrainingJob) -> tuple[Reservation, Amounts]:
    """The reservation on which a training job runs, and what of it can go when it changes its instances.

    A tuning job with several definitions keeps all: another definition may need it, and would wait for it for ever.
    """
    if not child.tuning_job:
        return world.alone[child.holder], child.amounts
    job = world.tuning[child.tuning_job]
    if world.account.assumptions.reservation == "as-observed":
        return job.reservations[child.reservation], child.amounts
    held = [one for one in job.reservations.values() if one.state == "Held"]
    if len(job.needs) == 1:
        for one in held:
            if all(count <= one.amounts.get(pool, 0) for pool, count in child.amounts.items()):
                return one, child.amounts
    return held[0], {}


def vacate(world: World, child: TrainingJob, detail: Any) -> None:
    world.write((world.now, "occupancy", child.name, "vacate", "", "", child.amounts, world.step))
    world.ledger.vacate(child.holder, child.amounts)
    if child.tuning_job and world.account.assumptions.reservation == "as-observed":
        world.fire_reservation(world.tuning[child.tuning_job].reservations[child.reservation], "release")


def tell(world: World, child: TrainingJob, detail: Any) -> None:
    if child.tuning_job:
        world.fire_tuning(world.tuning[child.tuning_job], "child_ended", child)
    elif (pool := world.pools.get(child.name)) is not None:
        pool.kept = outlives(child.started_s is not None, child.state, child.failure_reason)
        world.fire_pool(pool, "job_ended", None)
    else:
        world.fire_reservation(world.alone[child.holder], "release")
        world.ended.append(child.name)


def log(world: World, child: TrainingJob, data: Epoch | ScriptEnded | None) -> None:
    now, name = world.now, child.name
    message = "Training started."
    if data is not None:
        value = data.objective
        message = "The script has ended." if value is None else world.nature.log_line(world, child, value)
    world.write((now, "log", name, "", "", "", message, world.step))
    event = _light(LogEvent, (now, message))
    if name in world.logs:
        world.logs[name].append(event)
    else:
        world.logs[name] = [event]


def judge(world: World, child: TrainingJob, data: Any) -> None:
    """The stop is an event of its own: between the verdict and its execution other things may happen."""
    if child.stop_coming:
        return
    verdict = world.nature.verdict(world, child)
    if verdict:
        child.stopped_early = verdict
        world.write((world.now, "signal", child.name, "stop", "", "", verdict, world.step))
        delay = world.nature.delay(world, world.tuning[child.tuning_job], "stop_propagation")
        child.stop_coming = world.arm("training", child.name, "stop", delay)


def sigterm(world: World, child: TrainingJob, detail: Any) -> None:
    world.write((world.now, "signal", child.name, "SIGTERM", "", "", None, world.step))


def persist(world: World, child: TrainingJob, detail: Any) -> None:
    if child.saved:
        store(world, child, child.model_uri, "model")


def sync(world: World, child: TrainingJob, data: Saved) -> None:
    store(world, child, data.uri, "checkpoint")


def store(world: World, child: TrainingJob, uri: str, kind: str) -> None:
    world.write((world.now, "artifact", child.name, "store", "", kind, uri, world.step))
    world.artifacts[uri] = _light(Artifact, (uri, child.name, kind, world.now))


def queue(world: World, reservation: Reservation, detail: Any) -> None:
    world.ledger.join(reservation)
    if reservation.definition >= 0:
        world.tuning[reservation.holder].waiting += 1


def dequeue(world: World, reservation: Reservation, detail: Any) -> None:
    if not world.ledger.leave(reservation):
        raise LawBroken("nobody waits twice", f"{reservation.name} is not in line", "first-come-first-served")
    if reservation.definition >= 0:
        world.tuning[reservation.holder].waiting -= 1


def reserve(world: World, reservation: Reservation, detail: Any) -> None:
    world.ledger.reserve(reservation.holder, reservation.amounts)


def exchange(world: World, reservation: Reservation, change: Amounts) -> None:
    world.ledger.exchange(reservation.holder, change)


def free(world: World, reservation: Reservation, detail: Any) -> None:
    world.ledger.release(reservation.holder, reservation.amounts)


def _gave_up(attempts: int) -> str:
    """The FailureReason of a tuning job without a success (L10)."""
    return (
        f"No training job succeeded after {attempts} attempts. For additional details, please take a look at the "
        "training job failures by listing training jobs for the hyperparameter tuning job."
    )


PERFORM: Mapping[str, Callable[[World, Any, Any], None]] = {name: globals()[name.lower()] for name in EFFECTS}
"""What each effect of the tables' rows does to the world."""
