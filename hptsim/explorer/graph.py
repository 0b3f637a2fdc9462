"""The states of a small scenario as a graph that is kept: what each looks like, what may happen next, and where that leads.

The search (`hptsim.explorer.search`) keeps no state and ends at the first broken law. Here every state is kept, up to a limit,
and what lies beside a broken law is visited too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import attrs

from hptsim.audit.auditor import Auditor
from hptsim.audit.ends import NOTHING_FOR_EVER
from hptsim.audit.laws import LAWS
from hptsim.errors import LawBroken
from hptsim.explorer.descriptions import Description
from hptsim.explorer.endings import Graph
from hptsim.explorer.replay import commands
from hptsim.explorer.scope import Scope, check_whole
from hptsim.explorer.system import Move, State, System
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.journal import Record, steps
from hptsim.model.laws import SOMETIMES, Law
from hptsim.model.machine import TABLES, Tables
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.gc_pause import collector_paused
from hptsim.simulation.snapshots import Snapshot

DUE, COMMAND, FAULT = "due", "command", "fault"
"""What has to happen at some time, what a caller may do, and what may go wrong."""
_BEYOND = 2**31 - 1
"""Stands for every state that is not kept."""


@attrs.frozen
class Broken:
    """A law that is broken, and why."""

    law: str
    reason: str


@attrs.frozen
class Step:
    """What may happen next in a state: a public call, what it wrote into the journal, and where it leads.

    *target* is the number of a state, None for one that is not kept. *tested* are the laws that were judged; of the *sometimes*
    laws, *seen* are those that the step is an example of.
    """

    call: str
    kind: str
    target: int | None
    records: tuple[Record, ...] = attrs.field(repr=False)
    tested: tuple[str, ...] = attrs.field(repr=False)
    seen: tuple[str, ...]


@attrs.define
class StateNode:
    """A state: its *description*, its *steps*, and whether it is *at_rest*: then nothing more has to happen.

    *way* is the last step of a shortest way to it: the state before, and the place of the step there; None of the first state.
    *broken* is the law that is broken in it. A state that a step leads to by breaking a law has no steps. *tested* are the laws
    that are judged at rest.
    """

    description: Description
    way: tuple[int, int] | None = None
    at_rest: bool = False
    broken: Broken | None = None
    tested: tuple[str, ...] = ()
    steps: list[Step] = attrs.field(factory=list)


@attrs.frozen
class StateGraph:
    """States by number, from the first one on; *complete* means that there are no others."""

    scope: Scope
    opening: str
    nodes: tuple[StateNode, ...]
    complete: bool

    def way(self, number: int) -> list[int]:
        """A shortest way to a state: the place of each step among those of its state."""
        places: list[int] = []
        while (before := self.nodes[number].way) is not None:
            number, place = before
            places.append(place)
        return places[::-1]


def state_graph(
    scenario: Scenario,
    *,
    training_jobs: Mapping[str, TrainingJobDefinition] | None = None,
    faults: Mapping[str, int] | None = None,
    stops: bool = True,
    commands: Mapping[str, int] | None = None,
    any_order: bool = False,
    delayed_stop: bool = False,
    seed: int = 0,
    tables: Tables = TABLES,
    laws: Iterable[Law] = LAWS,
    max_states: int = 2_000,
) -> StateGraph:
    """Every state that the scenario can reach, the nearest *max_states* of them; the other arguments are those of `explore`.

    Where a step breaks a law, a state is added for it, and the others are visited all the same.

    >>> from hptsim.model import TuningJobSpec
    >>> from hptsim.scenario import ScheduledTuningJob
    >>> graph = state_graph(Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),)))
    >>> [step.call for step in graph.nodes[0].steps], graph.complete
    (['sim.create_tuning_job(scenario.tuning_jobs[0].spec)'], True)
    """
    check_whole("max_states", max_states, 1)
    drawn = scenario.with_arrivals(seed)
    scope = Scope(drawn, training_jobs, faults, stops, delayed_stop, seed, tables, laws, commands, any_order)
    system = scope.system()
    with collector_paused():
        nodes, complete = _Walk(system, _Sight(scope), max_states).run()
    return StateGraph(scope, system.opening(), tuple(nodes), complete)


class _Sight:
    """A simulation that repeats the steps, to see what each state looks like and which laws each step was judged by."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.tested: set[str] = set()
        self.seen: set[str] = set()
        self.order = [law.name for law in scope.laws]
        self.laws = [self._noting(law) for law in scope.laws]
        self.sim = attrs.evolve(scope, laws=self.laws).simulation()

    def _noting(self, law: Law) -> Law:
        """The same law, which notes that it was asked, and what it has seen."""
        check = law.check
        if check is None:
            return law

        def noted(state: Any, subject: Any) -> str | None:
            reason = check(state, subject)
            if law.kind != SOMETIMES:
                self.tested.add(law.name)
            elif reason is not None:
                self.seen.add(law.name)
            return reason

        return attrs.evolve(law, check=noted)

    def step(self, call: str) -> tuple[Record, ...]:
        """Repeat the calls of a step; returns what they have written. Raises LawBroken."""
        before = len(self.sim.journal)
        self.tested.clear()
        self.seen.clear()
        try:
            for command in commands(call, self.scope):
                command.give(self.sim)  # where the service refuses, its caller does not hear of it
        finally:
            self.written = tuple(self.sim.journal[before:])
        return self.written

    def rest(self) -> None:
        """Judge a state in which nothing more has to happen, also where a fault still may; raises LawBroken."""
        auditor = Auditor(self.sim.scenario.account, self.laws, stop_propagation_s=0.0)
        for step in steps(self.sim.journal):
            for record in step:
                auditor.see(record)
            auditor.check_step()
        self.tested.clear()
        self.sim.compare(auditor)
        auditor.check_at_rest()

    def named(self, laws: set[str]) -> tuple[str, ...]:
        """Laws in the order in which they are listed."""
        return tuple(name for name in self.order if name in laws)


