"""Workloads: tuning jobs at given times, and tuning jobs that arrive over time, drawn from named streams.

Each `Arrivals` has streams of its own, named by its template, so adding one disturbs no other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import merge
from itertools import accumulate, islice, takewhile
from typing import Any

import attrs

from hptsim.errors import invalid
from hptsim.model.instants import since_monday_s
from hptsim.model.specs import TUNING_JOB_NAME_LENGTH, TuningJobSpec
from hptsim.model.validators import at_least, whole
from hptsim.scenario.cloud import Faults, Recorded
from hptsim.scenario.durations import Duration, check, mean
from hptsim.scenario.random_streams import uniforms

_HOUR_S = 3600
_DAY_HOURS, _WEEK_HOURS = 24, 7 * 24


@attrs.frozen
class ScheduledTuningJob:
    """A tuning job that is created *at_s* seconds after the epoch and, unless *stop_at_s* is None, stopped then.

    *faults* are its own, in place of the scenario's; *recorded* says what its training jobs took, in order of launch.
    """

    spec: TuningJobSpec
    at_s: float = attrs.field(default=0.0, validator=at_least(0))
    stop_at_s: float | None = attrs.field(default=None, validator=at_least(0))
    faults: Faults | None = None
    recorded: tuple[Recorded, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.stop_at_s is not None and self.stop_at_s < self.at_s:
            raise invalid("stop_at_s", self.stop_at_s, f"a time that is not before at_s ({self.at_s:g})")


def _numbers(given: Iterable[float]) -> tuple[float, ...]:
    return tuple(given)


def _in_order(given: Iterable[float]) -> tuple[float, ...]:
    return tuple(sorted(given))


@attrs.frozen
class Profile:
    """Arrivals whose rate changes by the hour of the day (24 rates *per_hour*) or of the week (168, from Monday at midnight).

    A Poisson process with that rate, on the clock of the scenario's epoch and in its time zone.

    >>> Profile([0] * 8 + [6] * 12 + [0] * 4).mean_per_hour
    3.0
    """

    per_hour: tuple[float, ...] = attrs.field(converter=_numbers)

    @per_hour.validator
    def _rates(self, attribute: attrs.Attribute[Any], rates: tuple[float, ...]) -> None:
        if len(rates) not in (_DAY_HOURS, _WEEK_HOURS):
            raise invalid("per_hour", len(rates), "24 rates (a day) or 168 (a week, from Monday)")
        if not all(0 <= rate < math.inf for rate in rates) or not any(rates):
            raise invalid("per_hour", list(rates), "rates of 0 or more, not all of them 0")

    @property
    def mean_per_hour(self) -> float:
        """The mean rate."""
        return sum(self.per_hour) / len(self.per_hour)

    def times(self, start_s: float, monday_s: float, expected: Iterable[float]) -> Iterator[float]:
        """When arrivals come: each as soon as the integral of the rate has grown by the next of *expected*.

        With unit-exponential *expected* that is the Poisson process, by inversion. *monday_s* is the time since a Monday's
        midnight at second 0.
        """
        now, hour = start_s, int((start_s + monday_s) // _HOUR_S)
        for missing in expected:
            while True:
                rate = self.per_hour[hour % len(self.per_hour)] / _HOUR_S
                hour_ends_s = (hour + 1) * _HOUR_S - monday_s
                in_hour = rate * (hour_ends_s - now)  # what is expected in the rest of this hour
                if rate and in_hour >= missing:
                    break
                missing, now, hour = missing - in_hour, hour_ends_s, hour + 1
            now += missing / rate
            yield now


@attrs.frozen
class Times:
    """Arrivals at given *times_s*, counted from the arrivals' start.

    >>> Times([30, 10]).times_s
    (10, 30)
    """

    times_s: tuple[float, ...] = attrs.field(converter=_in_order)

    @times_s.validator
    def _not_before(self, attribute: attrs.Attribute[Any], times_s: tuple[float, ...]) -> None:
        if not times_s or not 0 <= times_s[0] <= times_s[-1] < math.inf:
            raise invalid("times_s", list(times_s), "at least one number of seconds, none below 0")


PATTERNS = {"profile": Profile, "times": Times}
"""What is no gap between two arrivals and still says when they come, as scenario files spell it."""
Template = TuningJobSpec | Mapping[str, Any]
"""What tuning jobs are like: a spec, or the service's own request as a dict."""


