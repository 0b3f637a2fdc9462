"""Whether a request is carried out and whether its answer arrives: request rates, and what the cloud lets become of it.

Nothing of it happens unless a scenario or a cloud asks for it. A request that gets no ordinary answer is in the journal.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from hptsim.errors import NoAnswer, ServiceError
from hptsim.model.calls import ANY, LOST_RESPONSE, REFUSALS, THROTTLED, TIMEOUT
from hptsim.scenario.answers import Rate
from hptsim.simulation.simulation import Simulation


@attrs.define
class Bucket:
    """The tokens that are left of one operation's rate at *at_s*: all of them in the beginning.

    >>> bucket = Bucket(Rate(1, 2))
    >>> [bucket.take(now_s) for now_s in (0.0, 0.0, 0.0, 1.0, 1.5)]
    [True, True, False, True, False]
    """

    rate: Rate
    tokens: float = attrs.field(default=attrs.Factory(lambda self: self.rate.burst, takes_self=True))
    at_s: float = 0.0

    def take(self, now_s: float) -> bool:
        """Take a token at *now_s*, not before the last time; whether there was one."""
        gained = (now_s - self.at_s) * self.rate.per_s
        self.tokens, self.at_s = min(self.rate.burst, self.tokens + gained), now_s
        if self.tokens < 1 - 1e-9:  # sums of floating-point numbers
            return False
        self.tokens -= 1
        return True


class Door:
    """Lets the requests of one simulation's clients through, or not. Rates are the account's, for each operation by itself.

    When the simulation is restored to a snapshot, all buckets are full, and requests are counted on from those until its
    instant, so that the same requests get the same answers of the cloud again.

    >>> from hptsim import Scenario
    >>> door = Door(Simulation(Scenario(request_rates={"AddTags": 1})))
    >>> door.let("AddTags", {}, dict)
    {}
    >>> door.let("AddTags", {}, dict)
    Traceback (most recent call last):
    ...
    hptsim.errors.ServiceError: ThrottlingException: Rate exceeded
    """

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._clock = sim.env
        self._buckets: dict[str, Bucket] = {}
        self._asked: dict[tuple[str, str], array[float]] = {}
        """When there was a request, by operation and job."""

    def let(self, operation: str, request: Mapping[str, Any], carry_out: Callable[[], Any]) -> Any:
        """Carry a request out and return its answer.

        Raises ServiceError where it is refused at the door, NoAnswer where it does not arrive or its response is lost.
        """
        name = _name(request)
        answer = self._answer(operation, name)
        if answer in REFUSALS:
            self._sim.note_answer(operation, name, answer, False)
            message, status = REFUSALS[answer]
            raise ServiceError(answer, message, status)
        if answer == TIMEOUT:
            self._sim.note_answer(operation, name, answer, False)
            raise NoAnswer(operation)
        if answer != LOST_RESPONSE:
            return carry_out()
        before = len(self._sim.journal)
        try:
            carry_out()
        except ServiceError as error:  # a refusal may be lost, too
            self._sim.note_answer(operation, name, answer, False)
            raise NoAnswer(operation) from error
        self._sim.note_answer(operation, name, answer, len(self._sim.journal) > before)
        raise NoAnswer(operation)

    def _answer(self, operation: str, name: str) -> str:
        """What becomes of a request: it is beyond the rate, or as the cloud decides."""
        if self._sim.env is not self._clock:
            self._go_back()
        rates, now_s = self._sim.scenario.request_rates, self._sim.now
        rate = rates.get(operation, rates.get(ANY))
        if rate is not None and not self._buckets.setdefault(operation, Bucket(rate)).take(now_s):
            return THROTTLED
        asked = self._asked.setdefault((operation, name), array("d"))
        asked.append(now_s)
        return self._sim.answer_to(operation, name, len(asked))

    def _go_back(self) -> None:
        """Forget what came after the instant of the snapshot that was restored."""
        self._clock = self._sim.env
        self._buckets.clear()
        for asked in self._asked.values():
            del asked[bisect_right(asked, self._sim.clock_began_s) :]


def _name(request: Mapping[str, Any]) -> str:
    """The job that a request is about; nothing where it names none."""
    given = request.get("HyperParameterTuningJobName", request.get("TrainingJobName", ""))
    return given if isinstance(given, str) else ""
