"""Sorts what answers say by the job that they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from hptsim.conformance import refused_calls
from hptsim.conformance.answers import Answer, Members, instant, structure, text_of, time_of
from hptsim.conformance.orders import Event
from hptsim.errors import InvalidInput

TUNING, TRAINING = "HyperParameterTuningJob", "TrainingJob"
_CHILD = re.compile(r"(?P<parent>.+)-(?P<ordinal>\d{3,})-(?P<suffix>[0-9a-f]{8})")
"""The names that the service gives to training jobs of tuning jobs (N6)."""


@attrs.define
class Sightings:
    """The events of each job by name, and whose the training jobs are; *unnamed* are calls that say not for which job."""

    tuning: dict[str, list[Event]] = attrs.field(factory=dict)
    training: dict[str, list[Event]] = attrs.field(factory=dict)
    parents: dict[str, str] = attrs.field(factory=dict)
    unnamed: list[Event] = attrs.field(factory=list)
    notes: list[str] = attrs.field(factory=list)

    def see(self, answer: Answer) -> None:
        """Take up what an answer says. Raises InvalidInput for one whose members cannot be read; nothing is kept then."""
        found: list[tuple[str, str, Event]] = []
        parents: dict[str, str] = {}
        if answer.error is not None or answer.operation in _CALLS:
            found += _calls(answer)
        elif answer.operation == "DescribeHyperParameterTuningJob":
            found.append((TUNING, *_shown(answer, answer.response, TUNING)))
            found += _best(answer, parents)
        elif answer.operation == "DescribeTrainingJob":
            found.append((TRAINING, *_shown(answer, answer.response, TRAINING)))
        elif answer.operation in _LISTS:
            member, kind = _LISTS[answer.operation]
            found += [(kind, *_shown(answer, one, kind, path)) for one, path in _summaries(answer, member)]
        self._keep(answer, found, parents)

    def _keep(self, answer: Answer, found: list[tuple[str, str, Event]], parents: dict[str, str]) -> None:
        asked = (answer.request or {}).get("HyperParameterTuningJobName")
        for kind, name, event in found:
            if not name:
                self.unnamed.append(event)
                continue
            jobs = self.tuning if kind == TUNING else self.training
            jobs.setdefault(name, []).append(event)
            if kind == TRAINING:
                arn = str(event.members.get("TuningJobArn") or event.answer.response.get("TuningJobArn") or "")
                listed = asked if answer.operation == "ListTrainingJobsForHyperParameterTuningJob" else None
                if parent := arn.rpartition("/")[2] or listed or parents.get(name):
                    self.parents[name] = str(parent)

    def adopt(self) -> None:
        """Give each training job whose tuning job no answer names to the tuning job whose name its own begins with.

        An ARN may have a name in lower case.
        """
        spelt = {name.lower(): name for name in self.tuning}
        self.parents = {name: spelt.get(parent.lower(), parent) for name, parent in self.parents.items()}
        for name in self.training:
            shape = _CHILD.fullmatch(name)
            if name not in self.parents and shape and shape["parent"] in self.tuning:
                self.parents[name] = shape["parent"]


_LISTS = {
    "ListHyperParameterTuningJobs": ("HyperParameterTuningJobSummaries", TUNING),
    "ListTrainingJobsForHyperParameterTuningJob": ("TrainingJobSummaries", TRAINING),
    "ListTrainingJobs": ("TrainingJobSummaries", TRAINING),
}
_CALLS = {f"{verb}{kind}": kind for kind in (TUNING, TRAINING) for verb in ("Create", "Stop", "Delete", "Update")} | {
    "CreateTrainingJob by the service": TRAINING
}


def _summaries(answer: Answer, member: str) -> Iterator[tuple[Members, str]]:
    given = answer.response.get(member)
    if not isinstance(given, list):
        raise InvalidInput(
            f"{member}: {'missing' if given is None else f'got {given!r}'[:100]}, expected a list of summaries"
        )
    for place, one in enumerate(given):
        path = f"{member}[{place}]"
        yield structure(one, path), f"{path}."


def _shown(answer: Answer, members: Members, kind: str, path: str = "") -> tuple[str, Event]:
    """The job that members describe, and the event; raises InvalidInput for members that no answer of the service has."""
    try:
        name = text_of(members, f"{kind}Name")
        text_of(members, f"{kind}Status")
        for member in _TIMES:
            time_of(members, member)
        for one in members.get("SecondaryStatusTransitions") or ():
            time_of(structure(one, "SecondaryStatusTransitions"), "StartTime")
            time_of(one, "EndTime")
        for member in _COUNTERS:
            _check_counters(members, member)
    except InvalidInput as error:
        raise InvalidInput(f"{path}{error.message}") from None
    return name, Event(answer, "shown", members, path, time_of(members, "LastModifiedTime"))


_TIMES = "CreationTime LastModifiedTime HyperParameterTuningEndTime TrainingStartTime TrainingEndTime".split()
_COUNTERS = ("TrainingJobStatusCounters", "ObjectiveStatusCounters")


def _check_counters(members: Members, member: str) -> None:
    for name, value in structure(members.get(member, {}), member).items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise InvalidInput(f"{member}.{name}: got {value!r}, expected a whole number, 0 or more")


def _best(answer: Answer, parents: dict[str, str]) -> list[tuple[str, str, Event]]:
    """BestTrainingJob is a summary of a training job of the tuning job."""
    best = answer.response.get("BestTrainingJob")
    if not isinstance(best, Mapping) or "TrainingJobName" not in best:
        return []
    name, event = _shown(answer, best, TRAINING, "BestTrainingJob.")
    parents[name] = text_of(answer.response, f"{TUNING}Name")
    return [(TRAINING, name, event)]


def _calls(answer: Answer) -> list[tuple[str, str, Event]]:
    """The event of a call that was accepted or refused, with its kind of job."""
    kind = _CALLS.get(answer.operation, TUNING if TUNING in answer.operation else TRAINING)
    what, error = answer.operation, answer.error
    members: dict[str, Any] = {}
    if error is not None:
        if refused_calls.says_unknown(answer):
            what = "not found"
        elif refused_calls.speaks_of_the_state(answer):
            what = f"{answer.operation} refused"
        else:
            return []
    if answer.operation == "CreateTrainingJob by the service" and answer.time_s is not None:
        what, members = "created", {"CreationTime": answer.time_s}
    name = (answer.request or {}).get(f"{kind}Name") or _named(error)
    return [(kind, str(name or ""), Event(answer, what, members))]


def _named(error: tuple[str, str] | None) -> str:
    """The tuning job that the text of an error names."""
    found = re.search(r"tuning job called (\S+?)\. ", error[1]) if error else None
    return found[1] if found else ""


def times(members: Members) -> list[float]:
    """Every time that a structure's own members show."""
    return [instant(members[name], name) for name in _TIMES if members.get(name) is not None]