def _templates(given: Template | Iterable[Template]) -> tuple[TuningJobSpec, ...]:
    several = [given] if isinstance(given, (TuningJobSpec, Mapping)) or not isinstance(given, Iterable) else given
    specs = [TuningJobSpec.from_request(one) if isinstance(one, Mapping) else one for one in several]
    for one in specs:
        if not isinstance(one, TuningJobSpec):
            raise invalid("template", one, "a TuningJobSpec or a CreateHyperParameterTuningJob request, or several")
    return tuple(specs)


@attrs.frozen
class Arrivals:
    """Tuning jobs like *template*, whose name begins theirs: *count* of them, or as many as come until *until_s*.

    *interarrival_s* is the time between two of them: exponential gaps are a Poisson process, a number is a clock,
    `Empirical` takes what was observed; or a `Profile` or `Times`. The first comes after the first gap from *start_s*.
    Each time *batch* of them come, a burst, with *batch_gap_s* between them. Several templates are a mix, drawn with
    *weights*, equal ones unless said otherwise.

    >>> arrivals = Arrivals(TuningJobSpec("nightly"), 3600, count=3)
    >>> [(job.spec.name, job.at_s) for job in arrivals.jobs(seed=0)]
    [('nightly-1', 3600.0), ('nightly-2', 7200.0), ('nightly-3', 10800.0)]
    """

    templates: tuple[TuningJobSpec, ...] = attrs.field(converter=_templates, alias="template")
    interarrival_s: Duration | Profile | Times
    count: int | None = attrs.field(default=None, validator=whole(1))
    until_s: float | None = attrs.field(default=None, validator=at_least(0))
    start_s: float = attrs.field(default=0.0, validator=at_least(0))
    batch: int = attrs.field(default=1, validator=whole(1))
    batch_gap_s: Duration = 0.0
    weights: tuple[float, ...] = attrs.field(default=(), converter=_numbers)

    def __attrs_post_init__(self) -> None:
        if not self.templates:
            raise invalid("template", [], "at least one tuning job")
        if not isinstance(self.interarrival_s, (Profile, Times)):
            check("interarrival_s", self.interarrival_s)
        check("batch_gap_s", self.batch_gap_s)
        if self.count is None and self.until_s is None and not isinstance(self.interarrival_s, Times):
            raise invalid("count", None, "a number of tuning jobs, or until_s, the time of the last")
        if self.count is None and self.per_hour == math.inf:
            raise invalid("interarrival_s", self.interarrival_s, "a mean above 0, for without count they never end")
        if self.weights and len(self.weights) != len(self.templates):
            raise invalid("weights", len(self.weights), f"one for each of {len(self.templates)} templates")
        if self.weights and (not all(0 <= weight < math.inf for weight in self.weights) or not sum(self.weights)):
            raise invalid("weights", list(self.weights), "numbers of 0 or more, not all of them 0")
        names = [template.name for template in self.templates]
        if len(set(names)) < len(names):
            raise invalid("template", names, "templates with different names")
        self._check_names(self.count or 1)

    def _check_names(self, count: int) -> None:
        for template in self.templates:
            if len(f"{template.name}-{count}") > TUNING_JOB_NAME_LENGTH:
                most = TUNING_JOB_NAME_LENGTH - len(str(count)) - 1
                raise invalid("template", template.name, f"a name of at most {most} characters")

    @property
    def name(self) -> str:
        """The first template's name, which names the streams."""
        return self.templates[0].name

    @property
    def per_hour(self) -> float:
        """The mean rate: tuning jobs in an hour while they come.

        >>> Arrivals(TuningJobSpec("a"), 1800, 4, batch=3).per_hour
        6.0
        """
        pattern = self.interarrival_s
        if isinstance(pattern, Profile):
            return self.batch * pattern.mean_per_hour
        gap_s = pattern.times_s[-1] / len(pattern.times_s) if isinstance(pattern, Times) else mean(pattern)
        return self.batch * _HOUR_S / gap_s if gap_s else math.inf

    def jobs(self, seed: int, epoch: str = "2024-01-01T00:00:00Z") -> list[ScheduledTuningJob]:
        """The tuning jobs and when each is created, a pure function of *seed* and the templates' names.

        *epoch* is the instant of second 0, for profiles.
        """
        starts: Iterable[float] = self._starts(seed, since_monday_s(epoch))
        if self.until_s is not None:
            latest = self.until_s
            starts = takewhile(lambda time_s: time_s <= latest, starts)
        times = list(islice(self._bursts(seed, starts), self.count))
        times = sorted(time_s for time_s in times if self.until_s is None or time_s <= self.until_s)
        self._check_names(len(times))
        makers = {template.name: _maker(template) for template in self.templates}
        return [
            ScheduledTuningJob(makers[template.name](f"{template.name}-{number}"), time_s)
            for number, (time_s, template) in enumerate(zip(times, self._drawn(seed, len(times)), strict=True), 1)
        ]

    def _starts(self, seed: int, monday_s: float) -> Iterator[float]:
        """When bursts begin."""
        pattern = self.interarrival_s
        if isinstance(pattern, Times):
            return (self.start_s + time_s for time_s in pattern.times_s)
        stream = _stream(seed, f"arrivals/{self.name}")
        if isinstance(pattern, Profile):
            return pattern.times(self.start_s, monday_s, (-math.log1p(-uniform) for uniform in stream))
        return (self.start_s + time_s for time_s in accumulate(_gaps(pattern, stream)))

    def _bursts(self, seed: int, starts: Iterable[float]) -> Iterator[float]:
        gaps = _gaps(self.batch_gap_s, _stream(seed, f"arrivals/{self.name}/batch"))
        for start_s in starts:
            yield from accumulate(islice(gaps, self.batch - 1), initial=start_s)

    def _drawn(self, seed: int, count: int) -> Iterator[TuningJobSpec]:
        """Which template each of *count* tuning jobs is like."""
        if len(self.templates) == 1:
            return (self.templates[0] for _ in range(count))
        weights = self.weights or (1,) * len(self.templates)
        bounds = list(accumulate(weight / sum(weights) for weight in weights))
        last = max(place for place, weight in enumerate(weights) if weight)
        return (
            self.templates[min(sum(uniform >= bound for bound in bounds), last)]
            for uniform in islice(_stream(seed, f"arrivals/{self.name}/mix"), count)
        )


