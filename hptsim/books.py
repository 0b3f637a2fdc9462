"""The auditor's books: what it knows of a tuning job and of a training job, from the journal alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.jobs import COUNTERS, duplicate
from hptsim.model import TuningJobSpec


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
    requests: dict[str, str] = attrs.field(factory=dict)
    asked: dict[str, Mapping[str, int]] = attrs.field(factory=dict)
    evaluated: int = 0
    results: list[float] = attrs.field(factory=list)
    best: float | None = None
    tried: list[Mapping[str, str]] = attrs.field(factory=list)
    """The configurations of a grid."""
    models: int = 0

    def copy(self) -> TuningBook:
        """An independent copy."""
        twin = duplicate(self)
        twin.live, twin.counters, twin.children = self.live.copy(), self.counters.copy(), self.children.copy()
        twin.held, twin.requests, twin.asked = self.held.copy(), self.requests.copy(), self.asked.copy()
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
    passed: tuple[int, ...] = ()
    sentence: str = ""
    """Why it must be told to stop, by the books."""
    failure: str = ""
