"""Judges the answers about one training job, in every order that they may have been given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from hptsim.conformance import transitions
from hptsim.conformance.answers import Refusal, time_of
from hptsim.conformance.orders import Event, Followed, follow
from hptsim.conformance.stamps import (
    constant,
    in_order,
    named_by_its_arn,
    not_found,
    seen,
)
from hptsim.conformance.training_members import AT_THE_END, ECHO, END, Belief, contradiction
from hptsim.conformance.training_search import Kind, TrainingState, after, created, later, shows, words
from hptsim.model.machine import TABLES, Tables
from hptsim.model.statuses import FINAL_TRAINING, FINAL_TUNING, TrainingJobStatus


def judge(events: Sequence[Event], tables: Tables = TABLES) -> Followed[Belief]:
    """Whether some run of the training table explains all that the answers say of one training job."""
    kind = kind_of(events)
    keeps = any("WarmPoolStatus" in event.members for event in events)
    described: dict[str, Any] = {}

    def step(belief: Belief, event: Event, ahead: Sequence[Event]) -> Belief | Refusal:
        if event.kind != "shown":
            return _called(belief, event, ahead, kind, keeps, tables)
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
    at_the_end = AT_THE_END if now.status in FINAL_TUNING else ()
    # Another order may have noted the end already: what is not final is not compared with it.
    ended = described.setdefault(f"at the end, by {event.answer.operation}", {})
    if status_of(event) not in list(TrainingJobStatus):
        known = " or ".join(TrainingJobStatus)
        return event.refused("TrainingJobStatus", status_of(event), known, "no row of the training table leads there")
    possible = later(belief.states, kind, tables)
    if "SecondaryStatusTransitions" in members:
        path = transitions.path(belief.transitions, event, kind, tables)
        if isinstance(path, Refusal):
            return path
        possible &= path
    states = frozenset(one for one in possible if shows(one)[0] == now.status and secondary in (None, shows(one)[1]))
    if not states:
        return _no_state(belief, event, possible, now.status, secondary)
    wrong = (
        in_order(belief.seen, now, FINAL_TUNING)
        or contradiction(belief, event, now, kind)
        or named_by_its_arn(event, "TrainingJob")
        or constant(described, event, members, ECHO, "J1: a training job is not changed after it was created")
        or constant(ended, event, members, at_the_end, f"no row leaves {now.status}: what has ended stays as it is")
    )
    if wrong is not None:
        return wrong
    described.update({name: members[name] for name in ECHO if name in members and name not in described})
    ended.update({name: members[name] for name in at_the_end if name in members})
    started_s = time_of(members, "TrainingStartTime")
    path_shown = members.get("SecondaryStatusTransitions")
    return Belief(
        states,
        now,
        belief.started_s if started_s is None else started_s,
        belief.ended_s if now.ended_s is None else now.ended_s,
        max(belief.training_s, members.get("TrainingTimeInSeconds", 0)),
        members.get("ObjectiveStatus", belief.objective),
        belief.transitions if path_shown is None else path_shown,
    )


def _no_state(belief: Belief, event: Event, possible: set[TrainingState], status: str, secondary: Any) -> Refusal:
    """Which of the two statuses differs from what was possible."""
    before = {shows(one)[0] for one in belief.states}
    pairs = {shows(one) for one in possible}
    if status not in {one for one, _ in pairs}:
        gone = " and ".join(sorted(before & set(FINAL_TUNING)))
        against = f"no row of the training table leaves {gone}" if gone else "no row of the training table leads there"
        return event.refused("TrainingJobStatus", status, words({one for one, _ in pairs}), against)
    fitting = {two for one, two in pairs if one == status}
    return event.refused(
        "SecondaryStatus", secondary, words(fitting), f"the training table: what shows {status} (§3.2)"
    )


# ---------------------------------------------------------------------- calls


def _called(
    belief: Belief, event: Event, ahead: Sequence[Event], kind: Kind, keeps: bool, tables: Tables
) -> Belief | Refusal:
    """What is believed after a call that was accepted or refused; or that nothing explains the answer."""
    way = later(belief.states, kind, tables)
    final = frozenset(state for state in way if state.state in FINAL_TRAINING)
    if event.kind == "not found":
        return not_found(event, ahead, belief.seen, bool(final)) or belief
    if event.kind == "StopTrainingJob refused":
        named = (event.answer.error or ("", ""))[1].rpartition("in status ")[2].rstrip(".")
        stopping = {state for state in way if shows(state)[0] == named == "Stopping"}
        said = frozenset(
            state for state in stopping | final if named not in list(TrainingJobStatus) or shows(state)[0] == named
        )
        if said:
            return attrs.evolve(belief, states=said)
        possible = "no error" if not final else f"a text that names {words({shows(one)[0] for one in final})}"
        return event.refused(
            "Error.Message",
            (event.answer.error or ("", ""))[1],
            possible,
            "§2.8: a stop is refused once the training job has ended; stop-is-idempotent (A-03)",
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
