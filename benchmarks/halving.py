"""Synchronous beside asynchronous successive halving under stragglers and drops, on the twin.

The workload with which Li et al. (A System for Massively Parallel Hyperparameter Tuning, MLSys 2020) make their case: eta 4,
r 1, R 256, n 256, 25 workers, until time 2,000; a training job takes its resource times 1 + |z|, z normal with mean 0; it
is dropped in each unit of time with a given probability, and its candidate with it. The synchronous form runs
one bracket after the other, so workers wait; with `--more-brackets` a worker that would wait begins a new bracket.
`python benchmarks/halving.py [REPLICATIONS]` prints the table (25 replications take some minutes on two cores);
`--picture FILE` draws it.
"""

from __future__ import annotations

import argparse
import math
import zlib
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from statistics import fmean
from typing import Any

import numpy as np
from scipy import stats

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.definitions import ResourceLimits, ServiceLimits
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.strategies.successive_halving import AsynchronousHalving, SynchronousHalving

DEVIATIONS = (0.10, 0.24, 0.56, 1.33)
DROPS = (0.0, 0.002, 0.005, 0.01)
WORKERS, UNTIL = 25, 2000.0
NEVER = 1e6
"""Stands for the ratio to nothing at all."""


def quality(configuration: dict[str, str], epoch: int) -> float:
    """How good a candidate is, the same at every rung: what counts here is who gets through, not what is learned."""
    return zlib.crc32(configuration["candidate"].encode()) / 2**32


def simulate(
    kind: str,
    deviation: float,
    drop: float,
    seed: int,
    more_brackets: bool = False,
    most: int = 256,
    until: float = UNTIL,
) -> tuple[int, float]:
    """Candidates trained to *most* by *until*, and the time of the first; `until` when there was none."""
    strategy: partial[Any] = partial(SynchronousHalving, most=most, count=most, more_brackets=more_brackets)
    if kind == "asynchronous":
        strategy = partial(AsynchronousHalving, most=most)
    # surviving one unit of time has the probability 1 - drop, so errors come at the rate -log(1 - drop)
    faults = Faults(algorithm_errors_per_hour=-3600 * math.log1p(-drop))
    script = Script(epoch_s=stats.halfnorm(1, deviation), curve=quality)
    scenario = Scenario(script=script, faults=faults, limits=ServiceLimits(None, None, None), timings=Timings.instant())
    sim = Simulation(scenario, seed=seed, laws=False)
    sim.create_tuning_job(TuningJobSpec("halving", limits=ResourceLimits(10**6, WORKERS), strategy=strategy))
    sim.run(until)
    ends = [
        record.time_s
        for record in sim.journal
        if record.destination == "Completed" and sim.training_job(record.name).hyperparameters["epochs"] == str(most)
    ]
    return len(ends), float(min(ends, default=until))


def interval(values: list[float], confidence: float = 0.95) -> tuple[float, float]:
    """The mean and the half width of its confidence interval."""
    if len(set(values)) == 1:
        return values[0], 0.0
    half = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * stats.sem(values)
    return fmean(values), float(half)


def ratio(mine: list[float], other: list[float], confidence: float = 0.95) -> tuple[float, float, float]:
    """The mean of *mine* over that of *other*, with the ends of its percentile bootstrap interval."""

    def of(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.nan_to_num(np.mean(a, axis=axis) / np.mean(b, axis=axis), nan=1.0, posinf=NEVER)

    found = stats.bootstrap((mine, other), of, confidence_level=confidence, method="percentile", rng=1)
    return float(of(np.array(mine), np.array(other))), *map(float, found.confidence_interval)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("replications", nargs="?", type=int, default=25)
    parser.add_argument("--more-brackets", action="store_true", help="no worker of the synchronous form waits")
    parser.add_argument("--picture", help="draw the table into this file")
    arguments = parser.parse_args()
    kinds = ("synchronous", "asynchronous")
    cases = list(product(kinds, DEVIATIONS, DROPS))
    results: dict[tuple[str, float, float], list[tuple[int, float]]] = {}
    with ProcessPoolExecutor() as executor:
        futures = {
            case: [
                executor.submit(simulate, *case, seed, arguments.more_brackets)
                for seed in range(arguments.replications)
            ]
            for case in cases
        }
        for case, several in futures.items():
            results[case] = [future.result() for future in several]
    print(f"{arguments.replications} replications; mean and 95 % half width, synchronous | asynchronous")
    heads = f"{'trained to R by 2000':^31} | {'of it, asynchronous over synchronous':^36} | {'time of the first':^31}"
    print(f"{'deviation':>9} {'drop':>6} | {heads}")
    for deviation, drop in product(DEVIATIONS, DROPS):
        cells = []
        for place in (0, 1):
            pairs = [interval([float(one[place]) for one in results[kind, deviation, drop]]) for kind in kinds]
            cells.append(" | ".join(f"{mean:7.1f} ± {half:5.1f}" for mean, half in pairs))
        late, early = ([float(one[0]) for one in results[kind, deviation, drop]] for kind in kinds)
        times, low, high = ratio(early, late)
        end = f"{high:.2f}" if high < NEVER else "∞"
        cells.insert(1, f"{f'× {times:.2f} (from {low:.2f} to {end})':^36}")
        print(f"{deviation:9.2f} {drop:6.3f} | {' | '.join(cells)}")
    if arguments.picture:
        draw(results, arguments.picture)


def draw(results: dict[tuple[str, float, float], list[tuple[int, float]]], path: str) -> None:
    """Trained candidates over the drop probability, one panel for each deviation."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(DEVIATIONS), figsize=(14, 3.5), sharey=True)
    for axis, deviation in zip(axes, DEVIATIONS, strict=True):
        for kind, marker in (("synchronous", "s"), ("asynchronous", "o")):
            pairs = [interval([float(one[0]) for one in results[kind, deviation, drop]]) for drop in DROPS]
            axis.errorbar(DROPS, [p[0] for p in pairs], [p[1] for p in pairs], marker=marker, label=kind, capsize=3)
        axis.set(title=f"deviation {deviation}", xlabel="drop probability per unit of time")
    axes[0].set_ylabel("candidates trained to R")
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
