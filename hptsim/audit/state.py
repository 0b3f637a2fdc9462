"""The auditor's books: what it knows of tuning jobs, training jobs, warm pools and quota, from the journal alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from hptsim.model.account import TUNING_JOBS, Account, alone
from hptsim.model.copying import duplicate
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import COUNTERS

FINAL = frozenset({"Completed", "Failed", "Stopped", "MaxRuntimeExceeded", "MaxWaitTimeExceeded"})
"""The states in which a training job has ended."""


@attrs.define(slots=False, eq=False)
class TuningBook:
    """What the auditor knows of a tuning job, or of the reservation of a training job without one (*alone*)."""

    name: str
    parallel: int
    total: int
    spec: TuningJobSpec | None = None
    state: str = "[*]"
    alone: bool = False
    launches: int = 0
    launched: int = 0
    stopped: bool = False
    children: list[str] = attrs.field(factory=list)
    live: dict[str, None] = attrs.field(factory=dict)
    counters: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(COUNTERS, 0))
    held: dict[str, int] = attrs.field(factory=dict)
    used: dict[str, int] = attrs.field(factory=dict)
    """The part of it that its training jobs occupy."""
    settled: str = ""
    """The state in which it was judged last."""
    requests: dict[str, str] = attrs.field(factory=dict)
    asked: dict[str, Mapping[str, int]] = attrs.field(factory=dict)
    evaluated: int = 0
    results: list[float] = attrs.field(factory=list)
    best: float | None = None
    tried: list[Mapping[str, str]] = attrs.field(factory=list)
    """The configurations of a grid."""
    models: int = 0
    moving: Mapping[str, int] = attrs.field(factory=dict)
    """What a training job without machines has just given up for instances of another type."""

    def copy(self) -> TuningBook:
        """An independent copy."""
        twin = duplicate(self)
        twin.live, twin.counters, twin.children = self.live.copy(), self.counters.copy(), self.children.copy()
        twin.held, twin.used = self.held.copy(), self.used.copy()
        twin.requests, twin.asked = self.requests.copy(), self.asked.copy()
        twin.results, twin.tried = self.results.copy(), self.tried.copy()
        return twin


@attrs.define(slots=False, eq=False)
class TrainingBook:
    """What the auditor knows of a training job."""

    name: str
    holder: str
    streams: bool = False
    state: str = "[*]"
    occupies: Any = None
    told: bool = False
    reasons: tuple[str, ...] = ()
    sigterm_s: float | None = None
    promised: tuple[str, ...] = ()
    stored: tuple[str, ...] = ()
    logged: int = 0
    owed: int = 0
    """How many log lines its container owes: one as it starts, one for each epoch, one as it ends."""
    ordinal: int = 0
    definition: int = 0
    objective: float | None = None
    curve: tuple[float, ...] = ()
    kept: int = 0
    """How many of its epochs the last checkpoint holds."""
    passed: tuple[int, ...] = ()
    sentence: str = ""
    """Why it must be told to stop, by the books."""
    failure: str = ""
    choices: tuple[Mapping[str, int], ...] = ()
    """Its instance types in their order, where it has several, and on which it runs."""
    choice: int = 0
    short: bool = False
    """Whether it has just found no machines."""
    latest: int = 0
    """With which of its choices it must go on at the latest; 0 when none of them has quota."""
    asked: TrainingJobDefinition | None = None
    """What its user asked for, if it has no tuning job."""
    launched: bool = False
    """Whether its instances were there."""


@attrs.define(slots=False, eq=False)
class PoolBook:
    """What the auditor knows of a warm pool."""

    name: str
    keep_alive_s: float = 0.0
    state: str = "[*]"
    since_s: float = 0.0


class Books:
    """All that the auditor knows, and what the step that it reads is about.

    *checked* counts the entries read, *witnessed* has the `sometimes` laws seen.
    """

    def __init__(self, account: Account, *, grace_s: float = 120.0) -> None:
        self.account = account
        self.grace_s = grace_s
        self.limit = dict(account.capacity)
        if account.limits.tuning_jobs is not None:
            self.limit[TUNING_JOBS] = account.limits.tuning_jobs
        self.now = 0.0
        self.tuning: dict[str, TuningBook] = {}
        self.training: dict[str, TrainingBook] = {}
        self.pools: dict[str, PoolBook] = {}
        self.claims: dict[str, tuple[str, tuple[Any, ...]]] = {}
        """Whose warm pool a training job that is about to be created takes over, and what it must share with it."""
        self.deleted: dict[str, int] = {}
        """How many log events each deleted training job has left."""
        self.reserved: dict[str, int] = {}
        self.artifacts: dict[str, str] = {}
        self.line: dict[str, Mapping[str, int]] = {}
        self.moved = False
        """Whether anything was asked, granted, withdrawn or released since the line was judged."""
        self.touched: dict[str, dict[str, None]] = {}
        """What this step is about: tuning jobs, and of each the training jobs."""
        self.died: list[str] = []
        self.checked = 0
        self.witnessed: dict[str, None] = {}

    def clone(self) -> Self:
        """An independent copy."""
        twin = duplicate(self)
        twin.tuning = {name: book.copy() for name, book in self.tuning.items()}
        twin.training = {  # what has ended never changes again and is shared
            name: duplicate(book) if book.state not in FINAL or book.occupies is not None else book
            for name, book in self.training.items()
        }
        twin.pools = {name: duplicate(book) for name, book in self.pools.items()}
        twin.claims = self.claims.copy()
        twin.reserved, twin.artifacts = self.reserved.copy(), self.artifacts.copy()
        twin.line, twin.touched, twin.died = self.line.copy(), {}, []
        twin.witnessed, twin.deleted = self.witnessed.copy(), self.deleted.copy()
        return twin

    def touch(self, book: TrainingBook) -> None:
        """Note that this step is about a training job."""
        self.touched.setdefault(book.holder, {})[book.name] = None

    def forget(self, name: str) -> None:
        """Drop the books of a job that has ended."""
        for child in self.tuning.pop(name if name in self.tuning else alone(name)).children:
            if child in self.training:
                for uri in self.training.pop(child).stored:
                    self.artifacts.pop(uri, None)
