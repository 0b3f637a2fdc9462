"""What the auditor knows of tuning jobs, training jobs, warm pools and quota, from the journal alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from operator import attrgetter
from typing import Any, Protocol, Self

import attrs

from hptsim.model.account import TOTAL, TUNING_JOBS, Account, standalone_holder
from hptsim.model.copying import duplicate
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec

ENDED = frozenset({"Completed", "Failed", "Stopped", "MaxRuntimeExceeded", "MaxWaitTimeExceeded"})
"""The states in which a training job has ended (§3.2)."""
QUOTA_SHARES = ("quota-shares", "quota-shares-reclaim")
"""The disciplines under which teams lend and borrow; under the second what is lent is taken back by preemption."""
TUNING_ENDED = frozenset({"Completed", "Failed", "Stopped"})
"""The states in which a tuning job has ended (§3.1)."""
COUNTED = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
"""The counters of a tuning job's training jobs (K4, K5)."""


class LedgerView(Protocol):
    """What of a world's ledger is compared."""

    @property
    def reserved(self) -> Mapping[str, int]:
        """What is reserved of each pool."""

    @property
    def held(self) -> Mapping[str, Mapping[str, int]]:
        """What each tuning job, or training job without one, has reserved."""


class WorldView(Protocol):
    """What of a world is compared with the auditor's state; of the jobs their attributes, by the service's names."""

    @property
    def tuning(self) -> Mapping[str, Any]:
        """The tuning jobs."""

    @property
    def training(self) -> Mapping[str, Any]:
        """The training jobs."""

    @property
    def pools(self) -> Mapping[str, Any]:
        """The warm pools."""

    @property
    def ledger(self) -> LedgerView:
        """The quota."""

    @property
    def artifacts(self) -> Mapping[str, Any]:
        """What is stored, by place."""

    @property
    def logs(self) -> Mapping[str, Sized]:
        """The log streams, by training job."""


def is_standalone(holder: str) -> bool:
    """Whether *holder* is that of a training job without a tuning job.

    >>> is_standalone(standalone_holder("mine")), is_standalone("mine")
    (True, False)
    """
    return holder == standalone_holder(holder.rpartition("/")[2])


@attrs.define(eq=False)
class KnownTuningJob:
    """What is known of a tuning job, or of the reservation of a training job without one (*spec* is None then)."""

    name: str
    spec: TuningJobSpec | None = None
    state: str = "[*]"
    judged: str = ""
    """The state in which it was judged last."""
    stopped: bool = False
    stop_s: float | None = None
    team: str = ""
    """Whose it is, under a discipline that tells teams apart."""
    granted: str = ""
    """The reservation on which it has launched last what waited for it, under a discipline that looks at what was granted."""
    launches: int = 0
    """How many launches were written; *launched* counts the training jobs that were created."""
    launched: int = 0
    children: list[str] = attrs.field(factory=list)
    live: dict[str, None] = attrs.field(factory=dict)
    counters: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(COUNTED, 0))
    held: dict[str, int] = attrs.field(factory=dict)
    """What it has reserved, by pool; *used* is the part that its training jobs occupy."""
    used: dict[str, int] = attrs.field(factory=dict)
    requests: dict[str, str] = attrs.field(factory=dict)
    """Its requests for quota that have not been released or withdrawn, with their states."""
    asked: dict[str, Mapping[str, int]] = attrs.field(factory=dict)
    given_up: Mapping[str, int] = attrs.field(factory=dict)
    """What a training job without machines has just given up for instances of another type."""
    evaluated: int = 0
    attempts: int = 0
    """How many of its training jobs have ended without a result; one that a user stopped is no attempt."""
    results: list[float] = attrs.field(factory=list)
    """The objectives of its training jobs in the order of their ends, where a completion criterion looks at them."""
    scores: dict[str, float] = attrs.field(factory=dict)
    """The objective of each evaluated training job, with the sign that makes small ones good."""
    best: float | None = None
    tried: list[tuple[int, Mapping[str, str]]] = attrs.field(factory=list)
    """The configurations of a grid, each with its definition."""
    models: int = 0
    lost: frozenset[str] = frozenset()
    """What was done to it on requests whose responses were lost: create, stop."""

    def copy(self) -> KnownTuningJob:
        """An independent copy."""
        twin = KnownTuningJob(*_ALL_OF_TUNING_JOB(self))
        for name in ("children", "live", "counters", "held", "used", "requests", "asked", "results", "scores", "tried"):
            setattr(twin, name, getattr(self, name).copy())
        return twin


