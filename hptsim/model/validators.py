"""Checks of single values, for the fields of frozen inputs."""

from __future__ import annotations

from typing import Any

import attrs

from hptsim.errors import invalid
from hptsim.model.ranges import ParameterRange as ParameterRange


def at_least(low: float) -> Any:
    """A number that is not below *low*, or None.

    >>> at_least(0)(None, attrs.fields(attrs.make_class("Wait", ["wait_s"])).wait_s, -1)
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: wait_s: got -1, expected a number of at least 0
    """

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= low):
            raise invalid(attribute.name, value, f"a number of at least {low:g}")

    return check


def whole(low: int) -> Any:
    """A whole number that is not below *low*, or None."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < low):
            raise invalid(attribute.name, value, f"a whole number of at least {low}")

    return check


def seconds(low: int, high: int | None = None) -> Any:
    """Whole seconds from *low* to *high*, or None."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        at_least(low)(instance, attribute, value)
        if value is not None and (value % 1 != 0 or (high is not None and value > high)):
            raise invalid(attribute.name, value, f"whole seconds from {low}" + (f" to {high}" if high else ""))

    return check
