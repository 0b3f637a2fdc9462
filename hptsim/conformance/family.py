"""Judges a tuning job and its training jobs together: how many there may be, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from hptsim.conformance.answers import Refusal, shown, time_of
from hptsim.conformance.orders import Event
from hptsim.conformance.stamps import whole
from hptsim.conformance.training_answers import status_of
from hptsim.conformance.tuning_answers import counters
from hptsim.conformance.tuning_search import Terms
from hptsim.model.statuses import FINAL_TUNING, bucket

Children = Mapping[str, Sequence[Event]]
"""The events of each training job of a tuning job, in an order that was followed."""


@attrs.frozen
class Child:
    """What all answers say of one training job: when it was created, and when it had ended at the latest known."""

    name: str
    first: Event
    last: Event | None
    created_s: float | None
    ended_s: float | None


def judge(parent: Sequence[Event], children: Children, terms: Terms) -> Refusal | None:
    """The first thing in which the answers about training jobs contradict those about their tuning job."""
    known = [child for name in sorted(children) if (child := _child(name, children[name])) is not None]
    return (
        _created_in_time(parent, known)
        or _number(known, terms)
        or _parallel(known, terms)
        or _ended_in_time(parent, known)
        or _counted(parent, known)
    )


def _child(name: str, events: Sequence[Event]) -> Child | None:
    shows = [event for event in events if event.kind in ("shown", "created")]
    if not shows:
        return None
    created = [time for event in shows if (time := time_of(event.members, "CreationTime")) is not None]
    ended = [time for event in shows if (time := time_of(event.members, "TrainingEndTime")) is not None]
    last = next((event for event in reversed(shows) if event.kind == "shown"), None)
    return Child(name, shows[0], last, min(created, default=None), min(ended, default=None))


def _created_in_time(parent: Sequence[Event], children: list[Child]) -> Refusal | None:
    """No training job is older than its tuning job, and none is created after the stop (launch-then-stop)."""
    begun = [time for event in parent if (time := time_of(event.members, "CreationTime")) is not None]
    stops = [
        (event.modified_s, event)
        for event in parent
        if event.modified_s is not None
        and event.members.get("HyperParameterTuningJobStatus") in (*FINAL_TUNING, "Stopping")
    ]
    for child in children:
        recorded = child.first.members.get("CreationTime")
        if child.created_s is None:
            continue
        if begun and whole(child.created_s) < whole(begun[0]):
            possible = f"{shown(parent[0].members.get('CreationTime'))} or later (CreationTime of its tuning job)"
            return child.first.refused(
                "CreationTime", recorded, possible, "L1: a tuning job launches its training jobs"
            )
        if not stops:
            continue
        stop_s, event = min(stops, key=lambda pair: pair[0])
        if whole(child.created_s) > whole(stop_s):
            status = event.members.get("HyperParameterTuningJobStatus")
            possible = f"until {shown(event.members.get('LastModifiedTime'))}: {event.answer.place} shows {status}"
            against = "the row launch, which leaves InProgress only (L1); assumption launch-then-stop (A-08)"
            return child.first.refused("CreationTime", recorded, possible, against)
    return None


def _number(children: list[Child], terms: Terms) -> Refusal | None:
    most = terms.max_training_jobs
    if most is None or len(children) <= most:
        return None
    extra = sorted(children, key=lambda one: one.created_s or 0.0)[most]
    possible = f"no more than {most} training jobs"
    return extra.first.refused(
        "TrainingJobName", extra.name, possible, "the row launch (L1, L6): MaxNumberOfTrainingJobs"
    )


def _parallel(children: list[Child], terms: Terms) -> Refusal | None:
    """At no second are more than MaxParallelTrainingJobs live; only whole seconds between creation and end count."""
    if terms.max_parallel is None:
        return None
    changes = []
    for child in children:
        if (
            child.created_s is not None
            and child.ended_s is not None
            and whole(child.ended_s) > whole(child.created_s) + 1
        ):
            changes += [(whole(child.created_s) + 1, 1, child), (whole(child.ended_s), -1, child)]
    live = 0
    for _, change, child in sorted(changes, key=lambda one: (one[0], one[1])):
        live += change
        if live > terms.max_parallel:
            possible = f"a time when fewer than {terms.max_parallel} of the others were live"
            return child.first.refused(
                "CreationTime", child.first.members.get("CreationTime"), possible, "R9: MaxParallelTrainingJobs"
            )
    return None


def _ended_in_time(parent: Sequence[Event], children: list[Child]) -> Refusal | None:
    """Nobody outlives the tuning job: what is shown after its end has ended, and before it."""
    ends = [event for event in parent if event.members.get("HyperParameterTuningJobStatus") in FINAL_TUNING]
    if not ends:
        return None
    end_s, status = ends[0].modified_s, ends[0].members.get("HyperParameterTuningJobStatus")
    against = f"H3, H4, S8: a tuning job is {status} when all its training jobs have ended"
    for child in children:
        last = child.last
        if last is None:
            continue
        if end_s is not None and child.ended_s is not None and whole(child.ended_s) > whole(end_s):
            possible = f"until {shown(ends[0].members.get('LastModifiedTime'))} ({ends[0].answer.place})"
            return last.refused("TrainingEndTime", last.members.get("TrainingEndTime"), possible, against)
        if status_of(last) not in FINAL_TUNING and _before(ends[0], last):
            possible = " or ".join(sorted(FINAL_TUNING))
            return last.refused("TrainingJobStatus", status_of(last), possible, against)
    return None


def _before(one: Event, other: Event) -> bool:
    """Whether an answer was surely given before another: in the same stream, or because of what they show."""
    first, second = one.answer, other.answer
    if first.time_s is not None and second.time_s is not None and first.stream == second.stream:
        return first.time_s < second.time_s
    return one.modified_s is not None and other.modified_s is not None and one.modified_s < other.modified_s


def _counted(parent: Sequence[Event], children: list[Child]) -> Refusal | None:
    """The counters of an answer and the training jobs that were surely live, created or ended then fit together."""
    for event in parent:
        target = counters(event)
        if target is None:
            continue
        created = [one for one in children if _created_before(one, event)]
        if len(created) > target.launched:
            possible = (
                f"{len(created)} or more in all: {created[-1].name} had been created ({created[-1].first.answer.place})"
            )
            return event.refused(
                "TrainingJobStatusCounters", target.launched, possible, "K7: each training job is counted"
            )
        live = [one.last for one in created if one.last is not None and _live_after(one.last, event)]
        if len(live) > target.live:
            member = "TrainingJobStatusCounters.InProgress"
            possible = f"{len(live)} or more: {live[-1].members.get('TrainingJobName')} is live later ({live[-1].answer.place})"
            return event.refused(member, target.live, possible, "K6, K7: what has not ended is counted as InProgress")
        if target.status in FINAL_TUNING and (wrong := _final_counts(event, children)) is not None:
            return wrong
    return None


def _live_after(last: Event, event: Event) -> bool:
    return status_of(last) not in FINAL_TUNING and _before(event, last)


def _created_before(child: Child, event: Event) -> bool:
    if child.created_s is not None and event.modified_s is not None and whole(child.created_s) + 1 <= event.modified_s:
        return True
    return _before(child.first, event)


def _final_counts(event: Event, children: list[Child]) -> Refusal | None:
    """At the end each counter is at least the number of training jobs that are known to have ended so."""
    counts: dict[str, int] = {}
    last = [one.last for one in children if one.last is not None]
    evaluated = [one for one in last if one.members.get("ObjectiveStatus") == "Succeeded"]
    succeeded = event.members["ObjectiveStatusCounters"].get("Succeeded", 0)
    if len(evaluated) > succeeded:
        possible = f"{len(evaluated)} or more: so many are known to be evaluated"
        return event.refused("ObjectiveStatusCounters.Succeeded", succeeded, possible, "K7, K8")
    for one in last:
        status = status_of(one)
        if status in ("Completed", "Stopped"):
            counts[status] = counts.get(status, 0) + 1
        elif status == "Failed" and (reason := one.members.get("FailureReason")):
            name = bucket("Failed", str(reason))
            counts[name] = counts.get(name, 0) + 1
    recorded = event.members["TrainingJobStatusCounters"]
    for name, count in counts.items():
        if recorded.get(name, 0) < count:
            member = f"TrainingJobStatusCounters.{name}"
            return event.refused(
                member, recorded.get(name, 0), f"{count} or more: so many are known to have ended so", "K4, K5, K7"
            )
    return None