_ALL_OF_TUNING_JOB = attrgetter(*[field.name for field in attrs.fields(KnownTuningJob)])


@attrs.define(eq=False)
class KnownTrainingJob:
    """What is known of a training job; *holder* has reserved its instances."""

    name: str
    holder: str
    definition: TrainingJobDefinition
    ordinal: int = 0
    place: int = 0
    """Which of its tuning job's definitions it has."""
    choices: tuple[Mapping[str, int], ...] = ()
    """Its instance types in their order, where it has several; *choice* is the one on which it runs."""
    choice: int = 0
    state: str = "[*]"
    ended: bool = False
    """Whether its state is one of `ENDED`."""
    since_s: float = 0.0
    created_s: float = 0.0
    started_s: float | None = None
    """When its instances were there for the first time."""
    billed_s: float = 0.0
    trained_s: float = 0.0
    """Time in Training, over all attempts."""
    attempts: int = 1
    retries_left: int = 0
    reservation: str = ""
    """The reservation that was granted for it; nothing where it began on idle instances."""
    resumed: bool = False
    """Whether it goes on after a preemption."""
    occupies: Mapping[str, int] | None = None
    occupations: int = 0
    """How often it has taken instances and not given them back: once, as long as it lives."""
    out_of_turn: bool = False
    """Whether it gave its instances up before its end, without a shortage."""
    told_s: float | None = None
    """When its stop was sent; *expected_stop* is which rule of the search gives it up, according to the auditor."""
    expected_stop: str = ""
    given_up: str = ""
    """Which rule of the search gave it up, according to the journal."""
    reasons: tuple[str, ...] = ()
    """What stopped it."""
    sigterm_s: float | None = None
    promised: tuple[str, ...] = ()
    """What its script reported saved; *stored* is what was stored of it."""
    stored: tuple[str, ...] = ()
    logged: int = 0
    owed: int = 0
    """How many log lines its container owes: one as it starts, one for each epoch, one as it ends."""
    objective: float | None = None
    failure: str = ""
    curve: tuple[float, ...] = ()
    kept: int = 0
    """How many of its epochs the last checkpoint holds."""
    passed: frozenset[int] = frozenset()
    """The rungs of Hyperband at which it may go on."""
    short: bool = False
    """Whether it has just found no machines; *latest* is the last choice it may fall back to, 0 when none has quota."""
    latest: int = 0
    lost: frozenset[str] = frozenset()
    """What was done to it on requests whose responses were lost: create, stop."""

    @property
    def live(self) -> bool:
        """Whether it has not ended."""
        return not self.ended

    @property
    def retries(self) -> int:
        """How often it has begun again after an internal error."""
        return self.definition.max_retries - self.retries_left

    def copy(self) -> KnownTrainingJob:
        """An independent copy: nothing of it is changed in place."""
        return KnownTrainingJob(*_ALL_OF_TRAINING_JOB(self))


_ALL_OF_TRAINING_JOB = attrgetter(*[field.name for field in attrs.fields(KnownTrainingJob)])


@attrs.define(slots=False, eq=False)
class KnownWarmPool:
    """What is known of the warm pool that a training job has left."""

    name: str
    keep_alive_s: float = 0.0
    state: str = "[*]"
    since_s: float = 0.0


@attrs.frozen
class Takeover:
    """A training job that is about to be created takes over a warm pool: whose, with which instances and request."""

    pool: str
    amounts: Mapping[str, int]
    request: Mapping[str, Any] | None


