"""For test suites: hypothesis strategies, and a state machine test to inherit for your own controller.

Scenarios are drawn as a swarm: which faults exist is drawn before how often they strike. Every run ends in calm: no more
faults, everything runs to rest, and the `eventually` laws are judged.
"""

from __future__ import annotations

from typing import Any

import attrs

from hptsim.assumptions import Assumptions
from hptsim.durations import Exponential
from hptsim.errors import ServiceError
from hptsim.extras import require
from hptsim.lifecycle import TRAINING, TUNING
from hptsim.model import InstanceRequest, ResourceLimits, TrainingJobDefinition, TuningJobSpec
from hptsim.nature import FAULTS, ON_SIGTERM, Enumerated, Faults, Script, Timings
from hptsim.scenario import Scenario, ScheduledTuningJob
from hptsim.simulation import Simulation

require("hypothesis", "test", "hptsim.testing")
from hypothesis import stateful  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

TYPES = ("ml.m5.xlarge", "ml.c5.xlarge")


def definitions() -> Any:
    """A strategy for training job definitions."""
    return st.builds(
        TrainingJobDefinition,
        instances=st.builds(InstanceRequest, st.sampled_from(TYPES), st.integers(1, 2)),
        checkpoint_uri=st.sampled_from([None, "s3://bucket/checkpoints"]),
        spot=st.booleans(),
        input_mode=st.sampled_from(["File", "Pipe"]),
        max_runtime_s=st.sampled_from([30.0, 86400.0]),
        max_wait_s=st.sampled_from([None, 90000.0]),
        max_retries=st.integers(0, 2),
    )


def specs(name: str = "tuning") -> Any:
    """A strategy for tuning job specs called *name*."""
    limits = st.builds(ResourceLimits, st.integers(1, 5), st.integers(1, 3), st.sampled_from([None, 150.0, 400.0]))
    return st.builds(
        TuningJobSpec,
        name=st.just(name),
        definitions=st.lists(definitions(), min_size=1, max_size=2).map(tuple),
        limits=limits,
        priority=st.integers(0, 2),
    )


def assumptions() -> Any:
    """A strategy for every combination of the switches."""
    return st.builds(
        Assumptions,
        reservation=st.sampled_from(["reuse", "upfront", "as-observed"]),
        admission=st.sampled_from(["reject", "queue"]),
        discipline=st.sampled_from(["fifo", "priority", "backfill"]),
    )


@st.composite
def faults(draw: Any) -> Faults:
    """A swarm of faults: which kinds exist is drawn first, then how often they strike."""
    kinds = [field.name for field in attrs.fields(Faults) if field.name != "shortage_limit"]
    there = draw(st.sets(st.sampled_from(kinds)))
    return Faults(**{kind: draw(st.sampled_from([0.2, 0.5, 1.0])) for kind in sorted(there)})


@st.composite
def scenarios(draw: Any) -> Scenario:
    """A strategy for scenarios: one to four tuning jobs, most of them stopped at some time, on scarce quota."""
    entries = []
    for number in range(draw(st.integers(1, 4))):
        at_s = float(draw(st.integers(0, 100)))
        after_s = draw(st.none() | st.integers(0, 400))
        stop_at_s = None if after_s is None else at_s + after_s
        entries.append(ScheduledTuningJob(draw(specs(f"tuning-{number}")), at_s, stop_at_s))
    return Scenario(
        capacity={kind: draw(st.integers(2, 6)) for kind in TYPES},
        tuning_jobs=tuple(entries),
        timings=draw(st.sampled_from([Timings.instant(), Timings.typical(), Timings(starting_s=Exponential(60.0))])),
        faults=draw(faults()),
        script=Script(draw(st.sampled_from(ON_SIGTERM)), draw(st.sampled_from([0.0, 60.0, 120.0, 200.0]))),
        assumptions=draw(assumptions()),
    )


_TRIGGERS = tuple(dict.fromkeys([*TUNING.triggers, *TRAINING.triggers]))


class TuningMachine(stateful.RuleBasedStateMachine):
    """A hypothesis state machine over the twin; inherit it and add rules that drive your own controller.

    `self.sim` is a `Simulation` in which nothing happens by time: hypothesis draws which armed event fires next.
    Override `scenario` for your own account. The laws are checked at every step; `teardown` brings the calm.
    """

    scenario = Scenario(capacity={"ml.m5.xlarge": 3})
    budget: dict[str, int] = dict.fromkeys(FAULTS, 2)

    def __init__(self) -> None:
        super().__init__()
        self.nature = Enumerated(budget=dict(self.budget))
        self.sim = Simulation(self.scenario, nature=self.nature)

    @stateful.rule(data=st.data())
    def create_tuning_job(self, data: Any) -> None:
        """Somebody creates a tuning job."""
        spec = data.draw(specs(f"tuning-{len(self.sim.tuning_jobs)}"))
        try:
            self.sim.create_tuning_job(spec)
        except ServiceError as error:
            assert error.code == "ResourceLimitExceeded"

    @stateful.precondition(lambda self: self.sim.tuning_jobs)
    @stateful.rule(data=st.data())
    def stop_tuning_job(self, data: Any) -> None:
        """Somebody stops a tuning job, in whatever state it is."""
        name = data.draw(st.sampled_from(self.sim.tuning_jobs))
        ended = self.sim.tuning_job(name).ended_s is not None
        try:
            self.sim.stop_tuning_job(name)
        except ServiceError as error:
            assert ended and error.code == "ValidationException"
        else:
            assert self.sim.tuning_job(name).status == "Stopping"

    @stateful.precondition(lambda self: self.sim.possible)
    @stateful.rule(data=st.data(), trigger=st.sampled_from(_TRIGGERS))
    def something_happens(self, data: Any, trigger: str) -> None:
        """One of the armed events happens, preferably *trigger*, drawn from the tables."""
        possible = self.sim.possible
        chosen = [event for event in possible if event[1] == trigger] or possible
        self.sim.fire(*data.draw(st.sampled_from(chosen)))

    @stateful.precondition(lambda self: any(self.sim.tuning_job(n).live for n in self.sim.tuning_jobs))
    @stateful.rule(data=st.data())
    def stop_training_job(self, data: Any) -> None:
        """Somebody stops one training job."""
        live = [child for name in self.sim.tuning_jobs for child in self.sim.tuning_job(name).live]
        self.sim.stop_training_job(data.draw(st.sampled_from(live)))

    def teardown(self) -> None:
        """The calm: no more faults, everything runs to rest, and the `eventually` laws are judged."""
        self.nature.budget.update(dict.fromkeys(self.nature.budget, 0))
        while possible := self.sim.possible:
            self.sim.fire(*possible[0])
        self.sim.run()
