"""Requests against botocore's own service model: the checks that botocore's client leaves to the service (W8).

Each shape of the model is compiled once into a function that notes what a value violates. Violations are collected and
answered together in the service's format (W9); a value of the wrong type is a SerializationException.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from hptsim.errors import ServiceError, nearest
from hptsim.optional import require

Check = Callable[[Any, str, list[str]], None]
"""Notes what is wrong with a value at a path."""
_WHOLE = {"integer": 2**31, "long": 2**63}
_SEPARATORS = " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


@functools.cache
def model(service: str) -> Any:
    """botocore's model of a service: its operations and their shapes.

    >>> model("sagemaker").operation_model("StopTrainingJob").input_shape.required_members
    ['TrainingJobName']
    """
    loader = require("botocore.loaders", "boto", "the service").Loader()
    models = require("botocore.model", "boto", "the service")
    return models.ServiceModel(loader.load_service_model(service, "service-2"), service)


@functools.cache
def known_services() -> tuple[str, ...]:
    """The services of which botocore has a model, by its names."""
    return tuple(require("botocore.loaders", "boto", "the service").Loader().list_available_services("service-2"))


def without_none(value: Any) -> Any:
    """A copy that shares nothing, without members that are None: absent and null are the same (W11).

    >>> without_none({"a": None, "b": [{"c": 1}]})
    {'b': [{'c': 1}]}
    """
    if isinstance(value, Mapping):
        return {name: without_none(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [without_none(inner) for inner in value]
    return value


def check(service: str, operation: str, request: Mapping[str, Any]) -> None:
    """Refuse a request that does not fit the operation's input shape.

    Raises ServiceError: ValidationException that counts and lists the violations, or SerializationException.

    >>> check("sagemaker", "StopTrainingJob", {"TrainingJobName": "a-"})
    Traceback (most recent call last):
    ...
    hptsim.errors.ServiceError: ValidationException: 1 validation error detected: Value 'a-' at 'trainingJobName' failed \
