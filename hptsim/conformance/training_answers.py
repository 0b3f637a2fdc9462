"""Judges the answers about one training job, in every order that they may have been given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from hptsim.conformance.answers import Members, Refusal, shown, time_of
from hptsim.conformance.orders import Event, Followed, follow
from hptsim.conformance.stamps import CLOCK_SKEW_S, Seen, constant, in_order, not_before, seen, whole
from hptsim.conformance.training_search import Kind, TrainingState, after, along, created, later, shows
from hptsim.model.machine import TABLES, Tables
from hptsim.model.statuses import FINAL_TRAINING, FINAL_TUNING, SecondaryStatus, TrainingJobStatus

END = "TrainingEndTime"
ECHO = (
    "TrainingJobArn",
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
_BOUNDARY_S = 0.001
"""Consecutive transitions share an instant, to the millisecond in which they are shown."""


@attrs.frozen
class Belief:
    """What a training job may be doing, and what the answers so far have shown of it."""

    states: frozenset[TrainingState]
    seen: Seen | None = attrs.field(default=None, eq=id, hash=False)
    started_s: float | None = None
    transitions: tuple[Any, ...] = attrs.field(default=(), eq=id, hash=False)


def judge(events: Sequence[Event], tables: Tables = TABLES) -> Followed[Belief]:
    """Whether some run of the training table explains all that the answers say of one training job."""
    kind = kind_of(events)
    keeps = any("WarmPoolStatus" in event.members for event in events)
    described: dict[str, Any] = {}

    def step(belief: Belief, event: Event, ahead: Sequence[Event]) -> Belief | Refusal:
        if event.kind != "shown":
            return _called(belief, event, kind, keeps, tables)
        return _shown(belief, event, kind, described, tables)

    return follow(events, Belief(created(kind, tables)), step)


def kind_of(events: Sequence[Event]) -> Kind:
    """What the answers say of how the training job was asked for."""
    mode = spot = None
    for event in events:
        algorithm = event.members.get("AlgorithmSpecification")
        if isinstance(algorithm, Mapping) and "TrainingInputMode" in algorithm:
            mode = algorithm["TrainingInputMode"]
        spot = event.members.get("EnableManagedSpotTraining", spot)
    return Kind(None if mode is None else mode != "File", spot if isinstance(spot, bool) else None)


def status_of(event: Event) -> str:
    """TrainingJobStatus of an answer."""
    return str(event.members.get("TrainingJobStatus"))


def _shown(belief: Belief, event: Event, kind: Kind, described: dict[str, Any], tables: Tables) -> Belief | Refusal:
    """What is believed after an answer that shows the training job; or the member that nothing explains."""
    members = event.members
    secondary = members.get("SecondaryStatus")
    now = seen(event, status_of(event), END)
    if status_of(event) not in list(TrainingJobStatus):
        known = " or ".join(TrainingJobStatus)
        return event.refused("TrainingJobStatus", status_of(event), known, "no row of the training table leads there")
    possible = later(belief.states, kind, tables)
    if "SecondaryStatusTransitions" in members:
        path = _path(belief, event, kind, tables)
        if isinstance(path, Refusal):
            return path
        possible &= path
    states = frozenset(one for one in possible if shows(one)[0] == now.status and secondary in (None, shows(one)[1]))
    if not states:
        return _no_state(belief, event, possible, now.status, secondary)
    wrong = (
        in_order(belief.seen, now, FINAL_TUNING)
        or _times(belief, event, now)
        or _seconds(event, now, kind)
        or _reason(event, now)
        or _objective(event, now)
        or constant(described, event, ECHO, "J1: a training job is not changed after it was created")
    )
    if wrong is not None:
        return wrong
    described.update({name: members[name] for name in ECHO if name in members and name not in described})
    started_s = time_of(members, "TrainingStartTime")
    transitions = members.get("SecondaryStatusTransitions")
    return Belief(
        states,
        now,
        belief.started_s if started_s is None else started_s,
        belief.transitions if transitions is None else tuple(transitions),
    )


def _no_state(belief: Belief, event: Event, possible: set[TrainingState], status: str, secondary: Any) -> Refusal:
    """Which of the two statuses differs from what was possible."""
    before = {shows(one)[0] for one in belief.states}
    pairs = {shows(one) for one in possible}
    if status not in {one for one, _ in pairs}:
        gone = " and ".join(sorted(before & set(FINAL_TUNING)))
        against = f"no row of the training table leaves {gone}" if gone else "no row of the training table leads there"
        return event.refused("TrainingJobStatus", status, _words({one for one, _ in pairs}), against)
    fitting = {two for one, two in pairs if one == status}
    return event.refused(
        "SecondaryStatus", secondary, _words(fitting), f"the training table: what shows {status} (§3.2)"
    )


def _words(values: set[str]) -> str:
    return " or ".join(sorted(values)) or "nothing"


# ---------------------------------------------------------------------- times


def _path(belief: Belief, event: Event, kind: Kind, tables: Tables) -> set[TrainingState] | Refusal:
    """Where the secondary statuses of an answer lead; or the transition that no row makes, or whose times do not meet."""
    given = event.members["SecondaryStatusTransitions"]
    elements = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
    names = [str(one.get("Status")) for one in elements]
    if not names:
        return set(belief.states) | later(belief.states, kind, tables)
    explained, states = along(names, kind, tables)
    if explained < len(names):
        known = names[explained] in list(SecondaryStatus)
        before = names[explained - 1] if explained else "the creation"
        possible = _words({shows(one)[1] for state in states for one in later({state}, kind, tables)} - {before})
        against = f"no row of the training table leads from {before} to {names[explained]}"
        if not known:
            against += ", a status that the twin does not have"
        return event.refused(f"SecondaryStatusTransitions[{explained}].Status", names[explained], possible, against)
    wrong = _meeting(event, elements) or _extends(belief, event, elements)
    return states if wrong is None else wrong


def _meeting(event: Event, elements: list[Members]) -> Refusal | None:
    """Consecutive transitions share an instant, no time runs back, and only the last may be open (§2.8)."""
    against = "§2.8: consecutive transitions share an instant, and only the last may be open"
    for place, one in enumerate(elements):
        start, end = time_of(one, "StartTime"), time_of(one, "EndTime")
        path = f"SecondaryStatusTransitions[{place}]"
        if start is not None and end is not None and end < start:
            return event.refused(f"{path}.EndTime", one["EndTime"], f"{shown(one['StartTime'])} or later", against)
        if place + 1 == len(elements):
            break
        following = time_of(elements[place + 1], "StartTime")
        if end is None:
            return event.refused(f"{path}.EndTime", None, "a time, since another transition follows", against)
        if following is not None and abs(following - end) > _BOUNDARY_S:
            path = f"SecondaryStatusTransitions[{place + 1}].StartTime"
            return event.refused(path, elements[place + 1]["StartTime"], shown(one["EndTime"]), against)
    last, secondary = elements[-1].get("Status"), event.members.get("SecondaryStatus")
    if secondary is not None and last != secondary:
        return event.refused("SecondaryStatus", secondary, f"{last!r}, the last transition", "§2.8")
    return None


def _extends(belief: Belief, event: Event, elements: list[Members]) -> Refusal | None:
    """Transitions that an earlier answer has shown stay as they were; what has happened does not change."""
    for place, old in enumerate(belief.transitions):
        path, against = f"SecondaryStatusTransitions[{place}]", "an earlier answer has shown this transition"
        new = elements[place] if place < len(elements) else {}
        for name in ("Status", "StartTime"):
            if new.get(name) != old.get(name):
                return event.refused(f"{path}.{name}", new.get(name), shown(old.get(name)), against)
    return None


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
    if before is not None and before.created_s is not None and now.created_s is not None:
        if whole(before.created_s) != whole(now.created_s):
            possible = shown(before.event.members.get("CreationTime"))
            return event.refused(
                "CreationTime", members.get("CreationTime"), possible, "J1: a training job is created once"
            )
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
    if kind.spot is False and billable != training:
        return event.refused(
            "BillableTimeInSeconds", billable, f"{training}, as TrainingTimeInSeconds", "B1: on demand all is billed"
        )
    if billable > training or billable < 0:
        return event.refused("BillableTimeInSeconds", billable, f"0 to {training} (TrainingTimeInSeconds)", "B5")
    return None


def _reason(event: Event, now: Seen) -> Refusal | None:
    reason = event.members.get("FailureReason")
    if reason and now.status != "Failed":
        return event.refused(
            "FailureReason", reason, "absent", f"J8: a training job that is {now.status} has none (A-49)"
        )
    return None


def _objective(event: Event, now: Seen) -> Refusal | None:
    """ObjectiveStatus is Pending until the end, and a training job that failed has no objective that counts (K8)."""
    objective = event.members.get("ObjectiveStatus")
    possible = {"Completed": ("Succeeded", "Failed", "Pending"), "Stopped": ("Succeeded", "Failed", "Pending")}
    allowed = possible.get(now.status, ("Failed", "Pending") if now.status == "Failed" else ("Pending",))
    if objective is not None and objective not in allowed:
        return event.refused(
            "ObjectiveStatus", objective, " or ".join(allowed), f"K8: of a training job that is {now.status}"
        )
    return None


# ---------------------------------------------------------------------- calls


def _called(belief: Belief, event: Event, kind: Kind, keeps: bool, tables: Tables) -> Belief | Refusal:
    """What is believed after a call that was accepted or refused; or that nothing explains the answer."""
    way = later(belief.states, kind, tables)
    final = frozenset(state for state in way if state.state in FINAL_TRAINING)
    if event.kind == "StopTrainingJob refused":
        named = (event.answer.error or ("", ""))[1].rpartition("is in status ")[2].rstrip(".")
        said = frozenset(state for state in final if named not in list(TrainingJobStatus) or shows(state)[0] == named)
        if said:
            return attrs.evolve(belief, states=said)
        possible = "no error" if not final else f"a text that names {_words({shows(one)[0] for one in final})}"
        return event.refused(
            "Error.Message",
            (event.answer.error or ("", ""))[1],
            possible,
            "§2.8: a stop is refused once the training job has ended",
        )
    if event.kind == "DeleteTrainingJob":
        if final:
            return attrs.evolve(belief, states=final)
        return event.refused("status_code", 200, "400, ResourceInUse", "assumption delete-in-use")
    if event.kind != "StopTrainingJob":
        return belief
    live = frozenset(way) - final
    if not live and not keeps:
        return event.refused(
            "status_code", 200, "400, ValidationException", "§2.8: a stop of a training job that has ended is refused"
        )
    stopped = {following for state in live for following in after(state, "stop", tables)}
    lagging = belief.states - final  # reads may lag behind a stop, as was observed (§3.3): it may not show at once
    return attrs.evolve(
        belief,
        states=frozenset(stopped | {one for one in live if one.stopped_by} | lagging | (final if keeps else set())),
    )
