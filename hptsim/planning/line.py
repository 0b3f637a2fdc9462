"""The line for quota as a journal shows it: who waits since when, and which limit is in the way.

A request waits for the limits that leave too little for it; or, where nothing of its own is short, for those of its limits for
which others wait in front of it. Which they are is looked at once, when it asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hptsim.model.account import OTHERS, TOTAL, TUNING_JOBS
from hptsim.model.definitions import Amounts
from hptsim.planning.usage import TuningJobFigures
from hptsim.scenario.scenario import Scenario


def limits_of(scenario: Scenario) -> dict[str, int]:
    """Every limit of an account by name: instances by type ("*": of each not named), in total, and tuning jobs at a time.

    >>> limits_of(Scenario(capacity={"ml.m5.xlarge": 4}))
    {'ml.m5.xlarge': 4, 'tuning-jobs': 100}
    """
    limits = dict(scenario.capacity)
    if scenario.total_instances is not None:
        limits[TOTAL] = scenario.total_instances
    if scenario.limits.tuning_jobs is not None:
        limits[TUNING_JOBS] = scenario.limits.tuning_jobs
    return limits


class _Request(NamedTuple):
    """A request in the line: since when, for which of its limits, and whose it is."""

    since_s: float
    waits_for: tuple[str, ...]
    limited: tuple[str, ...]
    row: TuningJobFigures | None


class Line:
    """The requests that wait, and how long each tuning job has waited before its first launch, in total and by limit.

    >>> line, row = Line({"ml.m5.xlarge": 1}), TuningJobFigures(name="demo", created_s=0.0)
    >>> line.reserve({"ml.m5.xlarge": 1})
    >>> line.join("demo/0", 5.0, {"ml.m5.xlarge": 1}, row)
    >>> line.leave("demo/0", 65.0)
    5.0
    >>> row.quota_waiting_s, row.waited_for
    (60.0, {'ml.m5.xlarge': 60.0})
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits: dict[str, int | None] = {TOTAL: None, TUNING_JOBS: None, **limits}
        """By pool; instance types that are not named have that of "*"."""
        self._others = limits.get(OTHERS)
        self._reserved: dict[str, int] = {}
        self._requests: dict[str, _Request] = {}
        self._in_front: dict[str, int] = {}
        """How many requests wait for each limit."""
        self._asking: dict[str, tuple[int, float]] = {}
        """For tuning jobs before their first launch: how many of their requests wait, and since when they are so many."""

    def reserve(self, amounts: Amounts, sign: int = 1) -> None:
        """Count what is reserved, or with a *sign* of -1 given back."""
        reserved = self._reserved
        for pool, count in amounts.items():
            reserved[pool] = reserved.get(pool, 0) + sign * count

    def join(self, name: str, now: float, amounts: Amounts, row: TuningJobFigures | None) -> None:
        """A request comes into the line; *row* is that of its tuning job, if it has one."""
        limits, reserved, in_front = self._limits, self._reserved, self._in_front
        limited, short, behind = [], [], []
        for pool, count in amounts.items():
            limit = limits.get(pool, self._others)
            if limit is not None:
                limited.append(pool)
                if reserved.get(pool, 0) + count > limit:
                    short.append(pool)
                before = in_front.get(pool, 0)
                if before:
                    behind.append(pool)
                in_front[pool] = before + 1
        self._requests[name] = _Request(now, tuple(short or behind), tuple(limited), row)
        if row is not None and row.launched_s is None:
            self._count(row, now, 1)

    def leave(self, name: str, now: float) -> float:
        """It has left the line, granted or not: since when it has waited."""
        since_s, waits_for, limited, row = self._requests.pop(name)
        for pool in limited:
            self._in_front[pool] -= 1
        if row is not None and row.launched_s is None:
            self._count(row, now, -1)
            if now > since_s:
                for pool in waits_for:
                    row.waited_for[pool] = row.waited_for.get(pool, 0.0) + now - since_s
        return since_s

    def launched(self, row: TuningJobFigures, now: float) -> None:
        """A tuning job launches its first training job: what it waits for after that counts for its training jobs only."""
        self._count(row, now, 0)
        del self._asking[row.name]

    def close(self, now: float) -> None:
        """Count what still waits, up to *now*."""
        for name in list(self._requests):
            self.leave(name, now)

    def _count(self, row: TuningJobFigures, now: float, more: int) -> None:
        count, since_s = self._asking.get(row.name, (0, now))
        if count:
            row.quota_waiting_s += now - since_s
        self._asking[row.name] = count + more, now
