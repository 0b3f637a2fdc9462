"""CloudTrail's records as answers: which calls were accepted or refused, and when, to the second."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hptsim.conformance.answers import Answer, Members, instant
from hptsim.errors import invalid

SOURCE = "sagemaker.amazonaws.com"


def records(data: Any) -> list[Members] | None:
    """The records in a value: CloudTrail's file, what lookup-events prints, or a bare record; None for anything else.

    >>> records({"Records": [{"eventName": "StopTrainingJob"}]})
    [{'eventName': 'StopTrainingJob'}]
    """
    if not isinstance(data, Mapping):
        if isinstance(data, list) and data and all(isinstance(one, Mapping) and "eventName" in one for one in data):
            return data
        return None
    if isinstance(data.get("Records"), list):
        return [one for one in data["Records"] if isinstance(one, Mapping)]
    if isinstance(data.get("Events"), list):
        return [_looked_up(one) for one in data["Events"] if isinstance(one, Mapping)]
    return [data] if "eventName" in data else None


def _looked_up(event: Members) -> Members:
    text = event.get("CloudTrailEvent")
    if not isinstance(text, str):
        return event
    try:
        found = json.loads(text)
    except ValueError:
        raise invalid("CloudTrailEvent", text, "a record in JSON") from None
    return found if isinstance(found, Mapping) else event


def answers(trail: Iterable[tuple[str, Members]]) -> tuple[list[Answer], list[str]]:
    """The answers that records tell of, in the order of their times, and notes of what was left out.

    Of a call that reads CloudTrail keeps no answer: it is left out. What the service did itself (AwsServiceEvent) is
    kept where it names a training job that was created.
    """
    found, notes, reads, own = [], [], 0, 0
    for place, record in trail:
        source, name = record.get("eventSource"), str(record.get("eventName"))
        if source != SOURCE:
            notes.append(f"{place}: left out, {name} is an event of another service ({source})")
            continue
        if name.startswith(("Describe", "List", "Search", "Get")) and "errorCode" not in record:
            reads += 1
            continue
        if record.get("eventType") == "AwsServiceEvent" and name != "CreateTrainingJob":
            own += 1
            continue
        found.append(_answer(place, name, record))
    if reads:
        notes.append(
            f"{reads} record{'s' * (reads != 1)} of CloudTrail left out: it keeps no answers of calls that read"
        )
    if own:
        notes.append(f"{own} record{'s' * (own != 1)} of CloudTrail left out: what the service did itself")
    return sorted(found, key=lambda one: one.time_s or 0.0), notes


def _answer(place: str, name: str, record: Members) -> Answer:
    time = record.get("eventTime")
    time_s = None if time is None else instant(time, f"{place}: eventTime")
    code = record.get("errorCode")
    error = None if code is None else (str(code), str(record.get("errorMessage", "")))
    request, response = _members(record.get("requestParameters")), _members(record.get("responseElements"))
    details = record.get("serviceEventDetails")
    if isinstance(details, Mapping) and not request:
        found = _members(details)
        arn = str(found.get("TrainingJobArn", ""))
        request = {"TrainingJobName": arn.rpartition("/")[2]} if arn else {}
        response = {"TrainingJobArn": arn, "TuningJobArn": found.get("TuningJobArn")}
        name = f"{name} by the service"
    return Answer(place, "trail", name, response, request, time_s, error, as_sent=False)


def _members(value: Any) -> dict[str, Any]:
    """The members of a record's structure by the service's names; what lies deeper keeps its spelling."""
    if not isinstance(value, Mapping):
        return {}
    return {str(name)[:1].upper() + str(name)[1:]: inner for name, inner in value.items()}
