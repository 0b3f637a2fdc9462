"""Time to a precise answer: processor seconds until a mean is known to 5 % with 95 % confidence, and what intervals cover.

`python benchmarks/precision.py [SEEDS]` measures two questions: the mean wait in M/M/20 at a load of 0.9, and the 95 % quantile
of the waits of the README's nightly example. hptsim asks with variance reduction and without, bare simpy and Ciw
(`pip install ciw`, left out otherwise) with plain replications; all stop by the same rule and have the same intervals.
`python benchmarks/precision.py coverage [SEQUENCES]` measures how often the intervals cover a mean that is known, and
`python benchmarks/precision_page.py` writes all of it to docs/validation/precision.md.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from typing import Any

import attrs
import numpy as np
import pandas as pd
import simpy
from intervals import spitzer
from measured import LeftOut, Row, Rows

from hptsim import Scenario, TuningJobSpec
from hptsim.model import ResourceLimits
from hptsim.planning import Results, until_precise
from hptsim.scenario import Arrivals, Exponential, LogNormal, Profile, Timings

TYPE, RELATIVE, FIRST, MOST = "ml.m5.xlarge", 0.05, 20, 20_000
KNOWN = 40_000
"""So many runs of bare simpy tell the 95 % quantile of the nightly example to half a second."""


@attrs.frozen
class Question:
    """A figure of a queue: Poisson arrivals, *servers*, times that are exponential with *mean_s*, or always *mean_s*."""

    name: str
    column: str
    scenario: Scenario
    servers: int
    gap_s: float
    mean_s: float
    exponential: bool
    customers: int
    warm_up: int = 0
    before_s: float = 0.0
    """From the start of a service until training begins."""

    def figure(self, waits: list[float]) -> float:
        """The figure of the waits, the first of which are the warm-up."""
        counted = np.array(waits[self.warm_up :])
        return float(counted.mean() if self.column.endswith(".mean") else np.quantile(counted, 0.95)) + self.before_s


def _questions() -> list[Question]:
    def scenario(servers: int, timings: Timings, gap_s: float, customers: int) -> Scenario:
        arrivals = [Arrivals(TuningJobSpec("nightly"), Exponential(gap_s), customers)]
        return Scenario(capacity={TYPE: servers}, timings=timings, limits="none", arrivals=arrivals)

    nightly = scenario(5, Timings(starting_s=180, downloading_s=50, training_s=600, uploading_s=7), 400.0, 100)
    mm20 = scenario(20, Timings(training_s=Exponential(100.0)), 100 / 18, 1500)
    return [
        Question("M/M/20, load 0.9", "waiting_time_s.mean", mm20, 20, 100 / 18, 100.0, True, 1500, 500),
        Question("nightly, quota 5", "waiting_time_s.p95", nightly, 5, 400.0, 837.0, False, 100, 0, 230.0),
    ]  # fmt: skip


QUESTIONS = _questions()


def bare(question: Question, seed: int) -> float:
    """A replication in bare simpy: a `Resource` and a process for each customer; only the waits are written down."""
    rng, env, waits = random.Random(seed), simpy.Environment(), []
    servers = simpy.Resource(env, question.servers)

    def customer(place: int) -> Generator[simpy.Event, object, None]:
        came = env.now
        with servers.request() as request:
            yield request
            waits[place] = env.now - came
            yield env.timeout(rng.expovariate(1 / question.mean_s) if question.exponential else question.mean_s)

    def source() -> Generator[simpy.Event, object, None]:
        for place in range(question.customers):
            yield env.timeout(rng.expovariate(1 / question.gap_s))
            waits.append(0.0)
            env.process(customer(place))

    env.process(source())
    env.run()
    return question.figure(waits)


def ciw(question: Question, seed: int) -> float:
    """A replication in Ciw: a network of one node."""
    import ciw

    ciw.seed(seed)
    service = (
        ciw.dists.Exponential(1 / question.mean_s) if question.exponential else ciw.dists.Deterministic(question.mean_s)
    )
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(1 / question.gap_s)],
        service_distributions=[service],
        number_of_servers=[question.servers],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(question.customers, method="Finish")
    records = sorted(simulation.get_all_records(), key=lambda record: record.arrival_date)[: question.customers]
    return question.figure([record.waiting_time for record in records])


def plainly(replication: Callable[[Question, int], float], question: Question, seed: int) -> Results:
    """The stopping rule of `until_precise`, for any replication."""
    values: list[float] = []
    while len(values) < MOST:
        more = max(FIRST, -(-len(values) // 2)) if values else FIRST
        values += [replication(question, 1_000_003 * seed + place) for place in range(len(values), len(values) + more)]
        found = Results(pd.DataFrame({"replication": range(len(values)), question.column: values}))
        low, high = found.interval(question.column)
        if (high - low) / 2 <= RELATIVE * found.mean(question.column):
            break
    return found


def twin(question: Question, seed: int, technique: str, relative: float = RELATIVE, most: int = MOST) -> Results:
    """hptsim: `until_precise` in this process."""
    with ThreadPoolExecutor(1) as one:
        return until_precise(
            question.scenario,
            question.column,
            relative,
            first=FIRST,
            most=most,
            seed=seed,
            variance_reduction=technique,
            warm_up_s=question.warm_up * question.gap_s,
            executor=one,
            progress=False,
        )


def answers(
    seeds: int = 3, names: tuple[str, ...] = ("auto", "simpy", "ciw"), questions: Sequence[Question] = QUESTIONS
) -> Iterator[dict[str, Any]]:
    """For each question and program, medians over *seeds* answers: processor seconds, replications, the mean.

    "none" among the *names* is hptsim without variance reduction, which takes some minutes for M/M/20.
    """
    ways: dict[str, Callable[[Question, int], Results]] = {
        "auto": lambda question, seed: twin(question, seed, "auto"),
        "none": lambda question, seed: twin(question, seed, "none"),
        "simpy": lambda question, seed: plainly(bare, question, seed),
        "ciw": lambda question, seed: plainly(ciw, question, seed),
    }
    words = {"auto": "hptsim, variance reduction", "none": "hptsim, plain", "simpy": "bare simpy", "ciw": "Ciw"}
    for question in questions:
        there = [name for name in names if name != "ciw" or find_spec("ciw") is not None]
        took_s: dict[str, list[float]] = {name: [] for name in there}
        found: dict[str, list[Results]] = {name: [] for name in there}
        for seed in range(1, seeds + 1):
            for name in there:  # by turns, so that the machine's other work meets all of them
                begun = time.process_time()
                found[name].append(ways[name](question, seed))
                took_s[name].append(time.process_time() - begun)
        for name in names:
            row: dict[str, Any] = {"question": question.name, "program": words[name]}
            if name not in there:
                yield {**row, "left_out": "pip install ciw"}
                continue
            yield {
                **row,
                "answers": seeds,
                "seconds": statistics.median(took_s[name]),
                "replications": round(statistics.median(_runs(answer) for answer in found[name])),
                "mean": statistics.fmean(answer.mean(question.column) for answer in found[name]),
            }


def rows(quick: bool) -> Rows:
    """hptsim with variance reduction beside bare simpy and Ciw: seconds until the answer is known as precisely.

    *quick* asks once, and only about the nightly example.
    """
    found: Rows = []
    ours: dict[str, dict[str, Any]] = {}
    for row in answers(seeds=1, questions=QUESTIONS[1:]) if quick else answers():
        question, program = row["question"], row["program"]
        if "left_out" in row:
            found.append(LeftOut(f"{question} beside {program}", f"needs {row['left_out']}"))
        elif program.startswith("hptsim"):
            ours[question] = row
        else:
            counts = f"{ours[question]['replications']} replications; {program} {row['replications']}"
            what = f"{question}: mean or quantile to {RELATIVE:.0%} ({counts})"
            found.append(Row(what, ours[question]["seconds"], "s", program, row["seconds"]))
    return found


def team() -> Scenario:
    """The office hours of the planner's tutorial with typical timings."""
    hours = Profile([0] * 8 + [3] * 10 + [0] * 6)
    jobs = Arrivals(TuningJobSpec("team", limits=ResourceLimits(12, 3)), hours, until_s=24 * 3600)
    timings = attrs.evolve(Timings.typical(), training_s=LogNormal(900, 0.5))
    return Scenario("team", capacity={TYPE: 18}, timings=timings, arrivals=(jobs,))


