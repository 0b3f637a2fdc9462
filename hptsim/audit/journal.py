"""The laws of the journal: it is in order, and the state that it leads to is the world's."""

from __future__ import annotations

from hptsim.audit.state import KnownTrainingJob, KnownTuningJob, State, WorldView
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, ENTRY, TRAINING_JOB, TUNING_JOB, WORLD, Law


def time_goes_on(state: State, entry: Entry) -> str | None:
    """No entry is earlier than the one before it."""
    return f"{entry[2]} at {entry[0]} after {state.now}" if entry[0] < state.now else None


def keeps_what_is_stored(state: State, world: WorldView) -> str | None:
    """What was stored is there."""
    lost = [uri for uri in state.artifacts if uri not in world.artifacts]
    return f"{lost} was stored and is gone" if lost else None


def is_the_worlds_state(state: State, subject: KnownTuningJob | KnownTrainingJob | WorldView) -> str | None:
    """What the journal leads to is what the world says of a job, and of everything."""
    if isinstance(subject, KnownTuningJob):
        return _tuning_job(state, subject)
    if isinstance(subject, KnownTrainingJob):
        return _training_job(state, subject)
    known = (
        {pool: count for pool, count in state.reserved.items() if count},
        {name: pool.keep_alive_s for name, pool in state.pools.items()},
        sorted(state.artifacts),
        {name: job.state for name, job in state.training.items()},
    )
    shown = (
        dict(subject.ledger.reserved),
        {name: pool.keep_alive_s for name, pool in subject.pools.items()},
        sorted(subject.artifacts),
        {name: job.state for name, job in subject.training.items()},
    )
    return None if known == shown else f"according to the auditor {known}, the world says {shown}"


def _training_job(state: State, job: KnownTrainingJob) -> str | None:
    shown = state.world.training.get(job.name) if state.world is not None else None
    if shown is None:
        return None
    if (shown.attempt, len(shown.curve)) != (job.attempts, len(job.curve)):
        known = f"according to the auditor in attempt {job.attempts} after {len(job.curve)} epochs"
        return f"{job.name}: {known}, the world says {shown.attempt} and {len(shown.curve)}"
    if shown.objective != job.objective or shown.promised != job.promised:
        return f"{job.name}: according to the auditor it has reported {job.objective} and saved {job.promised}"
    if job.state == "Failed" and shown.failure_reason != job.failure:
        return (
            f"{job.name}: according to the auditor it failed for {job.failure}, the world says {shown.failure_reason}"
        )
    return None


def _tuning_job(state: State, job: KnownTuningJob) -> str | None:
    if state.world is None:
        return None
    if job.spec is None and job.children and (pool := state.pools.get(job.children[0])) is not None:
        kept = state.world.pools.get(pool.name)
        if kept is None or kept.keep_alive_s != pool.keep_alive_s:
            return f"according to the auditor the warm pool of {pool.name} is kept for {pool.keep_alive_s:g} s"
    shown = state.world.tuning.get(job.name)
    if shown is None:
        return None
    held = {pool: count for pool, count in job.held.items() if count} if 0 in job.held.values() else job.held
    if shown.state != job.state or held != state.world.ledger.held.get(job.name, {}):
        return f"{job.name}: according to the auditor {job.state} with {held}, the world says {shown.state}"
    if shown.stop_s != job.stop_s:
        return f"{job.name}: according to the auditor stopped at {job.stop_s}, the world says {shown.stop_s}"
    if shown.live != job.live:
        return f"{job.name}: according to the auditor {list(job.live)} live, the world says {list(shown.live)}"
    return None


LAWS = (
    Law("time never runs back", ALWAYS, "entries are in order of time", "journal", time_goes_on, (ENTRY,)),
    Law("artifacts persist", ALWAYS, "what is stored stays stored", "S7", keeps_what_is_stored, (WORLD,)),
    Law(
        "the journal rebuilds the world",
        ALWAYS,
        "what the journal says of every job is what the simulation shows",
        "design",
        is_the_worlds_state,
        (TRAINING_JOB, TUNING_JOB, WORLD),
        compares={
            "attempt": "attempts",
            "curve": "curve",
            "objective": "objective",
            "promised": "promised",
            "failure_reason": "failure",
        },
    ),
    Law(
        "exactly one row applies",
        ALWAYS,
        "exactly one row of a table applies to everything that happens",
        "lifecycle",
        None,
        (),
    ),
)
"""The laws of the journal, and the one that the world's tables keep by themselves."""
