"""What each figure is: one table, with its formula, for every page and every error message."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real

from hptsim.errors import invalid, nearest

SAMPLES: Mapping[str, str] = {
    "waiting_time_s": "waiting: from the creation of a tuning job until its first training job trains, of those that "
    "have one that has trained",
    "quota_waiting_time_s": "quota waiting: the time before its first launch in which a request of the tuning job stood in "
    "the line for quota, of all that were accepted",
    "provisioning_time_s": "provisioning: waiting − quota waiting, while the controller acts, machines start and data come",
    "time_in_system_s": "turnaround: from the creation of a tuning job to its end, of those that have ended",
    "stop_to_stopped_s": "from the stop of a tuning job to Stopped, of those that were stopped and have ended",
    "training_waiting_time_s": "from when quota was asked for a training job until it trains, of all that have trained",
    "training_quota_waiting_time_s": "the part of it in the line for quota",
}
"""What is seen once for each tuning job, or training job: as a figure with .mean, .p50 and .p95."""
ABOVE_S = (60, 600, 3600)
"""The share that waits for longer is a figure for each: a minute, ten minutes, an hour."""
QUANTILE = "the quantile as numpy computes it by default: linear between the two nearest values"
GROUPS: Mapping[str, str] = {
    "template": "the template of the arrivals that a tuning job is a copy of, or its own name",
    "team": "the value of its tag `team`",
    "priority": "its priority",
    "instance_type": "the first instance type of its first definition",
}
"""By what figures of tuning jobs can be told apart: waiting_time_s.p95[team=vision] is a column then."""


def told_apart(by: Iterable[str]) -> tuple[str, ...]:
    """*by*, each once; raises InvalidInput for what tuning jobs cannot be told apart by.

    >>> told_apart(["team", "team"])
    ('team',)
    """
    names = tuple(dict.fromkeys(by))
    for name in names:
        if name not in GROUPS:
            raise invalid("by", name, f"one of {', '.join(GROUPS)}", nearest(name, GROUPS))
    return names


def thresholds(columns: Iterable[str]) -> list[float]:
    """The `above_s` that figures of these names need.

    >>> thresholds(["waiting_time_s.above_600", "cost_usd"])
    [600.0]
    """
    return [
        float(found[1]) for column in columns if (found := re.fullmatch(r".*\.above_(\d+(?:\.\d+)?)(\[.*\])?", column))
    ]


def groups_in(columns: Iterable[str]) -> list[str]:
    """The `by` that figures of these names need.

    >>> groups_in(["waiting_time_s.p95[team=vision]", "cost_usd"])
    ['team']
    """
    return list(dict.fromkeys(found[1] for column in columns if (found := re.fullmatch(r".*\[(\w+)=.*\]", column))))


def settings_for(column: str, known: Sequence[str]) -> str:
    """What an experiment must be given to have *column* besides the figures *known*; nothing where no setting brings it.

    >>> settings_for("waiting_time_s.above_30[team=vision]", ["waiting_time_s.above_60"])
    "above_s=[30], by=['team']"
    """
    head = column.partition("[")[0]
    waits = thresholds([head]) if head.startswith("waiting_time_s.") and head not in known else []
    groups = [one for one in groups_in([column]) if one in GROUPS and not any(f"[{one}=" in name for name in known)]
    return ", ".join([*(f"above_s=[{wait_s:g}]" for wait_s in waits), *(f"by=[{group!r}]" for group in groups)])


def above(asked: Iterable[float]) -> tuple[float, ...]:
    """The thresholds of an experiment: those that are always there, and those that are *asked* for, each once.

    Raises InvalidInput for what is no time to wait.

    >>> above([30, 600])
    (60, 600, 3600, 30)
    """
    found = tuple(dict.fromkeys((*ABOVE_S, *asked)))
    check_thresholds(found)
    return found


def check_thresholds(above_s: Iterable[float]) -> None:
    """Refuse what is no time to wait (InvalidInput).

    >>> check_thresholds([60, float("nan")])
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: above_s: got nan, expected finite seconds, at least 0
    """
    for wait_s in above_s:
        if isinstance(wait_s, bool) or not isinstance(wait_s, Real) or not 0 <= wait_s < math.inf:
            raise invalid("above_s", wait_s, "finite seconds, at least 0")


FIGURES: Mapping[str, str] = {
    **{f"{name}.mean": f"the mean of {text}" for name, text in SAMPLES.items()},
    **{f"{name}.p50": f"the median of {text}; {QUANTILE}" for name, text in SAMPLES.items()},
    **{f"{name}.p95": f"the 95 % quantile of {text}; {QUANTILE}" for name, text in SAMPLES.items()},
    "waiting_time_s.count": "how many tuning jobs have a waiting time",
    "waiting_time_s.above_SECONDS": f"the share that waits for more than this many seconds ({', '.join(map(str, ABOVE_S))}; "
    "`sim.metrics().figures(above_s=[30])` has those that are asked for in place of them, an experiment with `above_s=[30]` has "
    "both), of those that have a waiting time",
    "waited_share": "the share of tuning jobs that waited for quota at all: quota waiting > 0, whether or not they ever trained",
    "waited_for_share.LIMIT": "the share of tuning jobs that waited for this limit longer than for any other before their first "
    "launch: an instance type, total-instances, or tuning-jobs at a time",
    "unstarted_share": "the share of accepted tuning jobs of which no training job has trained until the end",
    "refused_share": "the share of calls that were refused: refused / (refused + accepted creations)",
    "unserved_share": "(refused creations + accepted tuning jobs of which no training job has trained) / creations asked for",
    "throughput_per_hour": "tuning jobs that ended in an hour",
    "queue_length.mean": "requests that wait for quota, averaged over time",
    "queue_length.max": "the most requests that have waited at once for any time",
    "in_system.mean": "tuning jobs that were created and have not ended, averaged over time",
    "preemptions": "how often training jobs of the accepted tuning jobs were preempted",
    "lost_instance_hours": "what they had trained since their last checkpoint when an interruption, a retried error or a "
    "preemption undid it, in instance-hours; it is paid for",
    "cost_usd": "what all training of the accepted tuning jobs costs; NaN when a price is not known",
    "utilization.TYPE": "the share of the quota that training jobs occupy, averaged over time",
    "idle_share.TYPE": "the share of what is reserved that no training job occupies, averaged over time",
}
"""Every figure by name; all leave out the warm-up: tuning jobs created in it, and time that passed in it."""
