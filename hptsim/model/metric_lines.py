"""Metrics and log lines: how a script writes its metrics, and what a metric definition's regular expression finds there.

The service reads metrics from the log (L21): the first group of the first match is the value. The regular expressions are
Python's, as the service says nothing of their kind (`metric-expressions`).
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from typing import Any

from hptsim.errors import InvalidInput, invalid


def check_expression(name: str, regex: str) -> None:
    """Refuse a regular expression that cannot be read.

    >>> check_expression("loss", "loss=([0-9.]+")
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: metrics['loss']: got 'loss=([0-9.]+', expected a regular expression; missing ), \
unterminated subpattern at position 5
    """
    try:
        re.compile(regex)
    except (re.error, RecursionError, OverflowError) as error:
        raise invalid(f"metrics[{name!r}]", regex, "a regular expression", str(error)) from None


def write(metric: str, regex: str, value: float) -> str:
    """What a script prints of a metric: a text that the metric definition's *regex* finds.

    Where there is no expression, or no text for it can be made up, it is the metric's name, an equals sign and the value.

    >>> write("loss", "validation loss: ([0-9.]+);", 0.25), write("loss", "", 0.25)
    ('validation loss: 0.25;', 'loss=0.25')
    """
    before, after = _form(metric, regex)
    return f"{before}{float(value)!r}{after}"


def read(regex: str, line: str) -> float | None:
    """The value that a metric definition's *regex* finds in a log line; None where it finds no number.

    >>> read("loss=([0-9.]+)", "epoch 3 loss=0.25"), read("loss=(.*?)", "loss=0.25")
    (0.25, None)
    """
    expression = _compiled(regex)
    found = None if expression is None else expression.search(line)
    try:
        value = float(found[1]) if found is not None else math.nan
    except (ValueError, TypeError):  # no number, or a group that took no part
        return None
    return value if math.isfinite(value) else None


def implied(metric: str) -> str:
    """The expression for a metric that has no definition, in the form in which `write` shows it then.

    >>> read(implied("validation:auc"), "validation:auc=0.5")
    0.5
    """
    return rf"(?<!\S){re.escape(metric)}=(\S+)"


def expressions(metrics: Mapping[str, str], metric: str) -> Mapping[str, str]:
    """The expressions of a training job by metric: those defined, or the one that is implied for its objective *metric*."""
    return metrics or {metric: implied(metric)}


@functools.lru_cache(maxsize=1024)
def _compiled(regex: str) -> re.Pattern[str] | None:
    """A regular expression, read once; None for one that is none or has no group."""
    try:
        check_expression("", regex)
    except InvalidInput:
        return None
    compiled = re.compile(regex)
    return compiled if compiled.groups else None


@functools.lru_cache(maxsize=1024)
def _form(metric: str, regex: str) -> tuple[str, str]:
    """What stands before and after the value in a text that *regex* matches."""
    plain = f"{metric}=", ""
    if (expression := _compiled(regex)) is None:
        return plain
    example = _example(regex)
    return example if example is not None and expression.search("0.25".join(example)) else plain


def _example(regex: str) -> tuple[str, str] | None:
    """A text that *regex* matches, before and after its first group; None where it has parts that are too unusual."""
    parser: Any = re._parser  # type: ignore[attr-defined]
    before, found, after = "".join(_texts(parser.parse(regex))).partition(_GROUP)
    return (before, after.replace(_GROUP, "")) if found else None


_GROUP = "\0"
"""Stands for the first group of an expression."""


def _texts(tokens: Any) -> list[str]:
    """The shortest text that a parsed regular expression matches, in pieces."""
    pieces = []
    for operation, argument in tokens:
        name = str(operation)
        if name == "LITERAL":
            pieces.append(chr(argument))
        elif name in ("ANY", "NOT_LITERAL"):
            pieces.append(" " if argument != ord(" ") else "-")
        elif name == "IN":
            pieces.append(_member(argument))
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, _, inner = argument
            inside = _texts(inner)
            pieces += inside * (max(low, 1) if _GROUP in inside else low)
        elif name == "SUBPATTERN":
            pieces += [_GROUP] if argument[0] == 1 else _texts(argument[3])
        elif name == "ASSERT" and argument[0] < 0:  # what must stand before
            pieces += _texts(argument[1])
        elif name == "ATOMIC_GROUP":
            pieces += _texts(argument)
        elif name == "BRANCH":
            pieces += _texts(next((one for one in argument[1] if _GROUP in _texts(one)), argument[1][0]))
    return pieces


def _member(choices: Any) -> str:
    """A character that a set in brackets matches."""
    negated = str(choices[0][0]) == "NEGATE"
    kinds = {str(value) for kind, value in choices if str(kind) == "CATEGORY"}
    spans = [value if str(kind) == "RANGE" else (value, value) for kind, value in choices if str(kind) in _SPANS]
    for one in (" ", "a", "0", "-", *(chr(low) for low, _ in spans)):
        inside = any(low <= ord(one) <= high for low, high in spans)
        inside = inside or any(re.fullmatch(_CATEGORIES[kind], one) for kind in kinds if kind in _CATEGORIES)
        if inside != negated:
            return one
    return ""


_SPANS = ("LITERAL", "RANGE")
_CATEGORIES = {
    f"CATEGORY_{prefix}{name}": rf"\{letter if not prefix else letter.upper()}"
    for name, letter in (("DIGIT", "d"), ("SPACE", "s"), ("WORD", "w"))
    for prefix in ("", "NOT_")
}
