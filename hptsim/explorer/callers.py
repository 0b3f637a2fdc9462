"""What the callers of an exploration may do: give commands in every order, also ones that get no ordinary answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import attrs

from hptsim.audit.calls import CHANGES_NOTHING, HAPPENS_ONCE
from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.errors import ServiceError, invalid, nearest
from hptsim.model.calls import ANSWERS, LOST_RESPONSE
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.scenario.scenario import Scenario
from hptsim.world import commands
from hptsim.world.world import World

Act = tuple[str, Any]
"""A command and what it is about; "repeat" and a command that is given again; an answer and the command that gets it; or
"fire" and an armed event."""
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "stop_child": ("stop_child",),
    "delete": ("delete", "delete_training"),
    "update": ("update",),
    "repeat": ("repeat",),
}
"""The commands that are given only as often as a budget allows, each with its acts. A job that was deleted may be created
and stopped again; *repeat* gives once more what was given before: a creation, a stop, or a deletion while the name is free."""
SERVICE_OPERATIONS: Mapping[str, str] = {
    "create": "CreateHyperParameterTuningJob",
    "train": "CreateTrainingJob",
    "stop": "StopHyperParameterTuningJob",
    "stop_alone": "StopTrainingJob",
    "stop_child": "StopTrainingJob",
    "delete": "DeleteHyperParameterTuningJob",
    "delete_training": "DeleteTrainingJob",
    "update": "UpdateTrainingJob",
}
"""The service's operation behind each act."""
_ON_A_NAME: Mapping[str, str] = {
    "stop": "stop_tuning_job",
    "stop_alone": "stop_training_job",
    "stop_child": "stop_training_job",
    "delete": "delete_tuning_job",
    "delete_training": "delete_training_job",
}
"""The commands that need a name alone: what the world and a simulation call them."""
PERIODS_S = (0, 3600)
"""The periods to which the time that a warm pool is kept is changed: it is given up, or kept as long as the service allows."""


def check_commands(commands: Mapping[str, int] | None) -> dict[str, int]:
    """How often each command may be given; raises InvalidInput for one that there is not, or for no count.

    >>> check_commands({"stop": 1})
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: commands: got 'stop', expected a further command; valid are: delete, repeat, stop_child, update
    """
    for command, often in (commands or {}).items():
        if command not in COMMANDS:
            raise invalid("commands", command, "a further command", nearest(command, COMMANDS))
        if isinstance(often, bool) or not isinstance(often, int) or often < 0:
            raise invalid(f"commands.{command}", often, "how often it may be given, a whole number of at least 0")
    return dict(commands or {})


@attrs.frozen
class Given:
    """Which commands were given: *done* those of which their callers know that they were carried out.

    *lost* are those that were carried out and whose responses were lost: their callers may repeat them.
    """

    done: frozenset[Act] = frozenset()
    lost: frozenset[Act] = frozenset()

    def count(self, kinds: Iterable[str]) -> int:
        """How many acts of these kinds were carried out.

        >>> Given(frozenset({("stop", "a"), ("delete", "a")})).count(["delete"])
        1
        """
        return sum(kind in kinds for kind, _ in self.done | self.lost)


