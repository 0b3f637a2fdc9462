"""Checks of single values, for the fields of frozen inputs: what they let through can be computed with, sorted and written.

Each makes a validator for attrs that raises InvalidInput with the field's name. None passes only where it is the default.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from hptsim.errors import invalid, nearest

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]
Schema = Mapping[str, Any]


@attrs.frozen
class Check:
    """A validator, and what it lets through as a JSON Schema, for editors."""

    schema: Schema
    check: Validator

    def __call__(self, instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        """Raise InvalidInput, unless the value is fine."""
        self.check(instance, attribute, value)


LARGEST = sys.float_info.max
LARGEST_WHOLE = 2**63 - 1
_DEEPEST = 100
"""Data in files and requests is nested at most this deep."""


def is_number(value: Any) -> bool:
    """Whether *value* is a finite number that a float can hold: no NaN, no infinity, no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST


def is_string(value: Any) -> bool:
    """Whether *value* is a string that can be written to a file: without half of a surrogate pair."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _validator(
    fine: Callable[[Any], bool], expected: str, schema: Schema, hint: Callable[[Any], str] = lambda value: ""
) -> Check:
    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not fine(value) and not (value is None and attribute.default is None):
            raise invalid(attribute.name, value, expected, hint(value))

    return Check(schema, check)


def number() -> Check:
    """A finite number."""
    return _validator(is_number, "a finite number", {"type": "number"})


def at_least(low: float) -> Check:
    """A finite number that is not below *low*."""
    schema = {"type": "number", "minimum": low}
    return _validator(lambda value: is_number(value) and value >= low, f"a number of at least {low:g}", schema)


def share() -> Check:
    """A probability."""
    schema = {"type": "number", "minimum": 0, "maximum": 1}
    return _validator(lambda value: is_number(value) and 0 <= value <= 1, "a probability between 0 and 1", schema)


def whole(low: int, high: int = LARGEST_WHOLE) -> Check:
    """A whole number of 64 bits, from *low* to *high*."""

    def fine(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

    expected = f"a whole number of at least {low}" + (f" and at most {high}" if high < LARGEST_WHOLE else "")
    return _validator(fine, expected, {"type": "integer", "minimum": low, "maximum": high})


def seconds(low: int, high: int | None = None) -> Check:
    """Whole seconds, as the service counts them; they may be written as 60.0."""

    def fine(value: Any) -> bool:
        return is_number(value) and value >= low and value % 1 == 0 and (high is None or value <= high)

    bounds = {"minimum": low, **({"maximum": high} if high else {})}
    return _validator(
        fine, f"whole seconds from {low}" + (f" to {high}" if high else ""), {"type": "integer", **bounds}
    )


def string(*, empty: bool = False) -> Check:
    """A string that can be written to a file."""
    expected = "a string" if empty else "a string that is not empty"
    return _validator(
        lambda value: is_string(value) and (empty or value != ""),
        f"{expected}, in Unicode without half pairs",
        {"type": "string", "minLength": 0 if empty else 1},
    )


def flag() -> Check:
    """True or False."""
    return _validator(lambda value: isinstance(value, bool), "true or false", {"type": "boolean"})


def one_of(*values: str) -> Check:
    """One of the strings *values*."""
    expected = " or ".join([*filter(None, values), *(["''"] if "" in values else [])])
    spelled = [value for value in values if value]
    return _validator(
        lambda value: isinstance(value, str) and value in values,
        expected,
        {"enum": list(values)},
        lambda value: nearest(str(value), spelled),
    )


def an(kind: type[Any]) -> Check:
    """An object of the class *kind*."""
    return _validator(lambda value: isinstance(value, kind), f"a {kind.__name__}", {})


def optional(check: Check) -> Check:
    """What *check* takes, or None."""

    def inside(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is not None:
            check(instance, attribute, value)

    return Check(check.schema, inside)


def each(kind: type[Any]) -> Validator:
    """A tuple of objects of the class *kind*."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, tuple):
            raise invalid(attribute.name, value, f"a list of {kind.__name__}")
        for place, one in enumerate(value):
            if not isinstance(one, kind):
                raise invalid(f"{attribute.name}[{place}]", one, f"a {kind.__name__}")

    return check


def table(check: Check, of: str) -> Check:
    """A table from strings to values that *check* takes, for example of numbers by instance type."""
    required: Any = attrs.NOTHING

    def inside(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, Mapping):
            raise invalid(attribute.name, value, f"a table of {of}")
        for name, one in value.items():
            if not is_string(name):
                raise invalid(attribute.name, name, f"a table of {of}, with strings as keys")
            check(instance, attribute.evolve(name=f"{attribute.name}.{name}", default=required), one)

    return Check({"type": "object", "additionalProperties": check.schema}, inside)


def in_order(given: Any) -> Any:
    """A converter: a list or another sequence as a tuple; what is none stays as it is, for a validator to refuse.

    >>> in_order([1, 2]), in_order(3)
    ((1, 2), 3)
    """
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, (str, bytes, Mapping)) else given


def converted(convert: Callable[[Any, Any], Any], default: Any = attrs.NOTHING, factory: Any = None) -> Any:
    """A field whose value *convert* makes of what is given and of the field, which has the name for errors."""
    return attrs.field(
        default=default if factory is None else attrs.Factory(factory),
        converter=attrs.Converter(convert, takes_field=True),
    )


def check_data(where: str, data: Any) -> None:
    """Refuse data of a file or a request that no JSON can hold: NaN, infinity, half a surrogate pair, endless nesting.

    >>> check_data("", {"a": [1, {"b": float("inf")}]})
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: a[1].b: got inf, expected a finite number
    """
    ahead = [(where, data, 0)]
    while ahead:
        path, value, depth = ahead.pop()
        if depth > _DEEPEST:
            raise invalid(path[:80], "more", f"data that is nested at most {_DEEPEST} deep")
        if isinstance(value, Mapping):
            for key, one in value.items():
                if not is_string(key):
                    raise invalid(path or "data", key, "a string as a key, in Unicode without half pairs")
                ahead.append((f"{path}.{key}" if path else key, one, depth + 1))
        elif isinstance(value, (list, tuple)):
            ahead += [(f"{path}[{place}]", one, depth + 1) for place, one in enumerate(value)]
        elif isinstance(value, str) and not is_string(value):
            raise invalid(path, value, "a string in Unicode without half pairs")
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and not is_number(value):
            raise invalid(path, value, "a finite number")