def gains() -> Iterator[dict[str, Any]]:
    """What each technique gains where the twin is no plain queue: the office hours of the planner's tutorial."""
    with ThreadPoolExecutor(1) as one:
        for column in ("waiting_time_s.p95", "cost_usd"):
            for technique in ("antithetic", "controls", "plain-queue", "auto"):
                if column == "cost_usd" and technique == "plain-queue":
                    continue
                begun = time.process_time()
                answer = until_precise(
                    team(), column, 0.1, most=MOST, variance_reduction=technique, executor=one, progress=False
                )
                took_s = time.process_time() - begun
                reduction = answer.reduction
                assert reduction is not None
                yield {"column": column, "asked": technique, "technique": reduction.technique, "seconds": took_s,
                       "replications": reduction.pilot + reduction.replications, "gain": reduction.gain}  # fmt: skip


def coverage(sequences: int = 400) -> Iterator[dict[str, Any]]:
    """How often 95 % intervals cover a mean that is known, of two questions.

    The mean wait of the first ten customers of an M/M/1 queue is known exactly (Spitzer's identity), the 95 % quantile of the
    nightly example by as many runs of bare simpy as make its own error small beside the intervals.
    """
    arrivals = Arrivals(TuningJobSpec("c"), Exponential(200.0), 10)
    timings = Timings(training_s=Exponential(100.0))
    ten = Scenario(capacity={TYPE: 1}, timings=timings, limits="none", arrivals=[arrivals])
    short = Question("ten of M/M/1", "waiting_time_s.mean", ten, 1, 200.0, 100.0, True, 10)
    known = spitzer(0.5, 10)
    for technique in ("none", "antithetic", "controls", "plain-queue", "auto"):
        answered = partial(twin, short, technique=technique, relative=0.2, most=300)
        yield {"question": short.name, "technique": technique} | _covered(short.column, known, answered, sequences)
    nightly = QUESTIONS[1]
    known = statistics.fmean(bare(nightly, -1 - number) for number in range(KNOWN))
    for technique, answered in (
        ("none, bare simpy", lambda seed: plainly(bare, nightly, seed)),
        ("auto", partial(twin, nightly, technique="auto")),
    ):
        found = _covered(nightly.column, known, answered, sequences)
        yield {"question": nightly.name, "technique": technique} | found


