"""For test suites: hypothesis strategies, and a state machine test to inherit for your own controller.

Scenarios and clouds are drawn as a swarm: which faults exist is drawn before how often they happen. Every run ends
at rest: no more faults, everything runs to its end, and the `eventually` laws are judged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cache
from itertools import product
from typing import Any

import attrs

from hptsim.audit.laws import LAWS, law
from hptsim.cloud.every_outcome import FAULTS, EveryOutcome
from hptsim.cloud.sampled import SampledCloud
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import ServiceError
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import (
    CompletionCriteria,
    Hyperband,
    InstanceRequest,
    ResourceLimits,
    ServiceLimits,
    TrainingJobDefinition,
)
from hptsim.model.laws import Law
from hptsim.model.ranges import ParameterRange
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import NEW
from hptsim.model.tables import TRAINING, TUNING, WARM_POOL
from hptsim.optional import require
from hptsim.scenario.cloud import ON_SIGTERM, PHASES, Faults, Script, Timings
from hptsim.scenario.durations import Exponential, LogNormal
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob
from hptsim.simulation.simulation import Simulation

require("hypothesis", "test", "hptsim.testing")


from hypothesis import stateful  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

TYPES = ("ml.m5.xlarge", "ml.c5.xlarge")
"""The instance types that are drawn."""


@cache
def definitions(kind: str = TYPES[0], count: int = 1) -> Any:
    """A strategy for training job definitions on *count* instances of type *kind*: one draw among all combinations."""
    combinations = product(
        [None, "s3://bucket/checkpoints"],
        [False, True],
        ["File", "Pipe"],
        [86400, 30],
        [None, 90000],
        [None, 7200],
        [0, 2],
        [(), (InstanceRequest(TYPES[kind == TYPES[0]], 2), InstanceRequest("ml.g4dn.xlarge"))],
    )
    return st.sampled_from(
        [
            TrainingJobDefinition(
                instances=InstanceRequest(kind, count),
                checkpoint_uri=uri,
                spot=spot,
                input_mode=mode,
                max_runtime_s=runtime_s,
                max_wait_s=wait_s,
                max_pending_s=pending_s,
                max_retries=retries,
                alternatives=alternatives,
            )
            for uri, spot, mode, runtime_s, wait_s, pending_s, retries, alternatives in combinations
        ]
    )


@cache
def standalone() -> Any:
    """A strategy for definitions of training jobs without a tuning job, most of which ask for a warm pool.

    They differ in few things, so that one often matches what another has left behind, and often does not.
    """
    combinations = product([1, 2], [600.0, 600.0, 0.0], [None, {"RoleArn": "another"}], [False, False, True], [0, 1])
    return st.sampled_from(
        [
            TrainingJobDefinition(
                instances=InstanceRequest(TYPES[0], count),
                keep_alive_s=keep_alive_s,
                request=request,
                spot=spot,
                max_retries=retries,
            )
            for count, keep_alive_s, request, spot, retries in combinations
        ]
    )


@st.composite
def specs(draw: Any, name: str = "tuning") -> TuningJobSpec:
    """A strategy for specs of a tuning job called *name*: one to three definitions over one or two instance types.

    Some have early stopping, Hyperband, ranges to search, or completion criteria.
    """
    kinds = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=3))
    limits = ResourceLimits(
        draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.sampled_from([None, 150.0, 400.0]))
    )
    each = tuple(draw(definitions(kind, draw(st.integers(1, 2)))) for kind in kinds)
    search = draw(st.sampled_from([{}, {}, *_SEARCHES[: 4 if len(each) == 1 else 3]]))
    return TuningJobSpec(name, each, limits, priority=draw(st.integers(0, 2)), **search)


_SEARCHES: list[dict[str, Any]] = [
    {"strategy": "Hyperband", "hyperband": Hyperband(1, 3)},
    {"criteria": CompletionCriteria(target=0.5)},
    {"ranges": (ParameterRange("rate", "Continuous", 0.0, 1.0),), "strategy": "Bayesian"},
    {"early_stopping": True},
]


def assumptions() -> Any:
    """A strategy for every combination of the switches."""
    values = ["reuse", "upfront", "as-observed"], ["reject", "queue"], ["fifo", "priority", "backfill"]
    return st.sampled_from([Assumptions(*each) for each in product(*values, ["idempotent", "reject"])])


@st.composite
def faults(draw: Any) -> Faults:
    """A swarm of faults: which kinds exist is drawn first, then how often they happen."""
    kinds = [field.name for field in attrs.fields(Faults) if field.name != "shortage_limit"]
    there = draw(st.sets(st.sampled_from(kinds)))
    often: dict[str, Any] = {kind: draw(st.sampled_from([0.2, 0.5, 1.0])) for kind in sorted(there)}
    if share := often.pop("shortage_by_type", 0):
        often["shortage_by_type"] = dict.fromkeys(draw(st.sampled_from([TYPES[:1], TYPES[1:], TYPES])), share)
    for rate in ("spot_interruptions_per_hour", "algorithm_errors_per_hour"):
        if rate in often:
            often[rate] *= 20  # a training job of 100 s meets about one in two
    return Faults(**often)


def timings() -> Any:
    """A strategy for timings: none at all, those observed, random ones, and a stop that takes time to arrive."""
    return st.sampled_from(
        [
            Timings.instant(),
            Timings.typical(),
            Timings(starting_s=Exponential(60.0), training_s=LogNormal(100.0, 0.5), uploading_s=60.0),
            attrs.evolve(Timings.typical(), stop_propagation_s=15.0),
        ]
    )


def scripts() -> Any:
    """A strategy for what the training script does on SIGTERM, in time or too late."""
    return st.builds(Script, st.sampled_from(ON_SIGTERM), st.sampled_from([0.0, 60.0, 120.0, 200.0]))


@st.composite
def accounts(draw: Any) -> Scenario:
    """A strategy for scenarios without tuning jobs: scarce quota by type and sometimes in total, limits, switches."""
    return Scenario(
        capacity={kind: draw(st.integers(2, 6)) for kind in TYPES},
        total_instances=draw(st.none() | st.integers(2, 8)),
        limits=ServiceLimits(tuning_jobs=draw(st.sampled_from([100, 1, 2]))),
        assumptions=draw(assumptions()),
        warm_pool_capacity=draw(st.sampled_from([{}, {}, {TYPES[0]: 1}])),
    )


@st.composite
def arrivals(draw: Any) -> tuple[Arrivals, ...]:
    """A strategy for tuning jobs that arrive, one to three of them, at random or by a clock."""
    gap_s = draw(st.sampled_from([Exponential(60.0), 30.0]))
    return (Arrivals(draw(specs("arrival")), gap_s, count=draw(st.integers(1, 3))),)


STOPS_AFTER_S = (None, 50, 300, 260, 80, 0, 5, 30, 101, 120, 150, 200, 340, 347, 400, 700)
"""When tuning jobs are stopped, after their creation: in every phase, with the timings that are drawn."""


@st.composite
def scenarios(draw: Any) -> Scenario:
    """A strategy for scenarios: one to four tuning jobs, most of them stopped at some time, on scarce quota.

    Sometimes others arrive besides, one to three of them.
    """
    entries = []
    for number in range(draw(st.integers(1, 4))):
        at_s = float(draw(st.integers(0, 100)))
        after_s = draw(st.sampled_from(STOPS_AFTER_S))
        stop_at_s = None if after_s is None else at_s + after_s
        own = draw(st.none() | faults())
        entries.append(ScheduledTuningJob(draw(specs(f"tuning-{number}")), at_s, stop_at_s, own))
    account: Scenario = draw(accounts())
    return attrs.evolve(
        account,
        tuning_jobs=tuple(entries),
        arrivals=draw(st.sampled_from([False, False, True]).flatmap(lambda some: arrivals() if some else st.just(()))),
        timings=draw(timings()),
        faults=draw(faults()),
        script=draw(scripts()),
    )


@st.composite
def plans(draw: Any, definition: TrainingJobDefinition) -> tuple[tuple[str, float], ...]:
    """A strategy for what happens to one training job of *definition*: a walk through the table `TRAINING`."""
    barred = {"create", "stop", "epoch"}
    barred |= set() if definition.spot else {"interrupt", "max_wait"}
    barred |= set() if definition.checkpoint_uri else {"checkpoint"}
    state, walk = "Starting", []
    for _ in range(draw(st.integers(0, 12))):
        rows = [row for row in TRAINING.rows if row.source == state and row.trigger not in barred]
        if not rows:
            break
        row = draw(st.sampled_from(rows))
        if row.trigger == "saved":
            barred = barred | {"saved"}  # a script reports its model once
        walk.append((row.trigger, float(draw(st.integers(0, 30)))))
        state = row.destination
    return tuple(walk)


@st.composite
def clouds(draw: Any, scenario: Scenario) -> SampledCloud:
    """A strategy for what the cloud decides in *scenario*: sampled with a swarm of faults, or scripted by `plans`.

    Give one to `Simulation(scenario, cloud=...)`; times and script are the scenario's. A cloud without times, whose every
    event hypothesis draws itself, is what `TuningMachine` uses.
    """
    seed, own = draw(st.integers(0, 3)), draw(faults())
    if draw(st.booleans()):
        return SampledCloud(seed, faults=own)
    plan = {}
    for entry in scenario.with_arrivals().tuning_jobs:  # those that arrive have the same names whatever the seed
        for ordinal in range(1, entry.spec.limits.max_training_jobs + 1):
            if walk := draw(plans(entry.spec.definition(ordinal))):
                plan[entry.spec.name, ordinal] = walk
    return ScriptedCloud(seed, faults=own, plan=plan)


natures = clouds
"""The old name of `clouds`."""


@st.composite
def budgets(draw: Any) -> dict[str, int]:
    """A swarm of faults for `TuningMachine`: which kinds exist is drawn first, then how often each may happen."""
    there = draw(st.sets(st.sampled_from(FAULTS)))
    return {kind: draw(st.integers(1, 3)) if kind in there else 0 for kind in FAULTS}


_TUNING_JOBS = tuple(f"tuning-{number}" for number in range(4))
_TRAINING_JOBS = tuple(f"alone-{number}" for number in range(8))
_ORDINARY = ("launch", *PHASES.values(), "torn_down", "finish")


def _free(names: Iterable[str], taken: Collection[str]) -> str:
    """The first of *names* that is not taken."""
    return next(name for name in names if name not in taken)


class TuningMachine(stateful.RuleBasedStateMachine):
    """A hypothesis state machine over the twin; inherit it and add rules that drive your own controller.

    `self.sim` is a `Simulation` in which nothing happens by time: there is one rule for each trigger of the tables, and
    hypothesis draws which comes next, and for which job. Set `scenario` for your own account; otherwise it is drawn.
    `laws` are checked at every step: set it to `(*hptsim.LAWS, mine)` for one of your own. `teardown` lets everything run to
    its end.
    """

    scenario: Scenario | None = None
    laws: Iterable[Law] = LAWS

    @stateful.initialize(account=accounts(), script=scripts(), budget=budgets(), delayed_stop=st.booleans())
    def begin(self, account: Scenario, script: Script, budget: dict[str, int], delayed_stop: bool) -> None:
        """Open the account, and decide which faults exist."""
        self.cloud = EveryOutcome(0, script, dict(budget), delayed_stop)
        self.sim = self.simulation(self.scenario or account)

    def simulation(self, scenario: Scenario) -> Simulation:
        """The twin under test, in which `self.cloud` arms everything; override it to put your own things around it."""
        return Simulation(scenario, cloud=self.cloud, laws=self.laws)

    def armed(self, trigger: str) -> list[str]:
        """The jobs to which *trigger* may happen now."""
        return [name for name, one in self.sim.possible if one == trigger]

    def training_jobs(self) -> list[str]:
        """The training jobs that there are, of tuning jobs and without one, in order of creation."""
        return self.sim.training_jobs

    def refusal(self, command: Callable[..., Any], *arguments: Any) -> str:
        """Give a command to the twin: the code with which it is refused, and then nothing has changed; else nothing."""
        before = len(self.sim.journal)
        try:
            command(*arguments)
        except ServiceError as error:
            assert len(self.sim.journal) == before, f"{error} is an answer, and still something happened"
            return error.code
        return ""

    @stateful.precondition(lambda self: len(self.sim.tuning_jobs) < len(_TUNING_JOBS))
    @stateful.rule(spec=st.runner().flatmap(lambda self: specs(_free(_TUNING_JOBS, self.sim.tuning_jobs))))
    def create_tuning_job(self, spec: TuningJobSpec) -> None:
        """Somebody creates a tuning job; where it is refused, nothing changes."""
        assert self.refusal(self.sim.create_tuning_job, spec) in ("", "ResourceLimitExceeded")

    @stateful.precondition(lambda self: self.sim.tuning_jobs)
    @stateful.rule(name=st.runner().flatmap(lambda self: st.sampled_from(self.sim.tuning_jobs)))
    def stop_tuning_job(self, name: str) -> None:
        """Somebody stops a tuning job, in whatever state it is."""
        status = self.sim.tuning_job(name).status
        if refusal := self.refusal(self.sim.stop_tuning_job, name):
            assert refusal == "ValidationException" and status != "InProgress"
        else:
            assert self.sim.tuning_job(name).status == "Stopping"

    @stateful.precondition(lambda self: self.sim.tuning_jobs)
    @stateful.rule(name=st.runner().flatmap(lambda self: st.sampled_from(self.sim.tuning_jobs)))
    def delete_tuning_job(self, name: str) -> None:
        """Somebody deletes a tuning job, which must have ended; its name is free then."""
        ended = self.sim.tuning_job(name).ended_s is not None
        assert self.refusal(self.sim.delete_tuning_job, name) == ("" if ended else "ValidationException")
        assert (name in self.sim.tuning_jobs) != ended

    def retained(self) -> list[TrainingJobDefinition]:
        """The definitions of the training jobs whose warm pools wait for a match."""
        pools = self.sim.warm_pools.values()
        return [self.sim.training_job(pool.name).definition for pool in pools if pool.state == "Available"]

    @stateful.rule(
        name=st.sampled_from(_TRAINING_JOBS),
        definition=st.runner().flatmap(
            lambda self: standalone() | st.sampled_from(self.retained() or [TrainingJobDefinition()])
        ),
    )
    def create_training_job(self, name: str, definition: TrainingJobDefinition) -> None:
        """Somebody creates a training job without a tuning job, under a name that may be taken."""
        taken = name in self.training_jobs()
        refusal = self.refusal(self.sim.create_training_job, name, definition)
        assert refusal == "ResourceInUse" if taken else refusal in ("", "ResourceLimitExceeded")

    @stateful.precondition(lambda self: self.training_jobs())
    @stateful.rule(name=st.runner().flatmap(lambda self: st.sampled_from(self.training_jobs())))
    def stop_training_job(self, name: str) -> None:
        """Somebody stops one training job; one that has ended gives its warm pool up."""
        before = self.sim.training_job(name)
        refusal = self.refusal(self.sim.stop_training_job, name)
        now = self.sim.training_job(name)
        if before.ended_s is not None:
            assert refusal == ("" if before.warm_pool else "ValidationException") and not now.warm_pool
        elif refusal:
            assert refusal == "ValidationException" and before.status == "Stopping"
        else:
            assert now.status == "Stopping"

    @stateful.precondition(lambda self: self.training_jobs())
    @stateful.rule(
        name=st.runner().flatmap(lambda self: st.sampled_from(self.training_jobs())),
        keep_alive_s=st.sampled_from([0, 60, 3600]),
    )
    def update_training_job(self, name: str, keep_alive_s: int) -> None:
        """Somebody changes for how long a warm pool is kept; 0 gives up what is kept already."""
        pool = self.sim.training_job(name).warm_pool
        refusal = self.refusal(self.sim.update_training_job, name, keep_alive_s)
        assert refusal == ("" if pool else "ValidationException")
        assert self.sim.training_job(name).warm_pool == ("" if pool == "Available" and keep_alive_s == 0 else pool)

    @stateful.precondition(lambda self: self.training_jobs())
    @stateful.rule(name=st.runner().flatmap(lambda self: st.sampled_from(self.training_jobs())))
    def delete_training_job(self, name: str) -> None:
        """Somebody deletes a training job, which must have ended and must not have a warm pool; its name is free then."""
        job = self.sim.training_job(name)
        over = job.ended_s is not None and not job.warm_pool
        assert self.refusal(self.sim.delete_training_job, name) == ("" if over else "ResourceInUse")
        assert (name in self.training_jobs()) != over

    def ongoing(self) -> list[tuple[str, str]]:
        """What may happen now without a fault: (job, trigger)."""
        return [event for event in self.sim.possible if event[1] in _ORDINARY]

    @stateful.precondition(lambda self: self.ongoing())
    @stateful.rule(event=st.runner().flatmap(lambda self: st.sampled_from(self.ongoing())))
    def work_goes_on(self, event: tuple[str, str]) -> None:
        """A job goes on without a fault, also in runs from which hypothesis leaves out the trigger's own rule."""
        self.sim.fire(*event)

    def teardown(self) -> None:
        """No more faults strike, everything runs to its end, and the `eventually` laws are judged."""
        if not hasattr(self, "sim"):
            return
        self.cloud.budget.update(dict.fromkeys(self.cloud.budget, 0))
        while possible := self.sim.possible:
            self.sim.fire(*possible[0])
        self.sim.run()
        jobs: list[Any] = [
            *map(self.sim.tuning_job, self.sim.tuning_jobs),
            *map(self.sim.training_job, self.training_jobs()),
        ]
        for job in jobs:
            if job.ended_s is None:  # a fault that is armed and no longer allowed keeps the twin from judging this
                raise law("every job ends").broken(f"{job.name} is {job.status}, and nothing can happen")


def _rule_of(trigger: str, words: str) -> Any:
    """The rule that lets *trigger* happen to one of the jobs for which it is armed."""

    def happens(self: TuningMachine, job: str) -> None:
        self.sim.fire(job, trigger)

    happens.__name__, happens.__doc__ = trigger, words
    armed = st.runner().flatmap(lambda self: st.sampled_from(self.armed(trigger)))
    return stateful.precondition(lambda self: self.armed(trigger))(stateful.rule(job=armed)(happens))


_CAUSED = ("child_ended", "give_up", "job_ended", "reuse", "update", "terminate")
"""What follows at once from something else, or from a command."""
RULES = {
    row.trigger: f"{row.trigger}, as the tables have it: {row.source} → {row.destination}."
    for row in (*TUNING.rows, *TRAINING.rows, *WARM_POOL.rows)  # a reservation does nothing by itself
    if row.source != NEW and row.trigger not in _CAUSED
}
"""The triggers that happen by themselves, each a rule of `TuningMachine`; the others follow from these at once."""


for _trigger, _words in RULES.items():
    setattr(TuningMachine, _trigger, _rule_of(_trigger, _words))
