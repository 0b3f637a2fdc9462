"""The laws of the search: what is tried, what is stopped early, when a criterion is met, which result is the best."""

from __future__ import annotations

from hptsim.audit import expected_search
from hptsim.audit.state import KnownTrainingJob, KnownTuningJob, State
from hptsim.audit.training_reader import others
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, TRAINING_JOB, TUNING_JOB, Law


def stays_in_its_ranges(state: State, entry: Entry) -> str | None:
    """Every hyperparameter of a new training job is one of its range's."""
    data = entry[6]
    job = state.tuning.get(data.tuning_job)
    if job is None or job.spec is None:
        return None
    ranges = (*job.spec.ranges, *job.spec.definitions[data.definition].ranges)
    chosen = data.hyperparameters
    for span in ranges:
        if span.name in chosen and not expected_search.within(span, chosen[span.name]):
            return f"{job.name} tries {chosen[span.name]} for {span}"
    return None


def tries_each_point_once(state: State, entry: Entry) -> str | None:
    """No configuration of a definition's grid comes twice."""
    data = entry[6]
    job = state.tuning.get(data.tuning_job)
    if job is not None and (data.definition, data.hyperparameters) in job.tried:
        return f"{job.name} tries {data.hyperparameters} again"
    return None


def stops_the_right_ones(state: State, subject: Entry | KnownTrainingJob) -> str | None:
    """A training job that falls behind, or has had all its epochs, is sent a stop at once; no other one is."""
    if isinstance(subject, KnownTrainingJob):
        if subject.expected_stop and subject.told_s is None:
            return f"{subject.name} was to be stopped by {subject.expected_stop} and goes on"
        return None
    job = state.training[subject[2]]
    if subject[6] not in (None, "strategy", job.expected_stop):  # a rule of the user's own is not ours to judge
        return f"{job.name} is stopped by {subject[6]}, and was not to be"
    return None


def keeps_to_its_share(state: State, entry: Entry) -> str | None:
    """At most one in three goes on after a rung of Hyperband; one that is being stopped may, until its stop arrives."""
    job = state.training[entry[2]]
    tuning = state.tuning[job.holder]
    if tuning.spec is None or tuning.spec.hyperband is None or job.expected_stop:
        return None
    rung = entry[6].number - 1
    if rung not in expected_search.bracket_of(tuning.spec.hyperband, job.ordinal):
        return None
    rivals = expected_search.peers(job, others(state, tuning, job), tuning.spec.hyperband)
    reached = [one for one in rivals if len(one.curve) >= rung]
    beyond = 1 + sum(len(one.curve) > rung and one.expected_stop != "hyperband" for one in reached)
    if beyond > (len(reached) + 3) // 3:
        return f"{beyond} training jobs went on after epoch {rung}, of {1 + len(reached)} that reached it"
    return None


def ends_when_it_has_enough(state: State, subject: Entry | KnownTuningJob) -> str | None:
    """When a completion criterion is met the tuning job closes at once, and it closes for no other reason."""
    if isinstance(subject, KnownTuningJob):
        if met := expected_search.criterion_met(subject):
            return f"{subject.name} has met {met} and goes on"
        return None
    met = expected_search.criterion_met(state.tuning[subject[2]])
    if met != subject[6].criterion:
        return f"{subject[2]} closes for {subject[6]['criterion']}, but {met or 'no criterion'} is met"
    return None


def calls_the_best_best(state: State, job: KnownTuningJob) -> str | None:
    """No evaluated training job is better than the one that the world calls the best."""
    shown = state.world.tuning.get(job.name) if state.world is not None else None
    if shown is None:
        return None
    if shown.best is None or job.best is None:
        return None if shown.best is job.best else f"{shown.best} is called the best, {job.best} was reached"
    if job.scores.get(shown.best[1]) != job.best:
        return f"{shown.best[1]} is called the best, but {job.best} was reached"
    return None


LAWS = (
    Law(
        "a strategy stays in its ranges",
        ALWAYS,
        "every hyperparameter is within its range in the request",
        "L2",
        stays_in_its_ranges,
        ("training create",),
    ),
    Law(
        "Grid tries each point once",
        ALWAYS,
        "Grid tries no configuration of a definition twice",
        "L2, C5",
        tries_each_point_once,
        ("training create",),
    ),
    Law(
        "a rung holds its share",
        ALWAYS,
        "of the training jobs that reach a rung of Hyperband, one in three goes on",
        "L2",
        keeps_to_its_share,
        ("training epoch",),
    ),
    Law(
        "early stopping follows its rule",
        ALWAYS,
        "a training job is sent a stop as soon as early stopping or Hyperband says so, and only then",
        "L3, L4",
        stops_the_right_ones,
        ("signal stop", TRAINING_JOB),
        states=("Training",),
    ),
    Law(
        "a met criterion ends the job",
        ALWAYS,
        "when a completion criterion is met, the tuning job launches nothing more; it closes for no other reason",
        "L6",
        ends_when_it_has_enough,
        ("tuning criterion", TUNING_JOB),
        states=("InProgress",),
    ),
    Law(
        "the best is the best",
        ALWAYS,
        "no evaluated training job has a better objective than BestTrainingJob",
        "M:HyperParameterTuningJob",
        calls_the_best_best,
        (TUNING_JOB,),
    ),
)
"""The laws of the search."""
