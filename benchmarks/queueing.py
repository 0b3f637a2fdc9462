"""M/M/c with 20 servers at a load of 0.9: hptsim through its whole stack beside plain simpy, Ciw and salabim, in one run.

Each serves the same number of customers with exponential times; the mean wait of each stands beside Erlang's, so that all
can be seen to do the same work. Ciw and salabim are installed by hand (`pip install ciw salabim`) and left out otherwise.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Generator

import simpy
from measured import LeftOut, Row, Rows, lines, missing

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.definitions import ServiceLimits
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals

SERVERS, LOAD, MEAN_S = 20, 0.9, 100.0
GAP_S = MEAN_S / (SERVERS * LOAD)
CUSTOMERS = 200_000


def twin(customers: int) -> float:
    """hptsim: a tuning job of one training job a customer, an instance of quota a server; laws off, the whole journal kept."""
    scenario = Scenario(
        capacity={"ml.m5.xlarge": SERVERS},
        timings=Timings(training_s=Exponential(MEAN_S)),
        limits=ServiceLimits(None, None, None),
        arrivals=[Arrivals(TuningJobSpec("c"), Exponential(GAP_S), customers)],
    )
    sim = Simulation(scenario, laws=False)
    sim.run()
    waits = [row.waiting_s for row in sim.metrics().tuning_jobs if row.waiting_s is not None]
    return statistics.fmean(waits)


def plain_simpy(customers: int) -> float:
    """simpy: a `Resource`, and a process for each customer; nothing is written down but the waits."""
    rng = random.Random(0)
    env = simpy.Environment()
    servers = simpy.Resource(env, SERVERS)
    waits: list[float] = []

    def customer() -> Generator[simpy.Event, object, None]:
        came = env.now
        with servers.request() as request:
            yield request
            waits.append(env.now - came)
            yield env.timeout(rng.expovariate(1 / MEAN_S))

    def source() -> Generator[simpy.Event, object, None]:
        for _ in range(customers):
            yield env.timeout(rng.expovariate(1 / GAP_S))
            env.process(customer())

    env.process(source())
    env.run()
    return statistics.fmean(waits)


def ciw(customers: int) -> float:
    """Ciw: a network of one node; its records are read for the waits."""
    import ciw

    ciw.seed(0)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(1 / GAP_S)],
        service_distributions=[ciw.dists.Exponential(1 / MEAN_S)],
        number_of_servers=[SERVERS],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(customers, method="Finish")
    return statistics.fmean(record.waiting_time for record in simulation.get_all_records())


def salabim(customers: int) -> float:
    """salabim: a component a customer and a `Resource`; its monitors are off, as far as it can do without them."""
    import salabim

    salabim.yieldless(False)
    rng = random.Random(0)
    env = salabim.Environment(trace=False)
    servers = salabim.Resource("servers", capacity=SERVERS)
    waits: list[float] = []

    class Customer(salabim.Component):  # type: ignore[misc, name-defined]
        def process(self) -> Generator[object, object, None]:
            came = env.now()
            yield self.request(servers)
            waits.append(env.now() - came)
            yield self.hold(rng.expovariate(1 / MEAN_S))
            self.release()

    class Source(salabim.Component):  # type: ignore[misc, name-defined]
        def process(self) -> Generator[object, object, None]:
            for _ in range(customers):
                yield self.hold(rng.expovariate(1 / GAP_S))
                Customer()

    Source()
    env.run()
    return statistics.fmean(waits)


def erlang_wait_s() -> float:
    """The mean wait by Erlang's C formula."""
    blocked = 1.0
    for number in range(1, SERVERS + 1):
        blocked = SERVERS * LOAD * blocked / (number + SERVERS * LOAD * blocked)
    return blocked / (1 - LOAD * (1 - blocked)) * MEAN_S / (SERVERS * (1 - LOAD))


def timed(model: Callable[[int], float], customers: int) -> tuple[float, float]:
    """Seconds of processor time, which others on the machine disturb less, and the mean wait."""
    begun = time.process_time()
    wait_s = model(customers)
    return time.process_time() - begun, wait_s


OTHERS = {"simpy": plain_simpy, "ciw": ciw, "salabim": salabim}


def rows(quick: bool, customers: int = CUSTOMERS) -> Rows:
    """hptsim beside each of the others."""
    customers = customers // 10 if quick else customers
    took_s, wait_s = timed(twin, customers)
    found: Rows = []
    for name, model in OTHERS.items():
        if reason := missing(name, name):
            found.append(LeftOut(f"hptsim beside {name}", reason))
            continue
        other_s, other_wait_s = timed(model, customers)
        what = f"hptsim (mean wait {wait_s:.1f} s; {name} {other_wait_s:.1f} s, Erlang {erlang_wait_s():.1f} s)"
        found.append(Row(what, customers / took_s, "customers/s", name, customers / other_s))
    return found


if __name__ == "__main__":
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS
    print(*lines(rows(quick=False, customers=customers)), sep="\n")
