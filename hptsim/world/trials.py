"""What a search may know of its tuning job: the training jobs as trials."""

from __future__ import annotations

from collections.abc import Mapping

from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.search import StrategyLog, Told, Trial
from hptsim.model.specs import TuningJobSpec
from hptsim.world.jobs import TrainingJob, TuningJob


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


def own_trials(
    training: Mapping[str, TrainingJob], tuning: TuningJob, definition: TrainingJobDefinition, but: str = ""
) -> list[Trial]:
    """The trials of a tuning job that have *definition*, *but* for one training job."""
    jobs = [training[name] for name in tuning.children if name in training and name != but]
    return [trial(job, tuning.spec) for job in jobs if job.definition is definition]


def parents_trials(
    training: Mapping[str, TrainingJob], tuning: Mapping[str, TuningJob], spec: TuningJobSpec
) -> list[Trial]:
    """The trials of the parents of a warm start, as far as they are still known."""
    names = [child for parent in spec.parents if parent in tuning for child in tuning[parent].children]
    return [trial(training[name], spec) for name in names if name in training]


def first_log(training: Mapping[str, TrainingJob], tuning: Mapping[str, TuningJob], spec: TuningJobSpec) -> StrategyLog:
    """What a strategy is told before it is asked for the first time: the parents' results."""
    return [Told(one) for one in parents_trials(training, tuning, spec)]
