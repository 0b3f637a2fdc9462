"""simpy says when: a clock for the world, with the laws checked as it runs.

A user's own generator processes run in `Simulation.env` beside it.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterable, Mapping
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, Self

import attrs
import simpy

from hptsim import __version__, html
from hptsim.audit.auditor import Auditor
from hptsim.audit.laws import LAWS
from hptsim.cloud.base import CloudBase
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.cloud.sampled import SampledCloud
from hptsim.errors import InvalidInput, LawBroken, ServiceError, invalid, nearest
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.journal import Journal, Record, steps
from hptsim.model.laws import Law, check_laws
from hptsim.model.machine import TABLES, Tables
from hptsim.model.specs import TuningJobSpec
from hptsim.model.storage import Artifact, LogEvent
from hptsim.model.validators import is_number
from hptsim.scenario.coverage import check_definition, check_spec
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.simulation.clock import Command, TwinEnvironment
from hptsim.simulation.gc_pause import collector_paused
from hptsim.simulation.job_views import (
    STATUSES,
    Capacity,
    QueuedRequest,
    TrainingJobView,
    TuningJobView,
    WarmPoolView,
    shown,
)
from hptsim.simulation.observers import Observer, Observers
from hptsim.simulation.snapshots import Call, Origin, Snapshot, journal_hash, read
from hptsim.strategies import optuna_search
from hptsim.strategies.search import Searches
from hptsim.world import commands
from hptsim.world.ports import Cloud
from hptsim.world.rules import rules
from hptsim.world.world import World

_FILMED = 20_000
"""A notebook shows the film of a simulation whose journal has at most so many entries: about two megabytes."""
_SPILL = 10_000
"""A journal that keeps nothing in memory holds back so many entries before it writes them."""
_HAPPENS, _COMMANDS = 1, 2
"""At one instant, what happens by itself goes before the scenario's commands (assumption `completion-before-stop`)."""


