"""hypothesis strategies for scenarios and for what the cloud decides in them.

They are drawn as a swarm: which faults exist is drawn before how often they happen.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import attrs
from hypothesis import strategies as st

from hptsim.cloud.every_outcome import FAULTS
from hptsim.cloud.sampled import SampledCloud
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.model.account import OTHERS
from hptsim.model.assumptions import DISCIPLINES, PREEMPTIVE, QUOTA_SHARES, Assumptions
from hptsim.model.calls import ANSWERS, ANY, OPERATIONS
from hptsim.model.definitions import (
    CompletionCriteria,
    Hyperband,
    InstanceRequest,
    ResourceLimits,
    ServiceLimits,
    TrainingJobDefinition,
)
from hptsim.model.ranges import ParameterRange
from hptsim.model.specs import TuningJobSpec
from hptsim.model.tables import BY_THE_LINE, TRAINING
from hptsim.model.teams import Teams
from hptsim.scenario.answers import InjectedAnswer
from hptsim.scenario.cloud import ON_SIGTERM, Faults, Script, Timings
from hptsim.scenario.durations import Exponential, LogNormal
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

TYPES = ("ml.m5.xlarge", "ml.c5.xlarge")
"""The instance types that are drawn."""
TEAMS = ("vision", "speech")
"""The teams that are drawn."""


@cache
def definitions(kind: str = TYPES[0], count: int = 1) -> Any:
    """A strategy for training job definitions on *count* instances of type *kind*: one draw among all combinations."""
    return st.sampled_from(_definitions(kind, count))


@cache
def _definitions(kind: str, count: int) -> list[TrainingJobDefinition]:
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
    return [
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

    Some have early stopping, Hyperband, ranges to search, or completion criteria. They are made of few draws, because
    hypothesis leaves out at most five neighboring draws of a failing run at once.
    """
    each = tuple(draw(_DEFINITIONS) for _ in range(draw(st.integers(1, 3))))
    search = draw(st.sampled_from([{}, {}, *_SEARCHES[: 4 if len(each) == 1 else 3]]))
    total, parallel, runtime_s, priority, team, estimate_s = draw(_REST)
    limits = ResourceLimits(total, parallel, runtime_s)
    return TuningJobSpec(name, each, limits, priority=priority, team=team, estimate_s=estimate_s, **search)


_DEFINITIONS = st.sampled_from([one for kind, count in product(TYPES, [1, 2]) for one in _definitions(kind, count)])
_REST = st.sampled_from(list(product(range(1, 6), range(1, 4), [None, 150.0, 400.0], range(3), TEAMS, [None, 150.0])))
"""The limits of a tuning job, its priority, its team and its estimate, as one draw: see `specs`."""


_SEARCHES: list[dict[str, Any]] = [
    {"strategy": "Hyperband", "hyperband": Hyperband(1, 3)},
    {"criteria": CompletionCriteria(target=0.5)},
    {"ranges": (ParameterRange("rate", "Continuous", 0.0, 1.0),), "strategy": "Bayesian"},
    {"early_stopping": True},
]


def assumptions() -> Any:
    """A strategy for every combination of the switches."""
    values = ["reuse", "upfront", "as-observed"], ["reject", "queue"], list(DISCIPLINES)
    others = ["idempotent", "reject"], ["parzen"], ["starting", "pending"]
    every = [each for each in product(*values, *others) if each[2] not in PREEMPTIVE or each[0] == "as-observed"]
    return st.sampled_from([Assumptions(*each) for each in every])


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
def teams(draw: Any) -> Teams:
    """A strategy for what each team may have: a quota of one or none, of which it lends all or none, and what it may borrow."""
    shares = {}
    for team in TEAMS:
        quota = {kind: draw(st.integers(0, 1)) for kind in TYPES}
        limited = draw(st.sets(st.sampled_from(TYPES)))
        lend = dict.fromkeys(sorted(draw(st.sets(st.sampled_from(TYPES)))), 0)
        borrow = {kind: draw(st.integers(0, 3)) for kind in sorted(limited)}
        shares[team] = {"weight": draw(st.integers(1, 2)), "quota": quota, "lend": lend, "borrow": borrow}
    return Teams(shares=shares)


