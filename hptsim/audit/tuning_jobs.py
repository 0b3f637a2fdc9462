"""The laws of a tuning job: its statuses in order, its limits, what a stop finds, and why it ends."""

from __future__ import annotations

from collections.abc import Callable

from hptsim.audit.state import TUNING_ENDED, KnownTrainingJob, KnownTuningJob, State
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, EVENTUALLY, REST, SOMETIMES, TRAINING_JOB, TUNING_JOB, Law

ATTEMPTS = 5
"""After this many training jobs without a result a tuning job gives up (L10, L11)."""
_LEADS_TO = {
    "create": "InProgress",
    "stop": "Stopping",
    "max_runtime": "InProgress:closing",
    "criterion": "InProgress:closing",
    "give_up": "InProgress:failing",
}


def goes_through_its_statuses(state: State, entry: Entry) -> str | None:
    """A tuning job's next state follows from the trigger; what merely happens to its training jobs changes none."""
    _, _, name, trigger, source, destination, _, _ = entry
    if trigger == "delete":
        return None
    job = state.tuning.get(name)
    before = "[*]" if job is None or trigger == "create" else job.state
    if source != before:
        return f"{name} leaves {source}, but it is {before}"
    if trigger == "finish":
        return None if destination in TUNING_ENDED else f"finish leads {name} from {before} to {destination}"
    expected = _LEADS_TO.get(trigger, before)
    if destination != expected:
        return f"{trigger} leads {name} from {before} to {destination}, not {expected}"
    return None


def launches_before_a_stop(state: State, entry: Entry) -> str | None:
    """A tuning job that is stopped, closing or has ended creates no training job."""
    if entry[1] == "training":
        job = state.tuning.get(entry[6].tuning_job)
        if job is None or job.state == "InProgress":
            return None
        return f"{entry[2]} is created, {job.name} is {job.state}"
    job = state.tuning[entry[2]]
    if job.stopped or entry[5] != "InProgress":
        return f"{job.name} launches in {entry[4]}"
    return None


def outlived_by_none(state: State, subject: Entry | KnownTuningJob) -> str | None:
    """A tuning job ends after all its training jobs."""
    if isinstance(subject, KnownTuningJob):
        return f"{subject.name} is {subject.state}, {len(subject.live)} live" if subject.live else None
    live = state.tuning[subject[2]].live
    return f"{subject[2]} ends, {next(iter(live))} lives" if live else None


def few_enough_at_a_time(state: State, entry: Entry) -> str | None:
    """MaxParallelTrainingJobs bounds the live training jobs."""
    job = state.tuning.get(entry[6].tuning_job)
    if job is not None and job.spec is not None and len(job.live) >= job.spec.limits.max_parallel:
        return f"{job.name} runs {len(job.live) + 1} of {job.spec.limits.max_parallel}"
    return None


def few_enough_in_all(state: State, entry: Entry) -> str | None:
    """MaxNumberOfTrainingJobs bounds the training jobs that are launched."""
    job = state.tuning.get(entry[6].tuning_job)
    if job is not None and job.spec is not None and job.launched >= job.spec.limits.max_training_jobs:
        return f"{job.name} has launched {job.launched + 1} of {job.spec.limits.max_training_jobs}"
    return None


def reaches_every_child(state: State, child: KnownTrainingJob) -> str | None:
    """Once its tuning job is stopped or closing, every live training job is stopping, or its stop is under way."""
    parent = state.tuning.get(child.holder)  # the record of one that has ended may be deleted
    if parent is None or parent.state not in ("Stopping", "InProgress:closing"):
        return None
    if child.ended or child.told_s is not None:
        return None
    return None if "stop" in child.state.lower() else f"{child.name} is {child.state} and was not told to stop"


def gives_up_in_time(state: State, subject: Entry | KnownTuningJob) -> str | None:
    """A tuning job gives up after exactly five training jobs without a result; one that a user stopped does not count."""
    if isinstance(subject, KnownTuningJob):
        if subject.state == "InProgress" and subject.attempts >= ATTEMPTS and not subject.evaluated:
            return f"{subject.name} goes on after {subject.attempts} training jobs without a result"
        shown = state.world.tuning.get(subject.name) if state.world is not None else None
        if shown is not None and shown.attempts != subject.attempts:
            return f"{subject.name} has had {subject.attempts} attempts, the world says {shown.attempts}"
        return None
    job = state.tuning[subject[2]]
    if job.attempts != ATTEMPTS or job.evaluated:
        return f"{job.name} gives up after {job.attempts} training jobs without a result and {job.evaluated} with one"
    return None


def counts_its_children(state: State, job: KnownTuningJob) -> str | None:
    """The counters are the training jobs' statuses, and there is one training job for each launch."""
    if job.launches != job.launched:
        return f"{job.name}: {job.launches} launches, {job.launched} training jobs"
    shown = state.world.tuning.get(job.name) if state.world is not None else None
    if shown is not None and shown.counters != job.counters:
        return f"{job.name} counts {shown.counters}, its jobs are {job.counters}"
    return None


