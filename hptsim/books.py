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
    asked: Mapping[str, Any] | None = None
    """What its user asked for, if it has no tuning job."""
    launched: bool = False
    """Whether its instances were there."""
    """With which of its choices it must go on at the latest; 0 when none of them has quota."""


@attrs.define(slots=False, eq=False)
class PoolBook:
    """What the auditor knows of a warm pool."""

    name: str
    keep_alive_s: float = 0.0
    state: str = "[*]"
    since_s: float = 0.0


POOL_NEXT = {("[*]", "open"): "InUse", ("InUse", "update"): "InUse", ("Available", "update"): "Available"} | {
    ("Available", trigger): end
    for trigger, end in {"reuse": "Reused", "expire": "Terminated", "terminate": "Terminated"}.items()
}
"""Where a trigger leads a warm pool; how it goes on after its training job depends on how that ended (R17)."""
NEXT: Mapping[str, frozenset[str]] = {
    "[*]": frozenset({"Starting"}),
    "Starting": frozenset({"Starting", "Pending", "Downloading", "Training", "Starting:stopping", "Failed"}),
    "Pending": frozenset({"Starting", "Stopping:teardown"}),
    "Downloading": frozenset({"Training", "Starting", "Stopping:teardown", "Failed"}),
    "Training": frozenset({"Training", "Uploading", "Interrupted", "Starting", "Stopping", "Failed"}),
    "Interrupted": frozenset({"Starting", "Stopping:teardown"}),
    "Uploading": frozenset({"Completed", "Stopping:uploading"}),
    "Stopping": frozenset({"Stopping", "Stopping:uploading"}),
}
"""Which state may follow which, from the rows J1 to J13 of the specification: the auditor's own copy, by intent."""
ENDS: Mapping[str, str] = {"stop": "Stopped", "max_pending": "Stopped"} | {
    "max_runtime": "MaxRuntimeExceeded",
    "max_wait": "MaxWaitTimeExceeded",
}
FAULTS = ("client_error", "algorithm_error", "internal_error", "no_capacity")
FINAL = frozenset({"Completed", "Failed", "Stopped", "MaxRuntimeExceeded", "MaxWaitTimeExceeded"})
LAST_STEP = {"Stopping:uploading": "uploaded", "Stopping:teardown": "torn_down", "Starting:stopping": "torn_down"}
LOGGED = frozenset({"downloaded", "epoch", "exited", "killed"})
STOPPED = frozenset({"Starting:stopping", "Stopping", "Stopping:teardown", "Stopping:uploading"})
AFTER: Mapping[str, frozenset[str]] = {
    "create": frozenset({"Starting"}),
    "shortage": frozenset({"Starting"}),
    "wait": frozenset({"Pending"}),
    "capacity": frozenset({"Starting"}),
    "ready": frozenset({"Downloading", "Training"}),
    "downloaded": frozenset({"Training"}),
    "checkpoint": frozenset({"Training"}),
    "epoch": frozenset({"Training"}),
    "saved": frozenset({"Stopping"}),
    "exited": frozenset({"Uploading", "Stopping:uploading"}),
    "killed": frozenset({"Stopping:uploading"}),
    "uploaded": frozenset({"Completed"}),
    "interrupt": frozenset({"Interrupted"}),
    "internal_error": frozenset({"Starting"}),
    **dict.fromkeys(ENDS, STOPPED),
}
"""Which states a trigger may lead to, in the words of the specification."""
