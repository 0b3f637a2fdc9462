"""The laws of the queue: who waits for quota, who is served next, and that nobody waits for what is free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hptsim.audit.disciplines import SERVED
from hptsim.audit.state import KnownTuningJob, State, is_standalone
from hptsim.model.account import TUNING_JOBS
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, SOMETIMES, STEP, TUNING_JOB, Law


def waits_once(state: State, entry: Entry) -> str | None:
    """A request joins the queue once, and only one that waits leaves it."""
    waiting = entry[2] in state.queue
    if entry[3] == "ask":
        return f"{entry[2]} is in the queue already" if waiting else None
    return None if waiting else f"{entry[2]} is not in the queue"


def stopping_jobs_leave_the_queue(state: State, job: KnownTuningJob) -> str | None:
    """A job that launches no more has no request in the queue, but those of its preempted training jobs."""
    if "Requested" in job.requests.values():
        preempted = sum(child.state == "Interrupted:queued" for child in state.live(job))
        if list(job.requests.values()).count("Requested") > preempted:
            return f"{job.name} is {job.state} and still in the queue"
    return None


def uses_its_own_first(state: State, job: KnownTuningJob) -> str | None:
    """A tuning job that has asked for its last training job takes for those that wait what it holds and does not use.

    One that has not will launch its next training job on what it holds. Under "as-observed" it holds nothing for later.
    """
    if not state.queue or job.spec is None:
        return None
    waiting = [name for name, now in job.requests.items() if now == "Requested" and TUNING_JOBS not in job.asked[name]]
    if not waiting or job.launched + len(waiting) < job.spec.limits.max_training_jobs:
        return None
    if state.account.assumptions.reservation == "as-observed":
        return None
    for name in waiting:
        if all(count <= job.held.get(pool, 0) - job.used.get(pool, 0) for pool, count in job.asked[name].items()):
            return f"{name} waits for {dict(job.asked[name])}, which {job.name} holds and does not use"
    return None


def idle_quota_is_granted(state: State, nothing: None) -> str | None:
    """When a step is over, nobody waits whom the discipline would serve now."""
    if not state.queue or not state.moved:
        return None
    for name, amounts, barred in _as_they_are_served(state):
        if not barred and state.fits(amounts):
            return f"{name} waits for {dict(amounts)}, which is free"
    return None


def granted_in_order(state: State, entry: Entry) -> str | None:
    """Nobody is granted quota before those whom the discipline serves first."""
    name, holder = entry[2], entry[6].holder
    if next(iter(state.queue), name) == name and state.account.assumptions.discipline != "priority":
        return None
    if is_standalone(holder):  # it never waits, and passes those who do (`alone-never-waits`)
        return None
    for other, amounts, barred in _as_they_are_served(state):
        if other == name:
            return f"{name} passes those who asked before it for the same" if barred else None
        if not barred and state.fits(amounts):
            return f"{name} is granted before {other}, which waits for {dict(amounts)}"
    return None


def _as_they_are_served(state: State) -> Iterator[tuple[str, Mapping[str, int], bool]]:
    """Those in the queue in the order of the discipline, with their amounts, and whether somebody before bars them.

    Who waits bars the pools that it wants. Who waits for a tuning job's place bars no instances: those who have a place
    need them to give it up.
    """
    discipline = state.account.assumptions.discipline
    if discipline in SERVED:
        yield from SERVED[discipline](state)
        return
    everything = len(state.limit.keys() | {pool for pool in state.asked if state.limit_of(pool) is not None})
    barred = set[str]()
    for name, amounts in _in_order(state, discipline):
        if len(barred) == everything and discipline != "backfill":
            return  # all who come later wait for somebody before them
        limited = [pool for pool in amounts if state.limit_of(pool) is not None]
        yield name, amounts, not barred.isdisjoint(limited)
        if discipline != "backfill":
            placed = TUNING_JOBS not in amounts or state.fits({TUNING_JOBS: amounts[TUNING_JOBS]})
            barred.update(limited if placed else [TUNING_JOBS])


def _in_order(state: State, discipline: str) -> Iterable[tuple[str, Mapping[str, int]]]:
    """The queue as the discipline looks at it: as they asked, or the urgent first."""
    if discipline != "priority":
        return state.queue.items()

    def priority(request: tuple[str, Mapping[str, int]]) -> int:
        spec = state.tuning[request[0].rpartition("/")[0]].spec
        return 0 if spec is None else spec.priority

    return sorted(state.queue.items(), key=priority)


def leaves_the_queue_by_a_stop(state: State, entry: Entry) -> str | None:
    """Seen: a stop takes a request out of the queue."""
    job = state.tuning[entry[6].holder]
    return f"{entry[2]} is withdrawn" if job.stopped else None


IN_ORDER = ("fifo", "priority", "backfill")
"""The disciplines of which the order is judged here; each of the others has a law of its own (`hptsim.audit.disciplines`)."""
LAWS = (
    Law(
        "nobody waits twice",
        ALWAYS,
        "a request is in the queue at most once",
        "first-come-first-served",
        waits_once,
        ("reservation ask", "reservation grant", "reservation withdraw"),
    ),
    Law(
        "grants are in order",
        ALWAYS,
        "no request is granted before one that the queue's discipline serves first",
        "first-come-first-served",
        granted_in_order,
        ("reservation grant",),
        disciplines=IN_ORDER,
    ),
    Law(
        "nobody stopping waits",
        ALWAYS,
        "a job that launches no more has no request in the queue, but for its preempted training jobs",
        "A-08",
        stopping_jobs_leave_the_queue,
        (TUNING_JOB,),
        states=("Stopping", "InProgress:closing", "InProgress:failing"),
    ),
    Law(
        "own idle instances come before the queue",
        ALWAYS,
        "a tuning job that has asked for its last training job does not wait for instances that it holds and does not use",
        "R14, cluster-reuse",
        uses_its_own_first,
        (TUNING_JOB,),
        states=("InProgress",),
    ),
    Law(
        "nobody waits while quota is idle",
        ALWAYS,
        "after each step no request waits that the queue's discipline could grant",
        "first-come-first-served",
        idle_quota_is_granted,
        (STEP,),
    ),
    Law(
        "a waiting request is withdrawn",
        SOMETIMES,
        "a stop takes a request out of the queue",
        "A-22",
        leaves_the_queue_by_a_stop,
        ("reservation withdraw",),
    ),
)
"""The laws of the queue."""
