"""What the index knows of each job: its status and counters, its times, transitions, objective and warm pool."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.model.billing import Stretch
from hptsim.model.definitions import Objective
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import COUNTERS, NEW, primary
from hptsim.model.storage import LogEvent
from hptsim.service.pagination import SortedIndex
from hptsim.strategies.completion import improves


@attrs.define(eq=False)
class Transition:
    """One element of SecondaryStatusTransitions, in seconds of simulated time."""

    status: str
    start_s: float
    message: str
    end_s: float | None = None


@attrs.define(eq=False)
class IndexedTrainingJob:
    """A training job as the journal tells it; *tuning* is None for one that its user created."""

    name: str
    created_s: float
    tuning: IndexedTuningJob | None
    definition: int = 0
    request: Mapping[str, Any] = attrs.field(factory=dict)
    tuned: Mapping[str, str] = attrs.field(factory=dict)
    tags: Mapping[str, str] = attrs.field(factory=dict)
    state: str = NEW
    since_s: float = 0.0
    modified_s: float = 0.0
    transitions: list[Transition] = attrs.field(factory=list)
    started_s: float | None = None
    ended_s: float | None = None
    billed: list[Stretch] = attrs.field(factory=list)
    """When it was in states that are billed."""
    choice: int = 0
    """On which of its InstanceConfigs it runs."""
    objective: float | None = None
    reason: str = ""
    model: str | None = None
    pool: str = ""
    """The state of its warm pool; nothing without one."""
    pool_since_s: float = 0.0
    retained_s: float | None = None
    """For how long its warm pool was kept, once it is gone."""
    reused_by: str = ""

    @property
    def status(self) -> str:
        """TrainingJobStatus."""
        return primary(self.state).value

    @property
    def evaluated(self) -> bool:
        """Whether its final objective counts: it ended without failing and emitted a finite one (K8, A-16, A-52)."""
        value = self.objective
        return self.ended_s is not None and self.state != "Failed" and value is not None and math.isfinite(value)

    @property
    def objective_status(self) -> str:
        """ObjectiveStatus (K8).

        >>> IndexedTrainingJob("a-001", 0.0, None).objective_status
        'Pending'
        """
        if self.ended_s is None:
            return "Pending"
        return "Succeeded" if self.evaluated else "Failed"


@attrs.define(eq=False)
class IndexedTuningJob:
    """A tuning job as the journal tells it; *best* is the best objective so far, the smaller the better."""

    name: str
    spec: TuningJobSpec
    created_s: float
    tags: Mapping[str, str]
    children: SortedIndex[IndexedTrainingJob]
    status: str = "InProgress"
    modified_s: float = 0.0
    ended_s: float | None = None
    failure_reason: str = ""
    counters: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(COUNTERS, 0))
    objectives: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys(("Succeeded", "Pending", "Failed"), 0))
    best: float | None = None
    not_improving: int = 0
    converged_s: float | None = None
    """When it converged: `CONVERGED` training jobs in a row had not improved (A-34), whether or not that ends it."""
    echo: dict[str, Any] | None = None
    """The request as Describe gives it back, after the first call."""
    expressions: dict[int, Mapping[str, str]] = attrs.field(factory=dict)
    """The expressions that find the metrics of its training jobs, by definition, after they were asked for."""

    def objective(self, definition: int) -> Objective:
        """The objective that training jobs of a definition pursue."""
        return self.spec.definitions[definition].objective or self.spec.objective

    def note_objective(self, value: float, maximize: bool) -> None:
        """Note whether a final objective improves on the best before it by at least 1 % (A-33)."""
        value = -value if maximize else value
        improved = self.best is None or improves(value, self.best)
        self.not_improving = 0 if improved else self.not_improving + 1
        self.best = value if self.best is None else min(self.best, value)


@attrs.define(eq=False)
class Stream:
    """One log stream and its events, oldest first."""

    name: str
    events: list[LogEvent] = attrs.field(factory=list)
