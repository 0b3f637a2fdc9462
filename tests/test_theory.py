"""Queueing theory: the analytic figure lies inside the interval that many replications give.

A customer is a tuning job with one training job, a server an instance of the quota, unless a test says otherwise.
Confidence is chosen beforehand: there are at most 40 intervals here, each has 1 - 0.01 / 40, so that all of them hold at once
with 99 %. Seeds are fixed; nothing is fitted to the output. An interval that is too wide to show anything is a failure too.
"""

import math
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import attrs
import numpy as np
import pandas as pd
import pytest
from extras import long
from scipy import optimize, stats

from hptsim import Scenario, Simulation, TuningJobSpec, planning
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ResourceLimits, ServiceLimits
from hptsim.planning.experiments import seeds
from hptsim.planning.results import Results
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential, LogNormal
from hptsim.scenario.workload import Arrivals

TYPE = "ml.m5.xlarge"
CONFIDENCE = 1 - 0.01 / 40
MEAN_S = 100.0
WARM_UP_S = 20 * MEAN_S


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(2) as executor:
        yield executor


def station(servers, arrivals=(), service=None, **assumptions):
    return Scenario(
        capacity={TYPE: servers},
        arrivals=arrivals,
        timings=Timings(training_s=service or Exponential(MEAN_S)),
        limits=ServiceLimits(None, None, None),
        assumptions=Assumptions(**{"admission": "queue", **assumptions}),
    )


def customers(load, servers, count=3000, name="c", priority=0, batch=1):
    return Arrivals(
        TuningJobSpec(name, priority=priority), Exponential(batch * MEAN_S / (load * servers)), count, batch=batch
    )


SEEN = []
"""Every comparison that was made: `benchmarks/validation.py` writes a page of them."""


def inside(model, results, column, expected):
    low, high = results.interval(column, CONFIDENCE)
    assert low <= expected <= high, f"{column}: theory says {expected:.5g}, we {results.sentence(column, CONFIDENCE)}"
    assert high - low < 0.4 * expected, f"{column}: an interval so wide shows nothing: {low:.5g} to {high:.5g}"
    SEEN.append((model, column, expected, low, high, len(results.table)))


def each_run(pool, look, scenario, replications, seed):
    """What *look* sees in each replication, for what is no figure of planning's."""
    rows = pool.map(partial(look, scenario), seeds(seed, replications), chunksize=4)
    return Results(pd.DataFrame(rows).assign(replication=range(replications)))


def erlang_b(servers, offered):
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return blocked


def erlang_c(servers, offered):
    blocked = erlang_b(servers, offered)
    return blocked / (1 - offered / servers * (1 - blocked))


@pytest.mark.parametrize(("servers", "load", "replications"), [long(1, 0.7, 24), long(3, 0.7, 24), long(8, 0.8, 40)])
def test_erlang_c(pool, servers, load, replications):
    """M/M/c: who waits, how long on average, and how long 95 % wait at most: the wait of those who do is exponential.

    The quantile of 3,000 customers who follow each other is biased by about one part in a hundred: far inside its interval.
    """
    scenario = station(servers, [customers(load, servers)])
    results = planning.replicate(scenario, replications, seed=1, executor=pool, warm_up_s=WARM_UP_S)
    waits, mean_s = erlang_c(servers, servers * load), MEAN_S / (servers * (1 - load))
    inside(f"M/M/{servers}, load {load}", results, "waited_share", waits)
    inside(f"M/M/{servers}, load {load}", results, "waiting_time_s.mean", waits * mean_s)
    inside(f"M/M/{servers}, load {load}", results, "waiting_time_s.p95", mean_s * math.log(waits / 0.05))
    inside(f"M/M/{servers}, load {load}", results, f"utilization.{TYPE}", load)


@pytest.mark.long
def test_the_first_customers_of_an_empty_queue(pool):
    """M/M/1 without a warm-up, exactly: by Spitzer E[W(n)] is the sum over k < n of E[S(k)+] / k.

    S(k) is k services less k gaps; when the k-th gap ends, the number of services that have ended is negative binomial.
    """
    load, count = 0.8, 20
    waits = [0.0]
    for k in range(1, count):
        ended = np.arange(k)
        left = stats.nbinom.pmf(ended, k, load / (1 + load)) * (k - ended) * MEAN_S
        waits.append(waits[-1] + left.sum() / k)
    results = planning.replicate(station(1, [customers(load, 1, count)]), 1000, seed=8, executor=pool)
    inside(f"M/M/1, load {load}, the first {count} customers", results, "waiting_time_s.mean", np.mean(waits))


@pytest.mark.parametrize(("servers", "load"), [long(2, 0.8), long(5, 1.0)])
def test_erlang_b(pool, servers, load):
    """M/M/c/c: a full pool refuses, and who is refused is lost."""
    scenario = station(servers, [customers(load, servers)], admission="reject")
    results = planning.replicate(scenario, 12, seed=2, executor=pool)
    inside(f"M/M/{servers}/{servers}, load {load}", results, "refused_share", erlang_b(servers, servers * load))


