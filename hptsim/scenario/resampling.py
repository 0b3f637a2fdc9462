"""Other days from recorded ones: a history that happened once becomes many, each drawn by a seed.

A recorded workload has no randomness, so its replications are all the same and no interval can be given. If its days could as
well have come in another order, or one of them twice and another not at all, then drawing them anew shows how much an answer
depends on the days that happened to be recorded. What was never recorded is not in any of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from hptsim.errors import invalid, nearest
from hptsim.model.specs import TUNING_JOB_NAME_LENGTH
from hptsim.model.validators import at_least, one_of, whole
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob

DAY_S, _WEEK_DAYS = 86_400, 7
KINDS: Mapping[str, str] = {
    "days": "each day is a recorded one, drawn with replacement",
    "weekdays": "each day is a recorded one of the same day of the week, drawn with replacement",
    "shift": "the recorded days begin at a random one and go round",
    "none": "the days stay as they are",
}
"""How days are drawn. Days have 24 hours, counted from second 0 of the scenario; the last one counts as whole."""
JITTER_S = 1800
"""A copy that growth adds comes up to this much earlier or later than its original."""


@attrs.frozen
class Resampling:
    """How the `tuning_jobs` of a scenario become others: by *days* (see `KINDS`), *block_days* of them in a row, and *growth*.

    Blocks keep what lasts for longer than a day (the circular block bootstrap: Politis and Romano 1992). A growth of 1.5 adds a
    copy of each job with a probability of a half, of 0.8 thins them out: each stays with that probability. A copy comes up to
    half an hour before or after its original. What a job takes is kept where it was recorded.

    >>> Resampling.parse("days, growth=1.2")
    Resampling(days='days', block_days=1, growth=1.2)
    """

    days: str = attrs.field(default="days", validator=one_of(*KINDS))
    block_days: int = attrs.field(default=1, validator=whole(1))
    growth: float = attrs.field(default=1.0, validator=at_least(0))

    @classmethod
    def parse(cls, text: str) -> Resampling:
        """Read "days", "weekdays" or "shift", with "growth=FACTOR" and "block_days=COUNT" after commas, or the factor alone."""
        given: dict[str, Any] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, sign, value = (one.strip() for one in part.partition("="))
            if not sign and name in KINDS:
                name, value = "days", name
            elif not sign or name not in ("growth", "block_days"):
                expected = "days, weekdays, shift, growth=FACTOR or block_days=COUNT"
                raise invalid("resample", part, expected, nearest(name, (*KINDS, "growth", "block_days")))
            if name in given:
                raise invalid("resample", text, f"{name} only once")
            try:
                given[name] = {"days": str, "growth": float, "block_days": int}[name](value)
            except ValueError:
                raise invalid(f"resample: {name}", value, "a number") from None
        if not given:
            raise invalid("resample", text, "days, weekdays, shift, growth=FACTOR or block_days=COUNT")
        return cls(**{"days": "none", **given})

    def of(self, scenario: Scenario, seed: int) -> Scenario:
        """The scenario with other tuning jobs, a pure function of *seed*; its arrivals stay as they are.

        Raises InvalidInput where there are no tuning jobs, or too few days to draw from.

        >>> from hptsim import TuningJobSpec
        >>> two = [ScheduledTuningJob(TuningJobSpec(name), day * DAY_S + 60.0) for day, name in enumerate(["a", "b"])]
        >>> [(job.spec.name, job.at_s) for job in Resampling().of(Scenario(tuning_jobs=two), 2).tuning_jobs]
        [('b-1', 60.0), ('b-2', 86460.0)]
        """
        recorded = _by_day(scenario)
        least = 1 if self.days == "none" else _WEEK_DAYS + 1 if self.days == "weekdays" else 2
        if len(recorded) < least:
            days = f"at least {least} days, and its tuning jobs come within {len(recorded)}"
            raise invalid("resample", self.days, f"{days}; growth=FACTOR alone needs none")
        if len(scenario.tuning_jobs) * self.growth > scenario.max_entries:
            raise invalid(
                "resample: growth", self.growth, f"no more tuning jobs than max_entries, {scenario.max_entries:,}"
            )
        jobs: list[ScheduledTuningJob] = []
        for day, source in enumerate(self._drawn(len(recorded), seed)):
            for job in recorded[source]:
                for again in self._copies(job, f"{day}/{job.spec.name}", seed):
                    jobs.append(_moved(job, (day - source) * DAY_S + again))
        jobs.sort(key=lambda job: job.at_s)
        return attrs.evolve(scenario, tuning_jobs=[_numbered(job, place) for place, job in enumerate(jobs, 1)])

    def _drawn(self, count: int, seed: int) -> Iterator[int]:
        """Which recorded day each day is."""
        if self.days == "none":
            yield from range(count)
            return
        first = int(count * uniforms(seed, "resample/shift", 0)[0])
        start = 0
        for day in range(count):
            if self.days == "shift":
                yield (first + day) % count
                continue
            within = day % self.block_days
            if within == 0:
                chance = uniforms(seed, "resample/days", day)[0]
                weeks = _WEEK_DAYS if self.days == "weekdays" else 1
                alike = range(day % weeks, count, weeks)
                start = alike[int(chance * len(alike))]
            yield (start + within) % count

    def _copies(self, job: ScheduledTuningJob, name: str, seed: int) -> Iterator[float]:
        """By how much each copy of a job is moved, the original by nothing."""
        if self.growth == 1:
            yield 0.0
            return
        chance = uniforms(seed, f"resample/growth/{name}", 0)[0]
        for copy in range(int(self.growth) + (chance < self.growth % 1)):
            place = uniforms(seed, f"resample/growth/{name}", copy)[1]
            yield max(-(job.at_s % DAY_S), (2 * place - 1) * JITTER_S) if copy else 0.0  # no copy is on the day before


def resampling(given: Resampling | str | None) -> Resampling | None:
    """A resampling, or what `Resampling.parse` reads."""
    return Resampling.parse(given) if isinstance(given, str) else given


def _by_day(scenario: Scenario) -> list[list[ScheduledTuningJob]]:
    """The tuning jobs of each recorded day."""
    if not scenario.tuning_jobs:
        raise invalid("resample", scenario.name, "a scenario with tuning_jobs: its arrivals are drawn anew anyway")
    days: list[list[ScheduledTuningJob]] = [
        [] for _ in range(1 + int(max(job.at_s for job in scenario.tuning_jobs) // DAY_S))
    ]
    for job in scenario.tuning_jobs:
        days[int(job.at_s // DAY_S)].append(job)
    return days


def _moved(job: ScheduledTuningJob, by_s: float) -> ScheduledTuningJob:
    stop_s = None if job.stop_at_s is None else max(0.0, job.stop_at_s + by_s)
    return attrs.evolve(job, at_s=max(0.0, job.at_s + by_s), stop_at_s=stop_s)


def _numbered(job: ScheduledTuningJob, number: int) -> ScheduledTuningJob:
    """A job with a name of its own: one day may come twice."""
    ending = f"-{number}"
    name = job.spec.name[: TUNING_JOB_NAME_LENGTH - len(ending)].rstrip("-") + ending
    return attrs.evolve(job, spec=job.spec.renamed(name))
