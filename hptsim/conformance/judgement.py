"""Judges a whole recording: could the twin have answered so?"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import attrs

from hptsim.conformance import failure_reasons, family, refused_calls, training_answers, tuning_answers
from hptsim.conformance.answers import Answer, Refusal
from hptsim.conformance.members import unknown_members
from hptsim.conformance.orders import Event
from hptsim.conformance.recordings import read
from hptsim.conformance.sightings import Sightings
from hptsim.conformance.tuning_answers import created_s
from hptsim.conformance.tuning_echo import not_echoed, terms_of
from hptsim.errors import InvalidInput
from hptsim.model.machine import TABLES, Tables

WITHOUT_RULES = frozenset({"AddTags", "ListTags", "DeleteTags", "UpdateTrainingJob"})
"""Operations of the twin whose answers say nothing of what a job does: only their errors are judged."""


@attrs.frozen
class Judgement:
    """What was judged, and the first answer about each job that nothing explains; *damage* could not be read."""

    judged: int
    tuning_jobs: tuple[str, ...]
    training_jobs: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    damage: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def explained(self) -> bool:
        """Whether some run of the twin explains every answer that was judged."""
        return not self.refusals


def conform(path: Path | str, tables: Tables = TABLES) -> Judgement:
    """Judge the recording at *path*: a folder or a file. *tables* are the twin's own unless said otherwise.

    Raises InvalidInput where there is nothing that can be judged; the message names each file and answer, and why.
    """
    recording = read(Path(path))
    sightings, damage, notes, refusals = Sightings(), list(recording.damage), list(recording.notes), []
    judged = 0
    for answer in recording.answers:
        if answer.operation not in (*refused_calls.OPERATIONS, "CreateTrainingJob by the service"):
            notes.append(f"{answer.place}: left out, the twin does not model {answer.operation}")
            continue
        try:
            sightings.see(answer)
        except InvalidInput as error:
            damage.append(f"{answer.place}: {error.message}")
            continue
        judged += 1
        notes += unknown_members(answer)
        if answer.error is not None and (wrong := refused_calls.judge(answer)) is not None:
            refusals.append(wrong)
    if not judged:
        raise InvalidInput(
            "\n".join([f"{path}: nothing in it can be judged", *(f"  {one}" for one in (*damage, *notes))])
        )
    _give_names(sightings)
    sightings.adopt()
    notes += sightings.notes
    refusals += _judge_jobs(sightings, tables, notes)
    order = {answer.place: place for place, answer in enumerate(recording.answers)}
    refusals.sort(key=lambda one: order.get(one.answer.place, 0))
    return Judgement(
        judged,
        tuple(sorted(sightings.tuning)),
        tuple(sorted(sightings.training)),
        tuple(refusals),
        tuple(damage),
        tuple(dict.fromkeys(notes)),
    )


def _give_names(sightings: Sightings) -> None:
    """Calls that do not say for which job they were are for the only one that the recording shows, if there is only one."""
    for event in sightings.unnamed:
        tuning = "HyperParameterTuningJob" in event.answer.operation
        jobs = sightings.tuning if tuning else sightings.training
        if len(jobs) == 1 and event.kind != "not found":
            next(iter(jobs.values())).append(event)
        else:
            sightings.notes.append(
                f"{event.answer.place}: nothing says for which job {event.answer.operation} was called"
            )


def _judge_jobs(sightings: Sightings, tables: Tables, notes: list[str]) -> list[Refusal]:
    refusals: list[Refusal] = []
    lines = {name: _lives(events) for name, events in sightings.training.items()}
    followed: dict[str, tuple[Event, ...]] = {}
    for name, lives in lines.items():
        for life in lives:
            found = training_answers.judge(life, tables)
            followed[name] = found.explained
            if found.refusal is not None:
                refusals.append(found.refusal)
    for name, events in sightings.tuning.items():
        lives = _lives(events)
        for life in lives:
            run = tuning_answers.judge(life, tables)
            request = next((one.answer for one in life if one.kind.startswith("Create") and one.answer.as_sent), None)
            wrong = run.refusal or _echo(request, life)
            attempts = {state.attempts for belief in run.beliefs for state in belief.states}
            notes += failure_reasons.notes(life, attempts) if run.refusal is None else []
            if wrong is None and len(lives) == 1:
                own = {
                    child: followed[child]
                    for child, parent in sightings.parents.items()
                    if parent == name and child in followed
                }
                wrong = family.judge(run.explained, own, terms_of(life))
            if wrong is not None:
                refusals.append(wrong)
            if not any(event.modified_s is not None for event in life if event.kind == "shown"):
                notes.append(f"{name}: no answer shows LastModifiedTime; its times are not judged")
    for events in (*sightings.tuning.values(), *sightings.training.values()):
        if (overlap := _one_after_the_other(_lives(events), events)) is not None:
            refusals.append(overlap)
    return refusals


def _echo(request: Answer | None, life: Sequence[Event]) -> Refusal | None:
    if request is None or request.request is None:
        return None
    found = (not_echoed(event, request.request) for event in life if event.kind == "shown")
    return next((one for one in found if one is not None), None)


def _lives(events: Sequence[Event]) -> list[list[Event]]:
    """The events by creation: a name whose job was deleted may be given again. Calls belong to the job that was shown last."""
    lives: dict[int | None, list[Event]] = {}
    current: int | None = None
    for event in events:
        created = created_s(event)
        if created is not None:
            current = int(created)
        if current is not None and None in lives:
            lives[current] = lives.pop(None) + lives.get(current, [])
        lives.setdefault(current, []).append(event)
    return [lives[key] for key in sorted(lives, key=lambda key: key or 0)]


def _one_after_the_other(lives: list[list[Event]], events: Sequence[Event]) -> Refusal | None:
    """A name is given to another job only when the one before it has ended and was deleted (H1, J14, D1)."""
    place = {id(event): number for number, event in enumerate(events)}
    for one, other in itertools.pairwise(lives):
        stamp = max((event.modified_s for event in one if event.modified_s is not None), default=None)
        created = next((time for event in other if (time := created_s(event)) is not None), None)
        crossing = any(
            first.answer.stream == second.answer.stream and place[id(first)] > place[id(second)]
            for first in one
            for second in other
        )
        if crossing or (stamp is not None and created is not None and created < stamp):
            odd, rest = (one, other) if len(one) < len(other) else (other, one)
            event = next((event for event in odd if event.kind == "shown"), odd[0])
            there = next((event.answer.place for event in rest if event.kind == "shown"), "the rest")
            possible = (
                f"as {there} has it; or, for another job of the same name, later than the last stamp of the one before"
            )
            against = "H1, J1, N5: a job is created once, and its name is free again when it was deleted"
            return event.refused("CreationTime", event.members.get("CreationTime"), possible, against)
    return None