class Simulation:
    """A tuning service in simulated time.

    *scenario* schedules tuning jobs and stops, and its arrivals are drawn with *seed*; without one the account is empty
    and *capacity* limits it. *laws* is True (check as it runs), False, "end" (when it comes to rest), or the laws that are
    checked as it runs: `(*hptsim.LAWS, mine)`. *journal* is where the log goes. *cloud* decides how long things take and what
    fails, for example a `ScriptedCloud`: what it does not say itself is the scenario's, and its seed is *seed*. *nature* is
    its old name.

    >>> sim = Simulation(capacity={"ml.m5.xlarge": 4})
    >>> job = sim.create_tuning_job(TuningJobSpec("demo"))
    >>> sim.run(until=50); sim.stop_tuning_job("demo"); sim.tuning_job("demo").status, dict(sim.capacity.reserved)
    ('Stopping', {'ml.m5.xlarge': 1})
    >>> sim.run(); sim.tuning_job("demo").status, dict(sim.capacity.reserved)
    ('Stopped', {})
    """

    def __init__(
        self,
        scenario: Scenario | None = None,
        *,
        capacity: Mapping[str, int] | None = None,
        seed: int = 0,
        laws: bool | str | Iterable[Law] = True,
        journal: Journal | None = None,
        cloud: Cloud | None = None,
        nature: Cloud | None = None,
        tables: Tables = TABLES,
    ) -> None:
        if isinstance(laws, str) and laws != "end":
            raise invalid("laws", laws, "True, False, 'end' or laws")
        scenario = scenario or Scenario()
        if capacity is not None:
            scenario = attrs.evolve(scenario, capacity=capacity)
        self.scenario = scenario = scenario.drawn(seed)
        self.seed = seed
        account = scenario.account
        sampler = account.assumptions.bayesian
        if sampler != "parzen":
            optuna_search.check(sampler)
        own = "" if tables is TABLES else "tables of its own"
        own = own if cloud is None and nature is None else "a cloud of its own"
        cloud = _one_cloud(cloud, nature)
        if isinstance(cloud, CloudBase):
            cloud = cloud.for_scenario(scenario, seed)
        self._world = World(account, cloud, Searches(uniforms, seed, sampler), rules(tables))
        self.journal = Journal() if journal is None else journal
        self._laws = laws if isinstance(laws, (bool, str)) else True
        self._auditor = self._new_auditor(LAWS if isinstance(laws, (bool, str)) else check_laws(laws))
        self._calls: list[Call] = []
        self._own = own
        self._watchers: dict[tuple[str, str], list[simpy.Event]] = {}
        self._observers = Observers(self.journal)
        plain = {"capacity": dict(account.capacity), "limits": attrs.asdict(account.limits)}
        plain["assumptions"] = attrs.asdict(account.assumptions)
        if account.warm_pool_capacity:
            plain["warm_pool_capacity"] = dict(account.warm_pool_capacity)
        header = {"scenario": scenario.name, "seed": seed, "epoch": scenario.epoch, "account": plain}
        bound_s = self._auditor.state.stop_propagation_s
        self.journal.open(header if bound_s is None else {**header, "stop_propagation_s": bound_s})
        self._start_clock()
        for entry in scenario.tuning_jobs:
            self._env.push(entry.at_s, _COMMANDS, Command(("create", entry)))

    def _new_auditor(self, laws: Iterable[Law]) -> Auditor:
        """An auditor of this account that has read nothing."""
        cloud = self._world.cloud
        bound_s = cloud.slowest_stop_s if isinstance(cloud, CloudBase) else None
        return Auditor(self.scenario.account, laws, stop_propagation_s=bound_s)

    def _start_clock(self, now: float = 0.0, first: int = 0) -> None:
        self._env = TwinEnvironment(self._fire_armed, self._order, self._world.armed, now, first)
        world, env, queue, count = self._world, self._env, self._env._queue, self._env._eid

        def schedule(serial: int, delay: float) -> None:
            heappush(queue, (env._now + delay, _HAPPENS, next(count), serial))

        world.now = now
        world.write = self.journal.write
        world.schedule = _never if isinstance(world.cloud, EveryOutcome) else schedule

    # ------------------------------------------------------------------ time

    @property
    def now(self) -> float:
        """Seconds since the scenario's epoch."""
        return self._env.now

    @property
    def env(self) -> simpy.Environment:
        """The simpy environment, for generator processes of your own."""
        return self._env

    def run(self, until: float | None = None) -> None:
        """Let everything happen that is due up to and at *until*; without it, until nothing is left to do.

        Raises InvalidInput for a time before now, and when an observer calls it.
        """
        self._check_not_observing("run")
        if until is not None:
            if not is_number(until) or until < self.now:
                raise invalid("until", until, f"a time that is not before now ({self.now:g} s)")
            self._advance(until)
            self._env._now = self._world.now = float(until)
        else:
            self._advance(float("inf"))
            self._rest()
        self.journal.flush()

    def _advance(self, until: float) -> None:
        """Let everything happen that is due up to and at *until*: `step` in a loop, without its detours."""
        env, world, journal, after = self._env, self._world, self.journal, self._after_step
        armed, fire, queue, entries = world.armed, world.fire_armed, env._queue, journal.entries
        watchful, watchers, observers = (
            self._laws is True or not journal.keep,
            self._watchers,
            self._observers.functions,
        )
        with collector_paused():
            while queue and queue[0][0] <= until:
                due, _, _, event = queue[0]
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
        """Let one event happen; returns the journal records that it caused, none when nothing is left to do.

        Raises InvalidInput when an observer calls it.
        """
        self._check_not_observing("step")
        if not self.journal.keep:
            self.journal.spill()
        before = len(self.journal.entries)
        if self._env.peek() == float("inf"):
            self._rest()
            return []
        self._env.step()
        return self._written(before)

    def _written(self, before: int) -> list[Record]:
        """What has been written since there were *before* entries in memory; it is on disk, too, if the journal has a file."""
        records = self.journal[before:]
        self.journal.flush()
        return records

    def when(self, name: str, reached: str) -> simpy.Event:
        """A simpy event that succeeds when the job *name* shows the status *reached*, at once if it does now.

        The job need not exist yet. Raises InvalidInput for a status that no job ever shows.
        """
        if reached not in STATUSES:
            raise invalid("when", reached, "a status of a tuning or training job", nearest(reached, STATUSES))
        event = self._env.event()
        job: Any = self._world.tuning.get(name) or self._world.training.get(name)
        if job is not None and reached in shown(job.entity, job.state):
            return event.succeed(name)
        self._watchers.setdefault((name, reached), []).append(event)
        return event

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call *observer* after each step from now on, with the journal's records of that step; returns what ends it.

        A step is one event or command with all that it leads to. The laws have judged it then, and the caller has not got
        control back yet. Several observers are called in the order in which they were added. An observer may read, and may
        give commands: each acts at once, is a step of its own, and everybody is told of it once they were told of this one.
        Time goes on only when the observer returns: `run`, `step` and `restore` raise InvalidInput within it. What an
        observer raises goes to the caller; the step stands, and the others are told of it with the next one. Observers are
        not part of a snapshot and stay when one is restored; that itself is no step.

        >>> sim, seen = Simulation(), []
        >>> detach = sim.observe(lambda step: seen.append((sim.now, [record.trigger for record in step])))
        >>> job = sim.create_tuning_job(TuningJobSpec("demo")); seen
        [(0.0, ['create', 'ask', 'grant'])]
        >>> detach(); sim.run(); len(seen)
        1
        """
        return self._observers.add(observer)

    def _check_not_observing(self, command: str) -> None:
        if self._observers.telling:
            raise InvalidInput(f"{command}: an observer may not do this; time goes on when it returns")

    def _fire_armed(self, serial: int) -> None:
        self._world.now = self._env._now
        try:
            self._world.fire_armed(serial)
        except InvalidInput as error:
            raise self._of_scenario(error) from error.__cause__
        self._after_step()

    def _command(self, command: Callable[..., object], *arguments: Any) -> None:
        """Give the world a command now; the step is judged by whoever calls this."""
        self._world.now = self.now
        try:
            command(self._world, *arguments)
        except InvalidInput as error:
            raise self._of_scenario(error) from error.__cause__

    def _of_scenario(self, error: InvalidInput) -> InvalidInput:
        """A mistake in the scenario that was met only as it ran: with the scenario's name before the job and the key."""
        return error.below(f"scenario {self.scenario.name!r}: ")

    def _order(self, call: tuple[str, Any]) -> None:
        kind, entry = call
        step = self._world.step + 1
        try:
            if kind == "create":
                check_spec(self.scenario.timings, self.scenario.script, entry.spec)
                self._command(commands.create_tuning_job, entry.spec)
                self._schedule_stop(entry)
            else:
                self._command(commands.stop_tuning_job, entry.spec.name)
        except ServiceError as error:
            self._world.write((self.now, "refused", entry.spec.name, kind, "", "", str(error), step))
        except InvalidInput as error:
            raise self._of_scenario(error) from error.__cause__
        self._world.step = step  # a command of the scenario is a step, also when it changes nothing
        self._after_step()

    def _schedule_stop(self, entry: ScheduledTuningJob) -> None:
        if entry.stop_at_s is not None:
            self._env.push(max(0.0, entry.stop_at_s - self.now), _COMMANDS, Command(("stop", entry)))

    def _after_step(self) -> None:
        """Judge what was written, wake who waited for it, tell the observers, forget what has ended where nothing is kept."""
        if self._laws is True:
            self._audit()
        if self._watchers:
            self._wake()
        if self._observers.functions:
            self._observers.tell()
        if self._world.ended and not self._observers.telling:
            if not self.journal.keep:
                for name in self._world.ended:
                    self._world.forget(name)
                    if self._laws is True:
                        self._auditor.forget(name)
            self._world.ended.clear()

    def _audit(self) -> None:
        auditor = self._auditor
        if auditor.state.broken:
            return
        try:
            for entry in self.journal.fresh():
                auditor.see(entry)
            auditor.check_step(self._world)
        except LawBroken as error:
            auditor.state.broken = True
            raise self._explained(error) from None

    def _explained(self, error: LawBroken) -> LawBroken:
        """The broken law with the last journal lines and the way to see it again."""
        story = tuple(str(record) for record in self.journal[-8:])
        again = f"hptsim run SCENARIO --seed {self.seed} --until {self.now:g}  (scenario {self.scenario.name!r})"
        return attrs.evolve(error, story=story, reproduce=again)

    def _rest(self) -> None:
        """Nothing is left to do: judge the end, and under "end" everything."""
        if self._laws is False or self._auditor.state.broken:
            return
        try:
            if self._laws == "end":
                self._auditor = self._new_auditor(self._auditor.laws)
                for step in steps(self.journal):
                    for record in step:
                        self._auditor.see(record)
                    self._auditor.check_step()
            self.compare(self._auditor)
            if not self._world.armed:
                self._auditor.check_at_rest()
        except LawBroken as error:
            raise self._explained(error) from None

    def compare(self, auditor: Auditor) -> None:
        """Compare what *auditor* knows from the journal with the twin's own state; raises LawBroken where they differ."""
        auditor.compare(self._world)

    def _wake(self) -> None:
        for (name, reached), events in list(self._watchers.items()):
            job: Any = self._world.tuning.get(name) or self._world.training.get(name)
            if job is not None and reached in shown(job.entity, job.state):
                del self._watchers[name, reached]
                for event in events:
                    event.succeed(name)

    # ------------------------------------------------------------------ the caller's commands

    def _carry_out(self, command: Callable[..., Any], *arguments: Any) -> None:
        """Give the world a command now; the journal on disk has it when this returns."""
        before = self._world.step
        self._command(command, *arguments)
        if self._world.step > before:
            self._calls.append(Call(before, self.now, command.__name__, arguments))
        self._after_step()
        if not self._observers.telling:
            self.journal.flush()

    def create_tuning_job(self, spec: TuningJobSpec | Mapping[str, Any]) -> TuningJobView:
        """Create a tuning job from a spec, or from the service's own request as a dict.

        Raises ServiceError with the service's code (ResourceInUse, ResourceLimitExceeded), InvalidInput for a bad
        request; nothing changes then.
        """
        if not isinstance(spec, TuningJobSpec):
            spec = TuningJobSpec.from_request(spec)
        check_spec(self.scenario.timings, self.scenario.script, spec)
        self._carry_out(commands.create_tuning_job, spec)
        return self.tuning_job(spec.name)

    def create_training_job(self, name: str, definition: TrainingJobDefinition | None = None) -> TrainingJobView:
        """Create a training job without a tuning job.

        Raises ServiceError: ResourceInUse, ResourceLimitExceeded; nothing changes then.

        >>> sim = Simulation()
        >>> sim.create_training_job("alone").status
        'InProgress'
        >>> sim.run(); sim.training_job("alone").status, dict(sim.capacity.reserved)
        ('Completed', {})
        """
        definition = definition or TrainingJobDefinition()
        check_definition(self.scenario.timings, definition)
        self._carry_out(commands.create_training_job, name, definition)
        return self.training_job(name)

    def delete_tuning_job(self, name: str) -> None:
        """Delete the record of a tuning job that has ended; its training jobs, artifacts and logs stay (D1).

        Raises ServiceError: ResourceNotFound, or ValidationException while it has not ended.
        """
        self._carry_out(commands.delete_tuning_job, name)

    def delete_training_job(self, name: str) -> None:
        """Delete the record of a training job that has ended; its artifacts and logs stay, and its name is free.

        Raises ServiceError: ValidationException for an unknown name, ResourceInUse while it has not ended.
        """
        self._carry_out(commands.delete_training_job, name)

    def update_training_job(self, name: str, keep_alive_s: float) -> None:
        """Change for how long a training job's warm pool is kept after its end; 0 gives it up.

        Raises ServiceError (ValidationException) for an unknown name, or where there is no warm pool.

        >>> sim = Simulation()
        >>> job = sim.create_training_job("mine", TrainingJobDefinition(keep_alive_s=600)); sim.run(until=150)
        >>> sim.training_job("mine").warm_pool, dict(sim.capacity.reserved)
        ('Available', {'ml.m5.xlarge': 1})
        >>> sim.update_training_job("mine", 0); dict(sim.capacity.reserved)
        {}
        """
        self._carry_out(commands.update_training_job, name, keep_alive_s)

    def stop_tuning_job(self, name: str) -> None:
        """Stop a tuning job; it shows Stopping when this returns, and Stopped when all its training jobs have ended.

        Raises ServiceError: ResourceNotFound, or ValidationException when it has ended.
        Source: the page of StopHyperParameterTuningJob.
        """
        self._carry_out(commands.stop_tuning_job, name)

    def stop_training_job(self, name: str) -> None:
        """Stop one training job; its tuning job goes on. One that has ended gives its Available warm pool up.

        Raises ServiceError: ValidationException.
        """
        self._carry_out(commands.stop_training_job, name)

    def fire(self, name: str, trigger: str) -> list[Record]:
        """Let one armed event happen now, whatever its time: how counterexamples and lessons drive the world by hand.

        Raises InvalidInput that lists what is armed.
        """
        for serial, (_, job, armed) in self._world.armed.items():
            if (job, armed) == (name, trigger):
                before = len(self.journal.entries)
                self._world.now = self.now
                if isinstance(self._world.cloud, EveryOutcome):
                    self._world.cloud.spend(trigger)
                self._calls.append(Call(self._world.step, self.now, "fire", (name, trigger)))
                self._fire_armed(serial)
                return self._written(before)
        raise invalid("fire", (name, trigger), "an armed event", f"armed are: {self.armed}")

    # ------------------------------------------------------------------ views: reading never moves the world

    @property
    def armed(self) -> list[tuple[str, str]]:
        """What may happen next: (job, trigger), in the order of arming."""
        return [(name, trigger) for _, name, trigger in self._world.armed.values()]

    @property
    def possible(self) -> list[tuple[str, str]]:
        """Those of `armed` that the cloud still allows: under `EveryOutcome`, faults whose budget is not spent."""
        spent = [kind for kind, count in self._world.cloud.freeze() if count == 0]
        return [event for event in self.armed if event[1] not in spent]

    @property
    def tuning_jobs(self) -> list[str]:
        """The names of the tuning jobs, in order of creation."""
        return list(self._world.tuning)

    @property
    def training_jobs(self) -> list[str]:
        """The names of the training jobs, of tuning jobs and without one, in order of creation."""
        return list(self._world.training)

    @property
    def warm_pools(self) -> Mapping[str, WarmPoolView]:
        """The warm pools that are in use or available, by the training job that asked for them, the oldest first."""
        world = self._world
        return {name: WarmPoolView.of(world, name) for name in world.pools}

    @property
    def queue(self) -> tuple[QueuedRequest, ...]:
        """The requests that wait for quota, in the order in which the account's discipline looks at them.

        >>> from hptsim.model import Assumptions
        >>> queueing = Scenario(capacity={"ml.m5.xlarge": 0}, assumptions=Assumptions(admission="queue"))
        >>> Simulation(queueing).queue
        ()
        """
        world = self._world
        return tuple(map(QueuedRequest.of, world.ledger.in_order(world.account.assumptions.discipline)))

    def tuning_job(self, name: str) -> TuningJobView:
        """A tuning job as it is now; raises ServiceError (ResourceNotFound) for an unknown name."""
        return TuningJobView.of(self._world, name)

    def training_job(self, name: str) -> TrainingJobView:
        """A training job as it is now; raises ServiceError (ValidationException) for an unknown name."""
        return TrainingJobView.of(self._world, name)

    @property
    def capacity(self) -> Capacity:
        """What is limited, reserved and occupied, by instance type."""
        return Capacity.of(self._world.ledger)

    @property
    def artifacts(self) -> Mapping[str, Artifact]:
        """What is stored, by S3 URI."""
        return dict(self._world.artifacts)

    def logs(self, training_job: str) -> tuple[LogEvent, ...]:
        """The log events of a training job, oldest first; see `model.log_stream` for the stream's name."""
        return tuple(self._world.logs.get(training_job, ()))

    @property
    def witnessed(self) -> tuple[str, ...]:
        """The `sometimes` laws that this run has seen."""
        return tuple(self._auditor.witnessed)

    @property
    def laws(self) -> tuple[Law, ...]:
        """The laws that this simulation is judged by, if it is."""
        return self._auditor.laws

    @property
    def checked(self) -> int:
        """How many journal entries the laws have judged."""
        return self._auditor.checked

    def metrics(self, *, begin_s: float = 0.0) -> Any:
        """Figures from the journal, from the end of a warm-up at *begin_s* to now: see `hptsim.planning.metrics`."""
        from hptsim.planning.metrics import Metrics

        return Metrics.of(self.journal, self.scenario, begin_s=begin_s, end_s=self.now)

    def to_html(self, path: str | Path | None = None) -> str:
        """One HTML page that plays the journal, without a network; written to *path* if there is one."""
        from hptsim.views.player import to_html

        return to_html(self, path)

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the film, as long as it does not make the notebook large."""
        if not self.journal.keep or len(self.journal) > _FILMED:
            return None
        return html.frame(self.to_html(), 640)

    # ------------------------------------------------------------------ snapshots

    def snapshot(self) -> Snapshot:
        """The twin's state now: jobs, quota, stores, pending times and journal. A user's processes are not part of it.

        Raises InvalidInput where a function or class of the scenario, such as a strategy, has no name to find it by.
        """
        queue = [
            (due, priority, serial, event.call if type(event) is Command else event)
            for due, priority, serial, event in sorted(self._env._queue, key=lambda entry: entry[:3])
            if type(event) is Command or (type(event) is int and event in self._world.armed)
        ]
        with collector_paused():
            try:
                state = pickle.dumps((self._world, self._auditor.state, queue), protocol=pickle.HIGHEST_PROTOCOL)
            except (pickle.PicklingError, AttributeError) as error:
                expected = "strategies, curves and durations that can be imported by their names"
                raise invalid("snapshot", str(error), expected, "write them at the top of a module") from error
        origin = Origin(self.scenario, self.seed, tuple(self._calls), self._world.step, self._own)
        return Snapshot(state, tuple(self.journal.entries), self.now, origin)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to *snapshot*, of this simulation or one of the same scenario; what follows is the same again.

        A user's generator processes do not survive: they live in the environment that this replaces. Raises InvalidInput
        where the journal is not kept in memory, and when an observer calls it.
        """
        self._check_not_observing("restore")
        if not self.journal.keep:
            raise InvalidInput("restore: a journal that is not kept in memory cannot go back")
        own = self._world.rules
        with collector_paused():
            self._world, self._auditor.state, queue = pickle.loads(snapshot.state)
        self._world.rules = own
        self.journal.entries[:] = snapshot.entries
        self.journal.rewind(len(snapshot.entries))
        self._observers.rewind(len(snapshot.entries))
        self._watchers.clear()
        self._calls = list(snapshot.origin.calls)
        self._start_clock(snapshot.now, 1 + max((entry[2] for entry in queue), default=0))
        for due, priority, serial, carried in queue:
            event = carried if isinstance(carried, int) else Command(carried)
            heappush(self._env._queue, (due, priority, serial, event))

    @classmethod
    def load(cls, path: str | Path, *, laws: bool | str | Iterable[Law] = True, journal: Journal | None = None) -> Self:
        """The simulation that a snapshot's file is about, at its instant; what follows is the same as it was there.

        The run is simulated again up to there, which takes as long as it took. Raises InvalidInput for a file that is no
        snapshot, or from which this version of hptsim comes to another journal than the one that saved it.

        >>> import tempfile
        >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run(until=50)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     sim.snapshot().save(f"{folder}/at-50.json")
        ...     again = Simulation.load(f"{folder}/at-50.json")
        >>> again.now, again.tuning_job("demo") == sim.tuning_job("demo")
        (50.0, True)
        """
        saved = read(path)
        sim = cls(saved.origin.scenario, seed=saved.origin.seed, laws=laws, journal=journal)
        try:
            sim._take_again(saved.origin, saved.now_s)
            same = journal_hash(sim.journal) == saved.journal
        except (InvalidInput, ServiceError, simpy.core.EmptySchedule):
            same = False
        if not same:
            text = f"{path}: hptsim {__version__} comes to another journal than hptsim {saved.version}, which saved it"
            raise InvalidInput(f"{text}; expected a file of this version, as it was written")
        return sim

    def _take_again(self, origin: Origin, now_s: float) -> None:
        """Take the steps that led to *now_s*."""
        world, env = self._world, self._env
        for step, at_s, operation, arguments in origin.calls:
            while world.step < step:
                env.step()
            if not env.now <= at_s <= env.peek():
                raise simpy.core.EmptySchedule
            env._now = at_s
            getattr(self, operation)(*arguments)
        while world.step < origin.step:
            env.step()
        if not env.now <= now_s <= env.peek():
            raise simpy.core.EmptySchedule
        env._now = world.now = now_s


def _one_cloud(cloud: Cloud | None, nature: Cloud | None) -> Cloud:
    """The cloud that was given, under its name or under its old one; without one, samples."""
    if nature is None:
        return cloud or SampledCloud()
    if cloud is not None:
        raise invalid("nature", nature, "nothing beside cloud", "nature is the old name of cloud")
    warnings.warn("Simulation(nature=...) is now Simulation(cloud=...)", DeprecationWarning, stacklevel=3)
    return nature


def _never(serial: int, delay: float) -> None:
    """By hand: nothing fires by time."""
