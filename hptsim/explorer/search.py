"""Every order of everything: all interleavings of events, commands and faults of a small scenario, with the laws on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hptsim.audit.ends import NOTHING_FOR_EVER
from hptsim.audit.laws import LAWS
from hptsim.cloud.every_outcome import FAULTS
from hptsim.errors import LawBroken, invalid, nearest
from hptsim.explorer.endings import Graph
from hptsim.explorer.exploration import Counterexample, Exploration
from hptsim.explorer.scope import Scope
from hptsim.explorer.system import State, System
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.laws import Law, check_laws, witnesses
from hptsim.model.machine import TABLES, Tables
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.gc_pause import collector_paused


def explore(
    scenario: Scenario,
    *,
    training_jobs: Mapping[str, TrainingJobDefinition] | None = None,
    faults: Mapping[str, int] | None = None,
    stops: bool = True,
    delayed_stop: bool = False,
    seed: int = 0,
    tables: Tables = TABLES,
    laws: Iterable[Law] = LAWS,
    max_states: int = 1_000_000,
    progress: Callable[[int], None] | None = None,
) -> Exploration:
    """Visit every state that the scenario can reach, or stop at the first broken law.

    *faults* says how often each may happen (see `cloud.every_outcome.FAULTS`; those of `model.calls.ANSWERS` happen to requests,
    and their callers repeat them, or do not); *stops* lets each tuning job be stopped once, at any point; *delayed_stop* lets
    the stop travel to each training job separately. Times in the scenario are ignored; arrivals stand for the tuning jobs
    that `scenario.with_arrivals(seed)` has in their place. *training_jobs* are created besides, by name and in order, without
    a tuning job; each may be stopped once, and once more while its warm pool is kept. *laws* are those that must hold in
    every state: `(*hptsim.LAWS, mine)`.

    >>> from hptsim.model import TuningJobSpec
    >>> from hptsim.scenario import ScheduledTuningJob
    >>> tiny = Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))
    >>> explore(tiny).counterexample is None
    True
    """
    budget = dict(faults or {})
    for kind in budget:
        if kind not in (*FAULTS, *ANSWERS):
            raise invalid("faults", kind, "a kind of fault", nearest(kind, (*FAULTS, *ANSWERS)))
    jobs = dict(training_jobs or {})
    scope = Scope(scenario.with_arrivals(seed), jobs, budget, stops, delayed_stop, seed, tables, check_laws(laws))
    with collector_paused():
        return _Search(scope.system(), max_states, progress).run().about(scope)


class _Search:
    """One breadth-first search."""

    def __init__(self, system: System, max_states: int, progress: Callable[[int], None] | None) -> None:
        self.system, self.max_states, self.progress = system, max_states, progress
        self.seen: dict[Any, int] = {}
        self.parents: list[tuple[int, str]] = [(0, "")]
        self.graph = Graph()
        self.labels: dict[str, int] = {}

    def run(self) -> Exploration:
        system = self.system
        self.seen[system.key(system.root)] = 0
        line: deque[tuple[State, int, int]] = deque([(system.root, 0, 0)])
        transitions = resting = depth = 0
        found: Counterexample | None = None
        while line and found is None and len(self.seen) < self.max_states:
            state, origin, depth = line.popleft()
            moves = list(system.moves(state))
            if not any(move.due for move in moves):
                resting += 1
                found = self.rest(state, origin)
            due_steps: list[tuple[int, int]] = []
            for move in moves if found is None else ():
                transitions += 1
                try:
                    following = system.take(state, move, last=move is moves[-1])
                except LawBroken as error:
                    found = self.explain(origin, move.call, error)
                    break
                if following is None:
                    continue
                key = system.key(following)
                number = self.seen.get(key)
                if number is None:
                    self.seen[key] = number = len(self.seen)
                    self.parents.append((origin, move.call))
                    line.append((following, number, depth + 1))
                    if self.progress is not None and number % 1000 == 0:
                        self.progress(number)
                if move.due:
                    due_steps.append((self.labels.setdefault(move.call, len(self.labels)), number))
            self.graph.add(due_steps)
        complete = not line and found is None
        if found is None and NOTHING_FOR_EVER in system.laws:
            found = self.endless()
        witnessed = tuple(law for law in witnesses(system.laws) if law in system.witnessed)
        return Exploration(len(self.seen), transitions, depth, resting, witnessed, found, complete, system.laws)

    def rest(self, state: State, number: int) -> Counterexample | None:
        """Judge a state in which nothing more happens by itself."""
        try:
            self.system.check_at_rest(state)
        except LawBroken as error:
            return self.explain(number, "sim.run()", error)
        return None

    def endless(self) -> Counterexample | None:
        """The shortest way into a loop that never comes to rest, if there is one."""
        loop = self.graph.endless()
        if loop is None:
            return None
        calls = list(self.labels)
        way = "could be reached, but nothing leads there that has to happen" if loop.escapable else "cannot be reached"
        reason = f"{loop.states} states follow each other for ever: a state at rest {way}"
        return Counterexample(
            NOTHING_FOR_EVER.name, reason, self.calls(loop.start), tuple(calls[label] for label in loop.labels)
        )

    def explain(self, number: int, call: str, error: LawBroken) -> Counterexample:
        return Counterexample(error.law, error.reason, (*self.calls(number), call))

    def calls(self, number: int) -> tuple[str, ...]:
        """A shortest way to the state *number*, as public calls."""
        calls: list[str] = []
        while number:
            number, before = self.parents[number]
            calls.append(before)
        calls.append(self.system.opening())
        return tuple(reversed(calls))
