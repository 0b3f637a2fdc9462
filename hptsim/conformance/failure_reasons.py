"""Judges FailureReason: it is there when, and only when, a job has failed, and a tuning job's counts what has failed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from hptsim.conformance.answers import Refusal, shown
from hptsim.conformance.orders import Event
from hptsim.conformance.tuning_search import Shown
from hptsim.world.controller import gave_up

LONGEST = 1024
_ATTEMPTS = re.compile(r"No training job succeeded after (\d+) attempts")


def misplaced(event: Event, status: str, against: str) -> Refusal | None:
    """A refusal of a reason where the job has not failed, for the row *against*, and of one that is too long (K10)."""
    reason = event.members.get("FailureReason")
    if reason and status != "Failed":
        return event.refused("FailureReason", reason, "absent", against)
    if reason and len(str(reason)) > LONGEST:
        return event.refused("FailureReason", reason, f"at most {LONGEST} characters", "K10")
    return None


def of_a_tuning_job(event: Event, target: Shown) -> Refusal | None:
    """A refusal where a tuning job does not say why it failed, or names more attempts than its counters have (L10, O4)."""
    status, reason = target.status, event.members.get("FailureReason")
    if wrong := misplaced(event, status, f"M: a tuning job that is {status} has no FailureReason (A-49)"):
        return wrong
    if status != "Failed":
        return None
    if not reason and event.answer.operation == "DescribeHyperParameterTuningJob":
        against = "L10, O4: a tuning job that has failed says why"
        return event.refused("FailureReason", reason, "a text, since the status is Failed", against)
    named = _ATTEMPTS.match(str(reason))
    if named and int(named[1]) > target.failed:
        possible = f"at most {target.failed} attempts (ObjectiveStatusCounters.Failed)"
        return event.refused(
            "FailureReason", reason, possible, "L10: an attempt is a training job without an objective"
        )
    return None


def notes(events: Iterable[Event], attempts: Collection[int]) -> list[str]:
    """A note for each reason of a tuning job that begins otherwise than the twin's after as many *attempts*.

    Only the first sentence counts: of the rest older wordings are known (L10). Not all words of the service are known, so
    others are no contradiction.
    """
    texts = sorted({gave_up(number) for number in attempts})
    known = {_first_sentence(text) for text in texts}
    return [
        f"{event.answer.place}: FailureReason is {shown(reason)}; the twin says {' or '.join(map(repr, texts))} (L10, O4)"
        for event in events
        if event.kind == "shown" and (reason := event.members.get("FailureReason"))
        if _first_sentence(str(reason)) not in known
    ]


def _first_sentence(text: str) -> str:
    return text.partition(".")[0]
