"""The floor: a bare heap that writes the twin's records of the same load, and has no rules behind them.

No tables, no quota, no controller, no simpy; only the draws, the names, the stores and the twelve journal entries of each
training job that nothing disturbs. What the twin takes beyond this is what its rules cost in Python.
"""

from __future__ import annotations

import math
import time
from heapq import heappop, heappush
from typing import Any
from zlib import crc32

from bare import MEANS

from hptsim.scenario.random_streams import uniforms
from hptsim.simulation.gc_pause import collector_paused

PHASES = (("ready", "Starting", "Downloading"), ("downloaded", "Downloading", "Training"))
PHASES += (("exited", "Training", "Uploading"), ("uploaded", "Uploading", "Completed"))


class Records:
    """The journal and the stores of one run."""

    def __init__(self) -> None:
        self.journal: list[Any] = []
        self.logs: dict[str, list[Any]] = {}
        self.artifacts: dict[str, Any] = {}
        self.queue: list[Any] = []
        self.count = 0

    def start(self, tuning: str, ordinal: int, now: float) -> None:
        write = self.journal.append
        name = f"{tuning}-{ordinal:03d}-{crc32(f'0/{tuning}/{ordinal}/0'.encode()):08x}"
        drawn = uniforms(0, name, 1)
        delays = [-mean * math.log1p(-uniform) for mean, uniform in zip(MEANS, drawn, strict=False)]
        write((now, "tuning", tuning, "launch", "InProgress", "InProgress", None))
        data = {"tuning_job": tuning, "definition": 0, "hyperparameters": {}}
        write((now, "training", name, "create", "[*]", "Starting", data))
        write((now, "occupancy", name, "occupy", "", "", None))
        self.push(now, [tuning, name, 0, delays, drawn[-1]])

    def push(self, now: float, job: list[Any]) -> None:
        self.count += 1
        heappush(self.queue, (now + job[3][job[2]], 1, self.count, job))

    def advance(self, now: float, job: list[Any]) -> bool:
        """Write what the end of a phase leads to; whether the training job has ended."""
        write = self.journal.append
        tuning, name, phase, _, quality = job
        job[2] += 1
        uri = f"s3://bucket/output/{name}/output/model.tar.gz"
        data = {"saved": uri, "objective": quality} if phase == 2 else None
        write((now, "training", name, *PHASES[phase], data))
        if phase in (1, 2):
            message = f"objective={quality:.7g}" if phase == 2 else "Training started."
            write((now, "log", name, "", "", "", message))
            self.logs.setdefault(name, []).append((now, message))
        if phase < 3:
            self.push(now, job)
            return False
        write((now, "artifact", name, "store", "", "model", uri))
        self.artifacts[uri] = (uri, name, "model", now)
        write((now, "occupancy", name, "vacate", "", "", None))
        write((now, "tuning", tuning, "child_ended", "InProgress", "InProgress", None))
        return True


def run(tuning_jobs: int = 400, training_jobs: int = 100, parallel: int = 10) -> float:
    """Training jobs per second of processor time."""
    records = Records()
    begun = time.process_time()
    with collector_paused():
        launched = dict.fromkeys([f"job-{number}" for number in range(tuning_jobs)], parallel)
        for tuning in launched:
            for ordinal in range(1, parallel + 1):
                records.start(tuning, ordinal, 0.0)
        while records.queue:
            now, _, _, job = heappop(records.queue)
            if records.advance(now, job) and launched[job[0]] < training_jobs:
                launched[job[0]] += 1
                records.start(job[0], launched[job[0]], now)
    elapsed = time.process_time() - begun
    assert len(records.journal) == 12 * tuning_jobs * training_jobs
    return tuning_jobs * training_jobs / elapsed


if __name__ == "__main__":
    print(f"records alone: {run():,.0f} training jobs per second of processor time")
