"""What the page shows: one tuning job that the reader stops, and another that waits for its instances.

Loaded by twin.js in Pyodide; it runs anywhere else too, which is how its test reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cli import stop_timelines
from hptsim.model import Assumptions, Record, ResourceLimits
from hptsim.scenario import ScheduledTuningJob, Script, Timings, Uniform
from hptsim.simulation import TuningJobView
from hptsim.views import band_rows, gantt_rows
from hptsim.views.marks import mark_data
from hptsim.views.palette import phase_variables

POOL = "ml.m5.xlarge"
TIMINGS = Timings(
    starting_s=Uniform(90, 240),
    warm_starting_s=20,
    downloading_s=50,
    training_s=Uniform(400, 900),
    uploading_s=Uniform(10, 60),
    teardown_s=75,
)


def moves(journal: Iterable[Record]) -> Iterator[tuple[float, str, int]]:
    """When which tuning job's reservation grew or shrank, by how many instances."""
    signs = {"grant": 1, "release": -1}
    for record in journal:
        if record.thing == "reservation" and record.trigger in signs and (count := record.data.amounts.get(POOL)):
            yield record.time_s, record.name.partition("/")[0], signs[record.trigger] * count


def held_rows(journal: Iterable[Record]) -> list[tuple[float, int, int]]:
    """What each of the two holds of the quota, one row whenever it has changed: seconds, yours, next."""
    holds = {"yours": 0, "next": 0}
    rows: dict[float, tuple[float, int, int]] = {}
    for time_s, name, count in moves(journal):
        holds[name] += count
        rows[time_s] = (time_s, holds["yours"], holds["next"])
    return list(rows.values())


def released(journal: Iterable[Record], ended_s: float | None) -> int:
    """How many instances were released at the reader's tuning job's end."""
    return -sum(count for time_s, name, count in moves(journal) if (time_s, name) == (ended_s, "yours") and count < 0)


def ends(sim: Simulation, tuning: TuningJobView) -> Iterator[tuple[str, str, str, float]]:
    """When and how the tuning job and its training jobs have ended: their names, the status, seconds."""
    if tuning.ended_s is not None:
        yield tuning.name, "", tuning.status, tuning.ended_s
    for job in map(sim.training_job, tuning.training_jobs):
        if job.ended_s is not None:
            yield tuning.name, job.name, job.secondary_status, job.ended_s


class Twin:
    """A simulation and what there is to see of it."""

    def __init__(self, parallel: int, total: int, on_sigterm: str, save_s: float, reservation: str, seed: int = 0):
        jobs = (
            ScheduledTuningJob(TuningJobSpec("yours", limits=ResourceLimits(max(total, parallel), parallel))),
            ScheduledTuningJob(TuningJobSpec("next", limits=ResourceLimits(parallel, parallel)), at_s=1),
        )
        scenario = Scenario(
            "the twin in the browser",
            capacity={POOL: parallel},
            tuning_jobs=jobs,
            timings=TIMINGS,
            script=Script(on_sigterm, save_s),
            assumptions=Assumptions(reservation=reservation, admission="queue"),
        )
        self.sim = Simulation(scenario, seed=seed)
        self.run(0)

    def run(self, until_s: float) -> None:
        """Everything up to this second has happened."""
        self.sim.run(until=max(until_s, self.sim.now))

    def next_event(self) -> None:
        """Whatever happens next has happened."""
        if self.sim.env.peek() < float("inf"):
            self.run(self.sim.env.peek())

    def stop(self) -> None:
        """The reader's stop, now."""
        self.sim.stop_tuning_job("yours")

    def recording(self) -> str:
        """The player's page, with all that has happened."""
        return self.sim.to_html()

    def view(self) -> str:
        """What there is to see now, as JSON."""
        sim = self.sim
        yours = sim.tuning_job("yours")
        jobs = [yours] + ([sim.tuning_job("next")] if "next" in sim.tuning_jobs else [])
        plain = {
            "now_s": sim.now,
            "over": sim.env.peek() == float("inf"),
            "jobs": [
                {
                    "name": job.name,
                    "status": job.status,
                    "stop_s": job.stop_s,
                    "ended_s": job.ended_s,
                    "reserved": job.reserved.get(POOL, 0),
                    "waiting": job.waiting,
                    "began": bool(job.training_jobs),
                }
                for job in jobs
            ],
            "limit": sim.capacity.limit[POOL],
            "reserved": sim.capacity.reserved.get(POOL, 0),
            "occupied": sim.capacity.occupied.get(POOL, 0),
            "models": len(sim.artifacts),
            "logs": sum(len(sim.logs(name)) for job in jobs for name in job.training_jobs),
            "checked": sim.checked,
            "timeline": stop_timelines(sim),
            "lanes": gantt_rows(sim.journal),
            "bands": [(row.time_s, row.reserved, row.occupied) for row in band_rows(sim.journal)],
            "held": held_rows(sim.journal),
            "released": released(sim.journal, yours.ended_s),
            "ends": [one for job in jobs for one in ends(sim, job)],
            "colors": phase_variables(),
            "marks": mark_data(),
        }
        return json.dumps(plain)
