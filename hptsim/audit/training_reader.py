"""How what is known of a training job follows the journal: its states and clocks, and what each trigger says besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hptsim.audit import expected, expected_search
from hptsim.audit.state import ENDED, TUNING_ENDED, KnownTrainingJob, KnownTuningJob, State
from hptsim.model.account import TOTAL, standalone_holder
from hptsim.model.definitions import NO_CRITERIA, Hyperband
from hptsim.model.journal import Entry

STOPS = ("stop", "max_runtime", "max_wait", "max_pending")
"""What stops a training job."""
_WRITES = frozenset({"downloaded", "epoch", "exited", "killed"})
"""When a container writes to its log."""


def create_training_job(state: State, entry: Entry) -> None:
    """A training job is created, by a tuning job or alone."""
    now, _, name, _, _, destination, data, _ = entry
    tuning = state.tuning[data.tuning_job or standalone_holder(name)]
    definition = data.standalone if tuning.spec is None else tuning.spec.definitions[data.definition]
    if definition is None:
        raise TypeError(f"{name} has neither a tuning job nor a definition")
    owed = state.deleted.pop(name, 0)
    job = KnownTrainingJob(name, tuning.name, definition, tuning.launched + 1, data.definition, logged=owed, owed=owed)
    job.created_s = job.since_s = now
    job.state = destination
    job.retries_left = definition.max_retries
    job.reservation = tuning.granted
    job.choices = expected.instance_types(definition)
    state.training[name] = job
    if tuning.spec is None:
        state.takeovers.pop(name, None)
        if state.remembers:  # what it was granted for a moment ago is known only now
            tuning.team = state.account.teams.of("", definition.request)
            state.due_s[f"{tuning.name}/0"] = now + definition.max_runtime_s
    elif tuning.spec.strategy == "Grid" and data.hyperparameters:
        tuning.tried.append((data.definition, data.hyperparameters))
    tuning.live[name] = None
    tuning.children.append(name)
    tuning.launched += 1
    tuning.counters["InProgress"] += 1
    state.touched_tuning[tuning.name] = state.touched_training[name] = None


def follow_training(state: State, entry: Entry) -> None:
    """A training job goes from one state to the next."""
    now, _, name, trigger, _, destination, _, _ = entry
    job = state.training[name]
    state.touched_training[name] = None
    before, elapsed_s = job.state, now - job.since_s
    if before == "Training":
        job.trained_s += elapsed_s
    if before not in expected.NOT_BILLED:
        job.billed_s += elapsed_s
    if trigger in _WRITES:
        job.owed += 1
    if before == "Stopping" != destination:  # the grace window is over
        job.sigterm_s = None
    job.since_s, job.state = now, destination
    if trigger in _BESIDES:
        _BESIDES[trigger](state, job, entry)
    if destination in ENDED:
        _ended(state, job)


def delete_training_job(state: State, entry: Entry) -> None:
    """The record of a training job is deleted; its log and what it has stored stay."""
    name = entry[2]
    job = state.training.pop(name)
    state.deleted[name] = job.logged
    state.artifacts.update(dict.fromkeys(job.stored, ""))


# ---------------------------------------------------------------------- what a trigger says besides


def _get_machines(state: State, job: KnownTrainingJob, entry: Entry) -> None:
    job.owed += entry[5] == "Training"
    if job.started_s is None:
        job.started_s = entry[0]


def _keep_a_checkpoint(state: State, job: KnownTrainingJob, entry: Entry) -> None:
    job.kept = len(job.curve)
    job.promised += (entry[6].uri,)


def _save(state: State, job: KnownTrainingJob, entry: Entry) -> None:
    job.promised += (entry[6].uri,)


def _exit(state: State, job: KnownTrainingJob, entry: Entry) -> None:
    """The result is what the script has emitted when it ends."""
    saved, job.objective = entry[6]
    if saved is not None:
        job.promised += (saved,)


def _report(state: State, job: KnownTrainingJob, entry: Entry) -> None:
    objective = entry[6].objective
    job.curve += (float("nan") if objective is None else objective,)
    if objective is not None and not job.expected_stop:
        _expect_stop(state, job)


def _give_a_reason(state: State, job: KnownTrainingJob, entry: Entry) -> None:
    job.reasons += (entry[3],)


def _begin_again(state: State, job: KnownTrainingJob, entry: Entry) -> None:
    """Another attempt, from the last checkpoint."""
    job.attempts += entry[3] in ("interrupt", "internal_error", "preempt")
    job.curve = job.curve[: job.kept]
    job.passed = frozenset([rung for rung in job.passed if rung <= job.kept])


def _resume(state: State, job: KnownTrainingJob, entry: Entry) -> None:
    _begin_again(state, job, entry)
    job.reservation, job.resumed = f"{job.holder}/{entry[6].number}", True


def _fail(state: State, job: KnownTrainingJob, entry: Entry) -> None:
    job.failure = entry[6].reason
    if entry[5] == "Starting":
        job.retries_left -= 1
        _begin_again(state, job, entry)


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
    job.ended = True
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


def _find_next_type(state: State, job: KnownTrainingJob, entry: Entry) -> None:
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


_BESIDES: Mapping[str, Callable[[State, KnownTrainingJob, Entry], None]] = {
    "shortage": _find_next_type,
    "ready": _get_machines,
    "checkpoint": _keep_a_checkpoint,
    "epoch": _report,
    "saved": _save,
    **dict.fromkeys(("exited", "killed"), _exit),
    **dict.fromkeys(("capacity", "interrupt", "preempt"), _begin_again),
    "resume": _resume,
    **dict.fromkeys(("client_error", "algorithm_error", "internal_error", "no_capacity"), _fail),
    **dict.fromkeys(STOPS, _give_a_reason),
}
"""What a trigger says of a training job besides its next state."""
