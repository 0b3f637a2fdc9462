"""The service's controller: what it arms for a tuning job, and what it decides when that is due.

Its state is kept on the tuning job: what it has asked for, what it is launching, whether it is finishing, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptsim.world.dispatch import Decision
from hptsim.world.jobs import ATTEMPTS_WITHOUT_SUCCESS, TrainingJob, TuningJob
from hptsim.world.requests import ask_for, idle_alternative, use_idle_instead_of_waiting, use_what_is_left_idle
from hptsim.world.search import has_configuration
from hptsim.world.world import World


def proceed(world: World, job: TuningJob, detail: Any = None) -> None:
    """Arm what the controller does next, given the state that the tuning job is in now (the effect PROCEED)."""
    if job.state == "InProgress":
        if not job.admitted:
            return
        if job.results and not job.ended_by and (criterion := job.search.criterion_met(job.results)):
            job.ended_by = criterion
            return world.fire_tuning(job, "criterion", criterion)
        if job.attempts >= ATTEMPTS_WITHOUT_SUCCESS and not job.evaluated and not job.failure_reason:
            job.failure_reason = gave_up(job.attempts)
            return world.fire_tuning(job, "give_up", None)
        limits, waiting = job.spec.limits, job.waiting
        if not job.launched and limits.max_runtime_s is not None and not job.timers:
            world.arm_tuning(job, "max_runtime", limits.max_runtime_s)
        left = limits.max_training_jobs - job.asked - job.launching
        if left > 0:
            room = limits.max_parallel - len(job.live) - job.launching - waiting
            if room > 0 and not job.exhausted:
                for _ in range(min(left, room)):
                    job.launching += 1
                    first = job.asked == 0 and job.ended == 0
                    delay = world.cloud.delay(world, job, "first_launch" if first else "launch")
                    world.arm_tuning(job, "launch", delay)
        elif waiting:
            use_idle_instead_of_waiting(world, job)
        if job.launching or job.waiting or (job.asked < limits.max_training_jobs and not job.exhausted):
            return
    if not job.live and not job.finishing:
        job.finishing = True
        if job.state == "InProgress" and not job.evaluated:
            job.failure_reason = gave_up(job.attempts)
        world.arm_tuning(job, "finish", world.cloud.delay(world, job, "finish"))


def launch(world: World, job: TuningJob) -> None:
    """Request quota for the next training job, or create it at once on idle instances."""
    job.launching -= 1
    if not has_configuration(job):
        if job.waiting:
            use_idle_instead_of_waiting(world, job)
        job.exhausted = not (job.live or job.launching or job.waiting)
        return proceed(world, job) if job.exhausted else None
    index = job.returned.pop(0) if job.returned else job.spec.turn(job.asked)
    job.asked += 1
    amounts = job.needs[index]
    if world.account.assumptions.reservation != "as-observed" and world.ledger.idle(job.name, amounts):
        world.fire_tuning(job, "launch", index)
    elif job.others and (choice := idle_alternative(world, job, index)):
        world.fire_tuning(job, "launch", (index, choice))
    else:
        ask_for(world, job, amounts, index)
        use_what_is_left_idle(world, job)


def deliver_stop(world: World, child: TrainingJob) -> None:
    """A stop reaches a training job: it acts on it unless it is stopping or has ended (the observed race)."""
    if child.stop_coming:
        world.armed.pop(child.stop_coming, None)
        child.stop_coming = 0
    if (child.state, "stop") in world.tables.training:
        world.fire_training(child, "stop")


DECISIONS: Mapping[tuple[str, str], Decision] = {("tuning", "launch"): launch, ("training", "stop"): deliver_stop}
"""What is decided when one of these armed events is due: whether it fires a row, and which."""


def gave_up(attempts: int) -> str:
    """The FailureReason of a tuning job without a success (L10, with fewer attempts O4)."""
    if attempts < ATTEMPTS_WITHOUT_SUCCESS:
        return "All training jobs failed. Please take a look at the training jobs failures to get more details."
    return (
        f"No training job succeeded after {attempts} attempts. For additional details, please take a look at the "
        "training job failures by listing training jobs for the hyperparameter tuning job."
    )
