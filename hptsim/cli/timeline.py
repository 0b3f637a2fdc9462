"""The timeline of each stop, in words: what happens when, from the stop to the release."""

from __future__ import annotations

from collections.abc import Mapping

from hptsim.model.account import TOTAL, TUNING_JOBS
from hptsim.model.journal import Record
from hptsim.scenario.cloud import GRACE_S
from hptsim.simulation.simulation import Simulation

_SENTENCES: Mapping[tuple[str, str], str] = {
    ("tuning", "stop"): "the stop is accepted: Stopping. Nothing is free yet.",
    ("tuning", "finish"): "no training job is left: {0.destination}. What is reserved is released now.",
    ("training", "stop"): "{0.name} receives a stop ({0.source} → {0.destination})",
    ("signal", "SIGTERM"): f"{{0.name}} gets SIGTERM; it has at most {GRACE_S:.0f} s",
    ("training", "saved"): "{0.name} reports its model saved",
    ("training", "exited"): "{0.name}: the script has ended ({0.source} → {0.destination})",
    ("training", "killed"): f"{{0.name}}: the {GRACE_S:.0f} s are over, the container is killed",
    ("training", "uploaded"): "{0.name} has uploaded what it saved: {0.destination}",
    ("training", "torn_down"): "{0.name} is torn down, nothing to store: {0.destination}",
    ("artifact", "store"): "stored: {0.data}",
    ("reservation", "withdraw"): "its request leaves the line: {amounts}",
    ("reservation", "release"): "released: {amounts}",
}
"""By what a journal entry is about and its trigger. Other entries, such as bookings, are left out of a timeline."""


def _amounts(record: Record) -> str:
    """What a reservation is about, in words; nothing for other entries."""
    if record.thing != "reservation":
        return ""
    words = {TUNING_JOBS: "place among the account's tuning jobs", TOTAL: "of the account's instances in total"}
    return ", ".join(f"{count} {words.get(pool, pool)}" for pool, count in record.data.amounts.items())


def stop_timelines(sim: Simulation) -> list[str]:
    """The timelines of all stops of a run, as lines: a heading, then an entry each with its second; an empty line ends one.

    >>> from hptsim import TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo"))
    >>> sim.run(until=10); sim.stop_tuning_job("demo"); sim.run()
    >>> print("\\n".join(stop_timelines(sim)[:2]))
    The stop of demo
            10 s  the stop is accepted: Stopping. Nothing is free yet.
    """
    timelines: list[list[str]] = []
    latest: dict[str, list[str]] = {}
    parents: dict[str, str] = {}
    for record in sim.journal:
        if record.thing == "training" and record.trigger == "create":
            parents[record.name] = record.data.tuning_job
        job = record.data.holder if record.thing == "reservation" else parents.get(record.name, record.name)
        if record.thing == "tuning" and record.trigger in ("create", "stop"):
            latest.pop(job, None)  # a deleted job's name may be used again
            if record.trigger == "stop":
                timelines.append(latest.setdefault(job, [f"The stop of {job}"]))
        sentence = _SENTENCES.get((record.thing, record.trigger))
        if sentence is not None and job in latest:
            latest[job].append(f"  {record.time_s:8.0f} s  {sentence.format(record, amounts=_amounts(record))}")
    return [line for timeline in timelines for line in (*timeline, "")]
