"""What an exploration does not try, in words: the commands, faults, answers, orders and values that its scope leaves out."""

from __future__ import annotations

from collections.abc import Mapping

from hptsim.cloud.every_outcome import FAULTS
from hptsim.explorer.callers import PERIODS_S, Callers
from hptsim.model.calls import ANSWERS

_COMMANDS: Mapping[str, str] = {
    "stop_child": "stopping one training job of a tuning job (StopTrainingJob)",
    "delete": "deletion, and creation again under the same name (DeleteHyperParameterTuningJob, DeleteTrainingJob)",
    "update": "changing for how long a warm pool is kept (UpdateTrainingJob)",
    "repeat": "giving a command again: a creation under a name in use, a second stop",
}
"""What each of `callers.COMMANDS` is, with the service's operations."""
_AND: Mapping[str, str] = {
    "delete": ", or a name twice",
    "update": f", of one job to other periods than {' and '.join(map(str, PERIODS_S))} s, or to one of them twice",
}
"""What is left out of a command that is given."""
_READS = (
    "reads (DescribeHyperParameterTuningJob, DescribeTrainingJob, ListHyperParameterTuningJobs, ListTrainingJobs, "
    "ListTrainingJobsForHyperParameterTuningJob, Search): they change nothing and add no states; one that lags "
    "(read_lag_s) answers with what an earlier state on the same path shows"
)
_TAGS = "tags (AddTags, ListTags, DeleteTags): nothing that happens depends on them"
_TIMES = (
    "times: everything happens at second 0, in every order; limits of time are reached only as faults, and no warm pool's new "
    "period is over when it is set"
)
_VALUES = (
    "other jobs than those that are listed; of each training job other hyperparameters and objectives than the seed's, and "
    "more than one checkpoint"
)


def untried(callers: Callers, budget: Mapping[str, int], delayed_stop: bool) -> tuple[str, ...]:
    """What is left out of an exploration with these *callers*, and with faults and answers within this *budget*.

    >>> from hptsim.scenario.scenario import Scenario
    >>> untried(Callers(Scenario(), {}, stops=False, answers=()), {"interrupt": 1}, True)[0]
    'stops (StopHyperParameterTuningJob)'
    """
    return (
        *_untried_commands(callers),
        *_untried_orders(callers, delayed_stop),
        *_within("faults", FAULTS, budget),
        *_within("answers", ANSWERS, budget),
        _READS,
        _TAGS,
        _TIMES,
        _VALUES,
    )


def _untried_commands(callers: Callers) -> list[str]:
    words: list[str] = []
    alone = bool(callers.training_jobs)
    if not callers.stops:
        words.append(f"stops (StopHyperParameterTuningJob{', StopTrainingJob' if alone else ''})")
    if not alone:
        words.append("training jobs without a tuning job, and their warm pools (CreateTrainingJob, StopTrainingJob)")
    if not callers.scenario.tuning_jobs:
        words.append(
            "tuning jobs (CreateHyperParameterTuningJob, StopHyperParameterTuningJob, DeleteHyperParameterTuningJob)"
        )
    for command, what in _COMMANDS.items():
        often = callers.commands.get(command, 0)
        if not often:
            words.append(what)
        elif command != "repeat":  # what is repeated and changes nothing takes nothing from the budget
            words.append(f"{what.partition(' (')[0]}: more than {_times(often)} in all{_AND.get(command, '')}")
    return words


def _untried_orders(callers: Callers, delayed_stop: bool) -> list[str]:
    words: list[str] = []
    if not callers.any_order and max(len(callers.scenario.tuning_jobs), len(callers.training_jobs)) > 1:
        words.append("creation in another order than the one in which the jobs are listed")
    if not delayed_stop and callers.scenario.tuning_jobs:
        words.append("the stop of a tuning job that reaches its training jobs one after the other")
    return words


def _within(what: str, kinds: tuple[str, ...], budget: Mapping[str, int]) -> list[str]:
    """The kinds that never happen, and those that happen only so often."""
    never = [kind for kind in kinds if not budget.get(kind, 0)]
    words = [f"the {what} {', '.join(never)}"] if never else []
    return words + [f"{kind} more than {_times(budget[kind])}" for kind in kinds if budget.get(kind, 0)]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
