"""The mutable records of jobs and warm pools: plain attributes, no behavior beyond copying and freezing.

They keep their state here and never in a generator's frame, so that a world can be copied, pickled and explored.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, ClassVar, Self

import attrs

from hptsim.model.account import standalone_holder
from hptsim.model.copying import duplicate
from hptsim.model.definitions import NO_CRITERIA, Amounts, InstanceRequest, TrainingJobDefinition
from hptsim.model.search import Search, StrategyLog, frozen
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import COUNTERS, NEW, STOPPING, status
from hptsim.model.storage import checkpoint_uri, model_uri
from hptsim.world.ledger import Reservation

ATTEMPTS_WITHOUT_SUCCESS = 5
"""After this many training jobs without a success a tuning job gives up (L10, assumption `five-attempts`)."""


@attrs.define(eq=False)
class TrainingJob:
    """One training job, of a tuning job or without one (*tuning_job* is empty then).

    *promised* is what its script reported saved, kept apart from what the store holds: a law compares the two.
    *work_s* is how long its script needs in Training, *progress_s* how much of that is done and not lost,
    *checkpointed_s* how much of it the last checkpoint holds (and *checkpointed_epochs* how many of its epochs),
    *trained_s* the time in Training over all attempts.
    """

    entity: ClassVar[str] = "training"

    name: str
    tuning_job: str
    holder: str
    """Whose reservation it occupies."""
    ordinal: int
    definition: TrainingJobDefinition
    amounts: Amounts
    created_s: float
    streams: bool
    """Whether its input mode has no download stage (J4)."""
    model_uri: str
    """Where its model goes."""
    retries_left: int
    state: str = NEW
    since_s: float = 0.0
    attempt: int = 1
    stopped_by: str = ""
    stopped_in: str = ""
    """The state in which a stop or a time limit met it."""
    stop_coming: int = 0
    warm: bool = False
    reservation: int = -1
    choice: int = 0
    """Which of its definition's instance types it runs on: 0 is the first, then the alternatives."""
    work_s: float = 0.0
    progress_s: float = 0.0
    checkpointed_s: float = 0.0
    checkpointed_epochs: int = 0
    checkpoints: int = 0
    trained_s: float = 0.0
    trained_before_s: float = 0.0
    shortages: int = 0
    epochs: int = 0
    """After how many epochs its script ends, where epochs are reported."""
    watched: bool = False
    """Whether its objective is reported after every epoch."""
    curve: tuple[float, ...] = ()
    """The objective after each epoch so far."""
    passed: tuple[int, ...] = ()
    """The epochs after which Hyperband let it go on."""
    stopped_early: str = ""
    """Which rule stopped it: early_stopping, hyperband, strategy, or max_resource for one that has had all its epochs."""
    recorded_delays: Mapping[str, tuple[tuple[str, float]]] = attrs.field(factory=dict)
    """What ends single states, and after how long, where a record of it says so."""
    random_attempt: int = 0
    random_bytes: bytes = b""
    """The cloud's random numbers for the attempt *random_attempt*."""
    fault_free: bool = False
    """Whether nothing can go wrong with it unless a caller stops it."""
    uploaded_s: float = 0.0
    plan_at: int = 0
    billable_s: float = 0.0
    started_s: float | None = None
    ended_s: float | None = None
    saved: bool = False
    promised: tuple[str, ...] = ()
    hyperparameters: Mapping[str, str] = attrs.field(factory=dict)
    objective: float | None = None
    failure_reason: str = ""
    timers: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, name: str, tuning_job: str, ordinal: int, spec: TrainingJobDefinition, amounts: Amounts, now: float
    ) -> Self:
        """A new training job with the definition *spec*."""
        uri = model_uri(spec.output_path, name)
        holder = tuning_job or standalone_holder(name)
        return cls(
            name, tuning_job, holder, ordinal, spec, amounts, now, spec.input_mode != "File", uri, spec.max_retries
        )

    def copy(self) -> Self:
        """An independent copy."""
        return type(self)(*_training_record(self))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its constructor's arguments, which is several times faster than attribute by attribute."""
        return type(self), _training_record(self)

    @property
    def instances(self) -> InstanceRequest:
        """What it runs on."""
        return self.definition.alternatives[self.choice - 1] if self.choice else self.definition.instances

    @property
    def next_checkpoint_uri(self) -> str:
        """Where its next checkpoint goes."""
        return checkpoint_uri(self.definition.checkpoint_uri or "", self.name, self.checkpoints + 1)

    @property
    def stopping(self) -> bool:
        """Whether it has received a stop and has not ended."""
        return self.state in STOPPING

    def freeze(self) -> tuple[Any, ...]:
        """What matters of it for what can happen next, without times."""
        return (
            self.name,
            self.state,
            self.attempt,
            self.stopped_by,
            self.stop_coming > 0,
            self.saved,
            self.promised,
            self.retries_left,
            self.objective is not None,
            len(self.curve),
            self.checkpointed_epochs,
            self.choice,
        )


_training_record = attrgetter(*[field.name for field in attrs.fields(TrainingJob)])


