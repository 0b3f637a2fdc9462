"""Which tuning jobs an account can never run, however long they wait, and from which value of a setting on it can."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from hptsim.errors import ServiceError
from hptsim.model.specs import TuningJobSpec
from hptsim.planning.bisection import first_that
from hptsim.planning.variation import vary
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.simulation import Simulation

_MOST = 1 << 20
"""No setting is tried beyond this."""


def never_fit(scenario: Scenario) -> dict[str, str]:
    """The tuning jobs, or templates of arrivals, that the account refuses even when it is empty, with the service's words.

    >>> from hptsim.scenario import ScheduledTuningJob
    >>> jobs = [ScheduledTuningJob(TuningJobSpec("demo"))]
    >>> list(never_fit(Scenario(capacity={"ml.m5.xlarge": 0}, tuning_jobs=jobs)))
    ['demo']
    """
    empty = attrs.evolve(scenario, tuning_jobs=(), arrivals=(), assumptions=scenario.account.assumptions)
    sim = Simulation(empty, laws=False)
    saved, found = sim.snapshot(), {}
    for spec in _different(scenario):
        try:
            sim.create_tuning_job(spec)
        except ServiceError as error:
            if error.code == "ResourceLimitExceeded":
                found[spec.name] = str(error)
        else:
            sim.restore(saved)
    return found


def _different(scenario: Scenario) -> Iterator[TuningJobSpec]:
    """The tuning jobs without those that ask for the same as one before them."""
    seen = set()
    specs = [job.spec for job in scenario.tuning_jobs]
    for spec in [*(template for one in scenario.arrivals for template in one.templates), *specs]:
        wants = tuple(one.instances for one in spec.definitions), spec.limits
        if wants not in seen:
            seen.add(wants)
            yield spec


def smallest_that_fits(scenario: Scenario, what: str, low: int, high: int) -> int | None:
    """The smallest value of *what* from *low* on at which every tuning job fits an empty account; None where none does.

    Values beyond *high* are tried too: whoever asks for too little wants to know how much it takes.
    """

    def fits(value: int) -> bool:
        return not never_fit(vary(scenario, what, value))

    return first_that(fits, low, max(high, _MOST))
