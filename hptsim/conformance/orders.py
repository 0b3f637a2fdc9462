"""In which order answers may have been given, where the recording does not say.

Answers of one stream were given in order. Between streams only contents tell: a job's LastModifiedTime never falls, and an
answer that shows a stamp was given after it. All orders that this leaves are followed side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

import attrs

from hptsim.conformance.answers import Answer, Members, Refusal

B = TypeVar("B")


@attrs.frozen
class Event:
    """What one answer says of one job: what it shows of it, or that a call for it was accepted or refused.

    *path* is where in the answer it stands ("TrainingJobSummaries[2]."), *kind* is "shown" for an answer that describes the
    job and the operation for a call; *modified_s* is the stamp that it shows.
    """

    answer: Answer
    kind: str
    members: Members = attrs.field(factory=dict)
    path: str = ""
    modified_s: float | None = None

    def refused(self, member: str, recorded: object, possible: str, against: str) -> Refusal:
        """That nothing explains this, for the value of *member*."""
        return Refusal(self.answer, f"{self.path}{member}", recorded, possible, against)


@attrs.frozen
class Followed(Generic[B]):
    """The beliefs that are left after all events; or the refusal of the first event that nothing explains.

    *explained* are the events that some belief explains, in an order that was followed.
    """

    beliefs: tuple[B, ...]
    explained: tuple[Event, ...]
    refusal: Refusal | None


Step = Callable[[B, Event, Sequence[Event]], "B | Refusal"]
"""What is believed after an event, given those that may come next (it is the first of them); or why it cannot be."""


def streams_of(events: Sequence[Event]) -> list[list[Event]]:
    """The events by stream, each in its order; of answers without a time that show the same one after the other, the first.

    What explains that one explains the others, and fewer orders are left to try.
    """
    found: dict[str, list[Event]] = {}
    for event in events:
        stream = found.setdefault(event.answer.stream, [])
        before = stream[-1] if stream else None
        again = before is not None and before.kind == event.kind == "shown" and before.members == event.members
        if not again or event.answer.time_s is not None:
            stream.append(event)
    return list(found.values())


def follow(events: Sequence[Event], belief: B, step: Step[B]) -> Followed[B]:
    """Follow *events* in every order that they may have; *belief* must be hashable."""
    streams = streams_of(events)
    frontier: dict[tuple[tuple[int, ...], B], tuple[Event, ...]] = {((0,) * len(streams), belief): ()}
    first_refusals: dict[int, Refusal] = {}  # with the least assumed about the order of what the recording leaves open
    for _ in range(sum(map(len, streams))):
        following: dict[tuple[tuple[int, ...], B], tuple[Event, ...]] = {}
        refused: list[tuple[Event, tuple[Event, ...]]] = []
        for (places, known), path in frontier.items():
            for place, ahead in _next(streams, places):
                found = step(known, ahead[0], ahead)
                if isinstance(found, Refusal):
                    first_refusals.setdefault(id(ahead[0]), found)
                    refused.append((ahead[0], path))
                else:
                    moved = (*places[:place], places[place] + 1, *places[place + 1 :])
                    following.setdefault((moved, found), (*path, ahead[0]))
        if not following:
            event, path = refused[0]
            return Followed(tuple(known for _, known in frontier), path, first_refusals[id(event)])
        frontier = following
    [*beliefs] = frontier
    return Followed(tuple(known for _, known in beliefs), next(iter(frontier.values())), None)


def _next(streams: list[list[Event]], places: tuple[int, ...]) -> Iterator[tuple[int, list[Event]]]:
    """The streams whose next event may come now, each with its event and, after it, all that could be known of later ones."""
    heads = {
        place: stream[at] for place, (stream, at) in enumerate(zip(streams, places, strict=True)) if at < len(stream)
    }
    allowed = {place: head for place, head in heads.items() if not _must_wait(head, heads.values())}
    for place, head in (allowed or heads).items():
        own = streams[place][places[place] :]
        others = [event for other in heads if other != place for event in streams[other][places[other] :]]
        yield place, [head, *own[1:], *sorted(others, key=lambda event: event.modified_s or 0.0)]


def _must_wait(head: Event, heads: Iterable[Event]) -> bool:
    """Whether another event must have come before: one with an earlier stamp, or a call before this one's stamp."""
    if head.modified_s is None:
        return False
    for other in heads:
        earliest = other.modified_s if other.modified_s is not None else other.answer.time_s
        if other is not head and earliest is not None and earliest < int(head.modified_s):
            return True
        if other is not head and other.modified_s is not None and other.modified_s < head.modified_s:
            return True
    return False
