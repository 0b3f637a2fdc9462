"""What is simulated: frozen, validated inputs with units, read from and written to TOML and JSON.

A file's mistakes are errors that name the file, the line, the key and the nearest valid spelling.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from hptsim import curves, durations
from hptsim.assumptions import Assumptions
from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.extras import require
from hptsim.ledger import TOTAL
from hptsim.model import ServiceLimits, TuningJobSpec, at_least, whole
from hptsim.nature import Faults, Script, Timings
from hptsim.request import to_request
from hptsim.world import Account


@attrs.frozen
class ScheduledTuningJob:
    """A tuning job that is created *at_s* seconds after the epoch and, unless *stop_at_s* is None, stopped then.

    *faults* are its own, in place of the scenario's.
    """

    spec: TuningJobSpec
    at_s: float = attrs.field(default=0.0, validator=at_least(0))
    stop_at_s: float | None = attrs.field(default=None, validator=at_least(0))
    faults: Faults | None = None

    def __attrs_post_init__(self) -> None:
        if self.stop_at_s is not None and self.stop_at_s < self.at_s:
            raise invalid("stop_at_s", self.stop_at_s, f"a time that is not before at_s ({self.at_s:g})")


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


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _instant(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise invalid(attribute.name, value, "an instant with its time zone, like 2024-01-01T00:00:00Z")


@attrs.frozen
class Scenario:
    """An account, what it is asked to do, and what the cloud is like.

    *capacity* maps instance types to counts; a type that is not named is unlimited. *epoch* is the instant of second 0.

    >>> Scenario(capacity={"ml.m5.xlarge": 4}).account.capacity
    {'ml.m5.xlarge': 4}
    """

    name: str = attrs.field(default="scenario", validator=_text)
    capacity: Mapping[str, int] = attrs.field(factory=dict, validator=_by_type("instances", whole(0)))
    total_instances: int | None = attrs.field(default=None, validator=whole(0))
    tuning_jobs: tuple[ScheduledTuningJob, ...] = ()
    timings: Timings = attrs.field(factory=Timings)
    faults: Faults = attrs.field(factory=Faults)
    script: Script = attrs.field(factory=Script)
    assumptions: Assumptions = attrs.field(factory=Assumptions)
    limits: ServiceLimits = attrs.field(factory=ServiceLimits)
    until_s: float | None = attrs.field(default=None, validator=at_least(0))
    epoch: str = attrs.field(default="2024-01-01T00:00:00Z", validator=_instant)
    prices_usd_per_hour: Mapping[str, float] = attrs.field(factory=dict, validator=_by_type("prices", at_least(0)))

    @property
    def account(self) -> Account:
        """The account as the world needs it."""
        total = {} if self.total_instances is None else {TOTAL: self.total_instances}
        return Account({**self.capacity, **total}, self.limits, self.assumptions)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], folder: Path | None = None) -> Scenario:
        """A scenario from plain data, as files hold it; `request` texts are paths below *folder*.

        >>> Scenario.from_dict({"capcity": {}})
        Traceback (most recent call last):
        ...
        hptsim.errors.InvalidInput: capcity: got 'capcity', expected a key of a scenario; did you mean 'capacity'?
        """
        _known("", plain, cls)
        values = dict(plain)
        jobs = values.pop("tuning_jobs", [])
        if not isinstance(jobs, list):
            raise invalid("tuning_jobs", jobs, "a list")
        values["tuning_jobs"] = tuple(_job(f"tuning_jobs[{i}]", job, folder) for i, job in enumerate(jobs))
        for name, shape in _PARTS.items():
            if name in values:
                values[name] = shape(name, values[name])
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` reads back to an equal scenario; what has its default value is left out."""
        plain: dict[str, Any] = {}
        for field in attrs.fields(Scenario):
            value, default = getattr(self, field.name), getattr(_DEFAULT, field.name)
            if value == default:
                continue
            if field.name == "tuning_jobs":
                plain["tuning_jobs"] = [_job_to_plain(job) for job in value]
            elif field.name == "limits":
                plain["limits"] = _without_none(attrs.asdict(value)) or "none"
            elif attrs.has(type(value)):
                plain[field.name] = _part_to_plain(value)
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
            raise InvalidInput("ValidationException", f"{path}:{line}: {error}") from error
        try:
            if not isinstance(plain, dict):
                raise invalid("scenario", plain, "a table of keys")
            if "HyperParameterTuningJobName" in plain:
                spec = TuningJobSpec.from_request(plain)
                return cls(spec.name, tuning_jobs=(ScheduledTuningJob(spec),), timings=Timings.typical())
            return cls.from_dict(plain, where.parent)
        except InvalidInput as error:
            raise attrs.evolve(error, message=f"{path}:{_line_of(text, error.message)}: {error.message}") from None

    def dump(self, path: str | Path) -> None:
        """Write the scenario as TOML or JSON, by the file's ending; `load` reads an equal one."""
        where = Path(path)
        if where.suffix == ".toml":
            where.write_text(require("tomli_w", "cli", "writing TOML").dumps(self.to_dict()), encoding="utf-8")
        else:
            where.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")