@attrs.frozen
class Callers:
    """The commands that an exploration gives; *answers* are what may become of them.

    Each job is created once, in the order of its scenario or in *any_order*, and with *stops* stopped once; *commands* says how
    often each of `COMMANDS` may be given in all, besides.
    """

    scenario: Scenario
    training_jobs: Mapping[str, TrainingJobDefinition]
    stops: bool
    answers: tuple[str, ...]
    commands: Mapping[str, int] = attrs.field(factory=dict)
    any_order: bool = False

    def moves(self, given: Given, world: World, spent: set[str]) -> Iterator[tuple[str, Act]]:
        """What the callers may do next, as calls and as acts."""
        for act in self._acts(given, world):
            call = self._call(act)
            yield call, act
            for answer in self.answers:
                if answer not in spent:
                    yield self._unanswered(call, act, answer), (answer, act)

    # ------------------------------------------------------------------ which commands

    def _acts(self, given: Given, world: World) -> list[Act]:
        acts = self._creations(given, [("create", number) for number in range(len(self.scenario.tuning_jobs))])
        acts += self._creations(given, [("train", name) for name in self.training_jobs])
        if self.stops:
            for name in self.training_jobs:
                if name in world.training and (("stop_alone", name) not in given.done or name in world.pools):
                    acts.append(("stop_alone", name))
            acts += [("stop", name) for name in world.tuning if ("stop", name) not in given.done]
        if self.commands:
            acts += self._budgeted(given, world)
            if self._affords(given, "repeat"):
                acts += self._repeated(given, world, acts)
        return acts

    def _creations(self, given: Given, all_of_them: list[Act]) -> list[Act]:
        """The jobs that can be created next: the first that never was, and any that was deleted; or, in any order, all."""
        left = [act for act in all_of_them if act not in given.done]
        if self.any_order:
            return left
        deleted = [act for act in left if self._deletion(act) in given.done]
        return [act for act in left if act not in deleted][:1] + deleted

    def _budgeted(self, given: Given, world: World) -> list[Act]:
        children = [name for name, job in world.training.items() if job.tuning_job]
        wanted: dict[str, list[Act]] = {
            "stop_child": [("stop_child", name) for name in children],
            "delete": [
                *(("delete", name) for name in world.tuning),
                *(("delete_training", name) for name in world.training),
            ],
            "update": [("update", (name, period_s)) for name in world.training for period_s in PERIODS_S],
        }
        acts: list[Act] = []
        for command, some in wanted.items():
            unsure = sorted(act for act in given.lost - given.done if act[0] in COMMANDS[command])
            if self._affords(given, command):
                acts += [act for act in some if act not in given.done and act not in unsure]
            acts += unsure
        return acts

    def _affords(self, given: Given, command: str) -> bool:
        often = self.commands.get(command, 0)
        return often > 0 and given.count(COMMANDS[command]) < often

    def _repeated(self, given: Given, world: World, acts: list[Act]) -> list[Act]:
        """What was given before and is not given now anyway."""
        before = sorted((act for act in given.done if act not in acts), key=repr)
        return [("repeat", act) for act in before if self._can_repeat(act, world)]

    def _can_repeat(self, act: Act, world: World) -> bool:
        kind, what = act
        if kind in COMMANDS["delete"]:  # of a name that is used again, it would be another deletion
            return what not in (world.tuning if kind == "delete" else world.training)
        return kind not in ("update", "repeat")

    def _deletion(self, creation: Act) -> Act:
        return ("delete" if creation[0] == "create" else "delete_training", self._name(creation))

    # ------------------------------------------------------------------ in words

    def _call(self, act: Act) -> str:
        """The public call that gives a command."""
        kind, what = act
        if kind == "repeat":
            return self._call(what)
        if kind == "create":
            return f"sim.create_tuning_job(scenario.tuning_jobs[{what}].spec)"
        if kind == "train":
            return f"sim.create_training_job({what!r}, training_jobs[{what!r}])"
        if kind == "update":
            return f"sim.update_training_job({what[0]!r}, {what[1]})"
        return f"sim.{_ON_A_NAME[kind]}({what!r})"

    def _unanswered(self, call: str, act: Act, answer: str) -> str:
        """The calls that stand for a command that gets *answer* in place of the ordinary one."""
        lost = answer == LOST_RESPONSE
        note = f"sim.note_answer({_operation(act)!r}, {self._name(act)!r}, {answer!r}, {lost})"
        return f"{call}; {note}" if lost else note

    def _name(self, act: Act) -> str:
        kind, what = act
        if kind == "repeat":
            return self._name(what)
        if kind == "create":
            return self.scenario.tuning_jobs[what].spec.name
        return str(what[0] if kind == "update" else what)

    # ------------------------------------------------------------------ giving them

    def take(self, given: Given, world: World, act: Act) -> Given:
        """Give a command; returns what the callers know then.

        Raises ServiceError for one that is refused for the first time, LawBroken for a refusal that has changed something, and
        for a repeated creation of which the service does not say that the name is in use.
        """
        kind, what = act
        if kind in ANSWERS:
            return self._not_answered(given, world, kind, what)
        step = world.step
        try:
            self._carry_out(world, act)
        except ServiceError as error:
            if world.step > step:
                text = (
                    f"{_operation(act)} of {self._name(act)} is refused with {error.code} and still changed something"
                )
                raise CHANGES_NOTHING.broken(text) from error
            if act not in given.lost:
                raise
            if kind in ("create", "train") and error.code != "ResourceInUse":
                raise HAPPENS_ONCE.broken(f"the repeated creation of {self._name(act)} answers {error}") from error
        if kind == "repeat" and world.step == step:  # it was answered, and changed nothing
            return given
        return self._known(given, act)

    def _known(self, given: Given, act: Act) -> Given:
        """The same after *act*, whose caller knows that it is done. What is deleted may be created and stopped again."""
        kind, what = act
        over: set[Act] = set()
        if kind == "delete":
            creations: list[Act] = [("create", number) for number in range(len(self.scenario.tuning_jobs))]
            over = {("stop", what), *(one for one in creations if self._name(one) == what)}
        elif kind == "delete_training":
            over = {("stop_alone", what), ("train", what)}
        return Given((given.done - over) | {act}, given.lost - over)

    def _not_answered(self, given: Given, world: World, answer: str, act: Act) -> Given:
        before, changed = world.step, False
        if isinstance(world.cloud, EveryOutcome):
            world.cloud.spend(answer)
        if answer == LOST_RESPONSE:
            with suppress(ServiceError):  # the caller does not hear of a refusal either
                self._carry_out(world, act)
            changed = world.step > before
        commands.note_answer(world, _operation(act), self._name(act), answer, changed)
        return attrs.evolve(given, lost=given.lost | {act}) if changed else given

    def _carry_out(self, world: World, act: Act) -> None:
        kind, what = act
        if kind == "repeat":
            self._carry_out(world, what)
        elif kind == "create":
            commands.create_tuning_job(world, self.scenario.tuning_jobs[what].spec)
        elif kind == "train":
            commands.create_training_job(world, what, self.training_jobs[what])
        elif kind == "update":
            commands.update_training_job(world, *what)
        else:
            getattr(commands, _ON_A_NAME[kind])(world, what)


def _operation(act: Act) -> str:
    kind, what = act
    return _operation(what) if kind == "repeat" else SERVICE_OPERATIONS[kind]
