"""The plain way to explore, that the remembered one is compared with: worlds are copied whole, and nothing is remembered."""

from collections import deque

import attrs

from hptsim.audit.auditor import Auditor
from hptsim.audit.frozen import frozen
from hptsim.audit.laws import LAWS
from hptsim.cloud.every_outcome import EveryOutcome, is_fault
from hptsim.errors import LawBroken, ServiceError
from hptsim.explorer.callers import Callers, Given
from hptsim.explorer.system import Move, System
from hptsim.model.calls import ANSWERS
from hptsim.model.laws import witnesses
from hptsim.model.machine import TABLES
from hptsim.scenario.random_streams import uniforms
from hptsim.strategies.search import Searches
from hptsim.world.rules import rules
from hptsim.world.world import World

OPTIONS = {"stops": True, "delayed_stop": False, "seed": 0, "tables": TABLES, "laws": LAWS}


def remembering(scenario, training_jobs=None, faults=None, **changes):
    """A system as an exploration makes it."""
    return System(scenario, dict(training_jobs or {}), dict(faults or {}), **(OPTIONS | changes))


class Forgetting(System):
    """A system that does every step again."""

    def take(self, state, move):
        self.memory.clear()
        return super().take(state, move)

    def moves(self, state):
        self.memory.clear()
        self._armed_moves.clear()
        return super().moves(state)

    def check_at_rest(self, state):
        self.memory.clear()
        super().check_at_rest(state)


def forgetting(scenario, training_jobs=None, faults=None, **changes):
    return Forgetting(scenario, dict(training_jobs or {}), dict(faults or {}), **(OPTIONS | changes))


@attrs.define(slots=False)
class Whole:
    world: World
    auditor: Auditor
    given: Given


class Plain:
    """A system whose states are whole worlds: each step is done on a copy of all of it."""

    def __init__(self, scenario, training_jobs=None, faults=None, **changes):
        options, faults, account = OPTIONS | changes, dict(faults or {}), scenario.account
        answers = tuple(one for one in ANSWERS if one in faults)
        self.callers = Callers(scenario, dict(training_jobs or {}), options["stops"], answers)
        cloud = EveryOutcome(options["seed"], scenario.script, faults, options["delayed_stop"])
        searches = Searches(uniforms, options["seed"], account.assumptions.bayesian)
        world = World(account, cloud, searches, rules(options["tables"]))
        auditor = Auditor(account, options["laws"], stop_propagation_s=0.0)
        self.laws, self.root, self.witnessed = auditor.laws, Whole(world, auditor, Given()), set()

    def key(self, state):
        return state.world.freeze(), frozen(state.auditor.state), state.given

    def moves(self, state):
        world = state.world
        spent = {kind for kind, count in world.cloud.freeze() if count == 0}
        armed = {armed: serial for serial, armed in reversed(world.armed.items())}
        for one, serial in armed.items():
            if not (is_fault(one) and one[2] in spent):
                yield Move(f"sim.fire({one[1]!r}, {one[2]!r})", ("fire", serial), not is_fault(one))
        for call, act in self.callers.moves(state.given, world, spent):
            yield Move(call, act, False)

    def take(self, state, move):
        world, auditor, given, entries = state.world.clone(), state.auditor.clone(), state.given, []
        world.write = entries.append
        try:
            if move.act[0] == "fire":
                if is_fault(world.armed[move.act[1]]):
                    world.cloud.spend(world.armed[move.act[1]][2])
                world.fire_armed(move.act[1])
            else:
                given = self.callers.take(given, world, move.act)
        except ServiceError:
            return None
        except LawBroken:
            for entry in entries:
                auditor.see(entry)
            raise
        for entry in entries:
            auditor.see(entry)
        auditor.check_step(world)
        self.witnessed.update(auditor.witnessed)
        return Whole(world, auditor, given)

    def check_at_rest(self, state):
        state.auditor.compare(state.world)
        state.auditor.check_at_rest()


def visit(system):
    """How many states, steps and states at rest a system has, and by depth; what was seen; or how deep which law is broken."""
    seen, line = {system.key(system.root): 0}, deque([system.root])
    steps = resting = 0
    by_depth = {0: 1}
    while line:
        state = line.popleft()
        depth = seen[system.key(state)]
        moves = list(system.moves(state))
        try:
            if not any(move.due for move in moves):
                resting += 1
                system.check_at_rest(state)
            for move in moves:
                steps += 1
                following = system.take(state, move)
                if following is not None and system.key(following) not in seen:
                    seen[system.key(following)] = depth + 1
                    by_depth[depth + 1] = by_depth.get(depth + 1, 0) + 1
                    line.append(following)
        except LawBroken as error:
            return depth, error.law
    return len(seen), steps, resting, by_depth, [law for law in witnesses(system.laws) if law in system.witnessed]
