"""What the auditor knows as a value: all that a law can read, so that two states with equal values are judged alike for ever.

Every field of every record is in it by construction. Left out are only what the auditor counts and has seen (`checked`,
`witnessed`), which no law reads, what is empty between two steps, and the account, which never changes. How mappings are
ordered is left out where they are looked up by name, and so is a count of 0, which says what a missing one says; the queue
and the lists of children and results are in order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from operator import attrgetter
from typing import Any

import attrs

from hptsim.audit.state import KnownTrainingJob, KnownTuningJob, KnownWarmPool, State, Takeover
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec

SCRATCH = frozenset({"moved", "touched_tuning", "touched_training", "world", "checked", "witnessed", "broken"})
"""What of a state is empty or unread between two steps."""
FIXED = frozenset({"account", "stop_propagation_s", "limit", "limit_of_others", "remembers"})
"""What of a state is the account's, and never changes."""
ORDERED = frozenset({"queue"})
"""The mappings whose order laws read."""


_PLAIN = frozenset({str, int, bool, type(None)})
_PLAIN_FIELDS = _PLAIN | {float}
_NEVER_CHANGED = frozenset({TrainingJobDefinition, TuningJobSpec})


def value(what: Any) -> Hashable:
    """*what* as a value; specs and definitions stand for themselves, for they are never changed."""
    kind = what.__class__
    if kind in _PLAIN:
        return what  # type: ignore[no-any-return]
    if kind in _NEVER_CHANGED:
        return id(what)
    if kind is float:
        return "nan" if what != what else what
    if kind is tuple or kind is list:
        return tuple([one if one.__class__ in _PLAIN else value(one) for one in what]) if what else ()
    if kind is dict or isinstance(what, Mapping):
        return tuple(sorted([(name, value(one)) for name, one in what.items() if one != 0])) if what else ()
    if kind is set or kind is frozenset:
        return frozenset(what)
    if kind is KnownWarmPool or kind is Takeover:
        return _record(kind)(what)
    return tuple(what) if isinstance(what, tuple) else id(what)


def _record(kind: type[Any]) -> Callable[[Any], Hashable]:
    """What makes a value of a record of this kind: all its fields."""
    fields = attrgetter(*[field.name for field in attrs.fields(kind)])
    return lambda record: tuple([one if one.__class__ in _PLAIN_FIELDS else value(one) for one in fields(record)])


tuning_job = _record(KnownTuningJob)
"""A tuning job as a value."""
training_job = _record(KnownTrainingJob)
"""A training job as a value."""


def frozen(state: State) -> tuple[Hashable, ...]:
    """All that is known, as a value.

    >>> from hptsim.model.account import Account
    >>> before, after = State(Account()), State(Account())
    >>> after.queue["a/0"] = {"ml.m5.xlarge": 1}
    >>> frozen(before) == frozen(State(Account())), frozen(before) == frozen(after)
    (True, False)
    """
    rest: list[Hashable] = []
    for name, what in vars(state).items():
        if name in ORDERED:
            rest.append(tuple([(one, value(amounts)) for one, amounts in what.items()]))
        elif name not in SCRATCH and name not in FIXED and name not in ("tuning", "training"):
            rest.append(value(what))
    return (
        tuple([tuning_job(job) for job in state.tuning.values()]),
        tuple([training_job(job) for job in state.training.values()]),
        *rest,
    )