class State:
    """All that the auditor knows, and what the step that it reads is about.

    *stop_propagation_s* is how long a stop may travel from a tuning job to its training jobs, None where that has no bound.
    *world* is there while the state is compared with a world, and None where a journal is judged by itself.
    """

    def __init__(self, account: Account, stop_propagation_s: float | None = None) -> None:
        self.account = account
        self.stop_propagation_s = stop_propagation_s
        self.limit = {pool: count for pool, count in account.capacity.items() if pool != "*"}
        self.limit_of_others = account.capacity.get("*")
        if account.limits.tuning_jobs is not None:
            self.limit[TUNING_JOBS] = account.limits.tuning_jobs
        self.now = 0.0
        self.tuning: dict[str, KnownTuningJob] = {}
        self.training: dict[str, KnownTrainingJob] = {}
        self.pools: dict[str, KnownWarmPool] = {}
        self.takeovers: dict[str, Takeover] = {}
        self.deleted: dict[str, int] = {}
        """How many log events each deleted training job has left."""
        self.reserved: dict[str, int] = {}
        self.artifacts: dict[str, str] = {}
        """What is stored, and by which training job; nothing where that job's record was deleted."""
        self.asked: set[str] = set()
        """The pools that anybody has asked for."""
        self.queue: dict[str, Mapping[str, int]] = {}
        """The requests that wait for quota, in the order of asking, with their amounts."""
        self.lasts_s: dict[str, float] = {}
        """For how long each request, waiting or granted, is expected to be held (`easy-estimates`); see `remembers`."""
        self.due_s: dict[str, float] = {}
        """Until when what was granted and not given back is expected to be held."""
        self.remembers = account.assumptions.discipline in ("easy-backfill", "fair-share", *QUOTA_SHARES)
        """Whether the account's discipline looks at what was granted."""
        self.moved = False
        """Whether anything was asked, granted, withdrawn or released in this step."""
        self.touched_tuning: dict[str, None] = {}
        self.touched_training: dict[str, None] = {}
        """What this step is about: the tuning jobs and the training jobs, by name."""
        self.broken = False
        """Whether a law was broken: what follows is not judged, for the state no longer follows the journal."""
        self.checked = 0
        self.witnessed: dict[str, str] = {}
        """The `sometimes` laws that were seen, each with what was seen."""
        self.world: WorldView | None = None

    def limit_of(self, pool: str) -> int | None:
        """The limit of *pool*; a type that is not named has that of "*". None where there is no limit."""
        if pool in self.limit:
            return self.limit[pool]
        return None if pool in (TOTAL, TUNING_JOBS) else self.limit_of_others

    def fits(self, amounts: Mapping[str, int]) -> bool:
        """Whether all of *amounts* is free."""
        limits = ((self.reserved.get(pool, 0) + count, self.limit_of(pool)) for pool, count in amounts.items())
        return not any(limit is not None and wanted > limit for wanted, limit in limits)

    def live(self, job: KnownTuningJob) -> Iterable[KnownTrainingJob]:
        """The training jobs of *job* that have not ended."""
        return (self.training[name] for name in job.live)

    def clone(self) -> Self:
        """An independent copy."""
        twin = duplicate(self)
        twin.tuning = {name: job.copy() for name, job in self.tuning.items()}
        twin.training = {  # what has ended never changes again and is shared
            name: job.copy() if job.live or job.occupations else job for name, job in self.training.items()
        }
        twin.pools = {name: duplicate(pool) for name, pool in self.pools.items()}
        for name in (
            "takeovers",
            "deleted",
            "reserved",
            "asked",
            "artifacts",
            "queue",
            "lasts_s",
            "due_s",
            "witnessed",
        ):
            setattr(twin, name, getattr(self, name).copy())
        twin.touched_tuning, twin.touched_training = {}, {}
        return twin

    def forget(self, name: str) -> None:
        """Drop what is known of a job that has ended."""
        for child in self.tuning.pop(name if name in self.tuning else standalone_holder(name)).children:
            if child in self.training:
                for uri in self.training.pop(child).stored:
                    self.artifacts.pop(uri, None)
