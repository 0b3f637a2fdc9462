"""The world's side of a search: what it may know of its tuning job, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import Mapping

from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.search import StrategyLog, Told, Trial
from hptsim.model.specs import TuningJobSpec
from hptsim.world.jobs import TrainingJob, TuningJob

Training = Mapping[str, TrainingJob]


def trial(job: TrainingJob, spec: TuningJobSpec) -> Trial:
    """A training job of the tuning job with *spec* as its search sees it; one of a parent has the ordinal 0."""
    foreign = job.tuning_job != spec.name
    objective = job.objective if job.state != "Failed" else None
    index = 0
    if not foreign and len(spec.definitions) > 1:
        index = next((place for place, one in enumerate(spec.definitions) if one is job.definition), 0)
    return Trial(
        0 if foreign else job.ordinal,
        job.hyperparameters,
        job.curve,
        objective,
        job.ended_s is None,
        job.passed,
        job.state == "Completed",
        index,
    )


def own_trials(training: Training, tuning: TuningJob, definition: TrainingJobDefinition, but: str = "") -> list[Trial]:
    """The trials of a tuning job that have *definition*, *but* for one training job."""
    jobs = [training[name] for name in tuning.children if name in training and name != but]
    return [trial(job, tuning.spec) for job in jobs if job.definition is definition]


def parents_trials(training: Training, tuning: Mapping[str, TuningJob], spec: TuningJobSpec) -> list[Trial]:
    """The trials of the parents of a warm start, as far as they are still known."""
    names = [child for parent in spec.parents if parent in tuning for child in tuning[parent].children]
    return [trial(training[name], spec) for name in names if name in training]


def first_log(training: Training, tuning: Mapping[str, TuningJob], spec: TuningJobSpec) -> StrategyLog:
    """What a strategy is told before it is asked for the first time: the parents' results."""
    return [Told(one) for one in parents_trials(training, tuning, spec)]


def has_configuration(job: TuningJob) -> bool:
    """Whether there is a configuration to try now: a strategy that is asked may want to wait.

    Its proposal is kept for the launch. Launches that wait for quota have theirs already.
    """
    if job.strategy_log is None or len(job.proposals) > job.waiting:
        return True
    proposal = job.search.ask(job.asked + 1, job.strategy_log)
    if proposal is None:
        return False
    job.proposals.append((job.spec.turn(job.asked), proposal))
    return True


def configuration(
    training: Training, tuning: Mapping[str, TuningJob], job: TuningJob, child: TrainingJob
) -> Mapping[str, str]:
    """What a new training job tries: the proposal that was kept for it, or what the strategy proposes now."""
    definition, ordinal = child.definition, child.ordinal
    if job.points:  # each definition has a grid of its own
        index = next(place for place, one in enumerate(job.spec.definitions) if one is definition)
        job.points[index] += 1
        ordinal = job.points[index]
    for place, (index, proposal) in enumerate(job.proposals):
        if job.spec.definitions[index] is definition:
            del job.proposals[place]
            return dict(proposal)
    if not job.spec.ranges and not definition.ranges:
        return {}

    def known() -> list[Trial]:
        return parents_trials(training, tuning, job.spec) + own_trials(training, job, definition)

    return job.search.propose(definition, ordinal, known)


def stopped_by(training: Training, job: TuningJob, child: TrainingJob) -> str:
    """Which stopping rule stops a training job after its new epoch, or nothing; without an epoch there is none to judge."""
    if not job.search.watches or not child.curve:
        return ""

    def others() -> list[Trial]:
        return own_trials(training, job, child.definition, child.name)

    return job.search.stopped_by(trial(child, job.spec), others, job.strategy_log)
