"""The laws of the journal: it is in order, and the state that it leads to is the world's."""

from __future__ import annotations

from hptsim.audit.state import KnownTuningJob, State, WorldView
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, ENTRY, TUNING_JOB, WORLD, Law


def time_goes_on(state: State, entry: Entry) -> str | None:
    """No entry is earlier than the one before it."""
    return f"{entry[2]} at {entry[0]} after {state.now}" if entry[0] < state.now else None


def keeps_what_is_stored(state: State, world: WorldView) -> str | None:
    """What was stored is there."""
    lost = [uri for uri in state.artifacts if uri not in world.artifacts]
    return f"{lost} was stored and is gone" if lost else None


def is_the_worlds_state(state: State, subject: KnownTuningJob | WorldView) -> str | None:
    """What the journal leads to is what the world says of a tuning job, and of everything."""
    if isinstance(subject, KnownTuningJob):
        return _tuning_job(state, subject)
    known = (
        {pool: count for pool, count in state.reserved.items() if count},
        list(state.artifacts),
        {name: job.state for name, job in state.training.items()},
    )
    shown = (
        dict(subject.ledger.reserved),
        list(subject.artifacts),
        {name: job.state for name, job in subject.training.items()},
    )
    return None if known == shown else f"according to the auditor {known}, the world says {shown}"


def _tuning_job(state: State, job: KnownTuningJob) -> str | None:
    shown = state.world.tuning.get(job.name) if state.world is not None else None
    if state.world is None or shown is None:
        return None
    held = {pool: count for pool, count in job.held.items() if count} if 0 in job.held.values() else job.held
    if shown.state != job.state or held != state.world.ledger.held.get(job.name, {}):
        return f"{job.name}: according to the auditor {job.state} with {held}, the world says {shown.state}"
    if shown.live != job.live:
        return f"{job.name}: according to the auditor {list(job.live)} live, the world says {list(shown.live)}"
    return None


LAWS = (
    Law("time never runs back", ALWAYS, "entries are in order of time", "journal", time_goes_on, (ENTRY,)),
    Law("artifacts persist", ALWAYS, "what is stored stays stored", "S7", keeps_what_is_stored, (WORLD,)),
    Law(
        "the journal rebuilds the world",
        ALWAYS,
        "the auditor's state is the world's",
        "design",
        is_the_worlds_state,
        (TUNING_JOB, WORLD),
    ),
    Law(
        "exactly one row applies",
        ALWAYS,
        "a table has one row for what happens, or it cannot happen",
        "lifecycle",
        None,
        (),
    ),
)
"""The laws of the journal, and the one that the world's tables keep by themselves."""
