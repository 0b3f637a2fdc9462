"""What can go wrong, in families that are kept apart.

`ServiceError` is the service's answer to a call that it refuses: part of what is simulated.
`InvalidInput` is a mistake in the user's input: a scenario, a spec or an argument that makes no sense.
`LawBroken` is a bug of hptsim: the twin did what the service never does. `MissingExtra` is a library that is not installed.
Fields are positional, because simpy and pickle rebuild an exception from its arguments.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs

from hptsim import html


class HptsimError(Exception):
    """Everything that hptsim raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its arguments: dask would lose the fields of an exception that has no method for it."""
        return type(self), self.args


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
class NoAnswer(HptsimError):
    """A request that gets no answer: its client waits until its own read timeout.

    Whether the request was carried out, the client cannot know.

    >>> str(NoAnswer("StopTrainingJob"))
    'StopTrainingJob: no answer comes'
    """

    operation: str

    def __str__(self) -> str:
        return f"{self.operation}: no answer comes"


@attrs.define(auto_exc=True)
class InvalidInput(HptsimError, ValueError):
    """A spec, scenario, argument or journal that makes no sense; says where, what was given and what to write instead.

    It is not an answer of the service: nothing of it enters a journal. Only a bad *request* becomes one, where the
    service reads it (`answered`).

    >>> str(InvalidInput("until_s: got -1, expected a number of at least 0"))
    'until_s: got -1, expected a number of at least 0'
    """

    message: str

    def __str__(self) -> str:
        return self.message

    def below(self, where: str) -> InvalidInput:
        """The same mistake below the key *where*; one that ends in a space names something that is no key.

        >>> InvalidInput("at_s: got -1").below("tuning_jobs[0]").below("x.toml:3: ")
        InvalidInput(message='x.toml:3: tuning_jobs[0].at_s: got -1')
        """
        if not where or self.message.startswith(where):
            return self
        return InvalidInput(f"{where}{'' if where.endswith(' ') else '.'}{self.message}")


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
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    return f"valid are: {', '.join(name if name.isprintable() else repr(name) for name in names)}"[:_LIST]


_LIST = 2000
"""A list of what is valid is cut after this many characters."""


def invalid(where: str, given: object, expected: str, instead: str = "") -> InvalidInput:
    """The error for one bad value: where it stands, what was given, what was expected, what to write instead."""
    hint = f"; {instead}" if instead else ""
    return InvalidInput(f"{where}: got {_short(given)}, expected {expected}{hint}")


_SHOWN = 200
"""At most this many characters of a bad value are shown."""


def _short(given: object) -> str:
    """A bad value as Python writes it, cut where it is long or cannot be written."""
    try:
        text = repr(given)
    except Exception as error:  # a whole number of more digits than Python writes, or a repr that fails
        return f"a {type(given).__name__} ({error})"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


@contextmanager
def answered() -> Iterator[None]:
    """Around the reading of a request: InvalidInput becomes the ValidationException that the service answers.

    >>> with answered():
    ...     raise invalid("InstanceCount", 0, "at least 1")
    Traceback (most recent call last):
    ...
    hptsim.errors.ServiceError: ValidationException: InstanceCount: got 0, expected at least 1
    """
    try:
        yield
    except InvalidInput as error:
        raise ServiceError("ValidationException", error.message) from error


@contextmanager
def below(where: str) -> Iterator[None]:
    """What is wrong inside is wrong below the key *where*.

    >>> with below("tuning_jobs[0]"):
    ...     raise invalid("at_s", -1, "a number of at least 0")
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: tuning_jobs[0].at_s: got -1, expected a number of at least 0
    """
    try:
        yield
    except InvalidInput as error:
        raise error.below(where) from error.__cause__


def unknown_job(kind: str, name: str) -> ServiceError:
    """The answer to a name that no job has; the service words it differently for the two kinds of job."""
    if kind == "tuning":
        return ServiceError(
            "ResourceNotFound", f"Amazon SageMaker can't find a tuning job called {name}. Type another name."
        )
    return ServiceError("ValidationException", f"Requested resource not found: no training job is called {name}.")
