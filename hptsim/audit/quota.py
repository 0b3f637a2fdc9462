"""The laws of quota: what is asked, granted, occupied and given back, and who falls back to another type."""

from __future__ import annotations

from hptsim.audit.state import TUNING_ENDED, KnownTrainingJob, KnownTuningJob, State, is_standalone
from hptsim.model.account import TOTAL, TUNING_JOBS
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, EVENTUALLY, REST, SOMETIMES, TRAINING_JOB, TUNING_JOB, Law

# ---------------------------------------------------------------------- reservations

_LIFECYCLE = {
    "ask": ("[*]", "Requested"),
    "grant": ("Requested", "Held"),
    "withdraw": ("Requested", "Withdrawn"),
    "move": ("Held", "Held"),
    "release": ("Held", "Released"),
}


def follows_its_lifecycle(state: State, entry: Entry) -> str | None:
    """Asked for, then granted or withdrawn, and what was granted is released: always the amounts that were asked for."""
    _, _, name, trigger, source, destination, data, _ = entry
    holder = data.holder
    job = KnownTuningJob(holder) if trigger == "ask" and is_standalone(holder) else state.tuning[holder]
    before = job.requests.get(name, "[*]")
    if before != source or (source, destination) != _LIFECYCLE[trigger]:
        return f"{trigger} leads {name} from {before} to {destination}"
    asked = job.asked.get(name, data.amounts)
    if trigger != "move":
        if data.amounts != asked:
            return f"{trigger} of {dict(data.amounts)} for {name}, which has asked for {dict(asked)}"
        return None
    after = {pool: asked.get(pool, 0) + data.change.get(pool, 0) for pool in {**asked, **data.change}}
    if {pool: count for pool, count in after.items() if count} != data.amounts or not job.given_up:
        return f"{name} moves by {data.change} from {asked} to {data.amounts}"
    return None


def held_until_the_end(state: State, entry: Entry) -> str | None:
    """Nothing is released before the end, but by a tuning job that is said to, and by what falls back to another type."""
    _, _, name, trigger, _, _, data, _ = entry
    job = state.tuning[data.holder]
    if trigger == "move":
        if any(-count > job.given_up.get(pool, 0) for pool, count in data.change.items()):
            return f"{name} moves by {data.change}, freed were {job.given_up}"
        return None
    if job.state in TUNING_ENDED:
        return None
    if state.account.assumptions.reservation == "as-observed" and TUNING_JOBS not in data.amounts:
        return None
    return f"{name} is released while {job.name} is {job.state}"


def released_once(state: State, job: KnownTuningJob) -> str | None:
    """A job that has ended holds nothing and asks for nothing; nobody gives back more than it held."""
    if min(job.held.values(), default=0) < 0:
        return f"{job.name} gives back more than it held: {job.held}"
    if job.state not in TUNING_ENDED or _kept_warm(state, job):
        return None
    if job.requests or any(job.held.values()):
        return f"{job.name} is {job.state} and holds {job.held}"
    return None


def _kept_warm(state: State, job: KnownTuningJob) -> bool:
    """Whether a training job without a tuning job has left a warm pool, which holds its reservation on."""
    return job.spec is None and bool(job.children) and job.children[0] in state.pools


def within_the_limit(state: State, entry: Entry) -> str | None:
    """What is granted, or taken in exchange, leaves every pool within its limit."""
    data = entry[6]
    for pool, count in (data.amounts if entry[3] == "grant" else data.change).items():
        limit = state.limit_of(pool)
        if limit is not None and count > 0 and state.reserved.get(pool, 0) + count > limit:
            return f"{state.reserved.get(pool, 0) + count} {pool}, limit {limit}"
    return None


def all_released(state: State, nothing: None) -> str | None:
    """When nothing is left to do, nothing is reserved."""
    left = {pool: count for pool, count in state.reserved.items() if count}
    return f"{left} is still reserved" if left else None


# ---------------------------------------------------------------------- occupancy


