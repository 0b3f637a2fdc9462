"""Which columns of a table say what about a job: spelled out, ready for public traces, or guessed from the columns' names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from hptsim.errors import invalid, nearest
from hptsim.scenario.cells import unit_s
from hptsim.scenario.table_layouts import LAYOUTS

_ROLES = ("submit", "duration", "start", "end", "size", "group", "name", "priority", "team", "cost", "estimate")
"""What a column may say; the other parts of a mapping are settings."""
_FIRST = ("small", "large")


def _check_first(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value not in _FIRST and "/" not in value:
        raise invalid("mapping: first", value, "small, large, or words in order such as HP/LP", nearest(value, _FIRST))


def _check_shares(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if value not in ("", "up"):
        raise invalid("mapping: shares", value, "up, or nothing", nearest(value, ["up"]))


@attrs.frozen
class Columns:
    """Which columns of a table say what about a job; each row becomes a tuning job of one training job.

    *submit* is when it was submitted; its run time is in *duration*, or between *start* and *end*. *size* is the number of
    instances that it needs, 1 without one; *group* the kind of instance, *pool* without one; *name* its name; *team* whose it
    is; *cost* what it cost, in US dollars; *estimate* how long it was expected to take, or its time limit, which is what
    easy-backfill goes by. A job of size 0 needs nothing that is limited. With *shares* "up" a part of an
    instance counts as a whole one. Of two jobs that wait under the discipline priority, the smaller *priority* goes first; the
    larger if *first* is "large", and the earlier of its words if it has words. Times are dates, or numbers of *unit_s* seconds,
    which is detected where it is None.
    """

    submit: str
    duration: str = ""
    start: str = ""
    end: str = ""
    size: str = ""
    group: str = ""
    name: str = ""
    pool: str = "gpu"
    unit_s: float | None = None
    priority: str = ""
    team: str = ""
    cost: str = ""
    estimate: str = ""
    first: str = attrs.field(default="small", validator=_check_first)
    shares: str = attrs.field(default="", validator=_check_shares)
    header: tuple[str, ...] = ()
    """The names of the columns, for files that have none in their first line."""
    layout: str = ""
    """The layout of `scenario.table_layouts` whose rows are not yet jobs."""

    def __attrs_post_init__(self) -> None:
        if not self.submit:
            raise invalid("mapping", "no column for submit", "a column for submit")
        if bool(self.duration) == bool(self.start and self.end):
            raise invalid("columns", self.duration, "a duration, or a start and an end")

    @property
    def named(self) -> list[str]:
        """The columns that a file must have."""
        own = LAYOUTS[self.layout] if self.layout else None
        names = [getattr(self, role) for role in _ROLES]
        return [*(own.needs if own else ()), *(name for name in names if name and not (own and name in own.adds))]

    def __str__(self) -> str:
        settings = [field for field in attrs.fields(Columns) if field.name in _SETTINGS]
        given = {role: getattr(self, role) for role in _ROLES if getattr(self, role)}
        given |= {
            field.name: getattr(self, field.name) for field in settings if getattr(self, field.name) != field.default
        }
        return ",".join(f"{part}={value}" for part, value in given.items())

    def check_header(self, where: str, header: Sequence[str]) -> None:
        """Refuse a table without one of the columns (InvalidInput)."""
        for name in self.named:
            if name not in header:
                raise invalid(where, list(header), f"a column called {name}", nearest(name, header) if header else "")


_SETTINGS = ("pool", "unit_s", "first", "shares")
_TASKS = ("job_name", "task_name", "inst_num", "status", "start_time", "end_time", "plan_cpu", "plan_mem", "plan_gpu")

MAPPINGS: Mapping[str, Columns] = {
    "alibaba-2020": Columns(
        "start_time", start="start_time", end="end_time", size="gpus", group="gpu_type", header=(*_TASKS, "gpu_type"),
        layout="alibaba-2020",
    ),
    "alibaba-2023": Columns("creation_time", start="scheduled_time", end="deletion_time", size="num_gpu", name="name"),
    "alibaba-2026": Columns(
        "first_s", "running_s", size="gpu_request", group="gpu_spec_public", name="pod_id", priority="priority_class",
        first="HP/Other/LP", shares="up", layout="alibaba-2026",
    ),
    "philly": Columns(
        "submitted_time", "attempts.run_s", size="attempts.gpus", name="jobid", team="vc", layout="philly"
    ),
    "helios": Columns("submit_time", "duration", size="gpu_num", name="job_id", team="vc"),
    "slurm": Columns(
        "Submit", start="Start", end="End", size="AllocTRES", group="Partition", name="JobID", priority="Priority",
        team="Account", first="large",
    ),
    "list-training-jobs": Columns(
        "CreationTime", start="CreationTime", end="TrainingEndTime", name="TrainingJobName", pool="instances"
    ),
    "describe-training-jobs": Columns(
        "CreationTime", start="TrainingStartTime", end="TrainingEndTime", size="ResourceConfig.InstanceCount",
        group="ResourceConfig.InstanceType", name="TrainingJobName",
    ),
}  # fmt: skip
"""Ready mappings by name. Where each layout is described, and what it leaves out, is in `docs/tables.md`."""

_NAMES: Mapping[str, str] = {
    "submit": "submit submitted submittime submittedtime submissiontime submitat submittedat created createdat creationtime "
    "createtime queued queuedat enqueued arrival arrivaltime arrived",
    "start": "start started starttime startedat begin began begintime launched launchtime scheduledtime trainingstarttime",
    "end": "end ended endtime endedat finish finished finishtime finishedat completed completedat completiontime stoptime "
    "deletiontime trainingendtime",
    "duration": "duration durations elapsed elapsedraw runtime runtimes run runseconds runtimeseconds seconds walltime "
    "durationsec durationseconds durationms durationmin durationminutes durationh durationhours trainingtimeinseconds",
    "size": "gpus gpu numgpu numgpus gpunum ngpu ngpus gpucount instances instancecount numinstances ninstances nodes nnodes "
    "size",
    "group": "instancetype gputype gpumodel gpuspec kind machinetype partition",
    "name": "name job jobname jobid id trainingjobname",
    "priority": "priority prio priorityclass",
    "team": "team teamname vc virtualcluster account group department owner project user username",
    "cost": "cost costusd usd dollars",
    "estimate": "estimate estimates expectedruntime requestedtime reqtime requestedwalltime timelimit timelimitraw walltimelimit",
}
"""The names by which a column is guessed, without signs and in small letters, the best first."""


def mapping(text: str) -> Columns:
    """A ready mapping by name, with other parts if there are any, or one spelled out.

    >>> mapping("submit=created, duration=seconds").duration
    'seconds'
    >>> mapping("helios, pool=a100").pool
    'a100'
    """
    parts = [part.strip() for part in text.split(",")]
    ready = MAPPINGS.get(parts[0])
    if ready is None and "=" not in text:
        raise invalid("mapping", text, "a ready mapping or submit=COLUMN,duration=COLUMN,...", nearest(text, MAPPINGS))
    given: dict[str, Any] = {}
    for part in parts if ready is None else parts[1:]:
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign and part == parts[0]:
            raise invalid("mapping", part, "a ready mapping, or PART=COLUMN between commas", nearest(part, MAPPINGS))
        if not (sign and value):
            raise invalid("mapping", part, "PART=COLUMN between commas", f"parts are: {', '.join(_PARTS)}")
        if name not in _PARTS:
            raise invalid("mapping", name, "what a column says", nearest(name, _PARTS))
        name = "unit_s" if name == "unit" else name
        if name in given:
            raise invalid("mapping", part, f"{name} once")
        given[name] = unit_s(value) if name == "unit_s" else value
    if ready is not None:
        return attrs.evolve(ready, **given)
    if "submit" not in given:
        raise invalid("mapping", text, "a column for submit")
    return Columns(**given)


_PARTS = (*_ROLES, *_SETTINGS, "unit")


def guessed(where: str, header: Iterable[str]) -> Columns:
    """The mapping that the names of a table's columns suggest: a ready one whose columns are there, else by their meaning.

    Raises InvalidInput that names what no column seems to say.

    >>> str(guessed("jobs.csv", ["Job ID", "submitted_at", "run time", "GPUs"]))
    'submit=submitted_at,duration=run time,size=GPUs,name=Job ID'
    """
    names = list(header)
    ready = [one for one in MAPPINGS.values() if set(one.named) <= set(names)]
    if ready:
        return max(ready, key=lambda one: len(one.named))
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(re.sub(r"[^a-z0-9]", "", name.lower()), name)
    found: dict[str, Any] = {}
    for role, known in _NAMES.items():
        found[role] = next((plain[one] for one in known.split() if one in plain), "")
    if found["duration"] or not (found["start"] and found["end"]):
        found["start"] = found["end"] = ""
    missing = [] if found["submit"] else ["submit"]
    missing += [] if found["duration"] or found["end"] else ["duration, or start and end"]
    if missing:
        expected = f"columns whose names say {' and '.join(missing)}"
        raise invalid(
            where, names, expected, "say it yourself: --mapping submit=COLUMN,duration=COLUMN,size=COLUMN,..."
        )
    return Columns(**found)


def known_mapping(given: Columns | str | None, where: str, header: Sequence[str]) -> Columns:
    """*given*, or the mapping that it spells, or the guess from *header*; raises InvalidInput where a column is not there."""
    chosen = guessed(where, header) if given is None else given if isinstance(given, Columns) else mapping(given)
    if not chosen.header:
        chosen.check_header(where, header)
    return chosen