@attrs.define(eq=False)
class TuningJob:
    """One tuning job.

    *asked* counts the training jobs for which quota was sought, *launched* those that were created,
    *launching* the launches that are armed; *live* are the names of its training jobs that have not ended.
    """

    entity: ClassVar[str] = "tuning"

    spec: TuningJobSpec
    created_s: float
    search: Search
    """Its strategy, stopping rules and completion criteria."""
    name: str = attrs.field()
    incarnation: int = 0
    """How many deleted tuning jobs had its name before."""
    state: str = NEW
    since_s: float = 0.0
    stop_s: float | None = None
    ended_s: float | None = None
    admitted: bool = False
    asked: int = 0
    launched: int = 0
    launching: int = 0
    first: Amounts = attrs.field(factory=dict)
    """What it asks for at its creation."""
    needs: tuple[Amounts, ...] = ()
    """What a training job of each definition takes from the quota."""
    others: tuple[tuple[Amounts, ...], ...] = ()
    """The same for the alternatives of each definition, if any of them has some."""
    ended: int = 0
    attempts: int = 0
    evaluated: int = 0
    strategy_log: StrategyLog | None = None
    """What its strategy was asked and told, in order; None where the strategy is not asked."""
    proposals: list[tuple[int, Mapping[str, str]]] = attrs.field(factory=list)
    """What it has proposed for training jobs that are about to be launched, each with the definition it is for."""
    returned: list[int] = attrs.field(factory=list)
    """The definitions of those that gave up their places in the queue to run on idle instances."""
    points: list[int] = attrs.field()
    """How many points were tried of the grid of each definition; empty but with Grid and several definitions."""
    results: list[float] = attrs.field(factory=list)
    """The objectives of its training jobs, in the order of their ends, where a completion criterion looks at them."""
    criteria: bool = attrs.field()
    """Whether it has completion criteria."""
    exhausted: bool = False
    """Whether its strategy has nothing more to try."""
    ended_by: str = ""
    """The completion criterion that was met."""
    counters: dict[str, int] = attrs.field(factory=dict.fromkeys(COUNTERS, 0).copy)
    best: tuple[float, str] | None = None
    children: list[str] = attrs.field(factory=list)
    live: dict[str, None] = attrs.field(factory=dict)
    reservations: dict[int, Reservation] = attrs.field(factory=dict)
    requests: int = 0
    waiting: int = 0
    finishing: bool = False
    failure_reason: str = ""
    timers: dict[int, None] = attrs.field(factory=dict)

    @name.default
    def _name(self) -> str:
        return self.spec.name

    @points.default
    def _points(self) -> list[int]:
        several = len(self.spec.definitions) > 1 and self.spec.strategy == "Grid"
        return [0] * len(self.spec.definitions) if several else []

    @criteria.default
    def _criteria(self) -> bool:
        return self.spec.criteria != NO_CRITERIA

    @property
    def status(self) -> str:
        """The status that it shows."""
        return status(self.state)

    def copy(self) -> Self:
        """An independent copy, reservations included."""
        twin = type(self)(*_tuning_record(self))
        twin.counters, twin.children, twin.live = self.counters.copy(), self.children.copy(), self.live.copy()
        twin.search = self.search.copy()
        twin.strategy_log = None if self.strategy_log is None else self.strategy_log.copy()
        twin.proposals, twin.returned, twin.points = self.proposals.copy(), self.returned.copy(), self.points.copy()
        twin.timers, twin.results = self.timers.copy(), self.results.copy()
        twin.reservations = {number: duplicate(one) for number, one in self.reservations.items()}
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its constructor's arguments."""
        return type(self), _tuning_record(self)

    def freeze(self) -> tuple[Any, ...]:
        """What matters of it for what can happen next, without times."""
        return (
            self.name,
            self.incarnation,  # its training jobs are named after it
            self.state,
            self.admitted,
            self.asked,
            self.launched,
            self.launching,
            self.finishing,
            self.evaluated,
            self.attempts,
            tuple(self.counters.values()),
            tuple((number, one.state) for number, one in self.reservations.items()),
            tuple([tuple(one.amounts.items()) for one in self.reservations.values()]) if self.others else (),
            tuple(self.results),
            tuple(self.returned) if len(self.needs) > 1 else (),  # whose turn it is among several definitions
            tuple(self.points),
            frozen(self.strategy_log or []),  # what the strategy does next depends on it
        )


_tuning_record = attrgetter(*[field.name for field in attrs.fields(TuningJob)])


@attrs.define(slots=False, eq=False)
class WarmPool:
    """The warm pool of the training job *name*; *since_s* is when it entered its *state*, *timer* what ends its period."""

    name: str
    keep_alive_s: float
    request: Mapping[str, Any] | None
    state: str = NEW
    since_s: float = 0.0
    kept: bool = False
    """Whether its training job has ended in a way that leaves the instances usable (R19)."""
    timer: int = 0

    def freeze(self) -> tuple[Any, ...]:
        """What matters of it for what can happen next."""
        return self.name, self.state, self.keep_alive_s > 0
