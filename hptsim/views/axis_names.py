"""What figures and the paths of a sweep are called on an axis, for readers who do not know their columns: words and a unit."""

from __future__ import annotations

import re

from hptsim.planning.intervals import limits_of

GROUPED = re.compile(r"(.*)\[(\w+)=(.*)\]", re.DOTALL)
"""A figure of a group: its column, what groups are told apart by, and which group."""
_SAMPLES = {
    "waiting_time_s": "waiting of tuning jobs",
    "quota_waiting_time_s": "quota waiting of tuning jobs",
    "provisioning_time_s": "provisioning of tuning jobs",
    "time_in_system_s": "turnaround of tuning jobs",
    "stop_to_stopped_s": "time from stop to Stopped",
    "training_waiting_time_s": "waiting of training jobs",
    "training_quota_waiting_time_s": "quota waiting of training jobs",
}
_PARTS = {"mean": "mean", "p50": "median", "p95": "95 % quantile", "max": "longest"}
_SINGLE = {
    "waiting_time_s.count": "tuning jobs that have a waiting time (count)",
    "waited_share": "tuning jobs that waited for quota (%)",
    "unstarted_share": "accepted tuning jobs that never trained (%)",
    "refused_share": "calls that were refused (%)",
    "unserved_share": "tuning jobs that were refused or never trained (%)",
    "throughput_per_hour": "tuning jobs that ended (per hour)",
    "queue_length.mean": "requests waiting for quota, mean (count)",
    "queue_length.max": "requests waiting for quota, most (count)",
    "in_system.mean": "tuning jobs in progress, mean (count)",
    "cost_usd": "cost (US dollars)",
    "preemptions": "preemptions of training jobs (count)",
    "lost_instance_hours": "work that was lost (instance-hours)",
}
_OF_TYPES = {
    "utilization": "utilization of {} (% of the quota)",
    "idle_share": "reserved {} that stand idle (%)",
    "waited_for_share": "tuning jobs that waited the longest for {} (%)",
}


def figure_name(column: str) -> str:
    """A figure's column in words, with its unit; a column that is not known stays as it is.

    >>> figure_name("waiting_time_s.p95"), figure_name("utilization.ml.m5.xlarge")
    ('waiting of tuning jobs, 95 % quantile (s)', 'utilization of ml.m5.xlarge (% of the quota)')
    >>> figure_name("waiting_time_s.above_600[team=vision]")
    'waiting of tuning jobs above 600 s (%), team vision'
    """
    if grouped := GROUPED.fullmatch(column):
        return f"{figure_name(grouped[1])}, {grouped[2].replace('_', ' ')} {grouped[3]}"
    if column in _SINGLE:
        return _SINGLE[column]
    head, _, rest = column.partition(".")
    if head in _OF_TYPES and rest:
        return _OF_TYPES[head].format(rest)
    if head in _SAMPLES and rest in _PARTS:
        return f"{_SAMPLES[head]}, {_PARTS[rest]} (s)"
    if head in _SAMPLES and rest.startswith("above_"):
        return f"{_SAMPLES[head]} above {rest.removeprefix('above_')} s (%)"
    return column


def table_name(column: str) -> str:
    """The same for a table, which shows a share as it is counted, from 0 to 1, where an axis shows per cent.

    >>> table_name("unserved_share"), table_name("utilization.gpu"), table_name("cost_usd")
    ('tuning jobs that were refused or never trained (share)', 'utilization of gpu (share of the quota)', 'cost (US dollars)')
    """
    return figure_name(column).replace("(%", "(share")


def is_share(column: str) -> bool:
    """Whether a figure lies between 0 and 1, and is shown in per cent.

    >>> is_share("waited_share"), is_share("waited_share[team=vision]"), is_share("cost_usd")
    (True, True, False)
    """
    grouped = GROUPED.fullmatch(column)
    return limits_of(grouped[1] if grouped else column) == (0, 1)


def path_name(path: str) -> str:
    """The path of a sweep in words, if it is one that they are known for.

    >>> path_name("capacity.gpu"), path_name("assumptions.discipline"), path_name("tuning_jobs.0.limits.max_parallel_jobs")
    ('quota of gpu (instances)', 'discipline', 'tuning_jobs.0.limits.max_parallel_jobs')
    """
    if path.startswith("capacity."):
        return f"quota of {path.removeprefix('capacity.')} (instances)"
    return path.removeprefix("assumptions.")