@st.composite
def accounts(draw: Any) -> Scenario:
    """A strategy for scenarios without tuning jobs: scarce quota by type and sometimes in total, limits, switches.

    Some name one of the two types, and "*" stands for the other and for all others.
    """
    second, switches = draw(st.sampled_from([TYPES[1], OTHERS])), draw(assumptions())
    has_teams = switches.discipline in QUOTA_SHARES or draw(st.sampled_from([False, True, True]))
    return Scenario(
        capacity={TYPES[0]: draw(st.integers(2, 6)), second: draw(st.integers(2, 6))},
        total_instances=draw(st.none() | st.integers(2, 8)),
        limits=ServiceLimits(tuning_jobs=draw(st.sampled_from([100, 1, 2]))),
        assumptions=switches,
        warm_pool_capacity=draw(st.sampled_from([{}, {}, {TYPES[0]: 1}])),
        teams=draw(teams()) if has_teams else Teams(),
    )


@st.composite
def arrivals(draw: Any) -> tuple[Arrivals, ...]:
    """A strategy for tuning jobs that arrive, one to three of them, at random or by a clock."""
    gap_s = draw(st.sampled_from([Exponential(60.0), 30.0]))
    return (Arrivals(draw(specs("arrival")), gap_s, count=draw(st.integers(1, 3))),)


STOPS_AFTER_S = (None, 50, 300, 260, 80, 0, 5, 30, 101, 120, 150, 200, 340, 347, 400, 700)
"""When tuning jobs are stopped, after their creation: in every phase, with the timings that are drawn."""


@st.composite
def lent(draw: Any) -> Scenario:
    """A strategy for scenarios in which one team runs on what another has lent, which wants it back some time later."""
    owner, borrower = TEAMS
    quota, stop_at_s = draw(st.integers(1, 2)), draw(st.sampled_from([None, 170.0, 200.0, 300.0, 500.0]))
    limits = ResourceLimits(draw(st.integers(1, 4)), draw(st.integers(1, 3)))
    borrows = TuningJobSpec("borrows", (draw(definitions()),), limits, team=borrower)
    owns = TuningJobSpec("owns", (draw(definitions()),), ResourceLimits(1, 1), team=owner)
    return Scenario(
        capacity={TYPES[0]: quota},
        teams=Teams(shares={owner: {"quota": {TYPES[0]: quota}}, borrower: {}}),
        assumptions=draw(assumptions().filter(lambda one: one.discipline in PREEMPTIVE and one.admission == "queue")),
        tuning_jobs=(
            ScheduledTuningJob(borrows, 0.0, stop_at_s),
            ScheduledTuningJob(owns, float(draw(st.integers(1, 160)))),
        ),
        timings=draw(timings()),
        script=draw(scripts()),
    )


@st.composite
def scenarios(draw: Any) -> Scenario:
    """A strategy for scenarios: one to four tuning jobs, most of them stopped at some time, on scarce quota.

    Sometimes others arrive besides, one to three of them; and some are of a team that has lent its quota (`lent`).
    """
    if draw(st.integers(0, 19)) == 19:
        one: Scenario = draw(lent())
        return one
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
    barred = {"create", "stop", "epoch", *BY_THE_LINE}
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
def answers(draw: Any) -> tuple[InjectedAnswer, ...]:
    """A swarm of injected answers: which kinds exist is drawn first, then for which operations and how often."""
    there = draw(st.sets(st.sampled_from(ANSWERS)))
    chances = st.sampled_from([0.05, 0.2])
    return tuple(
        InjectedAnswer(draw(st.sampled_from([ANY, *OPERATIONS])), kind, draw(chances)) for kind in sorted(there)
    )


@st.composite
def clouds(draw: Any, scenario: Scenario) -> SampledCloud:
    """A strategy for what the cloud decides in *scenario*: sampled with a swarm of faults, or scripted by `plans`.

    Both give some requests of clients no ordinary answer, as `answers` draws it.

    Give one to `Simulation(scenario, cloud=...)`; times and script are the scenario's. A cloud without times, whose every
    event hypothesis draws itself, is what `TuningMachine` uses.
    """
    seed, own, injected = draw(st.integers(0, 3)), draw(faults()), draw(answers())
    if draw(st.booleans()):
        return SampledCloud(seed, faults=own, answers=injected)
    plan = {}
    for entry in scenario.with_arrivals().tuning_jobs:  # those that arrive have the same names whatever the seed
        for ordinal in range(1, entry.spec.limits.max_training_jobs + 1):
            if walk := draw(plans(entry.spec.definition(ordinal))):
                plan[entry.spec.name, ordinal] = walk
    return ScriptedCloud(seed, faults=own, answers=injected, plan=plan)


natures = clouds
"""The old name of `clouds`."""


@st.composite
def budgets(draw: Any) -> dict[str, int]:
    """A swarm of faults for `TuningMachine`: which kinds exist is drawn first, then how often each may happen."""
    there = draw(st.sets(st.sampled_from(FAULTS)))
    return {kind: draw(st.integers(1, 3)) for kind in FAULTS if kind in there}
