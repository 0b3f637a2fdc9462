"""What the rows of the tables do to the world.

Every function here takes the world first. `PERFORM` maps the effects that the tables name to these functions. What an effect
leads to is fired from within it, and so written to the journal before the next effect of the row is performed: this depth
first order is what the journal shows, so what follows is not put on a list and fired later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptsim.errors import LawBroken
from hptsim.model.copying import make
from hptsim.model.definitions import Amounts
from hptsim.model.payloads import Epoch, Resumed, Saved, ScriptEnded, TrainingJobCreated
from hptsim.model.search import Told
from hptsim.model.statuses import bucket
from hptsim.model.storage import Artifact, LogEvent
from hptsim.world.controller import deliver_stop, proceed
from hptsim.world.dispatch import Effect
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ledger import Reservation
from hptsim.world.requests import ask_for, use_what_is_left_idle
from hptsim.world.search import configuration, stopped_by, trial
from hptsim.world.warm_pools import give_back, outlives, retain
from hptsim.world.world import World


def ask(world: World, job: TuningJob, detail: Any) -> None:
    """ASK: request quota for the place of the tuning job, and under "upfront" for all instances that it will need."""
    ask_for(world, job, job.first, -1)


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
    name = f"{job.name}-{ordinal:03d}-{world.cloud.suffix(job, ordinal)}"
    child = TrainingJob.of(name, job.name, ordinal, definition, amounts, world.now)
    child.choice = choice
    if isinstance(detail, Reservation):
        child.reservation = detail.number
    else:
        child.warm = job.ended > 0
    child.hyperparameters = configuration(world.training, world.tuning, job, child)
    child.watched = job.search.watches
    world.cloud.begin(world, child)
    world.training[name] = child
    job.live[name] = None
    job.children.append(name)
    job.counters["InProgress"] += 1
    world.fire_training(child, "create", make(TrainingJobCreated, (job.name, index, child.hyperparameters, None)))


def tally(world: World, job: TuningJob, child: TrainingJob) -> None:
    """TALLY: count how a training job ended: counters (K4), attempts without a result, the best so far, the strategy."""
    job.live.pop(child.name, None)
    job.ended += 1
    counters = job.counters
    counters["InProgress"] -= 1
    counters[bucket(child.state, child.failure_reason)] += 1
    if job.strategy_log is not None:
        job.strategy_log.append(Told(trial(child, job.spec)))
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
    """WITHDRAW: take back the requests of a tuning job that still wait; a preempted training job's waits until its stop."""
    for reservation in list(job.reservations.values()):
        if reservation.state == "Requested" and not reservation.resumes:
            world.fire_reservation(reservation, "withdraw")


def stop_children(world: World, job: TuningJob, detail: Any) -> None:
    """STOP_CHILDREN: send a stop to every training job that runs; it arrives after the `stop-propagation` delay (H2)."""
    for name in list(job.live):
        child = world.training[name]
        if child.stopping or child.stop_coming:
            continue
        delay = world.cloud.delay(world, job, "stop_propagation")
        if delay > 0:
            world.write((world.now, "signal", name, "stop", "", "", None, world.step))
            child.stop_coming = world.arm("training", name, "stop", delay)
        else:
            deliver_stop(world, child)


def release(world: World, job: TuningJob, detail: Any) -> None:
    """RELEASE: give back all quota that the tuning job has reserved."""
    for reservation in list(job.reservations.values()):
        if reservation.state == "Held":
            world.fire_reservation(reservation, "release")


def occupy(world: World, child: TrainingJob, detail: Any) -> None:
    """OCCUPY: take instances of the reservation into use."""
    world.write((world.now, "occupancy", child.name, "occupy", "", "", child.amounts, world.step))
    world.ledger.occupy(child.holder, child.amounts)


