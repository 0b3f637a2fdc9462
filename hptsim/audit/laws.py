"""All laws, in the order of the documentation: each subject has its own in a module of its name."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType

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

LAWS_BY_SUBJECT: Mapping[str, tuple[Law, ...]] = MappingProxyType(
    {
        "The journal": journal.LAWS,
        "Requests without an ordinary answer": calls.LAWS,
        "Ends": ends.LAWS,
        "Tuning jobs": tuning_jobs.LAWS,
        "Training jobs": training_jobs.LAWS,
        "Quota": quota.LAWS,
        "Disciplines of the queue": disciplines.LAWS,
        "Preemption": preemption.LAWS,
        "The queue": queue.LAWS,
        "The search": search.LAWS,
        "Warm pools": warm_pools.LAWS,
    }
)
"""The laws of each subject."""
LAWS: tuple[Law, ...] = check_laws(chain.from_iterable(LAWS_BY_SUBJECT.values()))
"""Every law. Where several are broken at once, the first is named."""
SOMETIMES = witnesses(LAWS)
"""The names of the laws that a good test suite has seen."""


def law(name: str) -> Law:
    """The law called *name*.

    >>> law("grace is bounded").rests_on
    'M:StopTrainingJob'
    """
    return next(one for one in LAWS if one.name == name)
