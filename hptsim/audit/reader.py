"""How the auditor's state follows the journal: one function for each kind of thing, none of which judges anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hptsim.audit import expected
from hptsim.audit.state import (
    KnownTuningJob,
    KnownWarmPool,
    State,
    Takeover,
    is_standalone,
)
from hptsim.audit.training_reader import create_training_job, delete_training_job, follow_training
from hptsim.model.account import TOTAL, TUNING_JOBS, standalone_holder
from hptsim.model.journal import Entry
from hptsim.model.payloads import KeepAlive

Reader = Callable[[State, Entry], object]
"""Lets the state follow an entry."""
_DONE_BY: Mapping[str, tuple[str, str]] = {
    "CreateHyperParameterTuningJob": ("tuning", "create"),
    "StopHyperParameterTuningJob": ("tuning", "stop"),
    "CreateTrainingJob": ("training", "create"),
    "StopTrainingJob": ("training", "stop"),
}
"""What a request for an operation does to the job that it names."""


def follow_tuning(state: State, entry: Entry) -> KnownTuningJob:
    """A tuning job goes from one state to the next."""
    job = state.tuning[entry[2]]
    state.touched_tuning[entry[2]] = None
    job.state = entry[5]
    return job


def _create_tuning_job(state: State, entry: Entry) -> None:
    name, spec = entry[2], entry[6].spec
    team = state.account.teams.of(spec.team, spec.request) if state.remembers else ""
    state.tuning[name] = KnownTuningJob(name, spec, team=team)
    follow_tuning(state, entry)


def _launch(state: State, entry: Entry) -> None:
    job, data = follow_tuning(state, entry), entry[6]
    job.launches += 1
    job.granted = data.reservation if state.remembers and data is not None else ""


def _stop_tuning_job(state: State, entry: Entry) -> None:
    job = follow_tuning(state, entry)
    job.stopped, job.stop_s = True, entry[0]


def _delete_tuning_job(state: State, entry: Entry) -> None:
    state.tuning.pop(entry[2])


_SIGNS: Mapping[str, int] = {"grant": 1, "move": 1, "release": -1}
"""Which triggers of a reservation change what is held, and to which side."""


def follow_reservation(state: State, entry: Entry) -> None:
    """A request for quota is asked, granted or withdrawn, moved, released."""
    now, _, name, trigger, _, destination, data, _ = entry
    holder, amounts = data.holder, data.amounts
    if trigger == "ask" and is_standalone(holder):
        state.tuning[holder] = KnownTuningJob(holder, state="InProgress", launches=1)
    job = state.tuning[holder]
    state.touched_tuning[holder] = None
    state.moved = True
    if state.remembers:
        _remember(state, job, now, name, trigger)
    job.requests[name], job.asked[name] = destination, amounts
    if trigger == "ask":
        state.queue[name] = amounts
        state.asked.update(amounts)
    elif trigger in ("grant", "withdraw"):
        state.queue.pop(name, None)
    sign = _SIGNS.get(trigger, 0)
    if sign:
        for pool, count in (data.change if trigger == "move" else amounts).items():
            job.held[pool] = job.held.get(pool, 0) + sign * count
            state.reserved[pool] = state.reserved.get(pool, 0) + sign * count
    if destination in ("Released", "Withdrawn"):
        del job.requests[name], job.asked[name]


def _remember(state: State, job: KnownTuningJob, now: float, name: str, trigger: str) -> None:
    """For how long a request is expected to be held, and until when once it is granted."""
    if trigger == "ask":
        waiting = [
            one for one, place in job.requests.items() if place == "Requested" and TUNING_JOBS not in job.asked[one]
        ]
        whole = state.account.assumptions.reservation != "as-observed" or not job.requests
        if job.spec is not None:  # one without a tuning job says so as it is created
            state.lasts_s[name] = expected.holds_s(job.spec, job.launched + len(waiting), whole=whole)
    elif trigger == "grant":
        state.due_s[name] = now + state.lasts_s.get(name, 0.0)
    elif trigger != "move":
        state.lasts_s.pop(name, None)
        state.due_s.pop(name, None)


def follow_occupancy(state: State, entry: Entry) -> None:
    """A training job takes instances, or gives them back."""
    job = state.training[entry[2]]
    tuning = state.tuning[job.holder]
    state.touched_training[job.name] = state.touched_tuning[tuning.name] = None
    taking = entry[3] == "occupy"
    sign = 1 if taking else -1
    amounts: Mapping[str, int] = entry[6] if taking else job.occupies or {}
    for pool, count in amounts.items():
        tuning.used[pool] = tuning.used.get(pool, 0) + sign * count
    job.occupations += sign
    job.occupies = amounts if taking else None
    if not taking and not job.ended:
        tuning.given_up = amounts
        job.out_of_turn |= not job.short and job.state != "Interrupted:queued"
    if taking and job.choices:
        chosen = {pool: count for pool, count in amounts.items() if pool != TOTAL}
        tuning.given_up = {} if job.short else tuning.given_up
        first = job.choice + 1 if job.short else 0
        places = [place for place, one in enumerate(job.choices) if one == chosen and place >= first]
        job.choice, job.short, job.latest = places[0] if places else job.choice, False, 0


def follow_artifact(state: State, entry: Entry) -> None:
    """Something is stored."""
    job = state.training[entry[2]]
    job.stored += (entry[6],)
    state.artifacts[entry[6]] = job.name
    state.tuning[job.holder].models += entry[5] == "model"


def follow_log(state: State, entry: Entry) -> None:
    """A training job has written to its log."""
    state.training[entry[2]].logged += 1


def follow_signal(state: State, entry: Entry) -> None:
    """A training job gets SIGTERM, or its stop is sent."""
    job = state.training[entry[2]]
    state.touched_training[job.name] = None
    if entry[3] == "SIGTERM":
        job.sigterm_s = entry[0]
    else:
        job.told_s = entry[0]
        job.given_up = entry[6] or ""


def follow_refused(state: State, entry: Entry) -> None:
    """A refused call changes nothing."""


def follow_call(state: State, entry: Entry) -> None:
    """A request got no ordinary answer; what it has done all the same is remembered with the job."""
    _, _, name, answer, _, _, called, _ = entry
    if answer != "lost_response" or not called.changed or called.operation not in _DONE_BY:
        return
    thing, trigger = _DONE_BY[called.operation]
    jobs: dict[str, Any] = state.tuning if thing == "tuning" else state.training
    if name in jobs:
        job = jobs[name] = jobs[name].copy()  # one that has ended is shared
        job.lost |= {trigger}


def follow_warm_pool(state: State, entry: Entry) -> None:
    """A warm pool goes from one state to the next."""
    now, _, name, trigger, source, destination, data, _ = entry
    pool = state.pools.setdefault(name, KnownWarmPool(name))
    holder = state.tuning[standalone_holder(name)]
    state.touched_tuning[holder.name] = None
    if isinstance(data, KeepAlive):
        pool.keep_alive_s = data.keep_alive_s
    if trigger == "reuse":
        state.takeovers[data.by] = Takeover(name, dict(holder.held), state.training[name].definition.request)
    if destination != source:
        pool.state, pool.since_s = destination, now
    if destination in ("Reused", "Terminated"):
        del state.pools[name]


READERS: Mapping[str, Reader] = {
    "tuning": follow_tuning,
    "tuning create": _create_tuning_job,
    "tuning launch": _launch,
    "tuning stop": _stop_tuning_job,
    "tuning delete": _delete_tuning_job,
    "training": follow_training,
    "training create": create_training_job,
    "training delete": delete_training_job,
    "reservation": follow_reservation,
    "occupancy": follow_occupancy,
    "artifact": follow_artifact,
    "log": follow_log,
    "signal": follow_signal,
    "refused": follow_refused,
    "warm_pool": follow_warm_pool,
    "call": follow_call,
}
"""Who follows the entries of each thing, or of a thing and a trigger."""


def reader(thing: str, trigger: str) -> Reader:
    """Who follows the entries of a thing and a trigger."""
    return READERS.get(f"{thing} {trigger}") or READERS[thing]