to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}
    """
    found: list[str] = []
    _operation_check(service, operation)(request, "", found)
    if found:
        errors = "error" if len(found) == 1 else "errors"
        raise ServiceError("ValidationException", f"{len(found)} validation {errors} detected: {'; '.join(found)}")


@functools.cache
def _operation_check(service: str, operation: str) -> Check:
    shape = model(service).operation_model(operation).input_shape
    return _compiled(shape)


def _compiled(shape: Any, within: tuple[str, ...] = ()) -> Check:
    """The check of a shape that stands in the structures *within*; one that is in itself is compiled when it is met."""
    kind = shape.type_name
    if kind == "structure":
        if shape.name in within:
            return lambda value, path, found: _compiled_once(shape)(value, path, found)
        return _structure(shape, (*within, shape.name))
    if kind == "list":
        return _list(shape, within)
    if kind == "map":
        return _map(shape, within)
    if kind == "string":
        return _text(shape)
    if kind in _WHOLE:
        return _whole_number(shape, _WHOLE[kind])
    return {"float": _number, "double": _number, "boolean": _boolean, "timestamp": _timestamp}[kind]


_recursive: dict[str, Check] = {}


def _compiled_once(shape: Any) -> Check:
    """The check of a structure that contains itself, for whichever place in it."""
    if shape.name not in _recursive:
        _recursive[shape.name] = _compiled(shape)
    return _recursive[shape.name]


def _violation(value: Any, path: str, constraint: str) -> str:
    given = "null" if value is None else f"'{value}'"
    return f"Value {given} at '{path}' failed to satisfy constraint: Member must {constraint}"


def _wrong_type(value: Any, path: str, expected: str) -> ServiceError:
    text = f"{path or 'request'}: got {value!r:.100}, expected {expected}"
    return ServiceError("SerializationException", text)


def _structure(shape: Any, within: tuple[str, ...]) -> Check:
    names = list(shape.members)
    members = {name: (name[:1].lower() + name[1:], _compiled(member, within)) for name, member in shape.members.items()}
    required = [(name, members[name][0]) for name in shape.required_members]

    def run(value: Any, path: str, found: list[str]) -> None:
        if not isinstance(value, Mapping):
            raise _wrong_type(value, path, "a structure")
        prefix = f"{path}." if path else ""
        for name, shown in required:
            if value.get(name) is None:
                found.append(_violation(None, prefix + shown, "not be null"))
        for name, inner in value.items():
            if name not in members:
                hint = nearest(str(name), names) if names else "it has no members"
                text = f"{prefix}{name}: got {name!r}, expected a member of {shape.name}; {hint}"
                raise ServiceError("ValidationException", text)
            if inner is not None:
                shown, inside = members[name]
                inside(inner, prefix + shown, found)

    return run


def _list(shape: Any, within: tuple[str, ...]) -> Check:
    inside, size = _compiled(shape.member, within), _length(shape)

    def run(value: Any, path: str, found: list[str]) -> None:
        if not isinstance(value, (list, tuple)):
            raise _wrong_type(value, path, "a list")
        size(value, path, found)
        for place, inner in enumerate(value, start=1):
            inside(inner, f"{path}.{place}.member", found)

    return run


def _map(shape: Any, within: tuple[str, ...]) -> Check:
    key, inside, size = _compiled(shape.key), _compiled(shape.value, within), _length(shape)

    def run(value: Any, path: str, found: list[str]) -> None:
        if not isinstance(value, Mapping):
            raise _wrong_type(value, path, "a map")
        size(value, path, found)
        for name, inner in value.items():
            key(name, f"{path}.key", found)
            inside(inner, f"{path}.{name}.member", found)

    return run


def _length(shape: Any) -> Check:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", math.inf)

    def run(value: Any, path: str, found: list[str]) -> None:
        if len(value) > high:
            found.append(_violation(value, path, f"have length less than or equal to {high}"))
        elif len(value) < low:
            found.append(_violation(value, path, f"have length greater than or equal to {low}"))

    return run


def _text(shape: Any) -> Check:
    size, given = _length(shape), shape.metadata.get("pattern")
    pattern = re.compile(translated(given)) if given else None
    among = shape.metadata.get("enum")

    def run(value: Any, path: str, found: list[str]) -> None:
        if not isinstance(value, str):
            raise _wrong_type(value, path, "a string")
        size(value, path, found)
        if among is not None and value not in among:
            found.append(_violation(value, path, f"satisfy enum value set: [{', '.join(among)}]"))
        if pattern is not None and not pattern.fullmatch(value):
            found.append(_violation(value, path, f"satisfy regular expression pattern: {given}"))

    return run


def translated(pattern: str) -> str:
    r"""A pattern of the model in Python's syntax, which knows no \p{...}; always meant as a full match (N2).

    >>> re.fullmatch(translated(r"[\p{L}\p{N}]*"), "Größe2") is not None
    True
    """
    pattern = pattern.replace(r"\p{Alnum}", "a-zA-Z0-9").replace(r"\p{Z}", _SEPARATORS)
    return pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\w")


def _whole_number(shape: Any, bound: int) -> Check:
    low, high = shape.metadata.get("min", -math.inf), shape.metadata.get("max", math.inf)

    def run(value: Any, path: str, found: list[str]) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not -bound <= value < bound:
            raise _wrong_type(value, path, f"a whole number of {bound.bit_length()} bits")
        if value > high:
            found.append(_violation(value, path, f"have value less than or equal to {high}"))
        elif value < low:
            found.append(_violation(value, path, f"have value greater than or equal to {low}"))

    return run


def _number(value: Any, path: str, found: list[str]) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _wrong_type(value, path, "a finite number")


def _boolean(value: Any, path: str, found: list[str]) -> None:
    if not isinstance(value, bool):
        raise _wrong_type(value, path, "true or false")


def _timestamp(value: Any, path: str, found: list[str]) -> None:
    if hasattr(value, "timestamp"):
        return
    _number(value, path, found)
