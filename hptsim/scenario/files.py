"""Scenarios as plain data, the way files hold them: parts, tuning jobs and arrivals, read and written back.

What is wrong is named by its key, with the nearest valid spelling; `line_of` finds the key's line in the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from hptsim.errors import InvalidInput, below, invalid, nearest
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ServiceLimits
from hptsim.model.request_writer import to_request
from hptsim.model.search import import_path
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario import configured_durations as configured
from hptsim.scenario import durations
from hptsim.scenario import learning_curves as curves
from hptsim.scenario.cloud import Faults, Recorded, Script, Timings
from hptsim.scenario.prices import Prices
from hptsim.scenario.workload import PATTERNS, Arrivals, ScheduledTuningJob

_JOB_KEYS = ("request", "at_s", "stop_at_s", "priority", "strategy", "faults", "recorded")
_ARRIVAL_KEYS = (
    "request",
    "weights",
    "interarrival_s",
    "count",
    "until_s",
    "start_s",
    "batch",
    "batch_gap_s",
    "priority",
    "strategy",
)
_GAPS = {**durations.KINDS, **PATTERNS}


def names(cls: type[Any]) -> list[str]:
    """The keys of a part of a scenario."""
    return [field.name for field in attrs.fields(cls)]


def known(where: str, plain: Any, keys: Iterable[str], kind: str) -> None:
    """Refuse what is no table, or has a key that *kind* does not have."""
    if not isinstance(plain, Mapping):
        raise invalid(where, plain, "a table of keys")
    for name in plain:
        if name not in keys:
            raise invalid(f"{where}.{name}" if where else str(name), name, f"a key of {kind}", nearest(str(name), keys))


def each(where: str, plain: Any, read: Any, folder: Path | None) -> tuple[Any, ...]:
    """What *read* makes of every table in a list."""
    if not isinstance(plain, list):
        raise invalid(where, plain, "a list")
    return tuple(read(f"{where}[{place}]", one, folder) for place, one in enumerate(plain))


def _part(cls: type[Any]) -> Any:
    def read(where: str, plain: Any) -> Any:
        more = ("preset",) if cls is Timings else ()
        known(where, plain, [*names(cls), *more], where)
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
            if name == "training_s":
                values[name] = configured.from_plain(f"{where}.{name}", value)
            elif name.endswith("_s"):
                values[name] = durations.from_plain(f"{where}.{name}", value)
            elif name == "curve":
                values[name] = curves.from_plain(f"{where}.{name}", value)
        with below(where):
            return attrs.evolve(base, **values)

    return read


def limits(where: str, plain: Any) -> ServiceLimits:
    if plain == "service":
        return ServiceLimits()
    nothing = ServiceLimits(None, None, None)
    if plain == "none":
        return nothing
    if isinstance(plain, str):
        raise invalid(where, plain, "service, none or a table", nearest(plain, ["service", "none"]))
    known(where, plain, names(ServiceLimits), where)
    with below(where):
        return attrs.evolve(nothing, **plain)


PARTS: Mapping[str, Any] = {
    "timings": _part(Timings),
    "faults": _part(Faults),
    "script": _part(Script),
    "assumptions": _part(Assumptions),
    "limits": limits,
}


def job(where: str, plain: Any, folder: Path | None) -> ScheduledTuningJob:
    """A tuning job of a file; its request may be the path of one below *folder*."""
    known(where, plain, _JOB_KEYS, where)
    request, priority = _request(f"{where}.request", plain.get("request"), folder), _priority(where, plain)
    with below(where):
        spec = TuningJobSpec.from_request(request, priority=priority, strategy=_strategy(plain.get("strategy")))
        times = {name: plain[name] for name in ("at_s", "stop_at_s") if name in plain}
        faults = PARTS["faults"](f"{where}.faults", plain["faults"]) if "faults" in plain else None
        recorded = each(f"{where}.recorded", plain.get("recorded", []), _recorded, folder)
        return ScheduledTuningJob(spec, faults=faults, recorded=recorded, **times)


def _recorded(where: str, plain: Any, folder: Path | None) -> Recorded:
    known(where, plain, names(Recorded), where)
    with below(where):
        return Recorded(**plain)


def arrivals(where: str, plain: Any, folder: Path | None) -> Arrivals:
    """Arrivals of a file; several requests are a mix."""
    known(where, plain, _ARRIVAL_KEYS, where)
    given, priority = plain.get("request"), _priority(where, plain)
    requests = [_request(f"{where}.request", one, folder) for one in (given if isinstance(given, list) else [given])]
    values = {name: value for name, value in plain.items() if name not in ("request", "priority", "strategy")}
    if "interarrival_s" not in values:
        raise invalid(f"{where}.interarrival_s", None, "the time between two of them, a profile or times")
    values["interarrival_s"] = durations.from_plain(f"{where}.interarrival_s", values["interarrival_s"], _GAPS)
    if "batch_gap_s" in values:
        values["batch_gap_s"] = durations.from_plain(f"{where}.batch_gap_s", values["batch_gap_s"])
    if not isinstance(values.get("weights", []), list):
        raise invalid(f"{where}.weights", values["weights"], "a list of numbers")
    with below(where):
        strategies = _strategies(plain.get("strategy"), len(requests))
        templates = [
            TuningJobSpec.from_request(one, priority=priority, strategy=strategy)
            for one, strategy in zip(requests, strategies, strict=True)
        ]
        return Arrivals(templates, **values)


def _strategy(given: Any) -> str | None:
    """The strategy that a file names beside the request: one of the service's, or the import path of a user's own."""
    if given is not None and not isinstance(given, str):
        raise invalid("strategy", given, "a string such as 'package.module:Class'")
    return given


def _strategies(given: Any, count: int) -> list[str | None]:
    """The strategy of each of *count* requests: one for all of them, or a list with one for each."""
    if not isinstance(given, list):
        return [_strategy(given)] * count
    if len(given) != count:
        raise invalid("strategy", given, f"one strategy, or one for each request ({count})")
    return [_strategy(one) for one in given]


def _strategy_to_plain(spec: TuningJobSpec) -> str | None:
    """The strategy as files hold it, where the request does not name it; raises InvalidInput if it has no import path."""
    if to_request(spec)["HyperParameterTuningJobConfig"].get("Strategy") == spec.strategy:
        return None
    with below(spec.name):
        return import_path(spec.strategy)


def prices(plain: Any, folder: Path | None) -> Prices:
    """A table of prices of a file, or the path of one below *folder*."""
    if isinstance(plain, str):
        try:
            return Prices.load((folder or Path()) / plain)
        except InvalidInput as error:
            raise attrs.evolve(error, message=f"prices: {error.message}") from None
    with below("prices"):
        return Prices.from_dict(plain)


def _request(where: str, given: Any, folder: Path | None) -> Mapping[str, Any]:
    if isinstance(given, str):
        file = (folder or Path()) / given
        try:
            given = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise invalid(where, str(file), "a JSON file with a request", str(error)) from error
    if not isinstance(given, Mapping):
        raise invalid(where, given, "a CreateHyperParameterTuningJob request or the path of one")
    return given


def _priority(where: str, plain: Mapping[str, Any]) -> int:
    priority = plain.get("priority", 0)
    if isinstance(priority, bool) or not isinstance(priority, int):
        raise invalid(f"{where}.priority", priority, "a whole number")
    return priority


def job_to_plain(job: ScheduledTuningJob) -> dict[str, Any]:
    """A tuning job as files hold it."""
    plain: dict[str, Any] = {"at_s": job.at_s, "stop_at_s": job.stop_at_s, "request": to_request(job.spec)}
    if job.spec.priority:
        plain["priority"] = job.spec.priority
    plain["strategy"] = _strategy_to_plain(job.spec)
    if job.faults is not None:
        plain["faults"] = part_to_plain(job.faults)
    if job.recorded:
        plain["recorded"] = [attrs.asdict(one, filter=_told) for one in job.recorded]
    return without_none(plain)


def _told(attribute: attrs.Attribute[Any], value: Any) -> bool:
    return bool(value != attribute.default)


def arrivals_to_plain(one: Arrivals) -> dict[str, Any]:
    """Arrivals as files hold them."""
    requests = [to_request(template) for template in one.templates]
    plain: dict[str, Any] = {"request": requests if len(requests) > 1 else requests[0]}
    plain["interarrival_s"] = durations.to_plain(one.interarrival_s, _GAPS)
    for name in ("count", "until_s", "start_s", "batch"):
        if (value := getattr(one, name)) != getattr(attrs.fields(Arrivals), name).default:
            plain[name] = value
    if one.batch_gap_s:
        plain["batch_gap_s"] = durations.to_plain(one.batch_gap_s)
    if one.weights:
        plain["weights"] = list(one.weights)
    if one.templates[0].priority:
        plain["priority"] = one.templates[0].priority
    if any(_strategy_to_plain(template) for template in one.templates):
        strategies = [import_path(template.strategy) for template in one.templates]
        plain["strategy"] = strategies[0] if len(set(strategies)) == 1 else strategies
    return plain


def part_to_plain(part: Any) -> dict[str, Any]:
    """Timings, faults, a script or assumptions as files hold them."""
    values = {field.name: getattr(part, field.name) for field in attrs.fields(type(part))}
    for name, value in values.items():
        if value is not None and name.endswith("_s"):
            values[name] = configured.to_plain(value)
        elif value is not None and name == "curve":
            values[name] = curves.to_plain(value)
    return without_none(values)


def without_none(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that have a value."""
    return {name: value for name, value in plain.items() if value is not None}


def line_of(text: str, message: str) -> int:
    """The line of the key that *message* is about: its last name, the n-th time where a list says the n-th."""
    message = re.sub(r"^(?:[a-z ]+ '[^']*': )+", "", message)  # a job's name before the key
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
