"""The explorer's states and steps written in the terms of the TLA+ module: what the two are compared by."""

import re
from collections import Counter

from explorer.tlc import canonical
from hptsim.explorer.system import System
from hptsim.model.account import TUNING_JOBS
from hptsim.model.machine import TABLES

_CALL = re.compile(r"sim\.(\w+)\((?:'([^']*)', '([^']*)')?")


def system_of(scenario, faults=(), stops=True, delayed_stop=False):
    """What the explorer visits, without any law."""
    options = {"stops": stops, "delayed_stop": delayed_stop, "seed": 0, "tables": TABLES, "laws": ()}
    return System(scenario, {}, dict(faults), **options)


def world_of(system, state):
    """The world in a state of the explorer."""
    return system.open(state, copies=False).world


def graph(scenario, faults=(), stops=True, delayed_stop=False):
    """All steps that the explorer's system has, counted by (state, action, state), and all its states."""
    system = system_of(scenario, faults, stops, delayed_stop)
    first = in_terms(world_of(system, system.root), scenario)
    seen, steps, line = {(system.key(system.root), first)}, set(), [(system.root, first)]
    for state, here in line:
        for move in system.moves(state):
            following = system.take(state, move)
            if following is None:
                continue
            there = in_terms(world_of(system, following), scenario)
            if (both := (system.key(following), there)) not in seen:
                seen.add(both)
                line.append((following, there))
            if there != here or move.act[0] == "fire":  # a command that changes nothing is no step
                steps.add((here, move.call, there))
    return Counter((here, action(call), there) for here, call, there in steps), frozenset(there for _, there in seen)


def action(call):
    """What the module calls the step behind a call."""
    kind, name, trigger = _CALL.match(call).groups()
    if kind == "create_tuning_job":
        return "Create"
    if kind == "stop_tuning_job":
        return "Stop"
    assert kind == "fire", call
    if re.fullmatch(r".*-\d{3}-[0-9a-f]{8}", name):
        return "StopArrives" if trigger == "stop" else "Happens"
    return "Due"


def in_terms(world, scenario):
    """The world as a state of the module."""
    specs = [one.spec for one in scenario.tuning_jobs]
    pools = {TUNING_JOBS, *(pool for spec in specs for pool in spec.definitions[0].instances.amounts)}

    def amounts(some):
        return {pool: some.get(pool, 0) for pool in pools}

    tuning = {}
    for name, job in world.tuning.items():
        armed = [trigger for kind, one, trigger in world.armed.values() if (kind, one) == ("tuning", name)]
        assert armed.count("launch") == job.launching and armed.count("finish") == job.finishing
        tuning[name] = {
            "state": job.state,
            "admitted": job.admitted,
            "asked": job.asked,
            "launched": job.launched,
            "evaluated": job.evaluated,
            "attempts": job.attempts,
            "live": {world.training[child].ordinal for child in job.live},
            "reservations": tuple(_reservation(job.reservations[number], amounts) for number in _numbers(job)),
            "launching": job.launching,
            "finishing": job.finishing,
            "timed": "max_runtime" in armed,
            "counters": dict(job.counters),
        }
    training = {(job.tuning_job, job.ordinal): _training(job, world) for job in world.training.values()}
    return canonical(
        {
            "tuning": tuning,
            "training": training,
            "queue": tuple(
                (one.holder, _numbers(world.tuning[one.holder]).index(one.number) + 1)
                for one in world.ledger.queue.values()
            ),
            "held": {spec.name: amounts(world.ledger.held.get(spec.name, {})) for spec in specs},
            "used": {spec.name: amounts(world.ledger.used.get(spec.name, {})) for spec in specs},
            "artifacts": {(_place(world, one.training_job), one.kind) for one in world.artifacts.values()},
            "budget": dict(world.cloud.budget),
            "broken": set(),
        }
    )


def _numbers(job):
    """The numbers of a tuning job's requests, in order: in the module each has its place among them."""
    return sorted(job.reservations)


def _request(job, world):
    """The place of the request whose quota a training job gives back itself, or 0."""
    numbers = _numbers(world.tuning[job.tuning_job])
    own = world.account.assumptions.reservation == "as-observed" and job.reservation in numbers
    return numbers.index(job.reservation) + 1 if own else 0


def _reservation(one, amounts):
    return {
        "state": one.state,
        "for": "tuning job" if one.definition < 0 else "training job",
        "amounts": amounts(one.amounts),
    }


def _training(job, world):
    armed = {world.armed[serial][2] for serial in job.timers}
    return {
        "state": job.state,
        "attempt": job.attempt,
        "retries": job.retries_left,
        "streams": job.streams,
        "stoppedBy": job.stopped_by,
        "reason": _REASONS[job.failure_reason.partition(":")[0]],
        "saved": job.saved,
        "objective": job.objective is not None,
        "promised": {"model" if uri == job.model_uri else "checkpoint" for uri in job.promised},
        "lines": len(world.logs.get(job.name, ())),
        "request": _request(job, world),
        "armed": armed,
        "stopComing": job.stop_coming > 0,
    }


_REASONS = {
    "": "",
    "InternalServerError": "internal_error",
    "CapacityError": "no_capacity",
    "ClientError": "client_error",
    "AlgorithmError": "algorithm_error",
}
"""The fault by the first word of FailureReason."""


def _place(world, name):
    return world.training[name].tuning_job, world.training[name].ordinal