def uses_what_it_holds(state: State, job: KnownTuningJob) -> str | None:
    """The training jobs of a tuning job use no more than it holds, and it holds something while it has any."""
    for pool, count in job.used.items():
        if count > job.held.get(pool, 0):
            return f"{job.name} uses {job.used} and holds {job.held}"
    if job.live and "Held" not in job.requests.values():
        return f"{job.name} holds nothing and has live training jobs"
    return None


def lives_on_machines(state: State, job: KnownTrainingJob) -> str | None:
    """A live training job occupies instances once, one that has ended none, nor one that was preempted and waits."""
    if job.state == "Interrupted:queued":
        return f"{job.name} was preempted and keeps its instances" if job.occupations else None
    if not job.ended:
        if job.occupations != 1:
            return f"{job.name} is {job.state} and occupies instances {job.occupations} times"
        if job.out_of_turn:
            return f"{job.name} gives its instances up in {job.state}"
    elif job.occupations:
        return f"{job.name} is {job.state} and keeps its instances"
    return None


def falls_back_in_order(state: State, subject: Entry | KnownTrainingJob) -> str | None:
    """Which of its instance types a training job takes, and that it takes one after a shortage if one has quota."""
    if isinstance(subject, KnownTrainingJob):
        if subject.short and subject.latest:
            return f"{subject.name} found no machines, and does not go on with {subject.choices[subject.latest]}"
        return None
    job = state.training[subject[2]]
    if not job.choices:
        return None
    chosen = {pool: count for pool, count in subject[6].items() if pool != TOTAL}
    first = job.choice + 1 if job.short else 0
    place = next((place for place, one in enumerate(job.choices) if one == chosen and place >= first), None)
    if place is None:
        return f"{job.name} runs on {chosen}, which is not next of {job.choices}"
    if job.short and job.latest and place > job.latest:
        return f"{job.name} passes {job.choices[job.latest]} over"
    return None


def falls_back(state: State, entry: Entry) -> str | None:
    """Seen: a training job without machines takes another instance type."""
    job = state.training[entry[2]]
    return f"{job.name} goes on with {entry[6]}" if job.short else None


LAWS = (
    Law(
        "reservation held until the end",
        ALWAYS,
        "what is reserved for a job is not released before the job has ended",
        "S8, R3",
        held_until_the_end,
        ("reservation release", "reservation move"),
    ),
    Law(
        "released at the end, exactly once",
        ALWAYS,
        "a job that has ended holds nothing and asks for nothing",
        "S8",
        released_once,
        (TUNING_JOB,),
    ),
    Law(
        "quota never exceeded",
        ALWAYS,
        "what is reserved of a pool stays within its limit",
        "R1",
        within_the_limit,
        ("reservation grant", "reservation move"),
    ),
    Law(
        "a live training job occupies",
        ALWAYS,
        "a training job occupies its instances from its creation to its end, and no longer",
        "R3",
        lives_on_machines,
        (TRAINING_JOB,),
    ),
    Law(
        "occupancy within reservation",
        ALWAYS,
        "training jobs use only what their tuning job holds",
        "R3, R4",
        uses_what_it_holds,
        (TUNING_JOB,),
    ),
    Law(
        "a shortage falls back",
        ALWAYS,
        "a training job that finds no machines goes on with the next of its instance types that has quota",
        "R11, prioritized-fallback",
        falls_back_in_order,
        ("occupancy occupy", TRAINING_JOB),
        states=("Starting",),
    ),
    Law(
        "reservations take their course",
        ALWAYS,
        "a request is asked, then granted or withdrawn, and released if it was granted",
        "§5.5",
        follows_its_lifecycle,
        ("reservation",),
    ),
    Law(
        "every reservation is released",
        EVENTUALLY,
        "when nothing is left to do, nothing is reserved",
        "S8",
        all_released,
        (REST,),
    ),
    Law(
        "a launch falls back",
        SOMETIMES,
        "a training job goes on with another instance type",
        "R11",
        falls_back,
        ("occupancy occupy",),
    ),
)
"""The laws of quota."""
