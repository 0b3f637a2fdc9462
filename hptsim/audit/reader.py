"""How the auditor's state follows the journal: one function for each kind of thing, none of which judges anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hptsim.audit import expected, expected_search
from hptsim.audit.state import (
    ENDED,
    TUNING_ENDED,
    KnownTrainingJob,
    KnownTuningJob,
    KnownWarmPool,
    State,
    Takeover,
    is_standalone,
)
from hptsim.model.account import TOTAL, TUNING_JOBS, standalone_holder
from hptsim.model.copying import duplicate
from hptsim.model.definitions import NO_CRITERIA, Hyperband
from hptsim.model.journal import Entry
from hptsim.model.payloads import Epoch, Failed, KeepAlive, Resumed, Saved, ScriptEnded, TrainingJobCreated

STOPS = ("stop", "max_runtime", "max_wait", "max_pending")
"""What stops a training job."""
_WRITES = frozenset({"downloaded", "epoch", "exited", "killed"})
"""When a container writes to its log."""

_DONE_BY: Mapping[str, tuple[str, str]] = {
    "CreateHyperParameterTuningJob": ("tuning", "create"),
    "StopHyperParameterTuningJob": ("tuning", "stop"),
    "CreateTrainingJob": ("training", "create"),
    "StopTrainingJob": ("training", "stop"),
}
"""What a request for an operation does to the job that it names."""


def follow_tuning(state: State, entry: Entry) -> None:
    """A tuning job goes from one state to the next, or its record is deleted."""
    now, _, name, trigger, _, destination, data, _ = entry
    if trigger == "delete":
        state.tuning.pop(name)
        return
    if trigger == "create":
        team = state.account.teams.of(data.spec.team, data.spec.request) if state.remembers else ""
        state.tuning[name] = KnownTuningJob(name, data.spec, team=team)
    job = state.tuning[name]
    state.touched_tuning[name] = None
    if trigger == "launch":
        job.launches += 1
        job.granted = data.reservation if state.remembers and data is not None else ""
    if trigger == "stop":
        job.stopped, job.stop_s = True, now
    job.state = destination


def follow_training(state: State, entry: Entry) -> None:
    """A training job goes from one state to the next, or its record is deleted."""
    now, _, name, trigger, _, destination, data, _ = entry
    if trigger == "delete":
        return _delete(state, name)
    if trigger == "create":
        _create(state, now, name, data)
    job = state.training[name]
    state.touched_training[name] = None
    _clock(job, now)
    job.owed += trigger in _WRITES or (trigger == "ready" and destination == "Training")
    if trigger == "ready":
        job.started_s = now if job.started_s is None else job.started_s
    elif trigger == "checkpoint":
        job.kept = len(job.curve)
    elif trigger == "shortage":
        _find_next_type(state, job)
    elif trigger in STOPS:
        job.reasons += (trigger,)
    elif (
        destination in ("Starting", "Interrupted") or trigger == "preempt"
    ):  # another attempt, from the last checkpoint
        job.attempts += trigger in ("interrupt", "internal_error", "preempt")
        job.retries += trigger == "internal_error"
        job.curve = job.curve[: job.kept]
        job.passed = frozenset(rung for rung in job.passed if rung <= job.kept)
    if data is not None:
        _reported(state, job, data)
    if job.state == "Stopping" != destination:  # the grace window is over
        job.sigterm_s = None
    job.state = destination
    if destination in ENDED:
        _ended(state, job)


def _clock(job: KnownTrainingJob, now: float) -> None:
    """Time has passed in the state that a training job leaves."""
    elapsed = now - job.since_s
    if job.state == "Training":
        job.trained_s += elapsed
    if job.state not in expected.NOT_BILLED:
        job.billed_s += elapsed
    job.since_s = now


def _create(state: State, now: float, name: str, data: TrainingJobCreated) -> None:
    tuning = state.tuning[data.tuning_job or standalone_holder(name)]
    definition = data.standalone if tuning.spec is None else tuning.spec.definitions[data.definition]
    if definition is None:
        raise TypeError(f"{name} has neither a tuning job nor a definition")
    owed = state.deleted.pop(name, 0)
    job = KnownTrainingJob(name, tuning.name, definition, tuning.launched + 1, data.definition, logged=owed, owed=owed)
    job.created_s = job.since_s = now
    job.reservation = tuning.granted
    job.choices = expected.instance_types(definition)
    state.training[name] = job
    if tuning.spec is None:
        state.takeovers.pop(name, None)
        if state.remembers:  # what it was granted for a moment ago is known only now
            tuning.team = state.account.teams.of("", definition.request)
            state.due_s[f"{tuning.name}/0"] = now + definition.max_runtime_s
    elif tuning.spec.strategy == "Grid" and data.hyperparameters:
        tuning.tried.append(data.hyperparameters)
    tuning.live[name] = None
    tuning.children.append(name)
    tuning.launched += 1
    tuning.counters["InProgress"] += 1
    state.touched_tuning[tuning.name] = None


def _reported(state: State, job: KnownTrainingJob, data: Any) -> None:
    """What a script or the service says of a training job."""
    match data:
        case Epoch(_, value):
            job.curve += (float("nan") if value is None else value,)
            if value is not None and not job.expected_stop:
                _expect_stop(state, job)
        case Saved(uri):
            job.promised += (uri,)
        case ScriptEnded(uri, value):  # the result is what the script has emitted when it ends
            job.promised += () if uri is None else (uri,)
            job.objective = value
        case Failed(reason):
            job.failure = reason
        case Resumed(number):
            job.reservation, job.resumed = f"{job.holder}/{number}", True


def _expect_stop(state: State, job: KnownTrainingJob) -> None:
    """A training job has had another epoch: may it go on?"""
    tuning = state.tuning[job.holder]
    if tuning.spec is None:
        return
    spec, ascending = tuning.spec, expected_search.ascends(tuning.spec, job.definition)
    if spec.hyperband is not None:
        _expect_hyperband(state, tuning, job, spec.hyperband, ascending)
    elif spec.early_stopping:
        completed = [one.curve for one in others(state, tuning, job) if one.state == "Completed"]
        if expected_search.behind_the_median(job.curve, completed, ascending):
            job.expected_stop = "early_stopping"


def _expect_hyperband(
    state: State, tuning: KnownTuningJob, job: KnownTrainingJob, hyperband: Hyperband, ascending: bool
) -> None:
    job.expected_stop = expected_search.hyperband_stops(job, others(state, tuning, job), hyperband, ascending)
    if not job.expected_stop:
        job.passed |= {len(job.curve)}


def others(state: State, tuning: KnownTuningJob, job: KnownTrainingJob) -> list[KnownTrainingJob]:
    """The other training jobs of a tuning job that have the same definition as *job*."""
    known = [state.training[name] for name in tuning.children if name != job.name and name in state.training]
    return [one for one in known if one.place == job.place]


def _ended(state: State, job: KnownTrainingJob) -> None:
    """A training job has ended: what does that say of its tuning job?"""
    tuning = state.tuning[job.holder]
    state.touched_tuning[tuning.name] = None
    tuning.live.pop(job.name, None)
    tuning.counters["InProgress"] -= 1
    tuning.counters[expected.counter(job.state, job.failure)] += 1
    if job.objective is None:
        tuning.attempts += job.reasons[:1] != ("stop",) or bool(job.given_up)
    elif job.state != "Failed":
        tuning.evaluated += 1
        if tuning.spec is not None:
            if tuning.spec.criteria != NO_CRITERIA:
                tuning.results.append(job.objective)
            ascending = expected_search.ascends(tuning.spec, job.definition)
            mine = tuning.scores[job.name] = expected_search.score(job.objective, ascending)
            tuning.best = mine if tuning.best is None else min(tuning.best, mine)
    if tuning.spec is None:
        tuning.state = job.state if job.state in TUNING_ENDED else "Stopped"


def _delete(state: State, name: str) -> None:
    job = state.training.pop(name)
    state.deleted[name] = job.logged
    state.artifacts.update(dict.fromkeys(job.stored, ""))


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
    signed = {
        "grant": amounts,
        "move": data.change or {},
        "release": {pool: -count for pool, count in amounts.items()},
    }
    for pool, count in signed.get(trigger, {}).items():
        job.held[pool] = job.held.get(pool, 0) + count
        state.reserved[pool] = state.reserved.get(pool, 0) + count
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
    taking = entry[3] == "occupy"
    amounts: Mapping[str, int] = entry[6] if taking else job.occupies or {}
    for pool, count in amounts.items():
        tuning.used[pool] = tuning.used.get(pool, 0) + (count if taking else -count)
    job.occupations += 1 if taking else -1
    if not taking and job.live:
        tuning.given_up = amounts
        job.out_of_turn |= not job.short and job.state != "Interrupted:queued"
    job.occupies = amounts if taking else None
    state.touched_training[job.name] = state.touched_tuning[tuning.name] = None
    if taking and job.choices:
        chosen = {pool: count for pool, count in amounts.items() if pool != TOTAL}
        tuning.given_up = {} if job.short else tuning.given_up
        first = job.choice + 1 if job.short else 0
        places = [place for place, one in enumerate(job.choices) if one == chosen and place >= first]
        job.choice, job.short, job.latest = places[0] if places else job.choice, False, 0


def _find_next_type(state: State, job: KnownTrainingJob) -> None:
    """A training job has found no machines: with which of its further types does it have to go on?"""
    tuning = state.tuning[job.holder]
    if not job.choices:
        return
    job.short = True
    for choice, amounts in enumerate(job.choices[job.choice + 1 :], start=job.choice + 1):
        wanted = {**amounts, TOTAL: sum(amounts.values())} if TOTAL in state.limit else amounts
        idle = all(count <= tuning.held.get(pool, 0) - tuning.used.get(pool, 0) for pool, count in wanted.items())
        if idle or state.fits(wanted):
            job.latest = choice
            return


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
        job = jobs[name] = duplicate(jobs[name])  # one that has ended is shared
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


READERS: Mapping[str, Callable[[State, Entry], None]] = {
    "tuning": follow_tuning,
    "training": follow_training,
    "reservation": follow_reservation,
    "occupancy": follow_occupancy,
    "artifact": follow_artifact,
    "log": follow_log,
    "signal": follow_signal,
    "refused": follow_refused,
    "warm_pool": follow_warm_pool,
    "call": follow_call,
}
"""Who follows the entries of each thing."""
