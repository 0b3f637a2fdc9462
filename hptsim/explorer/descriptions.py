"""What a state of an exploration looks like: the statuses of its jobs, its quota, what waits, and what is stored."""

from __future__ import annotations

from typing import Self

import attrs

from hptsim.simulation.simulation import Simulation


@attrs.frozen
class JobLine:
    """A job as a state shows it: its *status*, a training job's secondary status, and a *note* about what else matters."""

    name: str
    status: str
    secondary_status: str = ""
    tuning_job: str = ""
    note: str = ""


@attrs.frozen
class QuotaLine:
    """An instance type: its *limit* (None without one), what is *reserved*, *occupied*, and asked for by who waits."""

    instance_type: str
    limit: int | None
    reserved: int
    occupied: int
    waiting: int


@attrs.frozen
class Description:
    """A state as its reader sees it. Two states may look the same: they differ in what may happen next, or in what was done."""

    tuning_jobs: tuple[JobLine, ...]
    training_jobs: tuple[JobLine, ...]
    quota: tuple[QuotaLine, ...]
    artifacts: tuple[str, ...]

    @classmethod
    def of(cls, sim: Simulation) -> Self:
        """What *sim* shows now.

        >>> from hptsim import TuningJobSpec
        >>> sim = Simulation(capacity={"ml.m5.xlarge": 4}); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run(until=50)
        >>> Description.of(sim).tuning_jobs[0].status, Description.of(sim).quota[0].reserved
        ('InProgress', 1)
        """
        return cls(_tuning_jobs(sim), _training_jobs(sim), _quota(sim), tuple(sim.artifacts))


def _tuning_jobs(sim: Simulation) -> tuple[JobLine, ...]:
    lines = []
    for job in map(sim.tuning_job, sim.tuning_jobs):
        waits = f"{job.waiting} of its requests wait{'s' * (job.waiting == 1)} for quota" if job.waiting else ""
        lines.append(JobLine(job.name, job.status, note=job.failure_reason or waits))
    return tuple(lines)


def _training_jobs(sim: Simulation) -> tuple[JobLine, ...]:
    lines = []
    for job in map(sim.training_job, sim.training_jobs):
        notes = [
            f"attempt {job.attempt}" if job.attempt > 1 else "",
            f"warm pool {job.warm_pool}" if job.warm_pool else "",
            job.failure_reason,
        ]
        note = "; ".join(filter(None, notes))
        lines.append(JobLine(job.name, job.status, job.secondary_status, job.tuning_job, note))
    return tuple(lines)


def _quota(sim: Simulation) -> tuple[QuotaLine, ...]:
    """Every instance type that is limited, in use or asked for."""
    quota, queue = sim.capacity, sim.queue
    asked = [instance_type for request in queue for instance_type in request.instances]
    return tuple(
        QuotaLine(
            one,
            quota.limit.get(one),
            quota.reserved.get(one, 0),
            quota.occupied.get(one, 0),
            sum(request.instances.get(one, 0) for request in queue),
        )
        for one in dict.fromkeys([*quota.limit, *quota.reserved, *quota.occupied, *asked])
    )
