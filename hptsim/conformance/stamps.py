"""What must hold of the times in answers, whatever the job does: they never fall, and some of them are equal."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

import attrs

from hptsim.conformance.answers import Members, Refusal, shown, time_of
from hptsim.conformance.orders import Event

CLOCK_SKEW_S = 5.0
"""A caller's clock may differ from the service's by so much."""


@attrs.frozen
class Seen:
    """What the last answer about a job has shown; *time_s* is when it was given, by the caller's clock."""

    event: Event
    status: str
    created_s: float | None
    modified_s: float | None
    ended_s: float | None
    time_s: float | None


def of_event(one: Seen | None) -> int:
    """What tells one from another: the event, and not the copy of what it shows."""
    return 0 if one is None else id(one.event)


def seen(event: Event, status: str, end: str) -> Seen:
    """What *event* shows: *status*, and the times of its members, the end's in the member *end*."""
    members = event.members
    return Seen(
        event,
        status,
        time_of(members, "CreationTime"),
        event.modified_s,
        time_of(members, end),
        event.answer.time_s,
    )


def not_before(
    event: Event, member: str, value_s: float | None, other: str, other_s: float | None, why: str
) -> Refusal | None:
    """A refusal where a time lies before another one of the same answer."""
    if value_s is None or other_s is None or value_s >= other_s:
        return None
    return event.refused(
        member, event.members.get(member), f"{shown(event.members.get(other))} ({other}) or later", why
    )


def in_order(before: Seen | None, now: Seen, final: frozenset[str]) -> Refusal | None:
    """A refusal where the stamps of two answers about one job, one after the other, cannot both be."""
    event = now.event
    wrong = not_before(
        event,
        "LastModifiedTime",
        now.modified_s,
        "CreationTime",
        now.created_s,
        "H1, J1: no stamp is older than the record",
    )
    if wrong is not None:
        return wrong
    if now.time_s is not None and now.modified_s is not None and now.modified_s > now.time_s + CLOCK_SKEW_S:
        possible = f"the time of the answer at the latest (with {CLOCK_SKEW_S:g} s between the clocks)"
        return event.refused(
            "LastModifiedTime", event.members.get("LastModifiedTime"), possible, "a stamp is made before it is shown"
        )
    if before is None or before.modified_s is None or now.modified_s is None:
        return None
    recorded, earlier = event.members.get("LastModifiedTime"), before.event.members.get("LastModifiedTime")
    where = f"{before.event.answer.place}, {before.event.path}LastModifiedTime"
    if now.modified_s < before.modified_s:
        return event.refused(
            "LastModifiedTime",
            recorded,
            f"{shown(earlier)} or later ({where})",
            "controller-passes: LastModifiedTime never falls (O1)",
        )
    if (
        before.status in final
        and now.status == before.status
        and now.modified_s != before.modified_s
        and now.ended_s is not None
    ):
        return event.refused(
            "LastModifiedTime",
            recorded,
            f"{shown(earlier)} ({where})",
            f"no row leaves {before.status}: a job that has ended is not stamped again (K3)",
        )
    if now.status != before.status and now.modified_s == before.modified_s and not _at_once(before, now):
        return event.refused(
            "LastModifiedTime",
            recorded,
            f"later than {shown(earlier)} ({where})",
            "controller-passes: a change of status moves LastModifiedTime (O1, M)",
        )
    return None


def _at_once(before: Seen, now: Seen) -> bool:
    """Whether the answer *before* may have been given in the instant of its stamp, so that *now* has that stamp, too.

    Where no time says so it may if the stamp is the creation's; or if it is in whole seconds, which those recorded of the
    service are not (O1), and RuntimeInSeconds is the same in both answers.
    """
    if before.modified_s is None:
        return False
    if before.time_s is not None:
        return before.time_s <= before.modified_s + 0.001
    if before.modified_s == before.created_s:
        return True
    earlier, later = (one.event.members.get("ConsumedResources") for one in (before, now))
    return earlier is not None and earlier == later and before.modified_s == whole(before.modified_s)


def whole(seconds: float) -> int:
    """A time as the service truncates it."""
    return floor(seconds)


def constant(before: Members, event: Event, now: Members, names: tuple[str, ...], why: str) -> Refusal | None:
    """A refusal where a member of *now*, what the event shows of the request, differs from what was shown *before*."""
    for name in names:
        if name in before and name in now and before[name] != now[name]:
            path, old, new = difference(before[name], now[name], name)
            return event.refused(path, new, shown(old), why)
    return None


def named_by_its_arn(event: Event, kind: str) -> Refusal | None:
    """A refusal where the last part of an ARN is not the job's name (W18); some ARNs have it in lower case."""
    name, arn = event.members.get(f"{kind}Name"), event.members.get(f"{kind}Arn")
    if not isinstance(arn, str) or "/" not in arn or arn.rpartition("/")[2].lower() == str(name).lower():
        return None
    return event.refused(
        f"{kind}Name", name, f"{arn.rpartition('/')[2]!r}, as its ARN has it", "W18: an ARN ends in the name"
    )


def not_found(event: Event, ahead: Sequence[Event], before: Seen | None, may_have_ended: bool) -> Refusal | None:
    """A refusal of the answer that there is no such job, given while it was there."""
    shown_later = [one for one in ahead[1:] if one.kind == "shown"]
    time_s = event.answer.time_s
    created = [time for one in shown_later if (time := time_of(one.members, "CreationTime")) is not None]
    there = before is not None and (shown_later or not may_have_ended)
    if not there and not (time_s is not None and created and created[0] < time_s - CLOCK_SKEW_S):
        return None
    code = (event.answer.error or ("", ""))[0]
    known = before.event if before is not None else shown_later[0]
    possible = f"an answer about the job, which {known.answer.place} shows"
    return event.refused(
        "Error.Code", code, possible, "D1, J14: a job is there from its creation until it ended and was deleted"
    )


def difference(old: object, new: object, path: str) -> tuple[str, object, object]:
    """The first place in which two values differ: its path and the two values there.

    >>> difference({"a": [1, 2]}, {"a": [1, 3]}, "Config")
    ('Config.a[1]', 2, 3)
    """
    if isinstance(old, dict) and isinstance(new, dict) and "__class__" not in old:
        for name in [*old, *(name for name in new if name not in old)]:
            if old.get(name) != new.get(name):
                return difference(old.get(name), new.get(name), f"{path}.{name}")
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            if one != other:
                return difference(one, other, f"{path}[{place}]")
    return path, old, new
