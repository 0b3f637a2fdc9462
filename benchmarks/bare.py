"""The baseline: what the same load costs on bare simpy.

Tuning jobs are generators and nothing else: no state machine, no log, no quota. Each tuning job has a todo list
and `parallel` workers; a worker pops a training job, waits for it, and pops the next. A training job is four
exponential waits. The twin's speed divided by this one is the price of everything the twin adds.
"""

from __future__ import annotations

import random
import time
from collections.abc import Generator

import simpy

MEANS = (198.0, 49.0, 103.0, 7.0)  # mean seconds of each of a training job's four phases

Process = Generator[simpy.Event, object, None]


def run(tuning_jobs: int = 400, training_jobs: int = 100, parallel: int = 10) -> float:
    """Simulate `tuning_jobs` × `training_jobs` training jobs and return training jobs per second of processor time.

    All tuning jobs start at time zero and share one environment; each runs at most `parallel` training jobs at a
    time. The seed is fixed, so every call does the same work. Setting up the processes counts as part of the run.
    """
    rng = random.Random(0)
    env = simpy.Environment()
    finished = 0

    def training_job() -> Process:
        nonlocal finished
        for mean in MEANS:
            yield env.timeout(rng.expovariate(1 / mean))
        finished += 1

    def worker(todo: list[int]) -> Process:
        while todo:
            todo.pop()
            yield env.process(training_job())

    start = time.process_time()
    for _ in range(tuning_jobs):
        todo = list(range(training_jobs))
        for _ in range(parallel):
            env.process(worker(todo))
    env.run()
    elapsed = time.process_time() - start

    assert finished == tuning_jobs * training_jobs
    return finished / elapsed


if __name__ == "__main__":
    print(f"bare simpy: {run():,.0f} training jobs per second")
