"""A duration that depends on the instance type: large GPU machines start later than small CPU ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.errors import invalid
from hptsim.model.account import OTHERS
from hptsim.model.validators import converted
from hptsim.scenario import durations
from hptsim.scenario.durations import Duration


def _each(given: Any, field: attrs.Attribute[Any]) -> Any:
    if not isinstance(given, Mapping) or OTHERS not in given:
        expected = 'a table of durations by the beginning of the instance type, with "*" for all others'
        raise invalid(field.name, given, expected)
    return {begin: durations.from_data(f"{field.name}.{begin}", one) for begin, one in given.items()}


@attrs.frozen
class ByInstanceType:
    """A duration for each instance type: that of the longest key with which its name begins, or of "*".

    >>> starting_s = ByInstanceType({"ml.p": 180, "ml.p4d": 400, "*": 70})
    >>> [starting_s.of(name) for name in ("ml.p4d.24xlarge", "ml.p3.2xlarge", "ml.m5.xlarge")]
    [400, 180, 70]
    """

    values_s: Mapping[str, Duration] = converted(_each)

    def of(self, instance_type: str) -> Duration:
        """The duration on *instance_type*."""
        found = max((begin for begin in self.values_s if instance_type.startswith(begin)), key=len, default=OTHERS)
        return self.values_s[found]


DurationByType = Duration | ByInstanceType
KINDS: Mapping[str, type[Any]] = {"by_instance_type": ByInstanceType}
"""What depends on the instance type, as scenario files spell it."""


def as_duration_by_type(given: Any, field: attrs.Attribute[Any]) -> Any:
    """A converter for a field that is a duration, perhaps by instance type: itself, or the table of a scenario file."""
    if given is None and field.default is None:
        return None
    return durations.from_data(field.name, given, {**durations.KINDS, **KINDS})


def resolve(duration: DurationByType, instance_type: str) -> Duration:
    """The duration on *instance_type*.

    >>> resolve(12, "ml.m5.xlarge"), resolve(ByInstanceType({"*": 70}), "ml.m5.xlarge")
    (12, 70)
    """
    return duration.of(instance_type) if isinstance(duration, ByInstanceType) else duration


def to_data(duration: ByInstanceType) -> dict[str, Any]:
    """As scenario files spell it.

    >>> to_data(ByInstanceType({"ml.p": 180, "*": 70}))
    {'by_instance_type': {'values_s': {'ml.p': 180, '*': 70}}}
    """
    return {"by_instance_type": {"values_s": {key: durations.to_data(one) for key, one in duration.values_s.items()}}}
