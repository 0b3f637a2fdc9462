"""Why no run of the tables leads to an answer: the member whose other values would do, and the row that stands against it."""

from __future__ import annotations

from typing import Any

from hptsim.conformance.answers import Refusal
from hptsim.conformance.orders import Event
from hptsim.conformance.tuning_search import MEMBERS, Shown, Terms, TuningState, reached
from hptsim.model.machine import Tables
from hptsim.model.statuses import FINAL_TUNING, TuningJobStatus, status

TRIED = 4
"""Of a counter so many values to each side of the recorded one are tried."""


def why_not(
    event: Event,
    target: Shown,
    before: Shown | None,
    where: str,
    states: frozenset[TuningState],
    terms: Terms,
    tables: Tables,
) -> Refusal:
    """The refusal of an answer with *target* after the one *where* with *before*; the tuning job may have been in *states*."""
    if target.status in ("Deleting", "DeleteFailed"):
        possible = " or ".join(TuningJobStatus)
        return event.refused(
            MEMBERS[0], target.status, possible, "assumption delete-at-once: deleting takes no time and is not seen"
        )
    if before is not None and before.status in FINAL_TUNING:
        for member, old, new in zip(MEMBERS, before, target, strict=True):
            if old != new:
                against = f"no row of the tuning table leaves {before.status}: a final status is final"
                return event.refused(member, new, f"{old!r}, as {where}", against)
    for place, member in enumerate(MEMBERS):
        values = _that_would_do(target, place, before, states, terms, tables)
        if values:
            possible = f"{' or '.join(map(repr, values))} (the other members as recorded)"
            return event.refused(member, target[place], possible, _against(member, target, before, terms, tables))
    member, recorded, possible = _broken_limit(target, before, terms)
    return event.refused(member, recorded, possible, _against(member, target, before, terms, tables))


def _that_would_do(
    target: Shown,
    place: int,
    before: Shown | None,
    states: frozenset[TuningState],
    terms: Terms,
    tables: Tables,
) -> list[object]:
    """Every status with which the answer is explained; of a counter the nearest value that does it, if any."""
    found: list[object] = []
    for value in _candidates(target, place, before):
        tried = Shown._make((*target[:place], value, *target[place + 1 :]))
        if any(state.shows == tried for state in reached(states, terms, tried, tables)):
            found.append(value)
            if place:
                break
    return found


def _candidates(target: Shown, place: int, before: Shown | None) -> list[Any]:
    """The other values that are tried: of a counter those near by, the one before, and the one with which counters add up."""
    if place == 0:
        return [one.value for one in TuningJobStatus if one != target.status]
    recorded, ended = int(target[place]), target.launched - target.live
    tried = {recorded + step for step in range(-TRIED, TRIED + 1)} | {target.live, target.pending}
    tried |= {recorded + target.succeeded + target.failed - ended, recorded - target.succeeded - target.failed + ended}
    tried |= set() if before is None else {int(before[place])}
    return sorted(
        {value for value in tried if value >= 0} - {recorded}, key=lambda value: (abs(value - recorded), value)
    )


def _broken_limit(target: Shown, before: Shown | None, terms: Terms) -> tuple[str, object, str]:
    """The member to name where no single one makes the difference."""
    if before is not None:
        for member, old, new in zip(MEMBERS[2:7], before[2:7], target[2:7], strict=True):
            if new < old:
                return member, new, f"{old} or more"
        if target.launched < before.launched:
            return (
                MEMBERS[1],
                target.live,
                f"{before.launched - target.launched + target.live}, with the other counters as recorded",
            )
        if before.status != "InProgress" and target.launched > before.launched:
            return MEMBERS[1], target.live, f"{before.launched} training jobs in all, as before"
    if terms.max_parallel is not None and target.live > terms.max_parallel:
        return MEMBERS[1], target.live, f"at most {terms.max_parallel} (MaxParallelTrainingJobs)"
    if terms.max_training_jobs is not None and target.launched > terms.max_training_jobs:
        return (
            "TrainingJobStatusCounters",
            target.launched,
            f"at most {terms.max_training_jobs} in all (MaxNumberOfTrainingJobs)",
        )
    if target.status not in list(TuningJobStatus):
        return MEMBERS[0], target.status, " or ".join(TuningJobStatus)
    if target.pending != target.live:
        return "ObjectiveStatusCounters.Pending", target.pending, f"{target.live}, as InProgress"
    ended = target.launched - target.live
    if target.succeeded + target.failed != ended:
        return (
            "ObjectiveStatusCounters",
            target.succeeded + target.failed,
            f"{ended} Succeeded and Failed, as many as have ended",
        )
    return MEMBERS[0], target.status, "another status or other counters"


def _against(member: str, target: Shown, before: Shown | None, terms: Terms, tables: Tables) -> str:
    """The row or the assumption that stands against a member."""
    source = "InProgress" if before is None else before.status
    finish = f"{_rows('finish', target.status, tables)}; it is due when no training job is live and none is to come"
    if target.status in FINAL_TUNING and target.live:
        return finish
    if before is not None and source != "InProgress" and target.launched > before.launched:
        return f"{_rows('launch', None, tables)}: none is created in {source}; assumption launch-then-stop (A-08)"
    if member.startswith("ObjectiveStatusCounters") or target.pending != target.live:
        return "K7, K8: each training job is InProgress and Pending until it has ended, then Succeeded or Failed"
    if terms.max_parallel is not None and target.live > terms.max_parallel:
        return f"{_rows('launch', None, tables)}: MaxParallelTrainingJobs is {terms.max_parallel}"
    if terms.max_training_jobs is not None and target.launched > terms.max_training_jobs:
        return f"{_rows('launch', None, tables)}: MaxNumberOfTrainingJobs is {terms.max_training_jobs}"
    if target.status in FINAL_TUNING:
        return finish
    if member == MEMBERS[0]:
        return f"no row of the tuning table leads from {source} to {target.status} with these counters"
    return f"{_rows('child_ended', source, tables)}: a counter moves by one as a training job ends, and never back"


def _rows(trigger: str, shown: str | None, tables: Tables) -> str:
    """The rows with a trigger, and into the status *shown*, in words."""
    found = {
        f"{row.source} → {row.destination}{f', if {row.guard}' if row.guard else ''}: {row.rests_on}": None
        for rows in tables.tuning.values()
        for row in rows
        if row.trigger == trigger and shown in (None, status(row.destination))
    }
    return f"the row{'s' if len(found) > 1 else ''} {trigger} ({'; '.join(found)})" if found else f"no row {trigger}"
