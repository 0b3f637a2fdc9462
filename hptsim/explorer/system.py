"""What an exploration visits: the states of a scenario, what may happen next in each, and where it leads, with the laws on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import attrs

from hptsim.audit.auditor import Auditor
from hptsim.audit.frozen import frozen
from hptsim.cloud.every_outcome import EveryOutcome, is_fault
from hptsim.errors import LawBroken, ServiceError
from hptsim.explorer.callers import Act, Callers, Given
from hptsim.explorer.untried import untried
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


@attrs.define(slots=False)
class State:
    """One state: the world, what the laws know of it, and which commands were given."""

    world: World
    auditor: Auditor
    given: Given


class System:
    """The states of a scenario and the steps between them; *budget* says how often each fault may happen.

    `root` is the first state; a state is never changed, but by the last move that is taken from it.
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
        cloud = EveryOutcome(seed, scenario.script, self.budget, delayed_stop)
        world = World(account, cloud, Searches(uniforms, seed, account.assumptions.bayesian), rules(tables))
        auditor = Auditor(account, laws, stop_propagation_s=0.0)
        self.laws = auditor.laws
        self.root = State(world, auditor, Given())
        self.witnessed: set[str] = set()
        """The `sometimes` laws that the moves taken so far have seen."""
        self._parts: dict[Any, int] = {}

    def opening(self) -> str:
        """The call with which every way from the root begins."""
        cloud = f"hptsim.cloud.EveryOutcome(budget={self.budget}, delayed_stop={self.delayed_stop})"
        seed = f"seed={self.seed}, " if self.seed else ""
        return f"sim = hptsim.Simulation(attrs.evolve(scenario, tuning_jobs=()), {seed}cloud={cloud})"

    def untried(self) -> tuple[str, ...]:
        """What this exploration leaves out, in words."""
        return untried(self.callers, self.budget, self.delayed_stop)

    def key(self, state: State) -> tuple[int, ...]:
        """The state as a tuple of small numbers: equal parts are stored once."""
        parts = self._parts
        tuning, training, *rest = state.world.freeze()
        numbers = [
            parts.setdefault(part, len(parts))
            for part in (*tuning, "|", *training, "|", *rest, "|", *frozen(state.auditor.state), state.given)
        ]
        return tuple(numbers)

    def moves(self, state: State) -> Iterator[Move]:
        """What may happen next: what is armed and within budget, and the commands that are left."""
        world = state.world
        spent = {kind for kind, count in world.cloud.freeze() if count == 0}
        offered: set[tuple[str, str, str]] = set()
        for serial, armed in world.armed.items():
            fault = is_fault(armed)
            if armed in offered or (fault and armed[2] in spent):
                continue
            offered.add(armed)
            yield Move(f"sim.fire({armed[1]!r}, {armed[2]!r})", ("fire", serial), not fault)
        for call, act in self.callers.moves(state.given, world, spent):
            yield Move(call, act, False)

    def take(self, state: State, move: Move, *, last: bool) -> State | None:
        """The state that *move* leads to; None when the service refuses and nothing changes. Raises LawBroken.

        The *last* move out of a state may use up the state itself.
        """
        world = state.world if last else state.world.clone()
        entries: list[Entry] = []
        world.write = entries.append
        given, (kind, what) = state.given, move.act
        auditor = state.auditor if last else state.auditor.clone()
        try:
            if kind == "fire":
                if isinstance(world.cloud, EveryOutcome) and is_fault(world.armed[what]):
                    world.cloud.spend(world.armed[what][2])
                world.fire_armed(what)
            else:
                given = self.callers.take(given, world, move.act)
        except ServiceError:
            return None
        except LawBroken:
            _judge(auditor, entries, None)  # the laws name what went wrong better than the ledger does
            raise
        _judge(auditor, entries, world)
        self.witnessed.update(auditor.witnessed)
        return State(world, auditor, given)

    def check_at_rest(self, state: State) -> None:
        """Judge a state in which nothing more has to happen; raises LawBroken."""
        state.auditor.compare(state.world)
        state.auditor.check_at_rest()


def _judge(auditor: Auditor, entries: list[Entry], world: World | None) -> None:
    for entry in entries:
        auditor.see(entry)
    if world is not None:
        auditor.check_step(world)
