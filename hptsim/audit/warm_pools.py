"""The laws of warm pools: their lifecycle, and that only a match takes one over."""

from __future__ import annotations

from hptsim.audit import expected
from hptsim.audit.state import TUNING_ENDED, KnownTuningJob, State
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, SOMETIMES, TUNING_JOB, Law

_NEXT = {("[*]", "open"): "InUse", ("InUse", "update"): "InUse", ("Available", "update"): "Available"} | {
    ("Available", trigger): end
    for trigger, end in {"reuse": "Reused", "expire": "Terminated", "terminate": "Terminated"}.items()
}
"""Where a trigger leads a warm pool; how it goes on after its training job depends on how that ended (R17)."""


def follows_its_lifecycle(state: State, entry: Entry) -> str | None:
    """In use, then kept for its period if its training job ended well, then reused or terminated."""
    now, _, name, trigger, source, destination, _, _ = entry
    pool, job = state.pools.get(name), state.training[name]
    before, period_s, since_s = ("[*]", 0.0, now) if pool is None else (pool.state, pool.keep_alive_s, pool.since_s)
    wanted = _NEXT.get((source, trigger), "")
    if trigger == "job_ended" and source == "InUse":
        fit = expected.keeps_machines(job.started_s is not None, job.state, job.failure)
        wanted = "Available" if fit and period_s > 0 and job.ended else "Terminated"
    if source != before or destination != wanted:
        return f"{trigger} leads {name} from {before} to {destination}"
    if source == "Available" and now > since_s + period_s + 1e-6:
        return f"{name} is kept for longer than {period_s:g} s"
    return None


def holds_its_instances(state: State, job: KnownTuningJob) -> str | None:
    """What is kept warm stays reserved."""
    if job.spec is None and job.children and job.children[0] in state.pools:
        return None if any(job.held.values()) else f"{job.name} is kept without any instances"
    return None


def matches_what_it_takes_over(state: State, entry: Entry) -> str | None:
    """A training job that takes a warm pool over shares what the guide lists."""
    takeover = state.takeovers.get(entry[2])
    if takeover is None:
        return None
    definition = entry[6].standalone
    own = {definition.instances.instance_type: definition.instances.count}
    if other := expected.difference(takeover.amounts, takeover.request, own, definition.request):
        return f"{entry[2]} takes over that of {takeover.pool}, which differs in {other}"
    return None


def is_reused(state: State, entry: Entry) -> str | None:
    """Seen: a training job takes over what another has left."""
    return f"{entry[6].by} takes over that of {entry[2]}"


def is_ended_by_a_stop(state: State, entry: Entry) -> str | None:
    """Seen: a stop finds a training job with a warm pool, or ends the pool."""
    return f"{entry[3]} meets the warm pool of {entry[2]}" if entry[2] in state.pools else None


LAWS = (
    Law(
        "warm pools take their course",
        ALWAYS,
        "a warm pool is in use, then kept for its period if its training job ended well, then reused or terminated",
        "R17, R19",
        follows_its_lifecycle,
        ("warm_pool",),
    ),
    Law(
        "a warm pool holds its instances",
        ALWAYS,
        "the instances of a warm pool stay reserved until its end",
        "R20",
        holds_its_instances,
        (TUNING_JOB,),
        states=TUNING_ENDED,
    ),
    Law(
        "only a match reuses a warm pool",
        ALWAYS,
        "a training job that reuses a warm pool has the same instances, volume, role and network",
        "R18",
        matches_what_it_takes_over,
        ("training create",),
    ),
    Law(
        "a warm pool is reused",
        SOMETIMES,
        "a training job takes over the warm pool of another one",
        "R17",
        is_reused,
        ("warm_pool reuse",),
    ),
    Law(
        "a stop meets a warm pool",
        SOMETIMES,
        "a stop finds a training job with a warm pool, or ends the warm pool",
        "R19",
        is_ended_by_a_stop,
        ("warm_pool terminate", "training stop"),
    ),
)
"""The laws of warm pools."""
