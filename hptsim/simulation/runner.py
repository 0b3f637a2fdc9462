"""Takes the steps of a simulation: simpy says when, the world says what, and after each step the laws are asked.

A step is one event or command with all that it leads to.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from hptsim.cloud.every_outcome import EveryOutcome, is_fault
from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.journal import Journal, Record
from hptsim.scenario.coverage import check_spec
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.simulation.clock import Command, TwinEnvironment
from hptsim.simulation.gc_pause import collector_paused
from hptsim.simulation.judge import Judge
from hptsim.simulation.observers import Observers
from hptsim.simulation.snapshots import Call
from hptsim.simulation.watchers import Watchers
from hptsim.world import commands
from hptsim.world.world import World

_SPILL = 10_000
"""A journal that keeps nothing in memory holds back at most this many entries before it writes them."""
_EVENTS, _COMMANDS = 1, 2
"""At one instant, events go one by one before the scenario's commands (`completion-before-stop`, `ends-one-by-one`)."""


class Runner:
    """A world in simulated time: its clock, its journal, its judge, and all who are told of its steps.

    *calls* is what the caller did, which a snapshot's file repeats.
    """

    env: TwinEnvironment

    def __init__(self, scenario: Scenario, world: World, journal: Journal, judge: Judge) -> None:
        self.scenario, self.world, self.journal, self.judge = scenario, world, journal, judge
        self.watchers, self.observers = Watchers(), Observers(journal)
        self.calls: list[Call] = []
        self.start_clock()
        self.env.order_all(((entry.at_s, Command(("create", entry))) for entry in scenario.tuning_jobs), _COMMANDS)

    def start_clock(self, now_s: float = 0.0, first: int = 0) -> None:
        """Begin a new clock at *now_s*, whose entries are numbered from *first*."""
        self.env = TwinEnvironment(self._fire_armed, self._order, self.world.armed, now_s, first)
        world, env, queue, count = self.world, self.env, self.env._queue, self.env._eid

        def schedule(serial: int, delay: float) -> None:
            heappush(queue, (env._now + delay, _EVENTS, next(count), serial))

        world.now = now_s
        world.write = self.journal.write
        world.schedule = _never if isinstance(world.cloud, EveryOutcome) else schedule

    # ------------------------------------------------------------------ time

    def run(self, until: float | None) -> None:
        """Let everything happen that is due up to and at *until*; with None, until nothing is left to do."""
        if until is None:
            self._advance(float("inf"))
            self.judge.rest(self.world, self.env, len(self.calls))
        else:
            self._advance(until)
            self.env._now = self.world.now = float(until)
        self.journal.flush(self.env.now)

    def _advance(self, until: float) -> None:
        """Let everything happen that is due up to and at *until*: `step` in a loop, without its detours."""
        env, world, journal, after = self.env, self.world, self.journal, self._after_step
        armed, fire, queue, entries = world.armed, world.fire_armed, env._queue, journal.entries
        watchful = self.judge.each_step or not journal.keep
        watchers, observers = self.watchers.waiting, self.observers.functions
        with collector_paused():
            while queue:
                due, _, _, event = queue[0]
                if due > until:
                    break
                if type(event) is not int:
                    env.step()
                    continue
                heappop(queue)
                if event not in armed:  # it is stale: it neither happens nor drags the clock on
                    continue
                env._now = world.now = due
                try:
                    fire(event)
                except InvalidInput as error:
                    raise self._of_scenario(error) from error.__cause__
                if watchful or watchers or observers:
                    after()
                    if len(entries) > _SPILL and not journal.keep:
                        journal.spill()

    def step(self) -> list[Record]:
        """Let one event happen; returns the journal records that it caused, none when nothing is left to do."""
        if not self.journal.keep:
            self.journal.spill()
        before = len(self.journal.entries)
        if self.env.peek() == float("inf"):
            self.judge.rest(self.world, self.env, len(self.calls))
            return []
        self.env.step()
        return self._written(before)

    def fire(self, serial: int) -> list[Record]:
        """Let the armed event *serial* happen now, whatever its time; returns the journal records that it caused."""
        world, now_s, before = self.world, self.env.now, len(self.journal.entries)
        _, name, trigger = world.armed[serial]
        world.now = now_s
        if isinstance(world.cloud, EveryOutcome) and is_fault(world.armed[serial]):
            world.cloud.spend(trigger)
        self.calls.append(Call(world.step, now_s, "fire", (name, trigger)))
        self._fire_armed(serial)
        return self._written(before)

    def _written(self, before: int) -> list[Record]:
        """What has been written since there were *before* entries in memory; it is on disk, too, if the journal has a file."""
        records = self.journal[before:]
        self.journal.flush(self.env.now)
        return records

    def check_not_observing(self, method: str) -> None:
        """Raises InvalidInput when an observer calls *method*, in whose midst time must not go on."""
        if self.observers.telling:
            raise InvalidInput(f"{method}: an observer may not do this; time goes on when it returns")

    # ------------------------------------------------------------------ steps

    def carry_out(self, command: Callable[..., object], *arguments: Any) -> None:
        """Give the world a caller's command now; the journal on disk has it when this returns."""
        before = self.world.step
        self.world.now = self.env.now
        try:
            command(self.world, *arguments)
        except InvalidInput as error:
            raise self._of_scenario(error) from error.__cause__
        if self.world.step > before:
            self.calls.append(Call(before, self.env.now, command.__name__, arguments))
        self._after_step()
        if not self.observers.telling:
            self.journal.flush(self.env.now)

    def _fire_armed(self, serial: int) -> None:
        """Let the armed event *serial* happen: a step."""
        self.world.now = self.env._now
        try:
            self.world.fire_armed(serial)
        except InvalidInput as error:
            raise self._of_scenario(error) from error.__cause__
        self._after_step()

    def _order(self, call: tuple[str, Any]) -> None:
        """Give the world a command of the scenario, which is a step, also when it is refused."""
        kind, entry = call
        self.world.now, step = self.env.now, self.world.step + 1
        try:
            if kind == "create":
                check_spec(self.scenario.timings, self.scenario.script, entry.spec)
                commands.create_tuning_job(self.world, entry.spec)
                self._schedule_stop(entry)
            else:
                commands.stop_tuning_job(self.world, entry.spec.name)
        except ServiceError as error:
            self.world.write((self.env.now, "refused", entry.spec.name, kind, "", "", str(error), step))
        except InvalidInput as error:
            raise self._of_scenario(error) from error.__cause__
        self.world.step = step
        self._after_step()

    def _schedule_stop(self, entry: ScheduledTuningJob) -> None:
        if entry.stop_at_s is not None:
            self.env.push(max(0.0, entry.stop_at_s - self.env.now), _COMMANDS, Command(("stop", entry)))

    def _of_scenario(self, error: InvalidInput) -> InvalidInput:
        """A mistake in the scenario that was met only as it ran: with the scenario's name before the job and the key."""
        return error.below(f"scenario {self.scenario.name!r}: ")

    def _after_step(self) -> None:
        """Ask the laws, wake who waits, tell the observers; where nothing is kept, forget what has ended."""
        if self.judge.each_step:
            self.judge.step(self.world, self.env, len(self.calls))
        if self.watchers.waiting:
            self.watchers.wake(self.world)
        if self.observers.functions:
            self.observers.tell()
        if self.world.ended and not self.observers.telling:
            if not self.journal.keep:
                self._forget_ended()
            self.world.ended.clear()

    def _forget_ended(self) -> None:
        """Drop what is known of the jobs that have ended, so that memory does not grow with time."""
        for name in self.world.ended:
            self.world.forget(name)
            if self.judge.each_step:
                self.judge.auditor.forget(name)


def _never(serial: int, delay: float) -> None:
    """By hand: nothing fires by time."""
