"""What a training job may do between two answers: the runs of the training table, with latencies and faults left free."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

import attrs

from hptsim.model.machine import TABLES, Tables
from hptsim.model.statuses import NEW, primary, status
from hptsim.model.tables import BY_THE_LINE, GUARDS

ON_SPOT = frozenset({"interrupt", "max_wait"})
"""What happens only to training jobs on managed spot instances."""


class TrainingState(NamedTuple):
    """A state of the training table, with what its guards read."""

    state: str
    stopped_by: str
    streams: bool
    retries_left: int


@attrs.frozen
class Kind:
    """What is known of a training job's request: None is not known."""

    streams: bool | None = None
    spot: bool | None = None


def created(kind: Kind, tables: Tables = TABLES) -> frozenset[TrainingState]:
    """The states of a training job that has just been created; whether it is retried is left free."""
    modes = (False, True) if kind.streams is None else (kind.streams,)
    rows = tables.training.get((NEW, "create"), ())
    return frozenset(
        TrainingState(row.destination, "", streams, retries)
        for row in rows
        for streams, retries in product(modes, (0, 1))
    )


def after(state: TrainingState, trigger: str, tables: Tables = TABLES) -> list[TrainingState]:
    """The states to which *trigger* leads."""
    rows = [row for row in tables.training.get((state.state, trigger), ()) if not row.guard or GUARDS[row.guard](state)]
    return [
        state._replace(state=row.destination, stopped_by=trigger if "STOPPED_BY" in row.books else state.stopped_by)
        for row in rows
    ]


def later(starts: Iterable[TrainingState], kind: Kind, tables: Tables = TABLES, within: str = "") -> set[TrainingState]:
    """Every state that can follow; with *within* only those on a way that shows no other secondary status than that."""
    seen = set(starts)
    ahead = list(seen)
    while ahead:
        state = ahead.pop()
        for following in _next(state, kind, tables):
            if following not in seen and (not within or status(following.state) == within):
                seen.add(following)
                ahead.append(following)
    return seen


def _next(state: TrainingState, kind: Kind, tables: Tables) -> list[TrainingState]:
    return [
        following
        for source, trigger in tables.training
        if source == state.state and trigger not in BY_THE_LINE and (kind.spot is not False or trigger not in ON_SPOT)
        for following in after(state, trigger, tables)
    ]


def along(statuses: Sequence[str], kind: Kind, tables: Tables = TABLES) -> tuple[int, set[TrainingState]]:
    """How many of *statuses*, the secondary statuses in order, form a path of the table, and where the path may end.

    >>> along(["Starting", "Downloading", "Completed"], Kind())[0]
    2
    """
    states: set[TrainingState] = {one for one in created(kind, tables) if statuses and status(one.state) == statuses[0]}
    if not states:
        return 0, set(created(kind, tables))
    states = later(states, kind, tables, statuses[0])
    for place, name in enumerate(statuses[1:], 1):
        following = {one for state in states for one in _next(state, kind, tables) if status(one.state) == name}
        if not following:
            return place, states
        states = later(following, kind, tables, name)
    return len(statuses), states


def shows(state: TrainingState) -> tuple[str, str]:
    """The primary and the secondary status of a state."""
    return primary(state.state).value, status(state.state)


def words(values: set[str]) -> str:
    """Statuses as a report lists them."""
    return " or ".join(sorted(values)) or "nothing"
