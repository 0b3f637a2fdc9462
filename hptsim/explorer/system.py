"""What an exploration visits: the states of a scenario, what may happen next in each, and where it leads, with the laws on."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import NamedTuple

from hptsim.audit.auditor import Auditor
from hptsim.audit.calls import CHANGES_NOTHING
from hptsim.cloud.every_outcome import EveryOutcome, is_fault
from hptsim.errors import LawBroken, ServiceError
from hptsim.explorer.callers import Act, Callers, Given
from hptsim.explorer.closing import added, close, kept, portable
from hptsim.explorer.coverage import Fired, fired
from hptsim.explorer.fingerprints import Fingerprints
from hptsim.explorer.memory import Memory, Outcome
from hptsim.explorer.opened import Opened
from hptsim.explorer.parts import BY_RESERVATION, STRIDE, TABLES, Parts, Slot
from hptsim.explorer.portable import Portable
from hptsim.explorer.untried import untried
from hptsim.model.assumptions import PREEMPTIVE
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.journal import Entry
from hptsim.model.laws import Law
from hptsim.model.machine import Tables
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.scenario import Scenario
from hptsim.strategies.search import Searches
from hptsim.world.rules import rules
from hptsim.world.world import World


class Move(NamedTuple):
    """What may happen next: the public call that does it, and the act behind it."""

    call: str
    act: Act
    due: bool
    """Whether it has to happen at some time. A fault may strike, a command may be given: neither has to."""


_CALL = itemgetter(0)
State = tuple[int, ...]
"""One state: which content each part has, by number (see `hptsim.explorer.parts`)."""


class System:
    """The states of a scenario and the steps between them; *budget* says how often each fault may happen.

    `root` is the first state; a state is never changed.
    """

    def __init__(
        self,
        scenario: Scenario,
        training_jobs: Mapping[str, TrainingJobDefinition],
        budget: Mapping[str, int],
        *,
        stops: bool,
        delayed_stop: bool,
        seed: int,
        tables: Tables,
        laws: Iterable[Law],
        commands: Mapping[str, int] | None = None,
        any_order: bool = False,
    ) -> None:
        answers = tuple(one for one in ANSWERS if one in budget)
        self.callers = Callers(scenario, training_jobs, stops, answers, dict(commands or {}), any_order)
        self.budget, self.delayed_stop, self.seed = dict(budget), delayed_stop, seed
        account = scenario.account
        cloud = EveryOutcome(seed, scenario.script, {}, delayed_stop)
        self._world = World(account, cloud, Searches(uniforms, seed, account.assumptions.bayesian), rules(tables))
        self._auditor = Auditor(account, laws, stop_propagation_s=0.0)
        self.laws = self._auditor.laws
        observed = account.assumptions.reservation == "as-observed" or account.assumptions.discipline in PREEMPTIVE
        self.parts = Parts(BY_RESERVATION if observed else TABLES)
        self.memory = Memory()
        self._given = self.parts.slot("given")
        self._faults = [(self.parts.slot("fault", kind), kind) for kind in self.budget]
        self.root = self._root()
        self.witnessed: set[str] = set()
        """The `sometimes` laws that the moves taken so far have seen."""
        specs = [entry.spec for entry in scenario.tuning_jobs]
        definitions = [one for spec in specs for one in spec.definitions]
        self._portable = Portable([account, *specs, *definitions, *training_jobs.values()])
        self.watch: Callable[[Iterable[Fired]], None] | None = None
        """What is told of the rows that each step fires."""
        self._fingerprints = Fingerprints()
        self._in_flight: dict[tuple[int, int], list[tuple[str, str, str]]] = {}
        self._as_bytes: dict[tuple[int, int], bytes] = {}
        self._from_bytes: dict[bytes, tuple[int, int]] = {}
        self._armed_moves: dict[tuple[int, int, frozenset[str]], list[Move]] = {}

    def _root(self) -> State:
        opened = self.open(())
        for slot, kind in self._faults:
            opened.content_of(slot)["budget"] = self.budget[kind]
        opened.content_of(self._given)["given"] = Given()
        return self._after((), *close(opened))

    def opening(self) -> str:
        """The call with which every way from the root begins."""
        cloud = f"hptsim.cloud.EveryOutcome(budget={self.budget}, delayed_stop={self.delayed_stop})"
        seed = f"seed={self.seed}, " if self.seed else ""
        return f"sim = hptsim.Simulation(attrs.evolve(scenario, tuning_jobs=()), {seed}cloud={cloud})"

    def untried(self) -> tuple[str, ...]:
        """What this exploration leaves out, in words."""
        return untried(self.callers, self.budget, self.delayed_stop)

    def open(self, state: State, *, copies: bool = True) -> Opened:
        """The state's world and auditor; without *copies* only to look at."""
        return Opened(self.parts, state, self._world, self._auditor, copies=copies)

    def key(self, state: State) -> State:
        """What tells states apart: the state itself."""
        return state

    def fingerprint(self, state: State) -> bytes:
        """128 bits of what a state is, which processes that were forked from one another have in common."""
        slots = self.parts.slots
        return self._fingerprints.of([(slots[index], number) for index, number in enumerate(state) if number])

    def moves(self, state: State) -> list[Move]:
        """What may happen next: what is armed and within budget, and the commands that are left."""
        spent = frozenset([kind for slot, kind in self._faults if slot.parts[state[slot.index]].content["budget"] == 0])
        found: list[Move] = []
        for index, number in enumerate(state):
            if number:
                mine = self._armed_moves.get((index, number, spent))
                found += self._moves_of(index, number, spent) if mine is None else mine
        found.sort(key=_CALL)  # the order of the parts is that in which this process came to need them
        return found + self._commands(state, spent)

    def _moves_of(self, index: int, number: int, spent: frozenset[str]) -> list[Move]:
        """What is armed in a part, each once."""
        armed = self.parts.slots[index].parts[number].armed
        found = self._armed_moves[index, number, spent] = []
        for place, one in enumerate(armed):
            fault = is_fault(one)
            if one not in armed[:place] and not (fault and one[2] in spent):
                act = ("fire", index * STRIDE + place + 1)
                found.append(Move(f"sim.fire({one[1]!r}, {one[2]!r})", act, not fault))
        return found

    def _commands(self, state: State, spent: frozenset[str]) -> list[Move]:
        step = ("commands", spent)
        outcome = self.memory.find(step, state)
        if outcome is None:
            opened = self.open(state)
            offered = self.callers.moves(opened.content_of(self._given)["given"], opened.world, set(spent))
            outcome = Outcome(answer=[Move(call, act, False) for call, act in offered])
            self.memory.keep(step, opened.reads, outcome)
        commands: list[Move] = outcome.answer
        return commands

    def take(self, state: State, move: Move) -> State | None:
        """The state that *move* leads to; None when the service refuses and nothing changes. Raises LawBroken."""
        outcome = self.memory.find(move.act, state)
        if outcome is None:
            outcome = self._done(state, move)
        if outcome.refused:
            return None
        if outcome.witnessed:
            self.witnessed.update(outcome.witnessed)
        if self.watch is not None:
            self.watch(outcome.fired)
        return self._after(state, outcome.writes, outcome.adds)

    def _done(self, state: State, move: Move) -> Outcome:
        """Do a step, judge it and remember what it has done."""
        opened = self.open(state)
        world, auditor = opened.world, opened.auditor
        entries: list[Entry] = []
        world.write = entries.append
        try:
            if move.act[0] == "fire":
                armed = world.armed[move.act[1]]
                if isinstance(world.cloud, EveryOutcome) and is_fault(armed):
                    world.cloud.spend(armed[2])
                world.fire_armed(move.act[1])
            else:
                content = opened.content_of(self._given)
                content["given"] = self.callers.take(content["given"], world, move.act)
        except ServiceError as error:
            if any(close(opened)):
                raise CHANGES_NOTHING.broken(
                    f"{move.call} is refused with {error.code} and still changed something"
                ) from error
            outcome = Outcome(refused=True)
        except LawBroken:
            _judge(auditor, entries, None)  # the laws name what went wrong better than the ledger does
            raise
        else:
            _judge(auditor, entries, world)
            outcome = Outcome(*close(opened), tuple(auditor.witnessed), fired=fired(entries))
        self.memory.keep(move.act, opened.reads, outcome)
        return outcome

    def _after(self, state: State, writes: tuple[tuple[int, int], ...], adds: tuple[tuple[Slot, str], ...]) -> State:
        """The state after what a step has written. What is not there is 0, and no state ends with that."""
        numbers = list(state)
        for index, number in writes:
            try:
                numbers[index] = number
            except IndexError:
                numbers += [0] * (index - len(numbers)) + [number]
        for slot, key in adds:
            if slot.index >= len(numbers):
                numbers += [0] * (slot.index + 1 - len(numbers))
            numbers[slot.index] = added(slot, numbers[slot.index], key)
        while numbers and not numbers[-1]:
            numbers.pop()
        return tuple(numbers)

    def footprint(self, state: State, move: Move) -> tuple[frozenset[int], frozenset[int]]:
        """The places of the parts that *move* reads in a state, and of those that it changes. Raises LawBroken."""
        outcome = self.memory.find(move.act, state) or self._done(state, move)
        changed = {index for index, _ in outcome.writes} | {slot.index for slot, _ in outcome.adds}
        return frozenset(self.memory.path(move.act, state)), frozenset(changed)

    def in_flight(self, state: State) -> list[tuple[str, str, str]]:
        """The kind, name and state of each tuning job and training job that has not ended."""
        found: list[tuple[str, str, str]] = []
        for place in enumerate(state):
            mine = self._in_flight.get(place)
            found += self._jobs_of(*place) if mine is None else mine
        return found

    def _jobs_of(self, index: int, number: int) -> list[tuple[str, str, str]]:
        """The same of one part."""
        content = self.parts.slots[index].parts[number].content
        jobs = [(kind, content[kind]) for kind in ("tuning", "training") if kind in content]
        found = self._in_flight[index, number] = [
            (kind, job.name, job.state) for kind, job in jobs if job.ended_s is None
        ]
        return found

    def check_at_rest(self, state: State) -> None:
        """Judge a state in which nothing more has to happen, as `Auditor.compare` does; raises LawBroken.

        What is judged of a single job is remembered like a step.
        """
        whole = self.open(state, copies=False)
        auditor = whole.auditor
        for name in auditor.state.tuning:
            self._compared(state, "tuning", name)
        auditor.compare_everything(whole.world)
        for name in auditor.state.training:
            self._compared(state, "training", name)
        auditor.check_at_rest()
        self.witnessed.update(auditor.witnessed)

    def _compared(self, state: State, thing: str, name: str) -> None:
        step = ("compare", thing, name)
        outcome = self.memory.find(step, state)
        if outcome is None:
            opened = self.open(state)
            compare = opened.auditor.compare_tuning_job if thing == "tuning" else opened.auditor.compare_training_job
            compare(name, opened.world)
            outcome = Outcome(witnessed=tuple(opened.auditor.witnessed))
            self.memory.keep(step, opened.reads, outcome)
        self.witnessed.update(outcome.witnessed)

    def encode(self, state: State) -> bytes:
        """The state as bytes that a system of the same scenario, in whatever process, can `decode`."""
        return pickle.dumps([self._encoded(index, number) for index, number in enumerate(state) if number])

    def _encoded(self, index: int, number: int) -> bytes:
        """A part as bytes, made once."""
        data = self._as_bytes.get((index, number))
        if data is None:
            slot = self.parts.slots[index]
            data = self._portable.dumps((slot.kind, slot.key, *portable(slot, slot.parts[number])))
            self._as_bytes[index, number] = data
        return data

    def decode(self, data: bytes) -> State:
        """The state that was encoded."""
        return self._after((), tuple([self._decoded(one) for one in pickle.loads(data)]), ())

    def _decoded(self, data: bytes) -> tuple[int, int]:
        """The place and the number of a part, which is read once."""
        found = self._from_bytes.get(data)
        if found is None:
            kind, key, content, armed = self._portable.loads(data)
            slot = self.parts.slot(kind, key)
            found = self._from_bytes[data] = slot.index, kept(slot, content, armed)
        return found


def _judge(auditor: Auditor, entries: list[Entry], world: World | None) -> None:
    auditor.see(*entries)
    if world is not None:
        auditor.check_step(world)