def fall_back(world: World, child: TrainingJob, detail: Any) -> None:
    """Go on with the next instance type that has quota, if the definition names one (`prioritized-fallback`)."""
    for choice in range(child.choice + 1, len(child.definition.alternatives) + 1):
        amounts = world.ledger.counted(child.definition.alternatives[choice - 1].amounts)
        if change_instances(world, child, amounts):
            child.choice, child.amounts, child.warm = choice, amounts, False
            if child.tuning_job:  # what it leaves may stay with the tuning job
                use_what_is_left_idle(world, world.tuning[child.tuning_job])
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
        world.fire_reservation(reservation, "move", {pool: count for pool, count in change.items() if count})
    world.write((world.now, "occupancy", child.name, "occupy", "", "", amounts, world.step))
    ledger.occupy(holder, amounts)
    return True


def _given_up(world: World, child: TrainingJob) -> tuple[Reservation, Amounts]:
    """The reservation on which a training job runs, and what of it can go when it changes its instances.

    A tuning job with several definitions keeps all: another definition may need it, and would wait for it for ever.
    """
    if not child.tuning_job:
        return world.standalone[child.holder], child.amounts
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
    """VACATE: put the instances back into the reservation; under "as-observed" the reservation ends, too."""
    world.write((world.now, "occupancy", child.name, "vacate", "", "", child.amounts, world.step))
    world.ledger.vacate(child.holder, child.amounts)
    if child.tuning_job and world.account.assumptions.reservation == "as-observed":
        world.fire_reservation(world.tuning[child.tuning_job].reservations[child.reservation], "release")


def ask_again(world: World, child: TrainingJob, detail: Any) -> None:
    """ASK_AGAIN: a preempted training job goes to the end of the queue (`preemption`)."""
    ask_for(world, world.tuning[child.tuning_job], child.amounts, -1, resumes=child.name)


def take_back(world: World, child: TrainingJob, detail: Any) -> None:
    """TAKE_BACK: a preempted training job that is stopped waits no longer."""
    for reservation in list(world.tuning[child.tuning_job].reservations.values()):
        if reservation.resumes == child.name and reservation.state == "Requested":
            world.fire_reservation(reservation, "withdraw")


def tell(world: World, child: TrainingJob, detail: Any) -> None:
    """TELL: the tuning job learns that its training job has ended; without one, the warm pool does, or the quota is free."""
    if child.tuning_job:
        world.fire_tuning(world.tuning[child.tuning_job], "child_ended", child)
    elif (pool := world.pools.get(child.name)) is not None:
        pool.kept = outlives(child.started_s is not None, child.state, child.failure_reason)
        world.fire_pool(pool, "job_ended", None)
    else:
        world.fire_reservation(world.standalone[child.holder], "release")
        world.ended.append(child.name)


def log(world: World, child: TrainingJob, data: Epoch | ScriptEnded | None) -> None:
    """LOG: write to the training job's log stream, the metrics included (L21)."""
    now, name = world.now, child.name
    for message in _STARTED if data is None else world.cloud.log_lines(world, child, data):
        world.write((now, "log", name, "", "", "", message, world.step))
        event = make(LogEvent, (now, message))
        if name in world.logs:
            world.logs[name].append(event)
        else:
            world.logs[name] = [event]


_STARTED = ("Training started.",)


def judge(world: World, child: TrainingJob, data: Any) -> None:
    """Ask the stopping rules after an epoch. The stop is an event of its own: other things may happen before it arrives."""
    if child.stop_coming or not child.tuning_job:
        return
    job = world.tuning[child.tuning_job]
    rule = stopped_by(world.training, job, child)
    if rule:
        child.stopped_early = rule
        world.write((world.now, "signal", child.name, "stop", "", "", rule, world.step))
        child.stop_coming = world.arm("training", child.name, "stop", world.cloud.delay(world, job, "stop_propagation"))
    else:
        child.passed += (len(child.curve),)


