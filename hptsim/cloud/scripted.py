"""What the cloud decides, by a plan: for tests that need one particular history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from hptsim.cloud.sampled import SampledCloud, in_time
from hptsim.errors import invalid, nearest
from hptsim.model.calls import ANSWERS, OPERATIONS
from hptsim.model.tables import BY_THE_LINE
from hptsim.world.jobs import TrainingJob
from hptsim.world.ports import State


def _check_answers(instance: object, attribute: attrs.Attribute[Any], value: Mapping[tuple[str, str], Any]) -> None:
    for (operation, name), planned in value.items():
        where = f"answer_plan[{operation}, {name}]"
        if operation not in OPERATIONS:
            raise invalid(where, operation, "a modelled operation of SageMaker", nearest(operation, OPERATIONS))
        for answer in planned:
            if answer not in ("", *ANSWERS):
                raise invalid(where, answer, "an empty string or one of the answers", nearest(str(answer), ANSWERS))


@attrs.define(slots=False)
class ScriptedCloud(SampledCloud):
    """A plan for chosen training jobs, and samples for the rest.

    *plan* maps (tuning job, ordinal) to the events of that training job in order, each a trigger and its delay in
    seconds since the job entered its state.

    Training jobs without a tuning job have the key ("", 0). *answer_plan* maps (operation, job) to what becomes of the
    first, second, ... such request, one of `model.calls.ANSWERS` or an empty string for the ordinary answer.

    >>> cloud = ScriptedCloud(plan={("demo", 1): (("ready", 5.0), ("algorithm_error", 2.0))})
    """

    plan: Mapping[tuple[str, int], tuple[tuple[str, float], ...]] = attrs.field(factory=dict)
    answer_plan: Mapping[tuple[str, str], tuple[str, ...]] = attrs.field(factory=dict, validator=_check_answers)

    def begin(self, world: State, job: TrainingJob) -> None:
        """Draw what the training job will need; one with a plan is watched as if faults could happen to it."""
        super().begin(world, job)
        if (job.tuning_job, job.ordinal) in self.plan:
            job.fault_free = False

    def answer(self, operation: str, name: str, number: int) -> str:
        """As planned; sampled where the plan has ended."""
        planned = self.answer_plan.get((operation, name), ())
        return planned[number - 1] if number <= len(planned) else super().answer(operation, name, number)

    def next(self, world: State, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """The next event of the plan that the tables allow in the job's state, or a sampled one."""
        events = self.plan.get((job.tuning_job, job.ordinal), ())
        if job.plan_at < len(events):
            trigger, delay = events[job.plan_at]
            if (job.state, trigger) in world.tables.training and trigger not in BY_THE_LINE:
                job.plan_at += 1
                return (in_time(job, trigger, delay),)
        return super().next(world, job)
