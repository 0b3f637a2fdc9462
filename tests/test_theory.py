"""Queueing theory: the analytic figure lies inside the interval that many replications give.

A customer is a tuning job with one training job, a server an instance of the quota. Confidence is chosen beforehand: each
interval has 1 - 0.01 / 16, so that all sixteen hold at once with 99 %. Seeds are fixed; nothing is fitted to the output.
"""

import math
from concurrent.futures import ProcessPoolExecutor

import attrs
import pytest

from hptsim import Scenario, Simulation, TuningJobSpec, planning
from hptsim.assumptions import Assumptions
from hptsim.durations import Exponential, LogNormal
from hptsim.model import ResourceLimits, ServiceLimits
from hptsim.nature import Timings
from hptsim.workload import Arrivals

TYPE = "ml.m5.xlarge"
CONFIDENCE = 1 - 0.01 / 16
MEAN_S = 100.0


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(2) as executor:
        yield executor


def station(servers, service=None, **assumptions):
    return Scenario(
        capacity={TYPE: servers},
        timings=Timings(training_s=service or Exponential(MEAN_S)),
        limits=ServiceLimits(None, None, None),
        assumptions=Assumptions(**{"admission": "queue", **assumptions}),
    )


def customers(load, servers, count=3000, name="c", priority=0, batch=1):
    return Arrivals(
        TuningJobSpec(name, priority=priority), Exponential(batch * MEAN_S / (load * servers)), count, batch=batch
    )


def replicate(scenario, replications, *, arrivals, executor, **settings):
    return planning.replicate(attrs.evolve(scenario, arrivals=arrivals), replications, executor=executor, **settings)


def inside(results, column, expected):
    low, high = results.interval(column, CONFIDENCE)
    assert low <= expected <= high, f"{column}: theory says {expected:.5g}, we {results.sentence(column, CONFIDENCE)}"
    assert high - low < 0.4 * expected, "an interval so wide shows nothing"


def erlang_b(servers, offered):
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return blocked


def erlang_c(servers, offered):
    blocked = erlang_b(servers, offered)
    return blocked / (1 - offered / servers * (1 - blocked))


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (3, 0.7), (8, 0.8)])
def test_erlang_c(pool, servers, load):
    count = 72 if servers == 8 else 24  # few wait there, so more are needed
    arrivals = [customers(load, servers)]
    results = replicate(station(servers), count, seed=1, arrivals=arrivals, executor=pool, warm_up_s=20 * MEAN_S)
    waits = erlang_c(servers, servers * load)
    inside(results, "waited_share", waits)
    inside(results, "waiting_time_s.mean", waits * MEAN_S / (servers * (1 - load)))


@pytest.mark.parametrize(("servers", "load"), [(2, 0.8), (5, 1.0)])
def test_erlang_b(pool, servers, load):
    scenario = station(servers, admission="reject")
    results = replicate(scenario, 24, seed=2, arrivals=[customers(load, servers)], executor=pool)
    inside(results, "refused_share", erlang_b(servers, servers * load))


@pytest.mark.parametrize("variation", [0.0, 0.5, 1.5], ids=["deterministic", "regular", "irregular"])
def test_pollaczek_khinchine(pool, variation):
    load = 0.6
    service = LogNormal(MEAN_S, variation) if variation else MEAN_S
    results = replicate(
        station(1, service), 24, seed=3, arrivals=[customers(load, 1)], executor=pool, warm_up_s=20 * MEAN_S
    )
    inside(results, "waiting_time_s.mean", load * MEAN_S * (1 + variation**2) / (2 * (1 - load)))


def test_batches_wait_for_each_other(pool):
    """M[2]/M/1: the wait of a single stream of batches, and half a service for the one in front in the own batch."""
    load = 0.6
    results = replicate(
        station(1), 24, seed=4, arrivals=[customers(load, 1, batch=2)], executor=pool, warm_up_s=20 * MEAN_S
    )
    second_moment = 2 * MEAN_S**2 + (2 * MEAN_S) ** 2  # of a batch's work: two exponential services
    head = load / (2 * MEAN_S) * second_moment / (2 * (1 - load))
    inside(results, "waiting_time_s.mean", head + MEAN_S / 2)


def test_cobham_priorities(pool):
    """Two classes on one server: the urgent wait W0 / (1 - r1), the others W0 / ((1 - r1)(1 - r1 - r2))."""
    urgent, normal = customers(0.3, 1, 2000, "u", 0), customers(0.4, 1, 2667, "n", 1)
    scenario = station(1, discipline="priority")
    residual = 0.7 * MEAN_S
    expected = (0.3 * residual / (1 - 0.3) + 0.4 * residual / ((1 - 0.3) * (1 - 0.7))) / 0.7
    results = replicate(scenario, 24, seed=5, arrivals=[urgent, normal], executor=pool, warm_up_s=20 * MEAN_S)
    inside(results, "waiting_time_s.mean", expected)


@pytest.mark.parametrize(("jobs", "slots"), [(20, 4), (12, 10)])
def test_makespan_of_exponential_jobs(pool, jobs, slots):
    """While all slots are busy the next end comes after mean / slots; then the last ones end one by one."""
    spec = TuningJobSpec("m", limits=ResourceLimits(jobs, slots))
    results = replicate(station(slots), 400, seed=6, arrivals=[Arrivals(spec, 0.0, 1)], executor=pool)
    expected = MEAN_S * ((jobs - slots) / slots + sum(1 / left for left in range(1, slots + 1)))
    inside(results, "time_in_system_s.mean", expected)


def test_the_utilization_is_the_offered_load(pool):
    results = replicate(station(4), 24, seed=7, arrivals=[customers(0.5, 4)], executor=pool, warm_up_s=20 * MEAN_S)
    inside(results, f"utilization.{TYPE}", 0.5)


@pytest.mark.parametrize("discipline", ["fifo", "backfill"])
def test_littles_law_holds_on_every_run(discipline):
    """The time integral of the number in the system is the sum of the times in it: exactly, run by run."""
    for seed in range(5):
        scenario = attrs.evolve(station(2, discipline=discipline), arrivals=[customers(0.8, 2, 300)])
        sim = Simulation(scenario, seed=seed, laws=False)
        sim.run()
        area, number, last = 0.0, 0, 0.0
        for record in sim.journal:
            if record.thing == "tuning" and record.trigger in ("create", "finish"):
                area += number * (record.time_s - last)
                number, last = number + (1 if record.trigger == "create" else -1), record.time_s
        rows = sim.metrics().tuning_jobs
        assert number == 0 and area == pytest.approx(math.fsum(row.ended_s - row.created_s for row in rows), rel=1e-9)


def test_grahams_bound_holds_on_every_run():
    """List scheduling needs at most (2 - 1 / m) times the best makespan, which is at least the longest job and the mean load."""
    for seed in range(20):
        scenario = Scenario(timings=Timings(training_s=LogNormal(MEAN_S, 1.0)))
        scenario = Scenario(timings=Timings(training_s=LogNormal(MEAN_S, 1.0)))
        sim = Simulation(scenario, seed=seed, laws=False)
        sim.create_tuning_job(TuningJobSpec("g", limits=ResourceLimits(15, 4)))
        sim.run()
        jobs = [sim.training_job(name) for name in sim.tuning_job("g").training_jobs]
        lengths = [job.ended_s - job.created_s for job in jobs]
        best = max(max(lengths), sum(lengths) / 4)
        assert best - 1e-6 <= sim.now <= (2 - 1 / 4) * best + 1e-6
