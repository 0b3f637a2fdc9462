"""What can go wrong, in two families: what a caller did, and what we did.

`ServiceError` is the caller's: a request the service would refuse, or an input that makes no sense.
`LawBroken` is ours: the twin did what the service never does.
Fields are positional, because simpy and pickle rebuild an exception from its arguments.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import attrs

from hptsim import html


class HptsimError(Exception):
    """Everything that hptsim raises on purpose."""


@attrs.define(auto_exc=True)
class ServiceError(HptsimError):
    """A call that the service refuses, with the code and HTTP status that it would answer.

    >>> str(ServiceError("ResourceNotFound", "no such job"))
    'ResourceNotFound: no such job'
    """

    code: str
    message: str
    http_status: int = 400

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@attrs.define(auto_exc=True)
class InvalidInput(ServiceError, ValueError):
    """A spec, scenario or journal that makes no sense; says where, what was given and what to write instead."""

    code: str
    message: str
    http_status: int = 400

    def __str__(self) -> str:
        return self.message


@attrs.define(auto_exc=True)
class LawBroken(HptsimError, AssertionError):
    """The twin broke one of its laws: *law* names it, *reason* says how, *story* are the last journal lines."""

    law: str
    reason: str
    rests_on: str = ""
    story: tuple[str, ...] = ()
    reproduce: str = ""

    def __str__(self) -> str:
        lines = [f"law broken: {self.law}: {self.reason}"]
        if self.reproduce:
            lines.insert(0, f"reproduce with: {self.reproduce}")
        if self.rests_on:
            lines.append(f"  it rests on: {self.rests_on}")
        lines += [f"  {line}" for line in self.story]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html.lines(self)


@attrs.define(auto_exc=True)
class MissingExtra(HptsimError, ImportError):
    """A part of hptsim was used whose libraries are not installed; names the extra that brings them."""

    feature: str
    extra: str

    def __str__(self) -> str:
        return f"{self.feature} needs the extra '{self.extra}': pip install 'hptsim[{self.extra}]'"


def nearest(given: str, valid: Iterable[str]) -> str:
    """The nearest valid spelling as a hint, or the list of what is valid.

    >>> nearest("Grd", ["Grid", "Random"])
    "did you mean 'Grid'?"
    """
    names = sorted(valid)
    folded = {name.lower(): name for name in names}
    close = difflib.get_close_matches(given.lower(), folded, n=1)
    return f"did you mean '{folded[close[0]]}'?" if close else f"valid are: {', '.join(names)}"


def invalid(where: str, given: object, expected: str, instead: str = "") -> InvalidInput:
    """The error for one bad value: where it stands, what was given, what was expected, what to write instead."""
    hint = f"; {instead}" if instead else ""
    return InvalidInput("ValidationException", f"{where}: got {given!r}, expected {expected}{hint}")


def unknown_job(kind: str, name: str) -> ServiceError:
    """The answer to a name that no job has; the service words it differently for the two kinds of job."""
    if kind == "tuning":
        return ServiceError(
            "ResourceNotFound", f"Amazon SageMaker can't find a tuning job called {name}. Type another name."
        )
    return ServiceError("ValidationException", f"Requested resource not found: no training job is called {name}.")
