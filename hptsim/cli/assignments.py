"""Options of the form NAME=VALUE that may be repeated: each name once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hptsim.errors import invalid

Value = TypeVar("Value")


def each_once(option: str, given: Iterable[str] | None, read: Callable[[str], tuple[str, Value]]) -> dict[str, Value]:
    """What *read* makes of all that an *option* was given; raises InvalidInput for a name that comes twice.

    >>> each_once("--capacity", ["gpu=1", "cpu=2"], lambda text: (text[:3], int(text[4:])))
    {'gpu': 1, 'cpu': 2}
    """
    found: dict[str, Value] = {}
    for text in given or ():
        name, value = read(text)
        if name in found:
            raise invalid(option, text, "each name once", f"{name} stands in another {option} already")
        found[name] = value
    return found


def varied(option: str, given: Iterable[str] | None) -> dict[str, list[Any]]:
    """The paths that an *option* such as `--over` varies, and their values.

    >>> varied("--over", ["capacity.ml.m5.xlarge=2,4", "capacity.gpu=1:7:3"])
    {'capacity.ml.m5.xlarge': [2, 4], 'capacity.gpu': [1, 4, 7]}
    """
    return each_once(option, given, lambda text: _parsed(option, text))


def _parsed(option: str, text: str) -> tuple[str, list[Any]]:
    """A path and its values, or a range of whole numbers with both ends."""
    path, _, values = text.partition("=")
    path, parts = path.strip(), values.split(":")
    if path and len(parts) in (2, 3) and all(part.strip().isdigit() for part in parts):
        first, last, step = (*map(int, parts), 1)[:3]
        if first <= last and step > 0:
            return path, list(range(first, last + 1, step))
    elif path and values and all(part.strip() for part in values.split(",")):
        return path, [_value(part.strip()) for part in values.split(",")]
    hint = "for example capacity.ml.m5.xlarge=2,4,8 or capacity.ml.m5.xlarge=1:10"
    raise invalid(option, text, "PATH=VALUES", hint)


def _value(text: str) -> Any:
    """true or false, a number if it is one, else the text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
