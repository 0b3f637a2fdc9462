"""Judges SecondaryStatusTransitions: whether they are a path of the training table, and whether their times meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hptsim.conformance.answers import Members, Refusal, shown, time_of
from hptsim.conformance.orders import Event
from hptsim.conformance.training_search import Kind, TrainingState, along, created, later, shows, words
from hptsim.model.machine import Tables
from hptsim.model.statuses import SecondaryStatus

_BOUNDARY_S = 0.001
"""Consecutive transitions share an instant, to the millisecond in which they are shown."""


def path(shown_before: Sequence[Members], event: Event, kind: Kind, tables: Tables) -> set[TrainingState] | Refusal:
    """Where the secondary statuses of an answer lead; or the transition that no row makes, or whose times do not meet."""
    given = event.members["SecondaryStatusTransitions"]
    elements = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []
    names = [str(one.get("Status")) for one in elements]
    if not names:
        return later(created(kind, tables), kind, tables)
    explained, states = along(names, kind, tables)
    if explained < len(names):
        known = names[explained] in list(SecondaryStatus)
        before = names[explained - 1] if explained else "the creation"
        possible = words({shows(one)[1] for state in states for one in later({state}, kind, tables)} - {before})
        against = f"no row of the training table leads from {before} to {names[explained]}"
        if not known:
            against += ", a status that the twin does not have"
        return event.refused(f"SecondaryStatusTransitions[{explained}].Status", names[explained], possible, against)
    wrong = _meeting(event, elements) or _extends(shown_before, event, elements)
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


def _extends(shown_before: Sequence[Members], event: Event, elements: list[Members]) -> Refusal | None:
    """Transitions that an earlier answer has shown stay as they were; what has happened does not change."""
    for place, old in enumerate(shown_before):
        path, against = f"SecondaryStatusTransitions[{place}]", "an earlier answer has shown this transition"
        new = elements[place] if place < len(elements) else {}
        for name in ("Status", "StartTime"):
            if new.get(name) != old.get(name):
                return event.refused(f"{path}.{name}", new.get(name), shown(old.get(name)), against)
    return None
