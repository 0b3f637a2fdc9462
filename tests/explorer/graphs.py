"""Whole graphs of small scopes, without any reduction: what the reductions are compared with."""

from __future__ import annotations

import re
from collections import deque
from itertools import permutations, product

import attrs

from hptsim.audit.frozen import training_job, tuning_job, value
from hptsim.audit.laws import LAWS
from hptsim.audit.state import ENDED, TUNING_ENDED, KnownTrainingJob, KnownTuningJob
from hptsim.cloud.every_outcome import is_fault
from hptsim.explorer.system import System
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.machine import TABLES
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob

PLAIN = TrainingJobDefinition(max_retries=0)
SPOT = TrainingJobDefinition(spot=True, max_retries=0, checkpoint_uri="s3://b/c")


def jobs(*specs, capacity=2, **assumptions):
    return Scenario(
        capacity={"ml.m5.xlarge": capacity},
        assumptions=Assumptions(**{"admission": "queue", **assumptions}),
        tuning_jobs=tuple(ScheduledTuningJob(spec) for spec in specs),
    )


def plain(name, total=1, parallel=1, definition=PLAIN, **more):
    return TuningJobSpec(name, (definition,), ResourceLimits(total, parallel), **more)


_CHILD = re.compile(r"\b([a-z])-(\d{3})-[0-9a-f]{8}\b")
_REQUEST = re.compile(r"([a-z])/(\d+)")


def system(scenario, faults=None, tables=TABLES, laws=LAWS, stops=True, delayed_stop=False):
    """The system of a scope, as `explore` makes it."""
    return System(
        scenario, {}, dict(faults or {}), stops=stops, delayed_stop=delayed_stop, seed=0, tables=tables, laws=laws
    )


def walk(system):
    """All states, and of each its moves with the numbers of the states that they lead to (None: refused)."""
    seen, states, steps = {system.key(system.root): 0}, [system.root], []
    line = deque([system.root])
    while line:
        state = line.popleft()
        found = []
        for move in system.moves(state):
            following = system.take(state, move)
            number = None
            if following is not None:
                number = seen.setdefault(system.key(following), len(states))
                if number == len(states):
                    states.append(following)
                    line.append(following)
            found.append((move, number))
        steps.append(found)
    return states, steps


def opened(system, state):
    """The world and the auditor's knowledge in a state, and the commands that were given."""
    found = system.open(state)
    return found.world, found.auditor, found.content("given")["given"]


def known(state):
    """All that the laws know as a value: the jobs, and the rest as `_REST` names it."""
    queue = tuple([(name, value(amounts)) for name, amounts in state.queue.items()])
    return (
        tuple(map(tuning_job, state.tuning.values())),
        tuple(map(training_job, state.training.values())),
        *[queue if name == "queue" else value(getattr(state, name)) for name in _REST],
    )


def orbit(system, state):
    """The smallest of all renamed copies of a state: by brute force, over all renamings of jobs of equal specs.

    Written apart from `Symmetry`, on the values that tell states apart in a search without reductions.
    """
    world, auditor, given = opened(system, state)
    names = list(world.tuning)
    launched = {name: len(job.children) for name, job in world.tuning.items()}
    specs = {name: job.spec.renamed("any") for name, job in world.tuning.items()}
    values = world.freeze(), known(auditor.state), attrs.astuple(given, recurse=False)
    copies = []
    for to in permutations(names):
        if any(specs[name] != specs[new] for name, new in zip(names, to, strict=True)):
            continue
        for orders in product(*(list(permutations(range(1, launched[name] + 1))) for name in names)):
            renamed = dict(zip(names, to, strict=True))
            places = {name: dict(enumerate(order, 1)) for name, order in zip(names, orders, strict=True)}
            copies.append(_copy(values, renamed, places))
    return min(copies)


def by_name(system, state):
    """A state by its own names, as `orbit` tells it: without faults that are spent."""
    world, auditor, given = opened(system, state)
    places = {
        name: {number: number for number in range(1, len(job.children) + 1)} for name, job in world.tuning.items()
    }
    values = world.freeze(), known(auditor.state), attrs.astuple(given, recurse=False)
    return _copy(values, {name: name for name in world.tuning}, places)


def _copy(values, renamed, places):
    def called(what):
        if isinstance(what, str):
            if what in renamed:
                return renamed[what]
            what = _CHILD.sub(lambda one: f"{renamed[one[1]]}-{places[one[1]][int(one[2])]:03d}", what)
            return _REQUEST.sub(lambda one: f"{renamed.get(one[1], one[1])}/{one[2]}", what)
        if isinstance(what, frozenset):
            return ("set", *sorted([called(one) for one in what], key=repr))
        return tuple([called(one) for one in what]) if isinstance(what, tuple) else what

    def in_order(what):
        return sorted(what, key=repr)

    tuning, training, ledger, artifacts, logs, armed, pools, cloud, grants = values[0]
    spent = {kind for kind, count in cloud if not count}
    known_tuning, known_training, *rest = values[1]
    return repr(
        (
            in_order(called(tuning)),
            in_order(called(training)),
            called(ledger),
            in_order(called(artifacts)),
            in_order(called(logs)),
            in_order(called(tuple([one for one in armed if not (is_fault(one) and one[2] in spent)]))),
            (pools, cloud, grants),
            in_order([_record(KnownTuningJob, called(one)) for one in known_tuning]),
            in_order([_record(KnownTrainingJob, called(one)) for one in known_training]),
            [
                called(what) if name == "queue" or not isinstance(what, tuple) else in_order(called(what))
                for name, what in zip(_REST, rest, strict=True)
            ],
            in_order(called(values[2])),
        )
    )


_REST = ("now", "pools", "takeovers", "deleted", "reserved", "artifacts", "asked", "queue", "lasts_s", "due_s")
_VALUES = {"objective", "best", "ordinal", "definition", "spec"}


def _record(kind, values):
    """A record of the auditor's without objectives and ordinals, its mappings and lists in the order of the new names."""
    fields = dict(zip([field.name for field in attrs.fields(kind)], values, strict=True))
    told = {name: one is None if name in _VALUES else one for name, one in fields.items()}
    if "scores" in told:
        told["scores"] = tuple([name for name, _ in told["scores"]])
    return {name: sorted(one, key=repr) if isinstance(one, tuple) else one for name, one in told.items()}


def over(system, state):
    """What in a state has ended, with all that is known of it: nothing of it may ever change again."""
    world, auditor, _ = opened(system, state)
    known = auditor.state
    children = {
        name: (job.freeze(), repr(attrs.asdict(known.training[name], recurse=False)), len(world.logs.get(name, ())))
        for name, job in world.training.items()
        if known.training[name].state in ENDED
    }
    parents = {
        name: (job.freeze(), repr(attrs.asdict(known.tuning[name], recurse=False)))
        for name, job in world.tuning.items()
        if known.tuning[name].state in TUNING_ENDED
    }
    return children | parents
