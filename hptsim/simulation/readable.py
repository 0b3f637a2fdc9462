"""What a simulation shows of itself: jobs, quota, stores, and what may happen next."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import simpy

from hptsim.audit.auditor import Auditor
from hptsim.model.journal import Journal
from hptsim.model.laws import Law
from hptsim.model.storage import Artifact, LogEvent
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.job_views import Capacity, QueuedRequest, TrainingJobView, TuningJobView, WarmPoolView
from hptsim.simulation.runner import Runner
from hptsim.world.disciplines import in_order


class ReadableSimulation:
    """The part of `hptsim.Simulation` that reads; reading never changes anything.

    *scenario* is what runs, with its arrivals drawn, *seed* what they were drawn with, *journal* what has happened.

    >>> from hptsim import Simulation
    >>> sim = Simulation(capacity={"ml.m5.xlarge": 4})
    >>> sim.now, sim.tuning_jobs, dict(sim.capacity.limit)
    (0.0, [], {'ml.m5.xlarge': 4})
    """

    scenario: Scenario
    seed: int
    journal: Journal
    _runner: Runner

    @property
    def now(self) -> float:
        """Seconds since the scenario's epoch."""
        return self._runner.env.now

    @property
    def env(self) -> simpy.Environment:
        """The simpy environment, for generator processes of your own."""
        return self._runner.env

    @property
    def clock_began_s(self) -> float:
        """When its clock began: 0, or the instant of the snapshot that was restored last. A restore makes `env` anew."""
        return self._runner.env.began_s

    # ------------------------------------------------------------------ jobs

    @property
    def tuning_jobs(self) -> list[str]:
        """The names of the tuning jobs, in order of creation."""
        return list(self._runner.world.tuning)

    @property
    def training_jobs(self) -> list[str]:
        """The names of the training jobs, of tuning jobs and without one, in order of creation."""
        return list(self._runner.world.training)

    def tuning_job(self, name: str) -> TuningJobView:
        """A tuning job as it is now; raises ServiceError (ResourceNotFound) for an unknown name."""
        return TuningJobView.of(self._runner.world, name)

    def training_job(self, name: str) -> TrainingJobView:
        """A training job as it is now; raises ServiceError (ValidationException) for an unknown name."""
        return TrainingJobView.of(self._runner.world, name)

    def first_pass(self, name: str) -> float:
        """When the controller first looks at a tuning job; raises ServiceError (ResourceNotFound) for an unknown name."""
        world = self._runner.world
        return world.cloud.first_pass(world.known_tuning(name))

    def last_pass(self, name: str, time_s: float | None = None) -> float | None:
        """When the controller last looked at a tuning job, until *time_s* (the present, if None) or the tuning job's end.

        None before the first pass, and for a controller that acts without passes (O1). Raises ServiceError (ResourceNotFound)
        for an unknown name.
        """
        world = self._runner.world
        job = world.known_tuning(name)
        until_s = self.now if time_s is None else time_s
        return world.cloud.last_pass(job, until_s if job.ended_s is None else min(until_s, job.ended_s))

    def answer_to(self, operation: str, name: str, number: int) -> str:
        """What the cloud lets become of the *number*-th request for an operation on a job; nothing: the ordinary answer."""
        return self._runner.world.cloud.answer(operation, name, number)

    # ------------------------------------------------------------------ quota

    @property
    def capacity(self) -> Capacity:
        """What is limited, reserved and occupied, by instance type."""
        return Capacity.of(self._runner.world.ledger)

    @property
    def queue(self) -> tuple[QueuedRequest, ...]:
        """The requests that wait for quota, in the order in which the account's discipline looks at them.

        >>> from hptsim import Simulation
        >>> from hptsim.model import Assumptions
        >>> queueing = Scenario(capacity={"ml.m5.xlarge": 0}, assumptions=Assumptions(admission="queue"))
        >>> Simulation(queueing).queue
        ()
        """
        world = self._runner.world
        return tuple(map(QueuedRequest.of, in_order(world.ledger, world.account)))

    @property
    def warm_pools(self) -> Mapping[str, WarmPoolView]:
        """The warm pools that are in use or available, by the training job that asked for them, the oldest first."""
        world = self._runner.world
        return {name: WarmPoolView.of(world, name) for name in world.pools}

    # ------------------------------------------------------------------ stores

    @property
    def artifacts(self) -> Mapping[str, Artifact]:
        """What is stored, by S3 URI."""
        return dict(self._runner.world.artifacts)

    def logs(self, training_job: str) -> tuple[LogEvent, ...]:
        """The log events of a training job, oldest first; see `model.log_stream` for the stream's name."""
        return tuple(self._runner.world.logs.get(training_job, ()))

    # ------------------------------------------------------------------ what may happen next

    @property
    def armed(self) -> list[tuple[str, str]]:
        """What may happen next: (job, trigger), in the order of arming."""
        return [(name, trigger) for _, name, trigger in self._runner.world.armed.values()]

    @property
    def possible(self) -> list[tuple[str, str]]:
        """Those of `armed` that the cloud still allows: under `EveryOutcome`, no fault whose budget is spent."""
        spent = [kind for kind, count in self._runner.world.cloud.freeze() if count == 0]
        armed = self._runner.world.armed.values()
        return [(name, trigger) for kind, name, trigger in armed if kind != "training" or trigger not in spent]

    def key(self) -> tuple[Hashable, ...]:
        """The state as a value without times: the same things may happen in simulations of one scenario with equal ones.

        What the laws remember of the way to it is not in it.

        >>> from hptsim import Simulation, TuningJobSpec
        >>> one, other = Simulation(), Simulation()
        >>> job = one.create_tuning_job(TuningJobSpec("demo")); one.key() == other.key()
        False
        >>> other.run(until=60); job = other.create_tuning_job(TuningJobSpec("demo")); one.key() == other.key()
        True
        """
        return self._runner.world.freeze()

    # ------------------------------------------------------------------ laws

    @property
    def laws(self) -> tuple[Law, ...]:
        """The laws that this simulation is judged by, if it is."""
        return self._runner.judge.auditor.laws

    @property
    def witnessed(self) -> tuple[str, ...]:
        """The `sometimes` laws that this run has seen."""
        return tuple(self._runner.judge.auditor.witnessed)

    @property
    def checked(self) -> int:
        """How many journal entries the laws have judged."""
        return self._runner.judge.auditor.checked

    def compare(self, auditor: Auditor) -> None:
        """Compare what *auditor* knows from the journal with the simulation's own state; raises LawBroken where they differ."""
        auditor.compare(self._runner.world)
