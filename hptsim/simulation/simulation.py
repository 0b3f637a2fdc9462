"""`hptsim.Simulation`: a tuning service in simulated time, and the commands that its caller gives it.

What it shows of itself is in `simulation.readable`, how it takes its steps in `simulation.runner`. Generator processes of a
user's own run in `Simulation.env` beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import attrs
import simpy

from hptsim import __version__, html
from hptsim.cloud.base import CloudBase
from hptsim.cloud.sampled import SampledCloud
from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.journal import Journal, Record
from hptsim.model.laws import Law
from hptsim.model.machine import TABLES, Tables
from hptsim.model.specs import TuningJobSpec
from hptsim.model.teams import Teams
from hptsim.model.validators import is_number
from hptsim.scenario.coverage import check_definition, check_spec
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.scenario import Scenario
from hptsim.simulation import restoring
from hptsim.simulation.job_views import TrainingJobView, TuningJobView
from hptsim.simulation.judge import Judge
from hptsim.simulation.observers import Observer
from hptsim.simulation.readable import ReadableSimulation
from hptsim.simulation.runner import Runner
from hptsim.simulation.snapshots import Snapshot, read
from hptsim.strategies import optuna_search
from hptsim.strategies.search import Searches
from hptsim.world import commands
from hptsim.world.ports import Cloud
from hptsim.world.rules import rules
from hptsim.world.world import World

_FILMED = 20_000
"""A notebook shows the film of a simulation whose journal has at most this many entries: about two megabytes."""


class Simulation(ReadableSimulation):
    """A tuning service in simulated time.

    *scenario* schedules tuning jobs and stops, and its arrivals are drawn with *seed*; without one the account is empty,
    timings are typical, and *capacity* limits it. *laws* is True (checked after each step), "end" (checked when nothing is
    left to do), False, or the laws to check after each step: `(*hptsim.LAWS, mine)`. *journal* is where the entries are
    written. *cloud* decides how long things take and what fails, for example a `ScriptedCloud`: what it does not say is the
    scenario's, and its seed is *seed*. *nature* is its old name. Raises InvalidInput for what it cannot use.

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
        scenario = scenario or Scenario()
        if capacity is not None:
            scenario = attrs.evolve(scenario, capacity=capacity)
        self.scenario = scenario = scenario.with_arrivals(seed)
        self.seed = seed
        sampler = scenario.assumptions.bayesian
        if sampler != "parzen":
            optuna_search.check(sampler)
        self._own = _own(nature if cloud is None else cloud, tables)
        cloud = _one_cloud(cloud, nature)
        if isinstance(cloud, CloudBase):
            cloud = cloud.for_scenario(scenario, seed)
        self.journal = Journal() if journal is None else journal
        judge = Judge(laws, scenario, seed, self.journal, cloud)
        self.journal.open(_header(scenario, seed, judge.auditor.state.stop_propagation_s))
        world = World(scenario.account, cloud, Searches(uniforms, seed, sampler), rules(tables))
        self._runner = Runner(scenario, world, self.journal, judge)

    # ------------------------------------------------------------------ time

    def run(self, until: float | None = None) -> None:
        """Let everything happen that is due up to and at *until*; without it, until nothing is left to do.

        Raises InvalidInput for a time before now, and when an observer calls it.
        """
        self._runner.check_not_observing("run")
        if until is not None and (not is_number(until) or until < self.now):
            raise invalid("until", until, f"a finite time that is not before now ({self.now:g} s)")
        self._runner.run(until)

    def step(self) -> list[Record]:
        """Let one event happen; returns the journal records that it caused, none when nothing is left to do.

        Raises InvalidInput when an observer calls it.
        """
        self._runner.check_not_observing("step")
        return self._runner.step()

    def fire(self, name: str, trigger: str) -> list[Record]:
        """Let one armed event happen now, whatever its time: how counterexamples and lessons drive the world by hand.

        Returns the journal records that it caused. Raises InvalidInput that lists what is armed.
        """
        for serial, (_, job, armed) in self._runner.world.armed.items():
            if (job, armed) == (name, trigger):
                return self._runner.fire(serial)
        raise invalid("fire", (name, trigger), "an armed event", f"armed are: {self.armed}")

    def when(self, name: str, reached: str) -> simpy.Event:
        """A simpy event that succeeds when the job *name* shows the status *reached*, at once if it does now.

        The job need not exist yet. Raises InvalidInput for a status that no job ever shows.

        >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo"))
        >>> def wait():
        ...     yield sim.when("demo", "Completed")
        ...     print(sim.now == sim.tuning_job("demo").ended_s)
        >>> process = sim.env.process(wait()); sim.run()
        True
        """
        return self._runner.watchers.when(self._runner.env, self._runner.world, name, reached)

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
        return self._runner.observers.add(observer)

    # ------------------------------------------------------------------ the caller's commands

    def create_tuning_job(self, spec: TuningJobSpec | Mapping[str, Any]) -> TuningJobView:
        """Create a tuning job from a spec, or from the service's own request as a dict.

        Raises ServiceError with the service's code (ResourceInUse, ResourceLimitExceeded), InvalidInput for a bad
        request; nothing changes then.
        """
        if not isinstance(spec, TuningJobSpec):
            spec = TuningJobSpec.from_request(spec)
        check_spec(self.scenario.timings, self.scenario.script, spec)
        self._runner.carry_out(commands.create_tuning_job, spec)
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
        self._runner.carry_out(commands.create_training_job, name, definition)
        return self.training_job(name)

    def delete_tuning_job(self, name: str) -> None:
        """Delete the record of a tuning job that has ended; its training jobs, artifacts and logs stay (D1).

        Raises ServiceError: ResourceNotFound, or ValidationException while it has not ended.
        """
        self._runner.carry_out(commands.delete_tuning_job, name)

    def delete_training_job(self, name: str) -> None:
        """Delete the record of a training job that has ended; its artifacts and logs stay, and its name is free.

        Raises ServiceError: ValidationException for an unknown name, ResourceInUse while it has not ended.
        """
        self._runner.carry_out(commands.delete_training_job, name)

    def update_training_job(self, name: str, keep_alive_s: float) -> None:
        """Change for how long a training job's warm pool is kept after its end; 0 gives it up.

        Raises ServiceError (ValidationException) for an unknown name, or where there is no warm pool.

        >>> sim = Simulation(Scenario(timings="instant"))
        >>> job = sim.create_training_job("mine", TrainingJobDefinition(keep_alive_s=600)); sim.run(until=150)
        >>> sim.training_job("mine").warm_pool, dict(sim.capacity.reserved)
        ('Available', {'ml.m5.xlarge': 1})
        >>> sim.update_training_job("mine", 0); dict(sim.capacity.reserved)
        {}
        """
        self._runner.carry_out(commands.update_training_job, name, keep_alive_s)

    def stop_tuning_job(self, name: str) -> None:
        """Stop a tuning job; it shows Stopping when this returns, and Stopped when all its training jobs have ended.

        Raises ServiceError: ResourceNotFound, or ValidationException when it has ended.
        Source: the page of StopHyperParameterTuningJob.
        """
        self._runner.carry_out(commands.stop_tuning_job, name)

    def stop_training_job(self, name: str) -> None:
        """Stop one training job; its tuning job goes on. One that has ended gives its Available warm pool up.

        Raises ServiceError: ValidationException.
        """
        self._runner.carry_out(commands.stop_training_job, name)

    def note_answer(self, operation: str, name: str, answer: str, changed: bool) -> None:
        """Write into the journal that a request got no ordinary answer, one of `model.calls.ANSWERS`.

        *operation* is the service's, *name* the job that the request was about, and *changed* says whether it has changed
        anything. Raises InvalidInput for another answer.
        """
        if answer not in ANSWERS:
            raise invalid("answer", answer, "an answer that can be noted", nearest(str(answer), ANSWERS))
        self._runner.carry_out(commands.note_answer, operation, name, answer, changed)

    # ------------------------------------------------------------------ figures and pictures

    def metrics(self, *, begin_s: float = 0.0) -> Any:
        """Figures from the journal, from the end of a warm-up at *begin_s* to now: see `hptsim.planning.metrics`."""
        from hptsim.planning.metrics import Metrics

        entries = self.journal.entries if self.journal.keep else self.journal
        return Metrics.of(entries, self.scenario, begin_s=begin_s, end_s=self.now)

    def to_html(self, path: str | Path | None = None) -> str:
        """One HTML page that plays the journal, without a network; written to *path* if there is one."""
        from hptsim.views.player import to_html

        return to_html(self, path)

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the film, as long as it does not make the notebook large."""
        if not self.journal.keep or len(self.journal) > _FILMED:
            return None
        return html.frame(self.to_html(), 640, "what has happened in the simulation")

    # ------------------------------------------------------------------ snapshots

    def snapshot(self) -> Snapshot:
        """The state now: jobs, quota, stores, pending times and journal. A user's processes are not part of it.

        Raises InvalidInput where a function or class of the scenario, such as a strategy, has no name to find it by.
        """
        return restoring.take(self._runner, self.seed, self._own)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to *snapshot*, of this simulation or one of the same scenario; what follows is the same again.

        A user's generator processes do not survive: they live in the environment that this replaces. Raises InvalidInput
        where the journal is not kept in memory, and when an observer calls it.
        """
        self._runner.check_not_observing("restore")
        restoring.go_back(self._runner, snapshot)

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
        if not restoring.leads_to(saved, sim._runner, lambda operation, given: getattr(sim, operation)(*given)):
            text = f"{path}: hptsim {__version__} comes to another journal than hptsim {saved.version}, which saved it"
            raise InvalidInput(f"{text}; expected a file of this version, as it was written")
        return sim