def _covered(column: str, known: float, answered: Callable[[int], Results], sequences: int) -> dict[str, float]:
    """How many of the intervals have the *known* mean in them, and the replications that they took on average."""
    covered, runs = 0, []
    for seed in range(sequences):
        answer = answered(seed)
        low, high = answer.interval(column)
        covered += low <= known <= high
        runs.append(_runs(answer))
    return {"covered": covered / sequences, "replications": statistics.fmean(runs)}


def _runs(answer: Results) -> int:
    reduction = answer.reduction
    return len(answer.table) if reduction is None else reduction.pilot + reduction.replications


def main(arguments: list[str]) -> None:
    """Print what is measured."""
    counts = [int(one) for one in arguments if one.isdigit()]
    count = counts[0] if counts else None
    row: dict[str, Any]
    if arguments[:1] == ["coverage"]:
        for row in coverage(count or 400):
            print(
                f"{row['question']:17} {row['technique']:16} {row['covered']:6.1%} of 95 %, "
                f"{row['replications']:6.1f} replications",
                flush=True,
            )
    else:
        for row in answers(count or 3):
            text = (
                f"left out: {row['left_out']}"
                if "left_out" in row
                else f"{row['seconds']:7.1f} s, {row['replications']:5} replications, mean {row['mean']:6.1f} s"
            )
            print(f"{row['question']:17} {row['program']:27} {text}", flush=True)
        for row in gains():
            text = f"{row['replications']} replications, {row['gain']:.1f} times fewer, {row['seconds']:.1f} s"
            print(f"team, {row['column']}, {row['asked']}: {row['technique']}, {text}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