def _maker(template: TuningJobSpec) -> Callable[[str], TuningJobSpec]:
    """Makes tuning jobs like *template* by their names: attrs.evolve, with its preparations made once."""
    fields = attrs.asdict(template, recurse=False)
    request = fields.pop("request")

    def named(name: str) -> TuningJobSpec:
        own = request and {**request, "HyperParameterTuningJobName": name}
        return TuningJobSpec(**{**fields, "name": name, "request": own})

    return named


def _stream(seed: int, name: str) -> Iterator[float]:
    """Uniform numbers without end, a pure function of the stream's name."""
    block = 0
    while True:
        yield from uniforms(seed, name, block)
        block += 1


def _gaps(duration: Duration, stream: Iterator[float]) -> Iterator[float]:
    if isinstance(duration, (int, float)):
        return (duration for _ in stream)
    return (float(duration.ppf(uniform)) for uniform in stream)


def scheduled(
    jobs: Iterable[ScheduledTuningJob], arrivals: Iterable[Arrivals], seed: int, epoch: str
) -> tuple[ScheduledTuningJob, ...]:
    """*jobs* and what *arrivals* bring under *seed*, in order of time; at one instant, in the order given here."""
    streams = [sorted(jobs, key=_at), *(one.jobs(seed, epoch) for one in arrivals)]
    return tuple(merge(*streams, key=_at))


def _at(job: ScheduledTuningJob) -> float:
    return job.at_s
