"""What the callers of an exploration may do: give commands in every order, also ones that get no ordinary answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import attrs

from hptsim.audit.calls import HAPPENS_ONCE
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.errors import ServiceError
from hptsim.model.calls import ANSWERS, LOST_RESPONSE
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.scenario.scenario import Scenario
from hptsim.world import commands
from hptsim.world.world import World

Act = tuple[str, Any]
"""A command and what it is about; an answer and the command that gets it; or "fire" and an armed event."""
_OPERATIONS = {
    "create": "CreateHyperParameterTuningJob",
    "train": "CreateTrainingJob",
    "stop": "StopHyperParameterTuningJob",
    "stop_alone": "StopTrainingJob",
}


@attrs.frozen
class Given:
    """Which commands were given, as far as their callers know: how many jobs were created, and which were stopped.

    *lost* are those that were carried out and whose responses were lost: their callers may repeat them.
    """

    created: int = 0
    trained: int = 0
    stopped: frozenset[str] = frozenset()
    lost: frozenset[Act] = frozenset()

    def and_then(self, act: Act) -> Given:
        """The same after *act*, whose caller knows that it is done."""
        kind, what = act
        if kind == "create":
            return attrs.evolve(self, created=self.created + 1)
        if kind == "train":
            return attrs.evolve(self, trained=self.trained + 1)
        return attrs.evolve(self, stopped=self.stopped | {what})


@attrs.frozen
class Callers:
    """The commands that an exploration gives, in the order of its scenario; *answers* are what may become of them."""

    scenario: Scenario
    training_jobs: Mapping[str, TrainingJobDefinition]
    stops: bool
    answers: tuple[str, ...]

    def moves(self, given: Given, world: World, spent: set[str]) -> Iterator[tuple[str, Act]]:
        """What the callers may do next, as calls and as acts."""
        for call, act in self._commands(given, world):
            yield call, act
            for answer in self.answers:
                if answer not in spent:
                    yield self._unanswered(call, act, answer), (answer, act)

    def _commands(self, given: Given, world: World) -> Iterator[tuple[str, Act]]:
        if given.created < len(self.scenario.tuning_jobs):
            yield f"sim.create_tuning_job(scenario.tuning_jobs[{given.created}].spec)", ("create", given.created)
        for name in list(self.training_jobs)[given.trained : given.trained + 1]:
            yield f"sim.create_training_job({name!r}, training_jobs[{name!r}])", ("train", name)
        if self.stops:
            for name in self.training_jobs:
                if name in world.training and (name not in given.stopped or name in world.pools):
                    yield f"sim.stop_training_job({name!r})", ("stop_alone", name)
            for name in world.tuning:
                if name not in given.stopped:
                    yield f"sim.stop_tuning_job({name!r})", ("stop", name)

    def _unanswered(self, call: str, act: Act, answer: str) -> str:
        """The calls that stand for a command that gets *answer* in place of the ordinary one."""
        lost = answer == LOST_RESPONSE
        note = f"sim.note_answer({_OPERATIONS[act[0]]!r}, {self._name(act)!r}, {answer!r}, {lost})"
        return f"{call}; {note}" if lost else note

    def _name(self, act: Act) -> str:
        kind, what = act
        return self.scenario.tuning_jobs[what].spec.name if kind == "create" else str(what)

    def take(self, given: Given, world: World, act: Act) -> Given:
        """Give a command; returns what the callers know then.

        Raises ServiceError for one that is refused for the first time, LawBroken for a repeated creation of which the
        service does not say that the name is in use.
        """
        kind, what = act
        if kind in ANSWERS:
            return self._not_answered(given, world, kind, what)
        try:
            self._carry_out(world, act)
        except ServiceError as error:
            if act not in given.lost:
                raise
            if kind in ("create", "train") and error.code != "ResourceInUse":
                raise HAPPENS_ONCE.broken(f"the repeated creation of {self._name(act)} answers {error}") from error
        return given.and_then(act)

    def _not_answered(self, given: Given, world: World, answer: str, act: Act) -> Given:
        before, changed = world.step, False
        if isinstance(world.cloud, EveryOutcome):
            world.cloud.spend(answer)
        if answer == LOST_RESPONSE:
            with suppress(ServiceError):  # the caller does not hear of a refusal either
                self._carry_out(world, act)
            changed = world.step > before
        commands.note_answer(world, _OPERATIONS[act[0]], self._name(act), answer, changed)
        return attrs.evolve(given, lost=given.lost | {act}) if changed else given

    def _carry_out(self, world: World, act: Act) -> None:
        kind, what = act
        if kind == "create":
            commands.create_tuning_job(world, self.scenario.tuning_jobs[what].spec)
        elif kind == "train":
            commands.create_training_job(world, what, self.training_jobs[what])
        elif kind == "stop_alone":
            commands.stop_training_job(world, what)
        else:
            commands.stop_tuning_job(world, what)
