"""What is simulated: frozen, validated inputs with units, read from and written to TOML and JSON.

A file's mistakes are errors that name the file, the line, the key and the nearest valid spelling.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from hptsim.errors import InvalidInput, invalid
from hptsim.model.account import OTHERS, TOTAL, Account
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ServiceLimits
from hptsim.model.instants import check_instant
from hptsim.model.specs import TuningJobSpec
from hptsim.model.teams import DISCIPLINES_OF_TEAMS, Teams
from hptsim.model.validators import at_least, check_data, converted, table, whole
from hptsim.optional import require
from hptsim.scenario import durations, files
from hptsim.scenario.answers import InjectedAnswer, Rate, injected_answers, rates_to_data, request_rates
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.coverage import check_spec
from hptsim.scenario.estimate import Circumstances, Estimate, estimate
from hptsim.scenario.lines import line_of
from hptsim.scenario.prices import Prices
from hptsim.scenario.reading import built, known, names, parse, read_text
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob, scheduled
from hptsim.scenario.writing import arrivals_to_data, job_to_data, part_to_data, without_none

_COUNTS = table(whole(0), "instances by instance type")
_PRICES = table(at_least(0), "prices by instance type")
MOST_ENTRIES = 100_000_000
"""A scenario may be expected to write at most this many journal entries, unless it says otherwise."""


def _printable(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, str) or not value.isprintable():
        raise invalid(attribute.name, value, "a string without control characters")


def _instant(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    check_instant(attribute.name, value)


def _part(given: Any, field: attrs.Attribute[Any]) -> Any:
    """A part of a scenario: itself, or a table of its keys as files have it."""
    return built(_PARTS[field.name], field.name, given)


def _assumptions(given: Any, field: attrs.Attribute[Any]) -> Assumptions:
    """The switches, with a lag that is a duration."""
    part = built(Assumptions, field.name, given)
    if part.read_lag_s is None:
        return part
    return attrs.evolve(part, read_lag_s=durations.from_data("assumptions.read_lag_s", part.read_lag_s))


_PARTS: Mapping[str, type[Any]] = {"faults": Faults, "script": Script, "teams": Teams}


@attrs.frozen
class Scenario:
    """An account, what it is asked to do, and what the cloud is like.

    *capacity* and *warm_pool_capacity* map instance types to counts; a type that is not named has the count of "*", and
    without one it is unlimited. *timings* are typical ones (`Timings.typical`), so that launches and stops take their time;
    "instant" makes all of it zero but the training, for theory. *epoch* is the instant of second 0.
    Besides its *tuning_jobs* come those that *arrivals* bring, and then requests wait for quota rather than being refused,
    unless the assumptions say which `admission`.

    Every field takes what a file has for its key besides its own class: `limits="none"`, `timings="instant"`.
    Raises InvalidInput with the key, also for durations and curves that do not cover what its tuning jobs can draw.

    >>> Scenario(capacity={"ml.m5.xlarge": 4}).account.capacity
    {'ml.m5.xlarge': 4}
    >>> Scenario(limits="none").limits.parallel is None, Scenario().timings == Timings.typical()
    (True, True)
    """

    name: str = attrs.field(default="scenario", validator=_printable)
    capacity: Mapping[str, int] = attrs.field(factory=dict, validator=_COUNTS)
    total_instances: int | None = attrs.field(default=None, validator=whole(0))
    tuning_jobs: tuple[ScheduledTuningJob, ...] = attrs.field(default=(), converter=files.jobs)
    arrivals: tuple[Arrivals, ...] = attrs.field(default=(), converter=files.arrivals)
    timings: Timings = attrs.field(factory=Timings.typical, converter=files.timings)
    faults: Faults = converted(_part, factory=Faults)
    script: Script = converted(_part, factory=Script)
    assumptions: Assumptions = converted(_assumptions, factory=Assumptions)
    limits: ServiceLimits = attrs.field(factory=ServiceLimits, converter=files.limits)
    until_s: float | None = attrs.field(default=None, validator=at_least(0))
    epoch: str = attrs.field(default="2024-01-01T00:00:00Z", validator=_instant)
    prices_usd_per_hour: Mapping[str, float] = attrs.field(factory=dict, validator=_PRICES)
    warm_pool_capacity: Mapping[str, int] = attrs.field(factory=dict, validator=_COUNTS)
    spot_prices_usd_per_hour: Mapping[str, float] = attrs.field(factory=dict, validator=_PRICES)
    prices: Prices | None = attrs.field(default=None, converter=files.prices)
    """A table of prices in place of the package's own; the two fields above come before it."""
    request_rates: Mapping[str, Rate] = attrs.field(factory=dict, converter=request_rates)
    """How many requests an account may make, by operation: "none", "service", or a table (O14)."""
    answers: tuple[InjectedAnswer, ...] = attrs.field(default=(), converter=injected_answers)
    """What becomes of a share of the requests in place of the ordinary answer."""
    max_entries: int = attrs.field(default=MOST_ENTRIES, validator=whole(1))
    """What is expected to write more journal entries than this is refused before it runs."""
    teams: Teams = converted(_part, factory=Teams)
    """Who shares the account: for the disciplines "fair-share" and "quota-shares"."""

    @arrivals.validator
    def _streams(self, attribute: attrs.Attribute[Any], value: tuple[Arrivals, ...]) -> None:
        known_names: set[str] = set()
        for place, one in enumerate(value):
            for template in one.templates:
                if template.name in known_names:
                    raise invalid(f"arrivals[{place}].request", template.name, "a name that no other arrivals have")
                known_names.add(template.name)

    def __attrs_post_init__(self) -> None:
        discipline = self.assumptions.discipline
        self.teams.check(discipline, self.capacity)
        checked: set[tuple[int, ...]] = set()
        templates = (template for one in self.arrivals for template in one.templates)
        for spec in (*(one.spec for one in self.tuning_jobs), *templates):
            if discipline in DISCIPLINES_OF_TEAMS and (
                wrong := self.teams.unknown(self.teams.of(spec.team, spec.request))
            ):
                raise InvalidInput(f"{self._key_of(spec)}: tuning job {spec.name}: {wrong}")
            shared = (
                id(spec.definitions),
                id(spec.ranges),
                id(spec.strategy),
            )  # arrivals share these with their template
            if shared not in checked:
                checked.add(shared)
                check_spec(self.timings, self.script, spec)

    def _key_of(self, spec: TuningJobSpec) -> str:
        """The key of the scenario below which a tuning job, or a template, stands."""
        specs = ((f"tuning_jobs[{place}]", (one.spec,)) for place, one in enumerate(self.tuning_jobs))
        templates = ((f"arrivals[{place}]", one.templates) for place, one in enumerate(self.arrivals))
        return next(key for key, found in (*specs, *templates) if any(one is spec for one in found))

    @property
    def account(self) -> Account:
        """The account as the world needs it, with the admission that the scenario means."""
        total = {} if self.total_instances is None else {TOTAL: self.total_instances}
        admission = self.assumptions.admission or ("queue" if self.arrivals else "reject")
        assumptions = attrs.evolve(self.assumptions, admission=admission, read_lag_s=None)  # the world has no lag
        return Account({**self.capacity, **total}, self.limits, assumptions, self.warm_pool_capacity, self.teams)

    @property
    def price_list(self) -> Prices:
        """The prices that hold: the scenario's own before those of its table, or of the package's."""
        return (self.prices or Prices.packaged()).with_own(self.prices_usd_per_hour, self.spot_prices_usd_per_hour)

    @property
    def instance_types(self) -> set[str]:
        """The types of the instances that its tuning jobs may use."""
        specs = [one.spec for one in self.tuning_jobs]
        specs += [template for one in self.arrivals for template in one.templates]
        different = {id(spec.definitions): spec.definitions for spec in specs}.values()
        requests = [request for all_of in different for one in all_of for request in (one.instances, *one.alternatives)]
        return {kind for request in requests for kind in request.amounts}

    def price_warning(self, now_s: float) -> str:
        """What must be said where costs are shown: that the prices of these jobs are older than a year at *now_s*
        (seconds since 1970); or nothing.

        >>> Scenario().price_warning(2e9)  # no jobs
        ''
        """
        listed = self.instance_types - set(self.prices_usd_per_hour)
        return (self.prices or Prices.packaged()).warning(listed, now_s)

    def estimate(self) -> Estimate:
        """How much work the scenario is expected to be: tuning jobs, training jobs and journal entries.

        >>> Scenario(arrivals=[Arrivals(TuningJobSpec("a"), 1e-9, until_s=3600)]).estimate().tuning_jobs
        3600000000000.0
        """
        around = Circumstances(self.timings, self.faults, self.script, self.limits, self.until_s)
        return estimate(self.tuning_jobs, self.arrivals, around)

    def _check_work(self) -> None:
        """Refuse a scenario that is expected to be more work than `max_entries` (InvalidInput)."""
        work = self.estimate()
        if work.entries > self.max_entries:
            expected = f"{work}, expected at most {self.max_entries:,} journal entries"
            raise InvalidInput(f"max_entries: got {expected}; a larger max_entries, or --yes, lets it run")

    def with_arrivals(self, seed: int = 0) -> Scenario:
        """The scenario with its arrivals replaced by the tuning jobs that arrive under *seed*, in order of time.

        Raises InvalidInput where the whole is expected to be more work than `max_entries`.

        >>> from hptsim.scenario import Exponential
        >>> nightly = Arrivals(TuningJobSpec("nightly"), Exponential(3600), count=2)
        >>> [f"{one.spec.name} at {one.at_s:.0f} s" for one in Scenario(arrivals=[nightly]).with_arrivals(1).tuning_jobs]
        ['nightly-1 at 550 s', 'nightly-2 at 2679 s']
        """
        self._check_work()
        if not self.arrivals:
            return self
        jobs = scheduled(self.tuning_jobs, self.arrivals, seed, self.epoch)
        return attrs.evolve(
            self,
            tuning_jobs=jobs,
            arrivals=(),
            assumptions=attrs.evolve(self.assumptions, admission=self.account.assumptions.admission),
        )

    drawn = with_arrivals
    """The older name of `with_arrivals`."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], folder: Path | None = None) -> Scenario:
        """A scenario from data, as files hold it; a `request` that is a string is a path below *folder*.

        >>> Scenario.from_dict({"capcity": {}})
        Traceback (most recent call last):
        ...
        hptsim.errors.InvalidInput: capcity: got 'capcity', expected a key of a scenario; did you mean 'capacity'?
        """
        known("", data, names(cls), "a scenario")
        check_data("", data)
        values = dict(data)
        for name, read in (("tuning_jobs", files.jobs), ("arrivals", files.arrivals), ("prices", files.prices)):
            if name in values:
                values[name] = read(values[name], folder)
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` reads back to an equal scenario; what has its default value is left out."""
        data: dict[str, Any] = {}
        for field in attrs.fields(Scenario):
            value, default = getattr(self, field.name), getattr(_DEFAULT, field.name)
            if value == default:
                continue
            if field.name == "tuning_jobs":
                data["tuning_jobs"] = [job_to_data(one) for one in value]
            elif field.name == "arrivals":
                data["arrivals"] = [arrivals_to_data(one) for one in value]
            elif field.name == "request_rates":
                data["request_rates"] = rates_to_data(value)
            elif field.name == "answers":
                data["answers"] = [attrs.asdict(one) for one in value]
            elif field.name == "limits":
                data["limits"] = without_none(attrs.asdict(value)) or "none"
            elif field.name == "timings":
                data["timings"] = "instant" if value == Timings.instant() else part_to_data(value)
            elif field.name == "teams":
                data["teams"] = attrs.asdict(value)
            elif attrs.has(type(value)):
                data[field.name] = part_to_data(value)
            else:
                data[field.name] = dict(value) if isinstance(value, Mapping) else value
        return data

    @classmethod
    def load(cls, path: str | Path, **otherwise: Any) -> Scenario:
        """Read a TOML or JSON scenario, or a bare CreateHyperParameterTuningJob request in JSON.

        *otherwise* has the values of keys that the file does not have, in place of their defaults.
        Raises InvalidInput that names file and line.
        """
        where = Path(path)
        text = read_text(where, "a readable scenario file")
        try:
            data = parse(text, toml=where.suffix == ".toml")
        except InvalidInput as error:
            raise InvalidInput(f"{path}:{error.message}") from error
        try:
            if not isinstance(data, dict):
                raise invalid("scenario", data, "a table of keys")
            if "HyperParameterTuningJobName" in data:
                spec = TuningJobSpec.from_request(data)
                return cls(**{**otherwise, "name": spec.name, "tuning_jobs": (ScheduledTuningJob(spec),)})
            return cls.from_dict({**otherwise, **data}, where.parent)
        except InvalidInput as error:
            line = line_of(text, error.message, toml=where.suffix == ".toml")
            raise error.below(f"{path}:{line}: ") from None

    def dump(self, path: str | Path) -> None:
        """Write the scenario as TOML or JSON, by the file's ending; `load` reads an equal one."""
        where = Path(path)
        if where.suffix == ".toml":
            where.write_text(require("tomli_w", "cli", "writing TOML").dumps(self.to_dict()), encoding="utf-8")
        else:
            where.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")


_DEFAULT = Scenario()
SMALL_QUOTA: Mapping[str, int] = {OTHERS: 4}
"""The quota of an account that nobody has described, in pytest's fixture and in `hptsim serve`: four of each instance type."""
