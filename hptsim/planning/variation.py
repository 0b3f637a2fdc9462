"""A scenario with one thing changed, named by a path of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from hptsim.errors import invalid, nearest
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import Arrivals


def vary(scenario: Scenario, path: str, value: Any) -> Scenario:
    """The scenario with one part changed: its path has dots, such as "capacity.TYPE", "timings.training_s",
    "tuning_jobs.NAME.spec.strategy", or "arrivals.NAME.interarrival_s.mean_s" and "arrivals.NAME.template.strategy" of the
    arrivals whose first template has that name.

    Raises InvalidInput with the nearest spelling.

    >>> vary(Scenario(), "capacity.ml.m5.xlarge", 4).capacity
    {'ml.m5.xlarge': 4}
    """
    changed: Scenario = _changed(scenario, path, "a scenario", path.split("."), value)
    return changed


def _changed(part: Any, path: str, what: str, names: Sequence[str], value: Any) -> Any:
    """*part*, which is called *what*, with *value* below it, where *names* lead."""
    if not names:
        return value
    if isinstance(part, Mapping):
        return {**part, ".".join(names): value}
    first, rest = names[0], names[1:]
    if isinstance(part, tuple) and what in ("arrivals", "tuning_jobs"):
        known = [one.name if isinstance(one, Arrivals) else one.spec.name for one in part]
        if first not in known:
            expected = "the name of some arrivals" if what == "arrivals" else "the name of a tuning job"
            raise invalid("path", path, expected, nearest(first, known) if known else "there are none")
        place = known.index(first)
        changed = _changed(part[place], path, first, rest, value)
        if type(changed) is not type(part[place]):
            raise invalid(path, changed, type(part[place]).__name__)
        return [*part[:place], changed, *part[place + 1 :]]
    if (
        isinstance(part, tuple) and len(part) == 1 and attrs.has(type(part[0]))
    ):  # the only template, the only definition
        return (_changed(part[0], path, what, names, value),)
    if not attrs.has(type(part)):
        raise invalid("path", path, f"{what} as a whole: it has no keys")
    fields = {str(field.alias): field.name for field in attrs.fields(type(part))}
    if first not in fields:
        raise invalid("path", path, f"a key of {what}", nearest(first, fields))
    return attrs.evolve(part, **{first: _changed(getattr(part, fields[first]), path, first, rest, value)})