@pytest.mark.parametrize(("variation", "replications"), [(0.5, 32), (1.5, 40)], ids=["regular", "irregular"])
@pytest.mark.long
def test_pollaczek_khinchine(pool, variation, replications):
    """M/G/1: only mean and variation of the service matter."""
    load = 0.6
    scenario = station(1, [customers(load, 1)], LogNormal(MEAN_S, variation))
    results = planning.replicate(scenario, replications, seed=3, executor=pool, warm_up_s=WARM_UP_S)
    inside(
        f"M/G/1, load {load}, lognormal service of variation {variation}",
        results,
        "waiting_time_s.mean",
        load * MEAN_S * (1 + variation**2) / (2 * (1 - load)),
    )


def crommelin(load, wait):
    """M/D/1: the probability of a wait of at most *wait* services (Erlang 1909, Crommelin 1932)."""
    terms = ((load * (k - wait)) ** k / math.factorial(k) * math.exp(-load * (k - wait)) for k in range(int(wait) + 1))
    return (1 - load) * sum(terms)


@pytest.mark.long
def test_deterministic_service(pool):
    """M/D/1: half the wait of M/M/1 on average, and its quantiles."""
    load = 0.6
    scenario = station(1, [customers(load, 1)], MEAN_S)
    results = planning.replicate(scenario, 32, seed=9, executor=pool, warm_up_s=WARM_UP_S)
    inside(f"M/D/1, load {load}", results, "waited_share", load)
    inside(f"M/D/1, load {load}", results, "waiting_time_s.mean", load * MEAN_S / (2 * (1 - load)))
    for column, share in (("waiting_time_s.p50", 0.5), ("waiting_time_s.p95", 0.95)):
        services = optimize.brentq(lambda wait, share=share: crommelin(load, wait) - share, 0, 20)
        inside(f"M/D/1, load {load}", results, column, services * MEAN_S)


@pytest.mark.long
def test_batches_wait_for_each_other(pool):
    """M[2]/M/1: the wait of a single stream of batches, and half a service for the one in front in the own batch."""
    load = 0.6
    scenario = station(1, [customers(load, 1, batch=2)])
    results = planning.replicate(scenario, 16, seed=4, executor=pool, warm_up_s=WARM_UP_S)
    second_moment = 2 * MEAN_S**2 + (2 * MEAN_S) ** 2  # of a batch's work: two exponential services
    head = load / (2 * MEAN_S) * second_moment / (2 * (1 - load))
    inside(f"M[2]/M/1, load {load}", results, "waiting_time_s.mean", head + MEAN_S / 2)


def waits_by_class(scenario, seed):
    sim = Simulation(scenario, seed=seed, laws=False)
    sim.run()
    waits = {}
    for row in sim.metrics().tuning_jobs:
        if row.created_s >= WARM_UP_S:
            waits.setdefault(f"{row.name.partition('-')[0]}_wait_s", []).append(row.waiting_s)
    return {name: np.mean(values) for name, values in waits.items()}


@pytest.mark.long
def test_cobham_priorities(pool):
    """Two classes on one server: the urgent wait W0 / (1 - r1), the others W0 / ((1 - r1)(1 - r1 - r2))."""
    urgent, normal = customers(0.3, 1, 1500, "urgent", 0), customers(0.4, 1, 2000, "normal", 1)
    results = each_run(pool, waits_by_class, station(1, [urgent, normal], discipline="priority"), 20, seed=5)
    residual_s = 0.7 * MEAN_S
    inside("M/M/1, two priorities, loads 0.3 and 0.4", results, "urgent_wait_s", residual_s / (1 - 0.3))
    inside("M/M/1, two priorities, loads 0.3 and 0.4", results, "normal_wait_s", residual_s / ((1 - 0.3) * (1 - 0.7)))


@pytest.mark.parametrize(("jobs", "slots"), [(20, 4), (12, 10)])
def test_makespan_of_exponential_jobs(pool, jobs, slots):
    """While all slots are busy the next end comes after mean / slots; then the last ones end one by one."""
    spec = TuningJobSpec("m", limits=ResourceLimits(jobs, slots))
    results = planning.replicate(station(slots, [Arrivals(spec, 0.0, 1)]), 400, seed=6, executor=pool)
    expected = MEAN_S * ((jobs - slots) / slots + sum(1 / left for left in range(1, slots + 1)))
    inside(f"makespan of {jobs} exponential training jobs on {slots} slots", results, "time_in_system_s.mean", expected)


THINK_S, UNTIL_S = 300.0, 60_000.0


