"""What each figure is: one table, with its formula, for every page and every error message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


FIGURES: Mapping[str, str] = {
    **{f"{name}.mean": f"the mean of {text}" for name, text in SAMPLES.items()},
    **{f"{name}.p50": f"the median of {text}; {QUANTILE}" for name, text in SAMPLES.items()},
    **{f"{name}.p95": f"the 95 % quantile of {text}; {QUANTILE}" for name, text in SAMPLES.items()},
    "waiting_time_s.count": "how many tuning jobs have a waiting time",
    "waiting_time_s.above_SECONDS": f"the share that waits for more than this many seconds ({', '.join(map(str, ABOVE_S))}, or "
    "those that are asked for), of those that have a waiting time",
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
