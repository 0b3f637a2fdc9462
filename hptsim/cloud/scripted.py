"""What the cloud decides, by a plan: for tests that need one particular history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from hptsim.cloud.sampled import SampledCloud, in_time
from hptsim.world.jobs import TrainingJob
from hptsim.world.ports import State


@attrs.define(slots=False)
class ScriptedCloud(SampledCloud):
    """A plan for chosen training jobs, and samples for the rest.

    *plan* maps (tuning job, ordinal) to the events of that training job in order, each a trigger and its delay in
    seconds since the job entered its state.

    Training jobs without a tuning job have the key ("", 0).

    >>> cloud = ScriptedCloud(plan={("demo", 1): (("ready", 5.0), ("algorithm_error", 2.0))})
    """

    plan: Mapping[tuple[str, int], tuple[tuple[str, float], ...]] = attrs.field(factory=dict)

    def begin(self, world: State, job: TrainingJob) -> None:
        """Draw what the training job will need; one with a plan is watched as if faults could happen to it."""
        super().begin(world, job)
        if (job.tuning_job, job.ordinal) in self.plan:
            job.fault_free = False

    def next(self, world: State, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """The next event of the plan that the tables allow in the job's state, or a sampled one."""
        events = self.plan.get((job.tuning_job, job.ordinal), ())
        if job.plan_at < len(events):
            trigger, delay = events[job.plan_at]
            if (job.state, trigger) in world.tables.training:
                job.plan_at += 1
                return (in_time(job, trigger, delay),)
        return super().next(world, job)