def workshop(machines, repairmen):
    """Machines are tuning jobs that run for THINK_S on average between two training jobs, which are their repairs.

    A repair needs one of the quota's instances, a repairman, and gives it back when it ends. A machine never retires.
    """
    spec = TuningJobSpec("machine", limits=ResourceLimits(10**6, 1))
    scenario = station(repairmen, [Arrivals(spec, 0.0, machines)], reservation="as-observed")
    timings = Timings(
        training_s=Exponential(MEAN_S), first_launch_s=Exponential(THINK_S), launch_s=Exponential(THINK_S)
    )
    return attrs.evolve(scenario, timings=timings, until_s=UNTIL_S)


@pytest.mark.parametrize(("machines", "repairmen"), [(6, 2), (8, 1)])
def test_machines_that_wait_for_repair(pool, machines, repairmen):
    """The finite source M/M/m//N: a birth-death chain in the number of machines that are broken."""
    weights = [1.0]
    for broken in range(machines):
        weights.append(weights[-1] * (machines - broken) / THINK_S * MEAN_S / min(broken + 1, repairmen))
    share = np.array(weights) / sum(weights)
    number = np.arange(machines + 1)
    model = f"{machines} machines, {repairmen} repairmen"
    results = planning.replicate(workshop(machines, repairmen), 16, seed=10, executor=pool, warm_up_s=WARM_UP_S)
    inside(model, results, f"utilization.{TYPE}", share @ np.minimum(number, repairmen) / repairmen)
    inside(model, results, "queue_length.mean", share @ np.maximum(number - repairmen, 0))


LITTLE = {
    "M/M/2": station(2, [customers(0.8, 2, 300)]),
    "M/M/2, backfill": station(2, [customers(0.8, 2, 300)], discipline="backfill"),
    "M/M/2, overloaded": station(2, [customers(1.5, 2, 300)]),
    "M/M/2/2": station(2, [customers(1.0, 2, 300)], admission="reject"),
    "M/D/1": station(1, [customers(0.8, 1, 300)], MEAN_S),
    "M[3]/G/1": station(1, [customers(0.6, 1, 300, batch=3)], LogNormal(MEAN_S, 1.5)),
    "priorities": station(1, [customers(0.4, 1, 150, "u", 0), customers(0.4, 1, 150, "n", 1)], discipline="priority"),
    "machine repair": attrs.evolve(workshop(6, 2), until_s=10_000.0),
}


@pytest.mark.parametrize("model", [long(one) if one == "machine repair" else one for one in LITTLE])
def test_littles_law_holds_on_every_run(model):
    """Exactly, run by run: the time integral of a number is the sum of the times, in the system and in the line."""
    for seed in range(5):
        sim = Simulation(LITTLE[model], seed=seed, laws=False)
        sim.run(LITTLE[model].until_s)
        areas = {"system": 0.0, "line": 0.0}
        numbers, since_s, last_s = {"system": 0, "line": 0}, {}, 0.0
        times = {"system": [], "line": []}
        for record in [*sim.journal, None]:
            now = sim.now if record is None else record.time_s
            for where in areas:
                areas[where] += numbers[where] * (now - last_s)
            last_s = now
            where, step = _MOVES.get((record.thing, record.trigger), ("", 0)) if record else ("", 0)
            if where:
                numbers[where] += step
                if step > 0:
                    since_s[where, record.name] = now
                else:
                    times[where].append(now - since_s.pop((where, record.name)))
        for (where, _), begin_s in since_s.items():
            times[where].append(sim.now - begin_s)
        for where in areas:
            assert areas[where] == pytest.approx(math.fsum(times[where]), rel=1e-9)
        mine = [row for row in sim.metrics().tuning_jobs if row.ended_s is not None]
        if len(mine) == len(times["system"]):
            assert math.fsum(row.ended_s - row.created_s for row in mine) == pytest.approx(areas["system"], rel=1e-9)
            assert math.fsum(row.waiting_s for row in mine) == pytest.approx(areas["line"], rel=1e-9)
        assert areas["system"] > 0 and (areas["line"] > 0) == (model != "M/M/2/2")


_MOVES = {
    ("tuning", "create"): ("system", 1),
    ("tuning", "finish"): ("system", -1),
    ("reservation", "ask"): ("line", 1),
    ("reservation", "grant"): ("line", -1),
}


@pytest.mark.long
def test_grahams_bound_holds_on_every_run():
    """List scheduling needs at most (2 - 1 / m) times the best makespan, which is at least the longest job and the mean load."""
    for seed in range(20):
        scenario = Scenario(timings=Timings(training_s=LogNormal(MEAN_S, 1.0)))
        sim = Simulation(scenario, seed=seed, laws=False)
        sim.create_tuning_job(TuningJobSpec("g", limits=ResourceLimits(15, 4)))
        sim.run()
        jobs = [sim.training_job(name) for name in sim.tuning_job("g").training_jobs]
        lengths = [job.ended_s - job.created_s for job in jobs]
        longest, load = max(lengths), sum(lengths) / 4
        assert max(longest, load) - 1e-6 <= sim.now <= load + (1 - 1 / 4) * longest + 1e-6
