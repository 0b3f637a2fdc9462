"""Judges the answers about one tuning job, in every order that they may have been given."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import attrs

from hptsim.conformance import failure_reasons
from hptsim.conformance.answers import Members, Refusal, shown, time_of
from hptsim.conformance.orders import Event, Followed, follow
from hptsim.conformance.stamps import (
    CLOCK_SKEW_S,
    Seen,
    constant,
    in_order,
    named_by_its_arn,
    not_before,
    not_found,
    of_event,
    seen,
    whole,
)
from hptsim.conformance.tuning_echo import ECHO, echoed, terms_of
from hptsim.conformance.tuning_reasons import why_not
from hptsim.conformance.tuning_search import MEMBERS, Shown, Terms, TuningState, any_later, created, fired, reached
from hptsim.model.machine import TABLES, Tables
from hptsim.model.statuses import FINAL_TUNING, status

END = "HyperParameterTuningEndTime"


@attrs.frozen
class Belief:
    """What a tuning job may be doing, and what the answers so far have shown of it."""

    states: frozenset[TuningState]
    seen: Seen | None = attrs.field(default=None, eq=of_event, hash=False)
    runtime_s: int | None = None
    final_runtime_s: int | None = None
    best: float | None = None


def judge(events: Sequence[Event], tables: Tables = TABLES) -> Followed[Belief]:
    """Whether some run of the tables explains all that the answers say of one tuning job."""
    terms = terms_of(events)
    described: dict[str, Any] = {}

    def step(belief: Belief, event: Event, ahead: Sequence[Event]) -> Belief | Refusal:
        if event.kind != "shown":
            return _called(belief, event, ahead, terms, tables)
        return _shown(belief, event, terms, described, tables)

    return follow(events, Belief(created(tables)), step)


# ---------------------------------------------------------------------- what an answer shows


def counters(event: Event) -> Shown | None:
    """The status and counters of an answer; None where it has none. Raises InvalidInput for what is no counter."""
    jobs, objectives = (event.members.get(name) for name in ("TrainingJobStatusCounters", "ObjectiveStatusCounters"))
    if event.kind != "shown" or not isinstance(jobs, dict) or not isinstance(objectives, dict):
        return None
    numbers = []
    for member in MEMBERS[1:]:
        group, _, name = member.partition(".")
        value = event.members[group].get(name, 0)
        numbers.append(value if isinstance(value, int) else -1)
    return Shown(str(event.members.get("HyperParameterTuningJobStatus")), *numbers)


def _shown(belief: Belief, event: Event, terms: Terms, described: dict[str, Any], tables: Tables) -> Belief | Refusal:
    """What is believed after an answer that shows the tuning job; or the member that nothing explains."""
    now = seen(event, str(event.members.get("HyperParameterTuningJobStatus")), END)
    target = counters(event)
    if target is None:
        return attrs.evolve(belief, seen=now)
    way = reached(belief.states, terms, target, tables)
    states = frozenset(state for state in way if state.shows == target)
    if not states:
        before = None if belief.seen is None else counters(belief.seen.event)
        where = "" if belief.seen is None else f"{belief.seen.event.answer.place} shows"
        return why_not(event, target, before, where, belief.states, terms, tables)
    wrong = (
        in_order(belief.seen, now, FINAL_TUNING)
        or _end(event, now)
        or _runtime(belief, event, now)
        or failure_reasons.of_a_tuning_job(event, target)
        or _not_improving(event, target)
        or named_by_its_arn(event, "HyperParameterTuningJob")
        or constant(
            described,
            event,
            echoed(event),
            ECHO,
            "H1, C12: a tuning job is not changed after it was created, and Describe echoes it",
        )
    )
    best = _best(event, target, belief.best)
    if wrong is not None or isinstance(best, Refusal):
        return wrong or best  # type: ignore[return-value]
    echo = echoed(event)
    described.update({name: echo[name] for name in ECHO if name in echo and name not in described})
    runtime_s = _runtime_of(event.members, belief.runtime_s)
    final_s = _runtime_of(event.members, belief.final_runtime_s) if target.status in FINAL_TUNING else None
    return Belief(states, now, runtime_s, final_s, best)


def _end(event: Event, now: Seen) -> Refusal | None:
    """The end time is there when, and only when, the status is final, and is the last stamp (K3, O4)."""
    recorded = event.members.get(END)
    if now.status in FINAL_TUNING and recorded is None:
        return event.refused(
            END, None, "a time, since the status is final", "K3: the end is noted when the status becomes final"
        )
    if now.status not in FINAL_TUNING and recorded is not None:
        return event.refused(END, recorded, "absent", f"K3: a tuning job that is {now.status} has not ended")
    if now.ended_s is not None and now.modified_s is not None and now.ended_s != now.modified_s:
        return event.refused(
            END,
            recorded,
            f"{shown(event.members.get('LastModifiedTime'))} (LastModifiedTime)",
            "K3, O4: the end is the last stamp",
        )
    return not_before(event, END, now.ended_s, "CreationTime", now.created_s, "H1")


def _runtime_of(members: Members, before: int | None) -> int | None:
    value = (members.get("ConsumedResources") or {}).get("RuntimeInSeconds")
    return value if isinstance(value, int) else before


def _runtime(belief: Belief, event: Event, now: Seen) -> Refusal | None:
    """RuntimeInSeconds never falls, and is at most the wall time since the creation (O3)."""
    member, against = "ConsumedResources.RuntimeInSeconds", "runtime-clock (O3)"
    before = belief.seen
    if (
        before is not None
        and before.created_s is not None
        and now.modified_s is not None
        and before.modified_s is not None
    ):
        value = _runtime_of(before.event.members, None)
        longest = whole(now.modified_s - before.created_s)
        if value is not None and now.modified_s > before.modified_s and value > longest:
            possible = f"at most {longest}: it was given before {shown(event.members.get('LastModifiedTime'))}"
            return before.event.refused(member, value, possible, against)
    value = _runtime_of(event.members, None)
    if value is None:
        return None
    if value < 0 or (belief.runtime_s is not None and value < belief.runtime_s):
        return event.refused(member, value, f"{max(0, belief.runtime_s or 0)} or more", f"{against}: it never falls")
    until = now.ended_s if now.ended_s is not None else None if now.time_s is None else now.time_s + CLOCK_SKEW_S
    if until is not None and now.created_s is not None and value > whole(until - now.created_s):
        return event.refused(
            member, value, f"at most {whole(until - now.created_s)}, the time since CreationTime", against
        )
    if belief.final_runtime_s not in (None, value):
        return event.refused(member, value, str(belief.final_runtime_s), f"{against}: it ends with the tuning job")
    return None


def _not_improving(event: Event, target: Shown) -> Refusal | None:
    """What does not improve was evaluated (A-33)."""
    member = "NumberOfTrainingJobsObjectiveNotImproving"
    value = (event.members.get("TuningJobCompletionDetails") or {}).get(member, 0)
    if value > target.succeeded:
        possible = f"at most {target.succeeded} (ObjectiveStatusCounters.Succeeded)"
        return event.refused(f"TuningJobCompletionDetails.{member}", value, possible, "assumption not-improving (A-33)")
    return None


def _best(event: Event, target: Shown, before: float | None) -> float | Refusal | None:
    """BestTrainingJob is there only when a training job was evaluated, and its objective never gets worse (K8)."""
    best = event.members.get("BestTrainingJob")
    if not isinstance(best, dict):
        return before
    if not target.succeeded:
        return event.refused(
            "BestTrainingJob", best.get("TrainingJobName"), "absent, since no objective was evaluated", "K8, §2.3"
        )
    if best.get("ObjectiveStatus", "Succeeded") != "Succeeded":
        return event.refused(
            "BestTrainingJob.ObjectiveStatus", best["ObjectiveStatus"], "'Succeeded'", "K8: the best was evaluated"
        )
    metric = best.get("FinalHyperParameterTuningJobObjectiveMetric") or {}
    objective = (event.members.get("HyperParameterTuningJobConfig") or {}).get("HyperParameterTuningJobObjective") or {}
    value = metric.get("Value")
    if objective and metric and metric.get("MetricName") != objective.get("MetricName"):
        member = "BestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.MetricName"
        return event.refused(
            member, metric.get("MetricName"), repr(objective.get("MetricName")), "K9: it is the objective's value"
        )
    if not isinstance(value, (int, float)) or objective.get("Type") not in ("Maximize", "Minimize"):
        return before
    cost = -value if objective["Type"] == "Maximize" else value
    if before is not None and cost > before:
        member = "BestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.Value"
        possible = f"{abs(before) if cost >= 0 else before} or better".replace("--", "")
        return event.refused(member, value, possible, "K8: the best so far never gets worse")
    return cost


# ---------------------------------------------------------------------- calls


def _called(belief: Belief, event: Event, ahead: Sequence[Event], terms: Terms, tables: Tables) -> Belief | Refusal:
    """What is believed after a call that was accepted or refused; or that nothing explains the answer."""
    if event.kind.startswith("CreateHyperParameterTuningJob"):
        return belief
    goal = next((found for one in islice(ahead, 1, None) if (found := counters(one)) is not None), None)
    way = any_later(belief.states, tables)
    if goal is not None:  # what the next answers count has mostly happened already, or happens after the call
        way = reached(belief.states, terms, goal, tables)
    final = frozenset(state for state in way if state.state in FINAL_TUNING)
    if event.kind == "not found":
        return not_found(event, ahead, belief.seen, bool(final)) or belief
    if event.kind == "StopHyperParameterTuningJob refused":
        stopping = "in status Stopping" in (event.answer.error or ("", ""))[1]
        said = frozenset(state for state in way if status(state.state) == "Stopping") if stopping else final
        if said:
            return attrs.evolve(belief, states=said)
        return event.refused(
            "Error.Code",
            "ValidationException",
            "no error",
            "stop-is-idempotent, S9: only a tuning job that has ended, or that is Stopping, refuses a stop",
        )
    if event.kind == "DeleteHyperParameterTuningJob":
        if final:
            return attrs.evolve(belief, states=final)
        return event.refused(
            "status_code", 200, "400, ValidationException", "H9, D3: a tuning job that has not ended is not deleted"
        )
    if event.kind == "DeleteHyperParameterTuningJob refused":
        live = way - final
        if live:
            return attrs.evolve(belief, states=live)
        return event.refused(
            "Error.Code", "ValidationException", "no error", "D1, D3: a tuning job that has ended can be deleted"
        )
    stopped = {after for state in way for after in fired(state, "stop", tables)}
    stopped |= {state for state in way if status(state.state) == "Stopping"}
    if stopped:
        return attrs.evolve(belief, states=frozenset(stopped))
    possible = "400, ValidationException"
    return event.refused("status_code", 200, possible, "S9: a tuning job that has ended refuses a stop")


def created_s(event: Event) -> float | None:
    """The creation time that an event shows."""
    return time_of(event.members, "CreationTime")
