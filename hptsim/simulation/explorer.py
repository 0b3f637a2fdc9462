"""Every order of everything: all interleavings of events, commands and faults of a small scenario, with the laws on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from hptsim.audit.auditor import Auditor
from hptsim.audit.ends import NOTHING_FOR_EVER
from hptsim.audit.frozen import frozen
from hptsim.audit.laws import LAWS
from hptsim.cloud.every_outcome import FAULTS, EveryOutcome, is_fault
from hptsim.errors import LawBroken, ServiceError, invalid, nearest
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.journal import Entry
from hptsim.model.laws import Law, witnesses
from hptsim.model.machine import TABLES, Tables
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.callers import Act, Callers, Given
from hptsim.simulation.endings import Graph
from hptsim.simulation.exploration import Counterexample, Exploration
from hptsim.simulation.gc_pause import collector_paused
from hptsim.strategies.search import Searches
from hptsim.world.rules import rules
from hptsim.world.world import World


@attrs.define(slots=False)
class _Node:
    world: World
    auditor: Auditor
    given: Given
    number: int


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
    search = _Search(
        scenario.with_arrivals(seed),
        dict(training_jobs or {}),
        budget,
        stops,
        delayed_stop,
        seed,
        tables,
        Auditor(scenario.account, laws, stop_propagation_s=0.0),
        max_states,
        progress,
    )
    with collector_paused():
        return search.run()


class _Search:
    """One breadth-first search."""

    def __init__(
        self,
        scenario: Scenario,
        training_jobs: dict[str, TrainingJobDefinition],
        budget: dict[str, int],
        stops: bool,
        delayed_stop: bool,
        seed: int,
        tables: Tables,
        auditor: Auditor,
        max_states: int,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.callers = Callers(scenario, training_jobs, stops, tuple(one for one in ANSWERS if one in budget))
        self.max_states = max_states
        self.budget, self.delayed_stop, self.seed = budget, delayed_stop, seed
        self.progress = progress
        cloud = EveryOutcome(seed, scenario.script, budget, delayed_stop)
        account = scenario.account
        searches = Searches(uniforms, seed, account.assumptions.bayesian)
        world = World(account, cloud, searches, rules(tables))
        self.root = _Node(world, auditor, Given(), 0)
        self.seen: dict[Any, int] = {}
        self.parts: dict[Any, int] = {}
        self.parents: list[tuple[int, str]] = [(0, "")]
        self.witnessed: dict[str, str] = {}
        self.graph = Graph()
        self.labels: dict[str, int] = {}

    def run(self) -> Exploration:
        self.seen[self.key(self.root)] = 0
        line: deque[tuple[_Node, int]] = deque([(self.root, 0)])
        transitions = resting = depth = 0
        found: Counterexample | None = None
        while line and found is None and len(self.seen) < self.max_states:
            node, depth = line.popleft()
            moves = list(self.moves(node))
            if not any(due for _, _, due in moves):
                resting += 1
                found = self.rest(node)
            due_steps: list[tuple[int, int]] = []
            for call, act, due in moves if found is None else ():
                transitions += 1
                try:
                    following = self.take(node, act, last=act is moves[-1][1])
                except LawBroken as error:
                    found = self.explain(node.number, call, error)
                    break
                if following is None:
                    continue
                key = self.key(following)
                number = self.seen.get(key)
                if number is None:
                    self.seen[key] = number = following.number = len(self.seen)
                    self.parents.append((node.number, call))
                    line.append((following, depth + 1))
                    if self.progress is not None and number % 1000 == 0:
                        self.progress(number)
                if due:
                    due_steps.append((self.labels.setdefault(call, len(self.labels)), number))
            self.graph.add(due_steps)
        complete = not line and found is None
        laws = self.root.auditor.laws
        if found is None and NOTHING_FOR_EVER in laws:
            found = self.endless()
        witnessed = tuple(law for law in witnesses(laws) if law in self.witnessed)
        return Exploration(len(self.seen), transitions, depth, resting, witnessed, found, complete, laws)

    def moves(self, node: _Node) -> Iterator[tuple[str, Act, bool]]:
        """What may happen next, and whether it has to: what is armed and within budget, and the commands that are left.

        A fault may strike, a command may be given: neither has to.
        """
        world = node.world
        left = world.cloud.freeze()
        spent = {kind for kind, count in left if count == 0}
        offered: set[tuple[str, str, str]] = set()
        for serial, armed in world.armed.items():
            fault = is_fault(armed)
            if armed in offered or (fault and armed[2] in spent):
                continue
            offered.add(armed)
            yield f"sim.fire({armed[1]!r}, {armed[2]!r})", ("fire", serial), not fault
        for call, act in self.callers.moves(node.given, world, spent):
            yield call, act, False

    def take(self, node: _Node, act: Act, *, last: bool) -> _Node | None:
        """The state that *act* leads to; None when the service refuses and nothing changes.

        The *last* move out of a node may use up the node's own world.
        """
        world = node.world if last else node.world.clone()
        entries: list[Entry] = []
        world.write = entries.append
        given, (kind, what) = node.given, act
        auditor = node.auditor if last else node.auditor.clone()
        try:
            if kind == "fire":
                if isinstance(world.cloud, EveryOutcome) and is_fault(world.armed[what]):
                    world.cloud.spend(world.armed[what][2])
                world.fire_armed(what)
            else:
                given = self.callers.take(given, world, act)
        except ServiceError:
            return None
        except LawBroken:
            self.audit(auditor, entries, None)  # the laws name what went wrong better than the ledger does
            raise
        self.audit(auditor, entries, world)
        self.witnessed.update(auditor.witnessed)
        return _Node(world, auditor, given, 0)

    def audit(self, auditor: Auditor, entries: list[Entry], world: World | None) -> None:
        for entry in entries:
            auditor.see(entry)
        if world is not None:
            auditor.check_step(world)

    def key(self, node: _Node) -> tuple[int, ...]:
        """The state as a tuple of small numbers: equal parts are stored once."""
        parts = self.parts
        tuning, training, *rest = node.world.freeze()
        numbers = [
            parts.setdefault(part, len(parts))
            for part in (*tuning, "|", *training, "|", *rest, "|", *frozen(node.auditor.state), node.given)
        ]
        return tuple(numbers)

    def rest(self, node: _Node) -> Counterexample | None:
        """Judge a state in which nothing more happens by itself."""
        try:
            node.auditor.compare(node.world)
            node.auditor.check_at_rest()
        except LawBroken as error:
            return self.explain(node.number, "sim.run()", error)
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
        cloud = f"hptsim.cloud.EveryOutcome(budget={self.budget}, delayed_stop={self.delayed_stop})"
        seed = f"seed={self.seed}, " if self.seed else ""
        calls.append(f"sim = hptsim.Simulation(attrs.evolve(scenario, tuning_jobs=()), {seed}cloud={cloud})")
        return tuple(reversed(calls))
