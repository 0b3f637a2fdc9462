"""The account in which a program is explored: its states, what may happen in each, and how it answers a call.

There is one simulation; a state is a snapshot of it, to which it goes back.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import attrs

from hptsim.cloud.every_outcome import FAULTS, EveryOutcome
from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.calls import ANSWERS, LOST_RESPONSE, REFUSALS
from hptsim.model.journal import Record
from hptsim.model.laws import Law
from hptsim.scenario.scenario import Scenario
from hptsim.service.call import Call, Response
from hptsim.service.http import Wire, is_the_twins
from hptsim.service.refusals import refusal
from hptsim.simulation.simulation import Simulation
from hptsim.simulation.snapshots import Snapshot

_UNKEPT = frozenset({"AddTags", "DeleteTags", "UpdateTrainingJob"})
"""Operations of SageMaker that change what no snapshot holds."""
_READS = ("Describe", "List", "Get", "Head", "Filter", "Search")


@attrs.frozen
class Move:
    """What may happen without the program: what is armed, a fault, or what somebody else does."""

    kind: str
    """`fire`, `create` or `stop`."""
    name: str
    trigger: str = ""
    due: bool = True
    """Whether it has to happen at some time."""

    def __str__(self) -> str:
        if self.kind == "fire":
            return f"{self.name} {self.trigger}"
        return f"somebody else {self.kind}s {self.name}"


@attrs.frozen(eq=False)
class TwinState:
    """A state of the account: *moves* may happen in it, *answers* is how often a call may still get each answer.

    *arrived* counts the scenario's tuning jobs that were created, *stops* how many more somebody else may stop; *unkept* are
    the calls whose effects no snapshot holds.
    """

    key: Hashable
    snapshot: Snapshot
    moves: tuple[Move, ...]
    answers: tuple[tuple[str, int], ...]
    arrived: int
    stops: int
    unkept: tuple[Call, ...]

    @property
    def due(self) -> bool:
        """Whether something has to happen."""
        return any(move.due for move in self.moves)


class Twin:
    """An account in which everything that may happen is chosen, by `take` and `answer`, in any order.

    The scenario's tuning jobs are somebody else's: those at 0 s are there from the start, the others come in order, at any
    point, and those with a stop are stopped at any point. Raises ServiceError where the first ones are refused.
    """

    def __init__(
        self,
        scenario: Scenario,
        budget: Mapping[str, int],
        *,
        stops: int,
        delayed_stop: bool,
        laws: Iterable[Law],
        seed: int,
    ) -> None:
        self.scenario = scenario.with_arrivals(seed)
        self.others = sorted(self.scenario.tuning_jobs, key=lambda entry: entry.at_s)
        self._to_stop = frozenset(entry.spec.name for entry in self.others if entry.stop_at_s is not None)
        self._empty = attrs.evolve(self.scenario, tuning_jobs=(), arrivals=())
        faults = {kind: count for kind, count in budget.items() if kind in FAULTS}
        self._cloud = EveryOutcome(seed, self.scenario.script, faults, delayed_stop)
        self._seed, self._laws = seed, tuple(laws)
        self._states: dict[Hashable, TwinState] = {}
        self._sim = self.simulation()
        self._wire = Wire(self._sim)
        first = [entry for entry in self.others if entry.at_s == 0]
        for entry in first:
            self._sim.create_tuning_job(entry.spec)
        answers = tuple((kind, budget[kind]) for kind in ANSWERS if budget.get(kind))
        self.root = self._here(answers, len(first), stops, ())

    def simulation(self) -> Simulation:
        """A simulation of the account in which nothing has happened yet, and nothing happens by time."""
        return Simulation(self._empty, cloud=self._cloud, laws=self._laws, seed=self._seed)

    def go(self, state: TwinState, now_s: float) -> Simulation:
        """The simulation, brought to *state* at *now_s*."""
        if state.unkept:  # only a new one has nothing of what other ways have changed
            self._sim = self.simulation()
            self._wire = Wire(self._sim)
        self._sim.restore(state.snapshot)
        if now_s > self._sim.now:
            self._sim.run(until=now_s)
        for call in state.unkept:
            self._wire.answer(call)
        return self._sim

    def take(self, state: TwinState, move: Move, now_s: float) -> tuple[TwinState, list[Record]]:
        """The state after something has happened in *state*, and the records of it. Raises LawBroken."""
        sim = self.go(state, now_s)
        before = len(sim.journal)
        arrived, stops = state.arrived, state.stops
        if move.kind == "fire":
            sim.fire(move.name, move.trigger)
        elif move.kind == "create":
            arrived += 1
            with suppress(ServiceError):
                sim.create_tuning_job(self.others[state.arrived].spec)
        else:
            stops -= move.name not in self._to_stop
            sim.stop_tuning_job(move.name)
        return self._here(state.answers, arrived, stops, state.unkept), list(sim.journal[before:])

    def answer(
        self, state: TwinState, call: Call, answer: str, now_s: float
    ) -> tuple[Response | None, TwinState, list[Record]]:
        """What becomes of a call, the state after it, and the records of it; *answer* is one of ANSWERS, or nothing.

        Raises LawBroken, InvalidInput for a call that the twin does not answer itself.
        """
        if not is_the_twins(call):
            raise InvalidInput(
                f"explore_program: {call.service} {call.operation} is not the twin's; expected calls that hptsim answers "
                "itself: make the others before, or hand the program something that stands for them"
            )
        sim = self.go(state, now_s)
        before = len(sim.journal)
        response = self._answered(sim, call, answer)
        unkept = state.unkept
        if len(sim.journal) == before and _changes_what_is_not_kept(call):
            unkept = (*unkept, call)
        answers = tuple((kind, left - (kind == answer)) for kind, left in state.answers)
        following = state
        if len(sim.journal) > before or unkept != state.unkept or answers != state.answers:
            following = self._here(answers, state.arrived, state.stops, unkept)
        return response, following, list(sim.journal[before:])

    def _answered(self, sim: Simulation, call: Call, answer: str) -> Response | None:
        name, before = _name(call), len(sim.journal)
        if answer in REFUSALS:
            sim.note_answer(call.operation, name, answer, False)
            message, status = REFUSALS[answer]
            return refusal(ServiceError(answer, message, status))
        if answer and answer != LOST_RESPONSE:
            sim.note_answer(call.operation, name, answer, False)
            return None
        response = self._wire.answer(call)
        if not answer:
            return response
        sim.note_answer(call.operation, name, answer, len(sim.journal) > before)
        return None

    def come_to_rest(self, state: TwinState, now_s: float) -> Simulation:
        """Let everything happen that has to, in one order; raises LawBroken."""
        sim = self.go(state, now_s)
        while due := [event for event in sim.possible if event[1] not in FAULTS or event[0] not in sim.training_jobs]:
            sim.fire(*due[0])
        sim.run()
        return sim

    def _here(
        self, answers: tuple[tuple[str, int], ...], arrived: int, stops: int, unkept: tuple[Call, ...]
    ) -> TwinState:
        """The state in which the simulation is; one that was met before at the same instant is that one."""
        sim = self._sim
        key = (
            sim.key(),
            answers,
            arrived,
            stops,
            tuple((call.operation, call.url, call.body) for call in unkept),
            sim.now,
        )
        state = self._states.get(key)
        if state is None:
            moves = tuple(self._moves(arrived, stops))
            state = TwinState(key, sim.snapshot(), moves, answers, arrived, stops, unkept)
            self._states[key] = state
        return state

    def _moves(self, arrived: int, stops: int) -> Iterable[Move]:
        sim = self._sim
        training = frozenset(sim.training_jobs)
        for name, trigger in dict.fromkeys(sim.possible):
            yield Move("fire", name, trigger, trigger not in FAULTS or name not in training)
        if arrived < len(self.others):
            yield Move("create", self.others[arrived].spec.name, due=False)
        for name in sim.tuning_jobs:
            if (stops or name in self._to_stop) and sim.tuning_job(name).status == "InProgress":
                yield Move("stop", name, due=False)

    @property
    def states(self) -> int:
        """How many states were met; those that differ in their instant alone count once."""
        return len({key[:-1] for key in self._states})  # type: ignore[index]


def _changes_what_is_not_kept(call: Call) -> bool:
    return call.operation in _UNKEPT if call.service == "sagemaker" else not call.operation.startswith(_READS)


def _name(call: Call) -> str:
    """The job that a call is about; nothing where it names none."""
    try:
        given: Any = json.loads(call.body)
    except ValueError:
        return ""
    name = given.get("HyperParameterTuningJobName", given.get("TrainingJobName", ""))
    return name if isinstance(name, str) else ""
