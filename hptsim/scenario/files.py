"""Scenarios as data, the way files hold them: parts, tuning jobs and arrivals, read with the constructors' own checks.

What is wrong is named by its key, with the nearest valid spelling; `hptsim.scenario.lines` finds the key's line in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from hptsim.errors import InvalidInput, below, invalid, nearest
from hptsim.model.definitions import ServiceLimits
from hptsim.model.specs import BESIDE, TuningJobSpec
from hptsim.scenario.cloud import Timings
from hptsim.scenario.prices import Prices
from hptsim.scenario.reading import each, inside, known, names, parse, read_text
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

_JOB_KEYS = ("request", "at_s", "stop_at_s", *BESIDE, "strategy", "faults", "recorded", "template")
_ARRIVAL_KEYS = ("request", *BESIDE, "strategy", *(name for name in names(Arrivals) if name != "template"))
PRESETS = ("instant", "typical")
LIMITS = ("service", "none")
_REQUEST = "a CreateHyperParameterTuningJob request or the path of one"


def timings(given: Any) -> Timings:
    """Timings: "instant", "typical", or a table; what a table does not name is that of its *preset*, instant without one.

    >>> timings("instant") == Timings.instant(), timings({"preset": "typical", "training_s": 60}).training_s
    (True, 60)
    """
    if isinstance(given, Timings):
        return given
    if isinstance(given, str):
        if given not in PRESETS:
            raise invalid("timings", given, "instant, typical or a table", nearest(given, PRESETS))
        given = {"preset": given}
    known("timings", given, [*names(Timings), "preset"], "timings")
    values = dict(given)
    preset = values.pop("preset", "instant")
    if preset not in PRESETS:
        raise invalid("timings.preset", preset, " or ".join(PRESETS), nearest(str(preset), PRESETS))
    base: Timings = Timings.typical() if preset == "typical" else Timings.instant()
    with below("timings"):
        return attrs.evolve(base, **values)


def limits(given: Any) -> ServiceLimits:
    """The service's limits: "service", "none", or a table, which lifts what it does not name.

    >>> limits("none").parallel, limits({"parallel": 20}).tuning_jobs, limits("service").parallel
    (None, None, 10)
    """
    if isinstance(given, ServiceLimits):
        return given
    if isinstance(given, str):
        if given not in LIMITS:
            raise invalid("limits", given, "service, none or a table", nearest(given, LIMITS))
        return ServiceLimits() if given == "service" else ServiceLimits(None, None, None)
    known("limits", given, names(ServiceLimits), "limits")
    with below("limits"):
        return attrs.evolve(ServiceLimits(None, None, None), **given)


def jobs(given: Any, folder: Path | None = None) -> tuple[ScheduledTuningJob, ...]:
    """Scheduled tuning jobs, each itself or a table; a table's request may be the path of one below *folder*."""
    return each("tuning_jobs", given, _job, folder)


def _job(where: str, given: Any, folder: Path | None) -> ScheduledTuningJob:
    if isinstance(given, ScheduledTuningJob):
        return given
    known(where, given, _JOB_KEYS, where)
    values = dict(given)
    request = _request(f"{where}.request", values.pop("request", None), folder)
    more = {name: values.pop(name, default) for name, default in BESIDE.items()}
    strategy = values.pop("strategy", None)
    with below(where):
        spec = TuningJobSpec.from_request(request, **more, strategy=_strategy(strategy))
        return ScheduledTuningJob(spec, **values)


def arrivals(given: Any, folder: Path | None = None) -> tuple[Arrivals, ...]:
    """Arrivals, each itself or a table; several requests in one are a mix."""
    return each("arrivals", given, _arrivals, folder)


def _arrivals(where: str, given: Any, folder: Path | None) -> Arrivals:
    if isinstance(given, Arrivals):
        return given
    known(where, given, _ARRIVAL_KEYS, where)
    values = dict(given)
    asked, strategy = values.pop("request", None), values.pop("strategy", None)
    more = {name: values.pop(name, default) for name, default in BESIDE.items()}
    requests = [_request(f"{where}.request", one, folder) for one in (asked if isinstance(asked, list) else [asked])]
    if "interarrival_s" not in values:
        raise invalid(f"{where}.interarrival_s", None, "the time between two of them, a profile or times")
    with below(where):
        strategies = _strategies(strategy, len(requests))
        templates = [
            TuningJobSpec.from_request(one, **more, strategy=name)
            for one, name in zip(requests, strategies, strict=True)
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


def prices(given: Any, folder: Path | None = None) -> Prices | None:
    """A table of prices: itself, as data, or the path of one below *folder*."""
    if given is None or isinstance(given, Prices):
        return given
    if isinstance(given, str):
        path = inside("prices", folder, given)
        try:
            return Prices.load(path)
        except InvalidInput as error:
            raise InvalidInput(f"prices: {error.message}") from None
    with below("prices"):
        return Prices.from_dict(given)


def named_files(path: Path) -> dict[str, Path]:
    """The files that a scenario's file names, each by a key that names it; none where it cannot be read: loading it says why."""
    try:
        data = parse(read_text(path, "a readable scenario file"), toml=path.suffix == ".toml")
    except InvalidInput:
        return {}
    named = [("prices", data.get("prices"))] if isinstance(data, Mapping) else []
    for part in ("tuning_jobs", "arrivals") if named else ():
        given = data.get(part)
        for place, one in enumerate(given if isinstance(given, list) else ()):
            asked = one.get("request") if isinstance(one, Mapping) else None
            where = f"{part}[{place}].request"
            more = [
                (f"{where}[{number}]", text) for number, text in enumerate(asked if isinstance(asked, list) else ())
            ]
            named += [(where, asked), *more]
    keys = {text: key for key, text in reversed(named) if isinstance(text, str)}
    return {key: path.parent / text for text, key in keys.items()}


def _request(where: str, given: Any, folder: Path | None) -> Mapping[str, Any]:
    if isinstance(given, str):
        path = inside(where, folder, given)
        try:
            given = parse(read_text(path, _REQUEST), toml=False)
        except InvalidInput as error:
            raise invalid(where, str(path), "a JSON file with a request", error.message) from error
    if not isinstance(given, Mapping):
        raise invalid(where, given, _REQUEST)
    return given