def _known(where: str, plain: Any, cls: type[Any], more: tuple[str, ...] = ()) -> None:
    names = [field.name for field in attrs.fields(cls)] + list(more)
    kind = "a scenario" if cls is Scenario else where
    if not isinstance(plain, Mapping):
        raise invalid(where, plain, "a table of keys")
    for name in plain:
        if name not in names:
            path = f"{where}.{name}" if where else str(name)
            raise invalid(path, name, f"a key of {kind}", nearest(str(name), names))


def _part(cls: type[Any]) -> Any:
    def read(where: str, plain: Any) -> Any:
        more = ("preset",) if cls is Timings else ()
        _known(where, plain, cls, more)
        values = dict(plain)
        base = cls()
        if "preset" in values:
            preset = values.pop("preset")
            if preset not in ("instant", "typical"):
                raise invalid(
                    f"{where}.preset", preset, "instant or typical", nearest(str(preset), ["instant", "typical"])
                )
            base = getattr(Timings, preset)()
        for name, value in values.items():
            if name.endswith("_s"):
                values[name] = durations.from_plain(f"{where}.{name}", value)
            elif name == "curve":
                values[name] = curves.from_plain(f"{where}.{name}", value)
        with _below(where):
            return attrs.evolve(base, **values)

    return read


@contextmanager
def _below(where: str) -> Iterator[None]:
    """What is wrong inside is wrong below the key *where*."""
    try:
        yield
    except InvalidInput as error:
        message = error.message if error.message.startswith(where) else f"{where}.{error.message}"
        raise attrs.evolve(error, message=message) from None


def _limits(where: str, plain: Any) -> ServiceLimits:
    if plain == "service":
        return ServiceLimits()
    nothing = ServiceLimits(None, None, None)
    if plain == "none":
        return nothing
    if isinstance(plain, str):
        raise invalid(where, plain, "service, none or a table", nearest(plain, ["service", "none"]))
    _known(where, plain, ServiceLimits)
    with _below(where):
        return attrs.evolve(nothing, **plain)


_PARTS: Mapping[str, Any] = {
    "timings": _part(Timings),
    "faults": _part(Faults),
    "script": _part(Script),
    "assumptions": _part(Assumptions),
    "limits": _limits,
}


def _job(where: str, plain: Any, folder: Path | None) -> ScheduledTuningJob:
    _known(where, plain, _JobKeys)
    request = plain.get("request")
    if isinstance(request, str):
        file = (folder or Path()) / request
        try:
            request = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise invalid(f"{where}.request", str(file), "a JSON file with a request", str(error)) from error
    if not isinstance(request, Mapping):
        raise invalid(f"{where}.request", request, "a CreateHyperParameterTuningJob request or the path of one")
    priority = plain.get("priority", 0)
    if isinstance(priority, bool) or not isinstance(priority, int):
        raise invalid(f"{where}.priority", priority, "a whole number")
    with _below(where):
        spec = TuningJobSpec.from_request(request, priority=priority)
        times = {name: plain[name] for name in ("at_s", "stop_at_s") if name in plain}
        faults = _PARTS["faults"](f"{where}.faults", plain["faults"]) if "faults" in plain else None
        return ScheduledTuningJob(spec, faults=faults, **times)


@attrs.frozen
class _JobKeys:
    """The keys of one tuning job in a file."""

    request: Any
    at_s: Any
    stop_at_s: Any
    priority: Any
    faults: Any


def _job_to_plain(job: ScheduledTuningJob) -> dict[str, Any]:
    plain = {"at_s": job.at_s, "stop_at_s": job.stop_at_s, "request": to_request(job.spec)}
    if job.spec.priority:
        plain["priority"] = job.spec.priority
    if job.faults is not None:
        plain["faults"] = _part_to_plain(job.faults)
    return _without_none(plain)


def _part_to_plain(part: Any) -> dict[str, Any]:
    values = {field.name: getattr(part, field.name) for field in attrs.fields(type(part))}
    for name, value in values.items():
        if value is not None and name.endswith("_s"):
            values[name] = durations.to_plain(value)
        elif value is not None and name == "curve":
            values[name] = curves.to_plain(value)
    return _without_none(values)


def _without_none(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plain.items() if value is not None}


_DEFAULT = Scenario()


def _line_of(text: str, message: str) -> int:
    """The line of the key that *message* is about: its last name, the n-th time where a list says the n-th."""
    path = message.partition(":")[0]
    ordinal = int(next(iter(re.findall(r"\[(\d+)\]", path)), "0"))
    names = [name for name in re.split(r"[.\[\]\d]*\.|\[\d+\]", path) if name]
    names += [path.split(".", dots)[-1] for dots in range(path.count("."), 0, -1)]  # a key may hold dots itself
    for name in reversed(names):
        key = re.escape(name)
        pattern = rf'(?m)^[^#\n]*?(?:"{key}"\s*[:=\]]|(?<![\w.]){key}\s*=|\[[^\]\n]*\b{key}\])'
        lines = [text.count("\n", 0, found.end()) + 1 for found in re.finditer(pattern, text)]
        if lines:
            return lines[min(ordinal, len(lines) - 1)]
    return 1