def sigterm(world: World, child: TrainingJob, detail: Any) -> None:
    """SIGTERM: send the signal that opens the grace window (J11)."""
    world.write((world.now, "signal", child.name, "SIGTERM", "", "", None, world.step))


def persist(world: World, child: TrainingJob, detail: Any) -> None:
    """PERSIST: store the model in S3, if the script has saved one."""
    if child.saved:
        store(world, child, child.model_uri, "model")


def sync(world: World, child: TrainingJob, data: Saved) -> None:
    """SYNC: copy the checkpoint to S3 (R23)."""
    store(world, child, data.uri, "checkpoint")


def store(world: World, child: TrainingJob, uri: str, kind: str) -> None:
    """Store an object of a training job in S3; *kind* is model or checkpoint."""
    world.write((world.now, "artifact", child.name, "store", "", kind, uri, world.step))
    world.artifacts[uri] = make(Artifact, (uri, child.name, kind, world.now))


def queue(world: World, reservation: Reservation, detail: Any) -> None:
    """QUEUE: put a request for quota in the queue."""
    world.ledger.join(reservation)
    if reservation.definition >= 0:
        world.tuning[reservation.holder].waiting += 1


def dequeue(world: World, reservation: Reservation, detail: Any) -> None:
    """DEQUEUE: take a request out of the queue; raises LawBroken for one that is not there."""
    if not world.ledger.leave(reservation):
        raise LawBroken("nobody waits twice", f"{reservation.name} is not in the queue", "first-come-first-served")
    if reservation.definition >= 0:
        world.tuning[reservation.holder].waiting -= 1


def reserve(world: World, reservation: Reservation, detail: Any) -> None:
    """RESERVE: take the amounts of a granted request out of the account's quota."""
    world.ledger.reserve(reservation.holder, reservation.amounts)
    if world.ledger.granted is not None:
        reservation.due_s = world.now + reservation.lasts_s
        world.ledger.granted[reservation.name] = reservation


def go_on(world: World, reservation: Reservation, detail: Any) -> None:
    """A training job without a tuning job was granted what it is being created for: its creation goes on without this."""
    if (tuning := world.tuning.get(reservation.holder)) is None:
        return
    if reservation.resumes:
        world.fire_training(world.training[reservation.resumes], "resume", Resumed(reservation.number))
    elif reservation.definition >= 0:
        world.fire_tuning(tuning, "launch", reservation)
    else:
        tuning.admitted = True
        proceed(world, tuning)


def exchange(world: World, reservation: Reservation, change: Amounts) -> None:
    """EXCHANGE: reserve other instances in place of those that are given back (`prioritized-fallback`)."""
    world.ledger.exchange(reservation.holder, change)


def free(world: World, reservation: Reservation, detail: Any) -> None:
    """FREE: give the amounts of a reservation back to the account's quota."""
    world.ledger.release(reservation.holder, reservation.amounts)
    if world.ledger.granted is not None:
        world.ledger.granted.pop(reservation.name, None)


PERFORM: Mapping[str, Effect] = {
    "ASK": ask,
    "PROCEED": proceed,
    "SPAWN": spawn,
    "TALLY": tally,
    "WITHDRAW": withdraw,
    "STOP_CHILDREN": stop_children,
    "RELEASE": release,
    "OCCUPY": occupy,
    "FALL_BACK": fall_back,
    "VACATE": vacate,
    "ASK_AGAIN": ask_again,
    "TAKE_BACK": take_back,
    "TELL": tell,
    "LOG": log,
    "JUDGE": judge,
    "SIGTERM": sigterm,
    "PERSIST": persist,
    "SYNC": sync,
    "QUEUE": queue,
    "DEQUEUE": dequeue,
    "RESERVE": reserve,
    "CONTINUE": go_on,
    "EXCHANGE": exchange,
    "RETAIN": retain,
    "GIVE_BACK": give_back,
    "FREE": free,
}
"""The function of each name in `EFFECTS`."""