class _Walk:
    """Visits the states breadth first, and keeps them."""

    def __init__(self, system: System, sight: _Sight, max_states: int) -> None:
        self.system, self.sight, self.max_states = system, sight, max_states
        self.nodes = [StateNode(Description.of(sight.sim))]
        self.numbers: dict[Any, int] = {system.key(system.root): 0}
        self.waiting: dict[int, tuple[State, Snapshot]] = {0: (system.root, sight.sim.snapshot())}
        self.graph = Graph()
        self.labels: dict[str, int] = {}
        self.complete = True

    def run(self) -> tuple[list[StateNode], bool]:
        number = 0
        while number < len(self.nodes):
            if number in self.waiting:
                self.visit(number, *self.waiting.pop(number))
            else:
                self.graph.add([])  # a law was broken on the way here
            number += 1
        if NOTHING_FOR_EVER in self.system.laws and (loop := self.graph.endless()) is not None:
            reason = f"from here, {loop.states} states can follow each other for ever, and never come to rest"
            self.nodes[loop.start].broken = Broken(NOTHING_FOR_EVER.name, reason)
        return self.nodes, self.complete

    def visit(self, number: int, state: State, here: Snapshot) -> None:
        """Take every step out of a state."""
        node, moves = self.nodes[number], self.system.moves(state)
        if not any(move.due for move in moves):
            self.rest(node, state, here)
        for move in moves:
            self.sight.sim.restore(here)
            if (step := self.take(number, state, move)) is not None:
                node.steps.append(step)
        due = [(self.labels.setdefault(step.call, len(self.labels)), step) for step in node.steps if step.kind == DUE]
        self.graph.add((label, _BEYOND if step.target is None else step.target) for label, step in due)

    def rest(self, node: StateNode, state: State, here: Snapshot) -> None:
        """Judge a state in which nothing more happens by itself."""
        node.at_rest = True
        self.sight.sim.restore(here)
        try:
            self.system.check_at_rest(state)
            self.sight.rest()
        except LawBroken as error:
            node.broken = Broken(error.law, error.reason)
            with suppress(LawBroken):
                self.sight.rest()
        node.tested = self.sight.named(self.sight.tested)

    def take(self, number: int, state: State, move: Move) -> Step | None:
        """One step; None where the service refuses and nothing changes."""
        way = (number, len(self.nodes[number].steps))
        try:
            following = self.system.take(state, move)
        except LawBroken as error:
            with suppress(LawBroken):
                self.sight.step(move.call)
            self.nodes.append(StateNode(self.look(), way, broken=Broken(error.law, error.reason)))
            return self.step(move, len(self.nodes) - 1)
        if following is None:
            return None
        self.sight.step(move.call)
        key = self.system.key(following)
        target = self.numbers.get(key)
        if target is None and len(self.numbers) < self.max_states:
            self.numbers[key] = target = len(self.nodes)
            self.nodes.append(StateNode(self.look(), way))
            self.waiting[target] = (following, self.sight.sim.snapshot())
        self.complete &= target is not None
        return self.step(move, target)

    def look(self) -> Description:
        return Description.of(self.sight.sim)

    def step(self, move: Move, target: int | None) -> Step:
        """What was seen of the step that was repeated last."""
        kind = (
            DUE if move.due else FAULT if move.call.startswith("sim.fire(") or "note_answer" in move.call else COMMAND
        )
        sight = self.sight
        return Step(move.call, kind, target, sight.written, sight.named(sight.tested), sight.named(sight.seen))
