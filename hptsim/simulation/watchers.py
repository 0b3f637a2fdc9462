"""simpy events that succeed when a job shows a status: how a user's own processes wait for the twin."""

from __future__ import annotations

from typing import Any

import simpy

from hptsim.errors import invalid, nearest
from hptsim.simulation.job_views import STATUSES, shown
from hptsim.world.world import World


class Watchers:
    """What is waited for: *waiting* has the events by the job's name and the status that it is to show.

    >>> watchers = Watchers()
    >>> watchers.waiting
    {}
    """

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str], list[simpy.Event]] = {}

    def when(self, env: simpy.Environment, world: World, name: str, reached: str) -> simpy.Event:
        """An event of *env* that succeeds when the job *name* of *world* shows *reached*, at once if it does now.

        Raises InvalidInput for a status that no job ever shows.
        """
        if reached not in STATUSES:
            raise invalid("when", reached, "a status of a tuning or training job", nearest(reached, STATUSES))
        event = env.event()
        if _shows(world, name, reached):
            return event.succeed(name)
        self.waiting.setdefault((name, reached), []).append(event)
        return event

    def wake(self, world: World) -> None:
        """Let every event succeed whose job shows its status now."""
        for (name, reached), events in list(self.waiting.items()):
            if _shows(world, name, reached):
                del self.waiting[name, reached]
                for event in events:
                    event.succeed(name)


def _shows(world: World, name: str, reached: str) -> bool:
    job: Any = world.tuning.get(name) or world.training.get(name)
    return job is not None and reached in shown(job.entity, job.state)
