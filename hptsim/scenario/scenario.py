"""What is simulated: frozen, validated inputs with units, read from and written to TOML and JSON.

A file's mistakes are errors that name the file, the line, the key and the nearest valid spelling.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from hptsim.errors import InvalidInput, invalid
from hptsim.model.account import TOTAL, Account
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ServiceLimits
from hptsim.model.instants import check_instant
from hptsim.model.specs import TuningJobSpec
from hptsim.model.validators import at_least, whole
from hptsim.optional import require
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.coverage import check_spec
from hptsim.scenario.files import (
    PARTS,
    arrivals,
    arrivals_to_plain,
    each,
    job,
    job_to_plain,
    known,
    line_of,
    names,
    part_to_plain,
    prices,
    without_none,
)
from hptsim.scenario.prices import Prices
from hptsim.scenario.workload import Arrivals, scheduled
from hptsim.scenario.workload import ScheduledTuningJob as ScheduledTuningJob


def _by_type(what: str, check: Any) -> Any:
    """A validator for numbers by instance type, each of which *check* takes."""

    def inside(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, Mapping):
            raise invalid(attribute.name, value, f"a table of {what} by instance type")
        for name, number in value.items():
            one = attribute.evolve(name=f"{attribute.name}.{name}")
            if number is None:
                raise invalid(one.name, number, "a number")
            check(instance, one, number)

    return inside


def _text(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, str):
        raise invalid(attribute.name, value, "a text")


def _instant(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    check_instant(attribute.name, value)


def _scheduled(jobs: Iterable[ScheduledTuningJob]) -> tuple[ScheduledTuningJob, ...]:
    return tuple(jobs)


def _arriving(arrivals: Iterable[Arrivals]) -> tuple[Arrivals, ...]:
    return tuple(arrivals)


@attrs.frozen
class Scenario:
    """An account, what it is asked to do, and what the cloud is like.

    *capacity* maps instance types to counts; a type that is not named is unlimited. *epoch* is the instant of second 0.
    Besides its *tuning_jobs* come those that *arrivals* bring, and then requests wait for quota rather than being refused,
    unless the assumptions say which `admission`.

    >>> Scenario(capacity={"ml.m5.xlarge": 4}).account.capacity
    {'ml.m5.xlarge': 4}
    """

    name: str = attrs.field(default="scenario", validator=_text)
    capacity: Mapping[str, int] = attrs.field(factory=dict, validator=_by_type("instances", whole(0)))
    total_instances: int | None = attrs.field(default=None, validator=whole(0))
    tuning_jobs: tuple[ScheduledTuningJob, ...] = attrs.field(default=(), converter=_scheduled)
    arrivals: tuple[Arrivals, ...] = attrs.field(default=(), converter=_arriving)
    timings: Timings = attrs.field(factory=Timings)
    faults: Faults = attrs.field(factory=Faults)
    script: Script = attrs.field(factory=Script)
    assumptions: Assumptions = attrs.field(factory=Assumptions)
    limits: ServiceLimits = attrs.field(factory=ServiceLimits)
    until_s: float | None = attrs.field(default=None, validator=at_least(0))
    epoch: str = attrs.field(default="2024-01-01T00:00:00Z", validator=_instant)
    prices_usd_per_hour: Mapping[str, float] = attrs.field(factory=dict, validator=_by_type("prices", at_least(0)))
    warm_pool_capacity: Mapping[str, int] = attrs.field(factory=dict, validator=_by_type("instances", whole(0)))
    spot_prices_usd_per_hour: Mapping[str, float] = attrs.field(factory=dict, validator=_by_type("prices", at_least(0)))
    prices: Prices | None = None
    """A table of prices in place of the package's own; the two fields above come before it."""

    @arrivals.validator
    def _streams(self, attribute: attrs.Attribute[Any], value: tuple[Arrivals, ...]) -> None:
        known_names: set[str] = set()
        for place, one in enumerate(value):
            for template in one.templates:
                if template.name in known_names:
                    raise invalid(f"arrivals[{place}].request", template.name, "a name that no other arrivals have")
                known_names.add(template.name)

    def __attrs_post_init__(self) -> None:
        judged: set[tuple[int, ...]] = set()
        templates = (template for one in self.arrivals for template in one.templates)
        for spec in (*(one.spec for one in self.tuning_jobs), *templates):
            alike = (
                id(spec.definitions),
                id(spec.ranges),
                id(spec.strategy),
            )  # arrivals share these with their template
            if alike not in judged:
                judged.add(alike)
                check_spec(self.timings, self.script, spec)

    @property
    def account(self) -> Account:
        """The account as the world needs it, with the admission that the scenario means."""
        total = {} if self.total_instances is None else {TOTAL: self.total_instances}
        admission = self.assumptions.admission or ("queue" if self.arrivals else "reject")
        assumptions = attrs.evolve(self.assumptions, admission=admission)
        return Account({**self.capacity, **total}, self.limits, assumptions, self.warm_pool_capacity)

    @property
    def price_list(self) -> Prices:
        """The prices that hold: the scenario's own before those of its table, or of the package's."""
        return (self.prices or Prices.packaged()).with_own(self.prices_usd_per_hour, self.spot_prices_usd_per_hour)

    def drawn(self, seed: int = 0) -> Scenario:
        """The scenario with the tuning jobs that its arrivals bring under *seed*, in order of time, in their place.

        >>> from hptsim.scenario import Exponential
        >>> nightly = Arrivals(TuningJobSpec("nightly"), Exponential(3600), count=2)
        >>> [f"{one.spec.name} at {one.at_s:.0f} s" for one in Scenario(arrivals=[nightly]).drawn(seed=1).tuning_jobs]
        ['nightly-1 at 550 s', 'nightly-2 at 2679 s']
        """
        if not self.arrivals:
            return self
        jobs = scheduled(self.tuning_jobs, self.arrivals, seed, self.epoch)
        return attrs.evolve(self, tuning_jobs=jobs, arrivals=(), assumptions=self.account.assumptions)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], folder: Path | None = None) -> Scenario:
        """A scenario from plain data, as files hold it; `request` texts are paths below *folder*.

        >>> Scenario.from_dict({"capcity": {}})
        Traceback (most recent call last):
        ...
        hptsim.errors.InvalidInput: capcity: got 'capcity', expected a key of a scenario; did you mean 'capacity'?
        """
        known("", plain, names(cls), "a scenario")
        values = dict(plain)
        for name, read in (("tuning_jobs", job), ("arrivals", arrivals)):
            if name in values:
                values[name] = each(name, values[name], read, folder)
        for name, shape in PARTS.items():
            if name in values:
                values[name] = shape(name, values[name])
        if "prices" in values:
            values["prices"] = prices(values["prices"], folder)
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` reads back to an equal scenario; what has its default value is left out."""
        plain: dict[str, Any] = {}
        for field in attrs.fields(Scenario):
            value, default = getattr(self, field.name), getattr(_DEFAULT, field.name)
            if value == default:
                continue
            if field.name == "tuning_jobs":
                plain["tuning_jobs"] = [job_to_plain(one) for one in value]
            elif field.name == "arrivals":
                plain["arrivals"] = [arrivals_to_plain(one) for one in value]
            elif field.name == "limits":
                plain["limits"] = without_none(attrs.asdict(value)) or "none"
            elif attrs.has(type(value)):
                plain[field.name] = part_to_plain(value)
            else:
                plain[field.name] = dict(value) if isinstance(value, Mapping) else value
        return plain

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """Read a TOML or JSON scenario, or a bare CreateHyperParameterTuningJob request in JSON (typical timings).

        Raises InvalidInput that names file and line.
        """
        where = Path(path)
        try:
            text = where.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise invalid(str(path), str(error), "a readable scenario file") from error
        try:
            plain = tomllib.loads(text) if where.suffix == ".toml" else json.loads(text)
        except ValueError as error:
            line = getattr(error, "lineno", None) or next(iter(re.findall(r"line (\d+)", str(error))), 1)
            raise InvalidInput(f"{path}:{line}: {error}") from error
        try:
            if not isinstance(plain, dict):
                raise invalid("scenario", plain, "a table of keys")
            if "HyperParameterTuningJobName" in plain:
                spec = TuningJobSpec.from_request(plain)
                return cls(spec.name, tuning_jobs=(ScheduledTuningJob(spec),), timings=Timings.typical())
            return cls.from_dict(plain, where.parent)
        except InvalidInput as error:
            raise attrs.evolve(error, message=f"{path}:{line_of(text, error.message)}: {error.message}") from None

    def dump(self, path: str | Path) -> None:
        """Write the scenario as TOML or JSON, by the file's ending; `load` reads an equal one."""
        where = Path(path)
        if where.suffix == ".toml":
            where.write_text(require("tomli_w", "cli", "writing TOML").dumps(self.to_dict()), encoding="utf-8")
        else:
            where.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")


_DEFAULT = Scenario()
