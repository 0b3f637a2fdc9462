"""What the cloud decides, by a plan: for tests that need one particular history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from hptsim.cloud.base import Base as Base
from hptsim.cloud.base import trials as trials
from hptsim.cloud.every_outcome import FAULTS as FAULTS
from hptsim.cloud.every_outcome import Enumerated as Enumerated
from hptsim.cloud.sampled import Sampled, in_time
from hptsim.scenario.cloud import GRACE_S as GRACE_S
from hptsim.scenario.cloud import ON_SIGTERM as ON_SIGTERM
from hptsim.scenario.cloud import Faults as Faults
from hptsim.scenario.cloud import Recorded as Recorded
from hptsim.scenario.cloud import Script as Script
from hptsim.scenario.cloud import Timings as Timings
from hptsim.scenario.random_streams import stream as stream
from hptsim.scenario.random_streams import uniforms as uniforms
from hptsim.world.jobs import TrainingJob
from hptsim.world.world import World


@attrs.define(slots=False)
class Scripted(Sampled):
    """A plan for chosen training jobs, and samples for the rest.

    *plan* maps (tuning job, ordinal) to the events of that training job in order, each a trigger and its delay in
    seconds since the job entered its state.

    >>> nature = Scripted(plan={("demo", 1): (("ready", 5.0), ("algorithm_error", 2.0))})
    """

    plan: Mapping[tuple[str, int], tuple[tuple[str, float], ...]] = attrs.field(factory=dict)

    def next(self, world: World, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """The next event of the plan that the tables allow in the job's state, or a sampled one."""
        events = self.plan.get((job.tuning_job, job.ordinal), ())
        if job.plan_at < len(events):
            trigger, delay = events[job.plan_at]
            if (job.state, trigger) in world.tables.training:
                job.plan_at += 1
                return (in_time(job, trigger, delay),)
        return super().next(world, job)
