"""Workloads: tuning jobs at given times, and tuning jobs that arrive over time, drawn from named streams.

Each `Arrivals` has streams of its own, named by its template, so adding one disturbs no other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import accumulate, islice, takewhile
from typing import Any

import attrs

from hptsim.errors import invalid
from hptsim.model.instants import since_monday_s
from hptsim.model.specs import TUNING_JOB_NAME_LENGTH, TuningJobSpec
from hptsim.model.validators import at_least, converted, in_order, string, whole
from hptsim.scenario.arrival_patterns import GAPS, HOUR_S, Profile, Times, are_amounts
from hptsim.scenario.cloud import Faults, Recorded
from hptsim.scenario.durations import Duration, as_duration, from_data, mean
from hptsim.scenario.random_streams import sequence
from hptsim.scenario.reading import built, each


def _spec(given: TuningJobSpec | Mapping[str, Any]) -> TuningJobSpec:
    if isinstance(given, TuningJobSpec):
        return given
    return TuningJobSpec.from_request(given)


def _faults(given: Faults | Mapping[str, Any] | None) -> Faults | None:
    return None if given is None else built(Faults, "faults", given)


def _recorded(given: Iterable[Recorded | Mapping[str, Any]]) -> tuple[Recorded, ...]:
    if given == ():
        return ()
    return each("recorded", given, lambda where, one, folder: built(Recorded, where, one))


@attrs.frozen
class ScheduledTuningJob:
    """A tuning job that is created *at_s* seconds after the epoch and, unless *stop_at_s* is None, stopped then.

    *faults* are its own, in place of the scenario's; *recorded* says what its training jobs took, in order of launch.
    *template* names the template of which arrivals made it a copy.
    """

    spec: TuningJobSpec = attrs.field(converter=_spec)
    at_s: float = attrs.field(default=0.0, validator=at_least(0))
    stop_at_s: float | None = attrs.field(default=None, validator=at_least(0))
    faults: Faults | None = attrs.field(default=None, converter=_faults)
    recorded: tuple[Recorded, ...] = attrs.field(default=(), converter=_recorded)
    template: str = attrs.field(default="", validator=string(empty=True))

    def __attrs_post_init__(self) -> None:
        if self.stop_at_s is not None and self.stop_at_s < self.at_s:
            raise invalid("stop_at_s", self.stop_at_s, f"a time that is not before at_s ({self.at_s:g})")


Template = TuningJobSpec | Mapping[str, Any]
"""What tuning jobs are like: a spec, or the service's own request as a dict."""


def _gap(given: Any, field: attrs.Attribute[Any]) -> Any:
    return from_data(field.name, given, GAPS)


def _templates(given: Template | Iterable[Template]) -> tuple[TuningJobSpec, ...]:
    several = [given] if isinstance(given, (TuningJobSpec, Mapping)) or not isinstance(given, Iterable) else given
    specs = [TuningJobSpec.from_request(one) if isinstance(one, Mapping) else one for one in several]
    for one in specs:
        if not isinstance(one, TuningJobSpec):
            raise invalid("template", one, "a TuningJobSpec or a CreateHyperParameterTuningJob request, or several")
    return tuple(specs)