def _header(scenario: Scenario, seed: int, stop_propagation_s: float | None) -> dict[str, Any]:
    """What the journal's first line says of the run: its scenario's name, its seed, its account, how long a stop travels."""
    account = scenario.account
    plain = {"capacity": dict(account.capacity), "limits": attrs.asdict(account.limits)}
    plain["assumptions"] = attrs.asdict(account.assumptions, filter=lambda field, value: field.name != "read_lag_s")
    if account.warm_pool_capacity:
        plain["warm_pool_capacity"] = dict(account.warm_pool_capacity)
    if account.teams != Teams():
        plain["teams"] = attrs.asdict(account.teams)
    header = {"scenario": scenario.name, "seed": seed, "epoch": scenario.epoch, "account": plain}
    return header if stop_propagation_s is None else {**header, "stop_propagation_s": stop_propagation_s}


def _own(cloud: Cloud | None, tables: Tables) -> str:
    """What of a simulation a snapshot's file cannot hold, if anything."""
    if cloud is not None:
        return "a cloud of its own"
    return "" if tables is TABLES else "tables of its own"


def _one_cloud(cloud: Cloud | None, nature: Cloud | None) -> Cloud:
    """The cloud that was given, under its name or under its old one; without one, samples."""
    if nature is None:
        return cloud or SampledCloud()
    if cloud is not None:
        raise invalid("nature", nature, "nothing beside cloud", "nature is the old name of cloud")
    warnings.warn("Simulation(nature=...) is now Simulation(cloud=...)", DeprecationWarning, stacklevel=3)
    return nature