def every_job_ends(state: State, nothing: None) -> str | None:
    """When nothing is left to do, every tuning job has ended, and every training job without one."""
    left = [job for job in state.tuning.values() if job.state not in TUNING_ENDED]
    return f"{left[0].name} is {left[0].state} and nothing is left to do" if left else None


def left_a_model(state: State, job: KnownTuningJob) -> str | None:
    """Seen: a stopped tuning job has left a model."""
    if job.models and job.spec is not None:
        return f"{job.name} has left {job.models} models"
    return None


def _found(condition: Callable[[list[str]], bool]) -> Callable[[State, Entry], str | None]:
    """Seen: a stop finds training jobs in states that fulfill *condition*."""

    def found(state: State, entry: Entry) -> str | None:
        states = [child.state for child in state.live(state.tuning[entry[2]])]
        return f"{entry[2]} has training jobs in {states}" if condition(states) else None

    return found


def races_the_last_completion(state: State, entry: Entry) -> str | None:
    """Seen: a stop comes when all training jobs have ended and the tuning job has not."""
    job = state.tuning[entry[2]]
    if job.spec is not None and not job.live and job.launched == job.spec.limits.max_training_jobs:
        return f"all {job.launched} training jobs of {job.name} had ended"
    return None


LAWS = (
    Law(
        "no launch after a stop",
        ALWAYS,
        "a Stopping or ended tuning job creates no training job",
        "S5, A-08",
        launches_before_a_stop,
        ("tuning launch", "training create"),
    ),
    Law(
        "a stop reaches every child",
        ALWAYS,
        "a tuning job's stop is sent to all its live training jobs at once",
        "S5",
        reaches_every_child,
        (TRAINING_JOB,),
    ),
    Law(
        "nobody outlives the parent",
        ALWAYS,
        "a tuning job ends after all its training jobs",
        "S12, H3",
        outlived_by_none,
        ("tuning finish", TUNING_JOB),
        states=TUNING_ENDED,
    ),
    Law(
        "tuning statuses in order",
        ALWAYS,
        "a tuning job is InProgress, then Stopping if it is stopped, then Completed, Failed or Stopped",
        "H1 to H6",
        goes_through_its_statuses,
        ("tuning",),
    ),
    Law(
        "parallel within its limit",
        ALWAYS,
        "no more than MaxParallelTrainingJobs training jobs run at a time",
        "R9",
        few_enough_at_a_time,
        ("training create",),
    ),
    Law(
        "total within its limit",
        ALWAYS,
        "no more than MaxNumberOfTrainingJobs training jobs are launched",
        "L14",
        few_enough_in_all,
        ("training create",),
    ),
    Law(
        "five attempts",
        ALWAYS,
        "a tuning job fails after exactly five training jobs without a result; those that a user stopped do not count",
        "L10, L11, five-attempts, one-stop",
        gives_up_in_time,
        ("tuning give_up", TUNING_JOB),
    ),
    Law(
        "counters add up",
        ALWAYS,
        "the status counters are those of the training jobs' statuses",
        "K4 to K7",
        counts_its_children,
        (TUNING_JOB,),
    ),
    Law(
        "every job ends",
        EVENTUALLY,
        "when nothing is left to do, every job has ended",
        "H3, H4",
        every_job_ends,
        (REST,),
    ),
    Law(
        "a stop catches two training",
        SOMETIMES,
        "a stop finds two or more training jobs in Training",
        "§3.3",
        _found(lambda states: states.count("Training") >= 2),
        ("tuning stop",),
    ),
    Law(
        "a stop catches one starting",
        SOMETIMES,
        "a stop finds a training job in Starting",
        "§3.3",
        _found(lambda states: "Starting" in states),
        ("tuning stop",),
    ),
    Law(
        "a stop catches one uploading",
        SOMETIMES,
        "a stop finds a training job in Uploading",
        "§3.3",
        _found(lambda states: "Uploading" in states),
        ("tuning stop",),
    ),
    Law(
        "a stop races the last completion",
        SOMETIMES,
        "a stop comes when all training jobs have ended and the tuning job has not",
        "A-11",
        races_the_last_completion,
        ("tuning stop",),
    ),
    Law(
        "a stopped job has artifacts",
        SOMETIMES,
        "a Stopped tuning job has left a model",
        "S7",
        left_a_model,
        (TUNING_JOB,),
        states=("Stopped",),
    ),
    Law(
        "an interruption meets a stop",
        SOMETIMES,
        "a stop finds a training job in Interrupted",
        "§3.3",
        _found(lambda states: "Interrupted" in states),
        ("tuning stop",),
    ),
)
"""The laws of a tuning job."""
