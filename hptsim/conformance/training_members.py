"""Judges the members of one answer about a training job: its times, its seconds, its reason, its objective."""

from __future__ import annotations

from typing import Any

import attrs

from hptsim.conformance.answers import Refusal, shown, time_of
from hptsim.conformance.failure_reasons import misplaced
from hptsim.conformance.orders import Event
from hptsim.conformance.stamps import CLOCK_SKEW_S, Seen, not_before, of_event, whole
from hptsim.conformance.training_search import Kind, TrainingState
from hptsim.model.statuses import FINAL_TUNING

END = "TrainingEndTime"
ECHO = (
    "TrainingJobArn",
    "TunedHyperParameters",
    "TrainingJobDefinitionName",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "VpcConfig",
    "CheckpointConfig",
    "Environment",
    "RetryStrategy",
    "TuningJobArn",
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "StoppingCondition",
    "EnableManagedSpotTraining",
)
"""The members of DescribeTrainingJob that never change; ResourceConfig may (its keep-alive period, the selected type)."""
AT_THE_END = (
    "FailureReason",
    "FinalHyperParameterTuningJobObjectiveMetric",
    "FinalMetricDataList",
    "ModelArtifacts",
    "TrainingTimeInSeconds",
    "BillableTimeInSeconds",
    "SecondaryStatusTransitions",
)
"""The members that do not change once the training job has ended."""


@attrs.frozen
class Belief:
    """What a training job may be doing, and what the answers so far have shown of it."""

    states: frozenset[TrainingState]
    seen: Seen | None = attrs.field(default=None, eq=of_event, hash=False)
    started_s: float | None = None
    ended_s: float | None = None
    training_s: int = 0
    objective: str = "Pending"
    transitions: Any = attrs.field(default=(), eq=id, hash=False)


def contradiction(belief: Belief, event: Event, now: Seen, kind: Kind) -> Refusal | None:
    """The first member that contradicts another one, or what was shown before."""
    return (
        _times(belief, event, now)
        or _seconds(event, now, kind)
        or misplaced(event, now.status, f"J8: a training job that is {now.status} has none (A-49)")
        or _objective(belief, event, now)
    )


def _times(belief: Belief, event: Event, now: Seen) -> Refusal | None:
    """Creation, start and end follow each other, stay as they are once shown, and the end is there only at the end."""
    members = event.members
    started_s = time_of(members, "TrainingStartTime")
    before = belief.seen
    exact = event.kind == "shown" and _to_the_millisecond(event)
    if started_s is not None and now.created_s is not None and whole(started_s) < whole(now.created_s):
        possible = f"{shown(members.get('CreationTime'))} (CreationTime) or later"
        return event.refused("TrainingStartTime", members.get("TrainingStartTime"), possible, "J3")
    if now.ended_s is not None and now.status not in FINAL_TUNING:
        return event.refused(END, members.get(END), "absent", f"K2: a training job that is {now.status} has not ended")
    if belief.started_s is not None and started_s is not None and whole(belief.started_s) != whole(started_s):
        possible = f"the same second as in the answer before ({before.event.answer.place if before else ''})"
        return event.refused("TrainingStartTime", members.get("TrainingStartTime"), possible, "J3: it is noted once")
    if exact:
        return (
            not_before(event, END, now.ended_s, "TrainingStartTime", started_s, "J7")
            or not_before(event, "LastModifiedTime", now.modified_s, END, now.ended_s, "J7: the end is a stamp")
            or _first_start(event, started_s)
        )
    if started_s is not None and now.ended_s is not None and whole(now.ended_s) < whole(started_s):
        return not_before(event, END, now.ended_s, "TrainingStartTime", started_s, "J7")
    return None


def _to_the_millisecond(event: Event) -> bool:
    """Whether an answer shows stamps as they are; the list of a tuning job's training jobs cuts them to seconds (§2.3)."""
    return event.answer.operation in ("DescribeTrainingJob", "ListTrainingJobs")


def _first_start(event: Event, started_s: float | None) -> Refusal | None:
    """TrainingStartTime is when the first transition after Starting began (J3)."""
    for place, one in enumerate(event.members.get("SecondaryStatusTransitions") or ()):
        if one.get("Status") in ("Downloading", "Training"):
            start = time_of(one, "StartTime")
            if start is None or started_s is None or abs(start - started_s) < 1.0:
                return None
            possible = f"{shown(one['StartTime'])}, within a second (SecondaryStatusTransitions[{place}].StartTime)"
            return event.refused("TrainingStartTime", event.members.get("TrainingStartTime"), possible, "J3")
    return None


def _seconds(event: Event, now: Seen, kind: Kind) -> Refusal | None:
    """TrainingTimeInSeconds is the difference of the truncated stamps (O11); on demand all of it is billed."""
    training, billable = (event.members.get(name) for name in ("TrainingTimeInSeconds", "BillableTimeInSeconds"))
    started_s = time_of(event.members, "TrainingStartTime")
    if started_s is not None and now.ended_s is not None and training is not None:
        due = max(1, whole(now.ended_s) - whole(started_s))
        if training != due:
            return event.refused(
                "TrainingTimeInSeconds", training, f"{due}: the end's second less the start's", "O11, B7"
            )
    if training is not None and started_s is not None and now.ended_s is None and now.time_s is not None:
        longest = max(1, whole(now.time_s + CLOCK_SKEW_S) - whole(started_s))
        if training > longest:
            return event.refused(
                "TrainingTimeInSeconds", training, f"at most {longest}, the time since TrainingStartTime", "O11"
            )
    if billable is None or training is None:
        return None
    if now.status not in FINAL_TUNING:
        return event.refused("BillableTimeInSeconds", billable, "absent", "§2.8: it is said at the end")
    path = [one.get("Status") for one in event.members.get("SecondaryStatusTransitions") or ()]
    if kind.spot is False and path.count("Starting") == 1 and "Training" in path and billable != training:
        possible = f"{training}, as TrainingTimeInSeconds"
        return event.refused(
            "BillableTimeInSeconds", billable, possible, "B1: one attempt on demand is billed from start to end"
        )
    if billable > training or billable < 0:
        return event.refused("BillableTimeInSeconds", billable, f"0 to {training} (TrainingTimeInSeconds)", "B5")
    return None


def _objective(belief: Belief, event: Event, now: Seen) -> Refusal | None:
    """ObjectiveStatus is Pending until the end, then stays what it becomes; it is Succeeded where there is a metric (K8)."""
    objective = event.members.get("ObjectiveStatus")
    if objective is None:
        return None
    allowed = {"Completed": ["Succeeded", "Failed", "Pending"], "Stopped": ["Succeeded", "Failed", "Pending"]}.get(
        now.status, ["Failed", "Pending"] if now.status == "Failed" else ["Pending"]
    )
    if belief.objective != "Pending":
        allowed = [belief.objective]
    if "FinalHyperParameterTuningJobObjectiveMetric" in event.members:
        allowed = [one for one in allowed if one != "Failed"]
    else:
        allowed = [one for one in allowed if one != "Succeeded"]
    if objective in allowed:
        return None
    against = f"K8: of a training job that is {now.status}, with or without a final metric"
    return event.refused("ObjectiveStatus", objective, " or ".join(allowed) or "nothing", against)