@attrs.frozen
class Arrivals:
    """Tuning jobs that are copies of *template* and named after it: *count* of them, or as many as come until *until_s*.

    *interarrival_s* is the time between two of them: exponential gaps are a Poisson process, a number is a fixed interval,
    `Empirical` takes what was observed; or a `Profile` or `Times`. The first comes after the first gap from *start_s*.
    Each time *batch* of them come, a burst, with *batch_gap_s* between them. Several templates are a mix, drawn with
    *weights*, equal ones unless said otherwise.

    >>> arrivals = Arrivals(TuningJobSpec("nightly"), 3600, count=3)
    >>> [(job.spec.name, job.at_s) for job in arrivals.jobs(seed=0)]
    [('nightly-1', 3600.0), ('nightly-2', 7200.0), ('nightly-3', 10800.0)]
    """

    templates: tuple[TuningJobSpec, ...] = attrs.field(converter=_templates, alias="template")
    interarrival_s: Duration | Profile | Times = converted(_gap)
    count: int | None = attrs.field(default=None, validator=whole(1))
    until_s: float | None = attrs.field(default=None, validator=at_least(0))
    start_s: float = attrs.field(default=0.0, validator=at_least(0))
    batch: int = attrs.field(default=1, validator=whole(1))
    batch_gap_s: Duration = converted(as_duration, 0.0)
    weights: tuple[float, ...] = attrs.field(default=(), converter=in_order)

    @weights.validator
    def _shares(self, attribute: attrs.Attribute[Any], weights: Any) -> None:
        if weights != () and not (are_amounts(weights) and 0 < max(weights) * len(weights) < math.inf):
            raise invalid("weights", weights, "a list of numbers of 0 or more, not all of them 0")

    def __attrs_post_init__(self) -> None:
        if not self.templates:
            raise invalid("template", [], "at least one tuning job")
        if self.count is None and self.until_s is None and not isinstance(self.interarrival_s, Times):
            raise invalid("count", None, "a number of tuning jobs, or until_s, the time of the last")
        if self.count is None and self.per_hour == math.inf:
            raise invalid("interarrival_s", self.interarrival_s, "a mean above 0, for without count they never end")
        if self.weights and len(self.weights) != len(self.templates):
            raise invalid("weights", len(self.weights), f"one for each of {len(self.templates)} templates")
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
        return self.batch * HOUR_S / gap_s if gap_s else math.inf

    @property
    def expected(self) -> float:
        """How many tuning jobs are expected to come.

        >>> Arrivals(TuningJobSpec("a"), 1800, until_s=7200).expected
        4.0
        """
        known = [float(self.count)] if self.count is not None else []
        if isinstance(self.interarrival_s, Times):
            known.append(float(len(self.interarrival_s.times_s) * self.batch))
        if self.until_s is not None:
            known.append(max(0.0, self.until_s - self.start_s) / HOUR_S * self.per_hour)
        return min(known)

    @property
    def hours(self) -> float:
        """Through how many hours of a profile one goes until they have come; 0 for other patterns."""
        if not isinstance(self.interarrival_s, Profile):
            return 0.0
        known = [] if self.until_s is None else [max(0.0, self.until_s - self.start_s) / HOUR_S]
        return min([*known, self.expected / self.per_hour if self.per_hour else math.inf])

    def jobs(self, seed: int, epoch: str = "2024-01-01T00:00:00Z") -> list[ScheduledTuningJob]:
        """The tuning jobs and when each is created, a pure function of *seed* and the templates' names.

        *epoch* is the instant of second 0, for profiles.
        """
        return [
            ScheduledTuningJob(template.renamed(name), time_s, template=template.name)
            for name, time_s, template in self.drawn(seed, epoch)
        ]

    def drawn(self, seed: int, epoch: str = "2024-01-01T00:00:00Z") -> Iterator[tuple[str, float, TuningJobSpec]]:
        """What `jobs` are made of: the name of each, when it is created, and its template."""
        starts: Iterable[float] = self._starts(seed, since_monday_s(epoch))
        if self.until_s is not None:
            latest = self.until_s
            starts = takewhile(lambda time_s: time_s <= latest, starts)
        times = list(islice(self._bursts(seed, starts), self.count))
        times = sorted(time_s for time_s in times if self.until_s is None or time_s <= self.until_s)
        self._check_names(len(times))
        for number, (time_s, template) in enumerate(zip(times, self._mixed(seed, len(times)), strict=True), 1):
            yield f"{template.name}-{number}", time_s, template

    def _starts(self, seed: int, monday_s: float) -> Iterator[float]:
        """When bursts begin."""
        pattern = self.interarrival_s
        if isinstance(pattern, Times):
            return (self.start_s + time_s for time_s in pattern.times_s)
        stream = sequence(seed, f"arrivals/{self.name}")
        if isinstance(pattern, Profile):
            return pattern.times(self.start_s, monday_s, (-math.log1p(-uniform) for uniform in stream))
        return (self.start_s + time_s for time_s in accumulate(_gaps(pattern, stream)))

    def _bursts(self, seed: int, starts: Iterable[float]) -> Iterator[float]:
        gaps = _gaps(self.batch_gap_s, sequence(seed, f"arrivals/{self.name}/batch"))
        for start_s in starts:
            yield from accumulate(islice(gaps, self.batch - 1), initial=start_s)

    def _mixed(self, seed: int, count: int) -> Iterator[TuningJobSpec]:
        """Which template each of *count* tuning jobs is like."""
        if len(self.templates) == 1:
            return (self.templates[0] for _ in range(count))
        weights = self.weights or (1,) * len(self.templates)
        total = math.fsum(weights)
        bounds = list(accumulate(weight / total for weight in weights))
        last = max(place for place, weight in enumerate(weights) if weight)
        return (
            self.templates[min(sum(uniform >= bound for bound in bounds), last)]
            for uniform in islice(sequence(seed, f"arrivals/{self.name}/mix"), count)
        )


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
