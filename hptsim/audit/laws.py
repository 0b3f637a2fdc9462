"""All laws, in the order of the documentation: each subject has its own in a module of its name."""

from __future__ import annotations

from hptsim.audit import (
    calls,
    disciplines,
    ends,
    journal,
    preemption,
    queue,
    quota,
    search,
    training_jobs,
    tuning_jobs,
    warm_pools,
)
from hptsim.model.laws import Law, check_laws, witnesses

LAWS: tuple[Law, ...] = check_laws(
    (
        *journal.LAWS,
        *calls.LAWS,
        *ends.LAWS,
        *tuning_jobs.LAWS,
        *training_jobs.LAWS,
        *quota.LAWS,
        *disciplines.LAWS,
        *preemption.LAWS,
        *queue.LAWS,
        *search.LAWS,
        *warm_pools.LAWS,
    )
)
"""Every law. Where several are broken at once, the first is named."""
SOMETIMES = witnesses(LAWS)
"""The names of the laws that a good test suite has seen."""


def law(name: str) -> Law:
    """The law called *name*.

    >>> law("grace is bounded").rests_on
    'M:StopTrainingJob'
    """
    return next(one for one in LAWS if one.name == name)
